"""Which functions may be jobs."""

from __future__ import annotations

import pytest

from weppd.cell.body.call import admits, call, resolve
from weppd.cell.body.unpickle import Payload
from weppd.cell.setup import Setup
from weppd.errors import JobError, PayloadError, UnknownTask


class Tool:
    """A class with the forms of methods that RQ knows."""

    def double(self, value):
        """A method."""
        return 2 * value

    @classmethod
    def name(cls):
        """A class method."""
        return cls.__name__

    @staticmethod
    def one():
        """A static method."""
        return 1


def plain(value=0):
    """A function."""
    return value


def broken(value):
    """Raises TypeError inside."""
    return value + None


HERE = __name__


@pytest.mark.parametrize(
    ("pattern", "module", "name", "admitted"),
    [
        ("a.b.*", "a.b", "f", True),
        ("a.b.*", "a.b.c", "f", False),
        ("a.b.*", "a.bc", "f", False),
        ("a.b.*", "a.b", "C.m", True),
        ("a.b.C.*", "a.b", "C.m", True),
        ("a.b.C.*", "a.b", "D.m", False),
        ("a.b.f", "a.b", "f", True),
        ("a.b.f", "a.b", "g", False),
        ("a.**", "a.b.c", "f", True),
        ("a.**", "a", "f", True),
        ("a.**", "ab", "f", False),
        ("*", "os", "system", False),
        ("", "", "f", False),
        ("a.b*", "a.bc", "f", False),
    ],
)
def test_patterns(pattern, module, name, admitted):
    """A pattern admits whole components only: a function, a module, a module with submodules."""
    assert admits([pattern], module, name) is admitted


def setup(*allow, types=()):
    """A setup that admits these."""
    return Setup("light", "", "", {"allow": allow, "allow_types": types})


def test_forms():
    """Functions, static and class methods are found; what they return is theirs."""
    for name, result in (
        (f"{HERE}.plain", 0),
        (f"{HERE}.Tool.one", 1),
        (f"{HERE}.Tool.name", "Tool"),
    ):
        payload = Payload(name, None, (), {})
        assert call(resolve(payload, setup(f"{HERE}.*")), payload) == result


def test_method_of_an_instance():
    """A method runs if its class is a listed type and admitted; both are asked for."""
    payload = Payload("double", Tool(), (4,), {})
    types = [(HERE, "Tool")]
    assert call(resolve(payload, setup(f"{HERE}.*", types=types)), payload) == 8
    with pytest.raises(PayloadError, match="allow_types"):
        resolve(payload, setup(f"{HERE}.*"))
    with pytest.raises(UnknownTask, match=r"Tool\.double"):
        resolve(payload, setup(types=types))
    with pytest.raises(UnknownTask):
        resolve(Payload("__init__", Tool(), (), {}), setup(f"{HERE}.*", types=types))


def test_alias_comes_before_the_lists():
    """An aliased name is looked up under its new one, and only that must be admitted."""
    made = setup(f"{HERE}.*")
    made.alias = {"old.place": HERE}
    assert resolve(Payload("old.place.plain", None, (), {}), made) is plain


@pytest.mark.parametrize("name", ["Tool", "Tool.double", "pytest", "HERE", "missing", "call"])
def test_what_is_no_job(name):
    """Classes, plain methods, modules, values, absent names and imported functions are refused."""
    with pytest.raises(UnknownTask, match=name):
        resolve(Payload(f"{HERE}.{name}", None, (), {}), setup(f"{HERE}.*"))


def test_arguments_are_told_from_errors_inside():
    """A TypeError of the call is the producer's; one from inside the function is the task's."""
    with pytest.raises(JobError, match="plain does not take"):
        call(plain, Payload(f"{HERE}.plain", None, (1, 2), {}))
    with pytest.raises(TypeError):
        call(broken, Payload(f"{HERE}.broken", None, (1,), {}))
