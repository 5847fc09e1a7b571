"""From a job's payload to the function that it names, and from the call to a verdict.

Owns which functions may be jobs: a registered task always; any other only if a pattern of
`[security] allow` admits it, and then only where it is defined.

::

    their.module.function     that one              their.module.Class.method   that one
    their.module.*            all of that module    their.module.**             and submodules

Functions are looked up here by module and name, never by the unpickler. RQ's three forms are
known: a function, `module.Class.method` of a static or class method, and a method of an instance
whose class is on the `allow_types` list.
"""

from __future__ import annotations

import sys

from weppd.cell.body.unpickle import renamed
from weppd.errors import JobError, PayloadError, UnknownTask
from weppd.task import MARK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from weppd.cell.body.unpickle import Payload
    from weppd.cell.setup import Setup

#: What nearly all tasks are; of anything else more must be asked.
_FUNCTION = type(renamed)


def resolve(payload: Payload, setup: Setup) -> Callable[..., Any]:
    """The function that a payload names, imported and checked.

    UnknownTask for one that is on no list or is not there, PayloadError for a method of an
    instance that may not be; what the module's import raises is passed on.
    """
    name = renamed(payload.name, setup.alias) if setup.alias else payload.name
    if payload.instance is not None:
        return _method(payload.instance, payload.name, setup)
    module, _, function = name.rpartition(".")
    if name in setup.registry:
        return _registered(module, function)
    if admits(setup.allow, module, function):
        found = _defined(module, function)
        if found is not None:
            return found
    return _static(module, function, setup) or _unknown(name)


def admits(patterns: Sequence[str], module: str, name: str) -> bool:
    """Whether a pattern admits `name` ("function" or "Class.method") of exactly `module`."""
    for pattern in patterns:
        scope, _, last = pattern.rpartition(".")
        if last == "**":
            if module == scope or module.startswith(scope + "."):
                return True
        elif last == "*":
            if module == scope or (module + "." + name.partition(".")[0]) == scope:
                return True
        elif pattern == f"{module}.{name}":
            return True
    return False


def _registered(module: str, function: str) -> Callable[..., Any]:
    found: Callable[..., Any] | None = _import(module).get(function)
    if not callable(found) or not hasattr(found, MARK):
        raise UnknownTask(
            f"{module}.{function} was a registered task when the zygote started and is none now:"
            " have weppd reload its zygotes"
        )
    return found


def _defined(module: str, function: str) -> Callable[..., Any] | None:
    """A function that `module` itself defines; None if it has none of that name."""
    try:
        found: Any = _import(module).get(function)
    except ModuleNotFoundError as error:
        # The name may be 'package.Class.method': then there is no such module.
        if error.name is not None and (module == error.name or module.startswith(error.name + ".")):
            return None
        raise
    if type(found) is not _FUNCTION and (not callable(found) or isinstance(found, type)):
        return None
    if getattr(found, "__module__", None) != module:
        raise UnknownTask(
            f"{module}.{function} is defined in {getattr(found, '__module__', None)}:"
            " name it by the module that defines it"
        )
    defined: Callable[..., Any] = found
    return defined


def _static(module: str, method: str, setup: Setup) -> Callable[..., Any] | None:
    """A static or class method, of a class that its module itself defines."""
    module, _, cls = module.rpartition(".")
    if not module or not admits(setup.allow, module, f"{cls}.{method}"):
        return None
    owner = _import(module).get(cls)
    if not isinstance(owner, type) or owner.__module__ != module:
        return None
    found = owner.__dict__.get(method)
    if not isinstance(found, (staticmethod, classmethod)):
        return None
    bound: Callable[..., Any] = getattr(owner, method)
    return bound


def _method(instance: object, method: str, setup: Setup) -> Callable[..., Any]:
    kind = type(instance)
    name = f"{kind.__module__}.{kind.__qualname__}.{method}"
    if (kind.__module__, kind.__qualname__) not in setup.allow_types:
        raise PayloadError(f"{name} is a method of a class that is not in [security] allow_types")
    if not admits(setup.allow, kind.__module__, f"{kind.__qualname__}.{method}"):
        _unknown(name)
    found: Callable[..., Any] | None = getattr(instance, method, None)
    if method.startswith("__") or not callable(found):
        return _unknown(name)
    return found


def _unknown(name: str) -> Callable[..., Any]:
    raise UnknownTask(
        f"no task is called {name}: it is in none of [tasks] modules, and no pattern of"
        " [security] allow admits it"
    )


def _import(module: str) -> dict[str, Any]:
    loaded = sys.modules.get(module)
    if loaded is None:
        __import__(module)
        loaded = sys.modules[module]
    return vars(loaded)


def call(function: Callable[..., Any], payload: Payload) -> Any:
    """Call the function; an async one runs in an event loop of its own.

    JobError if it does not take the payload's arguments. What it raises is passed on.
    """
    try:
        result = function(*payload.args, **payload.kwargs)
    except TypeError as error:
        trace = error.__traceback__
        if trace is not None and trace.tb_next is None:  # raised by the call, not in the function
            raise JobError(f"{payload.name} does not take these arguments: {error}") from None
        raise
    if result is not None and hasattr(result, "__await__") and hasattr(result, "cr_code"):
        from asyncio import run

        return run(result)
    return result
