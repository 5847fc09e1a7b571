"""Reading a job's payload without trusting it: what it may hold is on a list, all else is refused.

::

    data = zlib or plain bytes of (name, instance or None, args, kwargs) in pickle or JSON

A payload of plain values never asks for a global, so the interpreter's own fast unpickler reads it,
with globals forbidden. Only one that does ask is read again by a careful one, in which

* a global is one of `safetypes.MAKERS` (plain functions that build plain values), or a class on the
  `allow_types` list; dotted names, re-exports and functions of other modules are refused;
* only those may be called, and state (BUILD) may only be given to instances of listed classes,
  never to a class: state set on a class changes what every later instance does.
"""

from __future__ import annotations

import pickle
import sys
from io import BytesIO
from json import loads

from weppd.cell.body import safetypes
from weppd.errors import PayloadError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, ClassVar

    Pair = tuple[str, str]

CAP = 64 * 1024 * 1024
#: zlib's first byte; no pickle and no JSON begins so.
_ZLIB = b"\x78"


class Payload:
    """What a job's data says is to be called."""

    __slots__ = ("args", "instance", "kwargs", "name")

    def __init__(
        self, name: str, instance: object, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        self.name = name
        self.instance = instance
        self.args = args
        self.kwargs = kwargs


def read(data: bytes, serializer: str, types: frozenset[Pair], alias: Mapping[str, str]) -> Payload:
    """The payload in a job's `data`; PayloadError says in one line why it is none.

    `types` are the (module, name) pairs of classes that it may hold beside plain values.
    """
    try:
        plain = inflate(data) if data[:1] == _ZLIB or len(data) > CAP else data
        value = _load(plain, serializer, types, alias)
    except PayloadError:
        raise
    except Exception as error:
        # Whatever malformed bytes can raise inside an unpickler: the producer's fault in any case.
        raise PayloadError(f"the payload is no {serializer} that can be read: {error!r}") from error
    return _shape(value)


def renamed(name: str, alias: Mapping[str, str]) -> str:
    """A dotted name with its longest aliased prefix replaced."""
    prefix = name if alias else ""
    while prefix:
        if prefix in alias:
            return alias[prefix] + name[len(prefix) :]
        prefix = prefix.rpartition(".")[0]
    return name


def inflate(data: bytes) -> bytes:
    """The bytes inside `data`, which may be compressed; PayloadError if they are over `CAP`."""
    if data[:1] != _ZLIB:
        plain = data
    else:
        import zlib  # weppd unpacks what is short: most jobs need no library for it

        decompress = zlib.decompressobj()
        plain = decompress.decompress(data, CAP + 1)
    if len(plain) > CAP:
        raise PayloadError(f"the payload is over {CAP} bytes: pass the name of a file instead")
    return plain


def _load(data: bytes, serializer: str, types: frozenset[Pair], alias: Mapping[str, str]) -> object:
    if serializer == "json":
        return loads(data)
    if serializer != "pickle":
        raise PayloadError(f"the payload's serializer {serializer!r} is neither pickle nor json")
    try:
        return _Plain(BytesIO(data)).load()
    except _GlobalAskedError:
        return _Careful(data, types, alias).load()


def _shape(value: object) -> Payload:
    if not isinstance(value, (tuple, list)) or len(value) != 4:
        raise PayloadError("the payload is no (function, instance, args, kwargs)")
    name, instance, args, kwargs = value
    if not isinstance(name, str) or not name:
        raise PayloadError(f"the payload's function is {type(name).__name__}, no dotted name")
    if not isinstance(args, (tuple, list)) or not isinstance(kwargs, dict):
        raise PayloadError(f"the payload of {name} has no (args, kwargs)")
    for key in kwargs:
        if not isinstance(key, str):
            raise PayloadError(f"the payload of {name} has a keyword that is no text")
    return Payload(name, instance, tuple(args), kwargs)


class _GlobalAskedError(Exception):
    """A payload is not made of plain values only."""


class _Plain(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        raise _GlobalAskedError


class _Careful(pickle._Unpickler):
    """The interpreter's unpickler in Python, whose every step can be looked at first."""

    if TYPE_CHECKING:
        stack: list[Any]
        load_build: Callable[[], None]
        load_reduce: Callable[[], None]
        load_newobj: Callable[[], None]
        load_newobj_ex: Callable[[], None]

    dispatch: ClassVar[dict[int, Any]] = dict(pickle._Unpickler.dispatch)

    def __init__(self, data: bytes, types: frozenset[Pair], alias: Mapping[str, str]) -> None:
        super().__init__(BytesIO(data))
        self._types = types
        self._alias = alias
        self._classes: list[type] = []
        self._makers: list[Callable[..., Any]] = []

    def find_class(self, module: str, name: str) -> Any:
        module = renamed(module, self._alias)
        maker = safetypes.MAKERS.get((module, name))
        if maker is not None:
            return self._known(maker)
        if (module, name) == ("uuid", "UUID"):
            return self._known(safetypes.uuid_class())
        if (module, name) not in self._types or "." in name:
            raise PayloadError(
                f"the payload holds {module}.{name}, which is on no list: if it may be trusted,"
                f" add '{module}:{name}' to [security] allow_types"
            )
        found = _class_of(module, name)
        self._classes.append(found)
        return found

    def _known(self, maker: Callable[..., Any]) -> Callable[..., Any]:
        self._makers.append(maker)
        return maker

    def check_call(self, function: object) -> None:
        """PayloadError unless `function` came out of the lists."""
        if not any(function is known for known in (*self._makers, *self._classes)):
            raise PayloadError(f"the payload calls {function!r}, which is on no list")

    def build(self) -> None:
        """BUILD: state for the object below the top of the stack, an instance of a listed class."""
        owner = self.stack[-2]
        if isinstance(owner, safetypes.Stateful):
            owner.set_state(self.stack.pop())
        elif safetypes.is_uuid(owner):
            safetypes.check_uuid_state(self.stack[-1])
            self.load_build()
        elif any(type(owner) is known for known in self._classes):
            self.load_build()
        else:
            raise PayloadError(f"the payload sets state on {type(owner).__name__}: refused")

    def reduce(self) -> None:
        """REDUCE: call the function below the top of the stack."""
        self.check_call(self.stack[-2])
        self.load_reduce()

    def newobj(self) -> None:
        """NEWOBJ: an instance of the class below the top of the stack."""
        self.check_call(self.stack[-2])
        self.load_newobj()

    def newobj_ex(self) -> None:
        """NEWOBJ_EX: the same with keywords."""
        self.check_call(self.stack[-3])
        self.load_newobj_ex()

    def refuse(self) -> None:
        """INST, OBJ, EXT: opcodes that no pickler of today writes."""
        raise PayloadError("the payload uses an opcode of old pickles, which is refused")


_Careful.dispatch.update(
    {
        pickle.BUILD[0]: _Careful.build,
        pickle.REDUCE[0]: _Careful.reduce,
        pickle.NEWOBJ[0]: _Careful.newobj,
        pickle.NEWOBJ_EX[0]: _Careful.newobj_ex,
        pickle.INST[0]: _Careful.refuse,
        pickle.OBJ[0]: _Careful.refuse,
        pickle.EXT1[0]: _Careful.refuse,
        pickle.EXT2[0]: _Careful.refuse,
        pickle.EXT4[0]: _Careful.refuse,
    }
)


def _class_of(module: str, name: str) -> type:
    __import__(module)
    found = getattr(sys.modules[module], name, None)
    if not isinstance(found, type) or (found.__module__, found.__qualname__) != (module, name):
        raise PayloadError(f"allow_types names {module}:{name}, which is no class of that module")
    return found
