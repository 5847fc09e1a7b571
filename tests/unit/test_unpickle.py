"""What a payload may hold, and that nothing else gets through."""

from __future__ import annotations

import collections
import datetime
import decimal
import fractions
import json
import os
import pathlib
import pickle
import re
import subprocess
import sys
import uuid
import zlib

import pytest

from weppd.cell.body import unpickle
from weppd.errors import PayloadError

TYPES = frozenset({(__name__, "Slope"), (__name__, "NotThere"), (__name__, "function")})


class Slope:
    """A class on the list."""

    def __init__(self, steepness):
        self.steepness = steepness


class Slotted:
    """A class that is on no list."""

    __slots__ = ("value",)


def function():
    """A function that is on the list of types by mistake."""


def read(value, types=TYPES, alias=None):
    """The one argument of a payload that carries `value`, after a round trip."""
    data = pickle.dumps(("m.f", None, (value,), {}), pickle.HIGHEST_PROTOCOL)
    return unpickle.read(zlib.compress(data), "pickle", types, alias or {}).args[0]


class Calls:
    """Pickles as a call of `function` with `args`, with `state` set on what it returns."""

    def __init__(self, function, *args, state=None):
        self.reduced = (function, args) if state is None else (function, args, state)

    def __reduce__(self):
        return self.reduced


PLAIN = [
    None, True, 7, -(2**70), 1.5, 2j, "é", b"\x00", [1], (1, 2), {"a": [1]}, {1, 2},
    frozenset({3}), bytearray(b"x"), range(3), slice(1, 2),
    datetime.datetime(2024, 1, 2, 3, tzinfo=datetime.timezone.utc), datetime.date(2024, 1, 2),
    datetime.time(1), datetime.timedelta(1), decimal.Decimal("1.50"), fractions.Fraction(1, 3),
    uuid.UUID(int=5), pathlib.Path("/a/b"), pathlib.PurePosixPath("c"),
    collections.OrderedDict(b=1, a=2), collections.deque([1, 2], 5), collections.Counter("aab"),
    collections.defaultdict(list, {"a": [1]}), [uuid.UUID(int=5)] * 2,
]  # fmt: skip


@pytest.mark.parametrize("value", PLAIN, ids=lambda v: type(v).__name__)
def test_plain_values_pass(value):
    """Values of the builtins and of the usual standard types arrive equal and of the same type."""
    got = read(value)
    assert got == value
    assert type(got) is type(value)


def test_numpy_scalars_pass_and_arrays_do_not():
    """numpy scalars of plain kinds arrive as they are; arrays and objects are refused."""
    numpy = pytest.importorskip("numpy", reason="numpy is not installed")
    for value in (numpy.float64(1.5), numpy.int32(-2), numpy.bool_(True), numpy.str_("x"),
                  numpy.datetime64("2024-01-02T03", "h"), numpy.float32(0.1)):  # fmt: skip
        got = read([value, value])
        assert got == [value, value]
        assert got[0].dtype == value.dtype
    with pytest.raises(PayloadError):
        read(numpy.zeros(3))
    with pytest.raises(PayloadError, match="numpy dtype"):
        read(numpy.dtype("O"))


def test_listed_class_passes_with_its_state():
    """An instance of a class on the list arrives with its attributes."""
    assert read(Slope(0.3)).steepness == 0.3


def test_alias_is_applied_to_classes():
    """A class pickled under an old module's name is found under the new one."""
    data = pickle.dumps(("m.f", None, (Slope(1),), {})).replace(
        __name__.encode(), b"x" * len(__name__)
    )
    got = unpickle.read(data, "pickle", TYPES, {"x" * len(__name__): __name__})
    assert isinstance(got.args[0], Slope)


@pytest.mark.parametrize(
    "value",
    [
        Calls(os.system, "true"),
        Calls(subprocess.Popen, ["true"]),
        Calls(eval, "1"),
        Calls(getattr, pathlib.PurePath, "home"),
        Calls(__import__, "os"),
        Calls(open, "/etc/passwd"),
        Calls(Slotted),
        Calls(function),
        Calls(print),
        os.system,
        Slotted,
        pathlib.Path.home,
        sys.exit,
    ],
    ids=lambda value: re.sub(" at 0x[0-9a-f]+", "", repr(value)),
)
def test_everything_else_is_refused(value, capsys):
    """Functions, classes on no list and methods are refused before anything is called."""
    with pytest.raises(PayloadError):
        read(value)
    assert capsys.readouterr().out == ""


def test_refusal_names_the_thing_and_the_way_out():
    """The message names what was refused and where it could be allowed."""
    with pytest.raises(PayloadError, match=rf"{__name__}.Slotted.*allow_types"):
        read(Calls(Slotted))


def raw(*parts):
    """A payload whose one argument is built by hand-written opcodes."""
    return b"\x80\x04(\x8c\x03m.fN(" + b"".join(parts) + b"t}t."


def test_dotted_names_are_refused():
    """Protocol 4 can name an attribute of an attribute: refused even below a listed module."""
    reach = raw(b"\x8c" + bytes([len(__name__)]) + __name__.encode(), b"\x8c\x09os.system\x93")
    types = frozenset({(__name__, "os.system")})
    with pytest.raises(PayloadError, match=r"os\.system"):
        unpickle.read(reach, "pickle", types, {})


def test_reexports_are_refused():
    """A name that a listed module merely imported is no class of that module."""
    types = frozenset({(__name__, "OrderedDict")})
    reach = raw(b"c" + __name__.encode() + b"\nOrderedDict\n")
    with pytest.raises(PayloadError, match="no class of that module"):
        unpickle.read(reach, "pickle", types, {})


@pytest.mark.parametrize(
    ("path", "attribute"),
    [(b"cpathlib\nPosixPath\n", "__fspath__"), (b"cbuiltins\nset\n", "__len__"),
     (b"cuuid\nUUID\n", "__str__"), (f"c{__name__}\nSlope\n".encode(), "__init__")],
)  # fmt: skip
def test_state_on_a_class_is_refused(path, attribute):
    """BUILD on a class, or on a maker, would change every later instance: refused."""
    name = attribute.encode()
    state = b"N}\x8c" + bytes([len(name)]) + name + b"K\x01s\x86b"
    with pytest.raises(PayloadError, match="sets state"):
        unpickle.read(raw(path, state), "pickle", TYPES, {})
    assert callable(getattr(Slope, "__init__"))  # noqa: B009


@pytest.mark.parametrize(
    "opcodes",
    [
        b"(K\x01ios\nsystem\n",
        b"(cpathlib\nPosixPath\no",
        b"\x82\x01",
        b"Phello\n",
        b"cpathlib\nPosixPath\n(K\x01tR",
        b"cbuiltins\nset\n(cbuiltins\nrange\n(K\x09tRtR",
        b"cbuiltins\nbytearray\n(J\xff\xff\xff\x7ftR",
        b"cuuid\nUUID\n)\x81}\x8c\x03intK\x01\x8c\x01xK\x02ub",
        b"ccollections\ndefaultdict\n(cpathlib\nPosixPath\ntR",
    ],
)
def test_odd_opcodes_and_arguments_are_refused(opcodes):
    """Old opcodes, persistent ids, memory bombs and half-made values are refused."""
    with pytest.raises(PayloadError):
        unpickle.read(raw(opcodes), "pickle", TYPES, {})


def test_bomb_is_refused_before_it_unfolds():
    """A payload that inflates beyond the cap is refused without being held in memory whole."""
    data = zlib.compress(b"\x00" * (unpickle.CAP + 10), 9)
    with pytest.raises(PayloadError, match="over"):
        unpickle.read(data, "pickle", TYPES, {})


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (("m.f", None, ()), "no \\(function"),
        (("m.f", None, 3, {}), "m.f has no"),
        ((3, None, (), {}), "int, no dotted name"),
        (("", None, (), {}), "no dotted name"),
        (("m.f", None, (), {1: 2}), "keyword"),
        ("text", "no \\(function"),
    ],
)
def test_shape(value, words):
    """A payload that is no (function, instance, args, kwargs) is refused with what is wrong."""
    with pytest.raises(PayloadError, match=words):
        unpickle.read(pickle.dumps(value), "pickle", TYPES, {})


def test_json_and_unknown_serializers():
    """JSON payloads are read; a serializer that is neither is refused by name."""
    data = json.dumps(["m.f", None, [1], {"k": 2}]).encode()
    payload = unpickle.read(data, "json", TYPES, {})
    assert (payload.name, payload.args, payload.kwargs) == ("m.f", (1,), {"k": 2})
    with pytest.raises(PayloadError, match="yaml"):
        unpickle.read(data, "yaml", TYPES, {})


def test_the_longest_alias_wins():
    """Aliases replace whole components, the longest prefix first."""
    alias = {"wepppy": "old", "wepppy.rq": "tasks"}
    assert unpickle.renamed("wepppy.rq.wepp_rq.run", alias) == "tasks.wepp_rq.run"
    assert unpickle.renamed("wepppy.other", alias) == "old.other"
    assert unpickle.renamed("wepppyx.rq", alias) == "wepppyx.rq"
