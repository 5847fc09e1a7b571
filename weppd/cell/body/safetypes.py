"""The plain values of the standard library, and numpy's scalars, that any payload may hold.

A maker is a function that builds one kind of value from checked arguments; an unpickler that can
call nothing else can build nothing else. Modules are imported when a payload first asks.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from weppd.errors import PayloadError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_NUMPY_KINDS = "biufcMmUS"


class Stateful(ABC):
    """An object under construction, to which the unpickler may give state."""

    @abstractmethod
    def set_state(self, state: object) -> None:
        """Take the state of a BUILD."""


class _Dtype(Stateful):
    """A numpy dtype under construction: code first, then byte order and unit as state."""

    def __init__(self, code: str) -> None:
        self.code = code

    def set_state(self, state: object) -> None:
        if not isinstance(state, tuple) or len(state) < 8 or state[1] not in ("<", ">", "|", "="):
            raise PayloadError("the payload holds a numpy dtype that is no plain one")
        if len(state) > 8 and self.code[0] in "Mm":
            unit, count = state[8][1][:2]
            self.code += f"[{int(count)}{_text(unit)}]"
        self.code = state[1] + self.code


def _dtype(code: str, align: object = False, copy: object = False) -> _Dtype:
    if not isinstance(code, str) or code[:1] not in _NUMPY_KINDS or not code[1:].isdigit():
        raise PayloadError(f"the payload holds a numpy dtype {code!r}: only plain scalars may be")
    return _Dtype(code)


def _scalar(dtype: object, raw: object = b"") -> object:
    if not isinstance(dtype, _Dtype) or not isinstance(raw, bytes):
        raise PayloadError("the payload holds a numpy scalar that is no plain one")
    import numpy

    return numpy.frombuffer(raw, numpy.dtype(dtype.code), count=1)[0]


def uuid_class() -> type:
    """The class of UUIDs, which are pickled as an instance and its state."""
    from uuid import UUID

    return UUID


def is_uuid(value: object) -> bool:
    """Whether `value` is a UUID; the module is not imported for the question."""
    return type(value).__module__ == "uuid" and type(value) is uuid_class()


def check_uuid_state(state: object) -> None:
    """PayloadError unless `state` is the number that a UUID consists of."""
    if not isinstance(state, dict) or list(state) != ["int"] or type(state["int"]) is not int:
        raise PayloadError("the payload holds a UUID that is no plain one")


def _text(value: object) -> str:
    if isinstance(value, bytes):
        value = value.decode("ascii")
    if not isinstance(value, str) or not value.isalpha():
        raise PayloadError("the payload holds a numpy unit that is no word")
    return value


def _listed(kind: Callable[..., Any]) -> Callable[..., Any]:
    """`kind` from nothing or from a list that is in the payload already, so of bounded size."""

    def make(items: object = (), *rest: object) -> Any:
        if not isinstance(items, (list, tuple, dict)):
            raise PayloadError(f"the payload builds a {kind.__name__} from {type(items).__name__}")
        return kind(items, *rest)

    return make


def _bytearray(raw: bytes | str = b"", encoding: str = "latin-1", *rest: object) -> bytearray:
    if isinstance(raw, str):
        raw = raw.encode(encoding)
    if not isinstance(raw, bytes):
        raise PayloadError("the payload builds a bytearray from no bytes")
    return bytearray(raw)


def _from(module: str, name: str, *kinds: type) -> Callable[..., Any]:
    """A class of the standard library, called with arguments of the given kinds only."""

    def make(*args: object) -> Any:
        if kinds and not all(isinstance(arg, kinds) for arg in args):
            raise PayloadError(f"the payload builds a {module}.{name} from something odd")
        return getattr(__import__(module), name)(*args)

    return make


def _path(*parts: object) -> Any:
    from pathlib import PosixPath

    if not all(isinstance(part, str) for part in parts):
        raise PayloadError("the payload builds a path from what is no text")
    return PosixPath(*parts)  # type: ignore[arg-type]


def _pure_path(*parts: object) -> Any:
    from pathlib import PurePosixPath

    if not all(isinstance(part, str) for part in parts):
        raise PayloadError("the payload builds a path from what is no text")
    return PurePosixPath(*parts)  # type: ignore[arg-type]


def _collection(name: str) -> Callable[..., Any]:
    def make(items: object = (), *rest: object) -> Any:
        import collections

        return _listed(getattr(collections, name))(items, *rest)

    return make


def _defaultdict(factory: object = None) -> Any:
    from collections import defaultdict

    plain = {MAKERS["builtins", name]: kind for name, kind in _FACTORIES.items()}
    if factory is not None and factory not in plain:
        raise PayloadError("the payload builds a defaultdict from an odd factory")
    return defaultdict(plain[factory]) if factory is not None else defaultdict()


def _plain(kind: Callable[..., Any]) -> Callable[..., Any]:
    """A maker for a builtin kind of number or text, which a defaultdict may name as its factory."""

    def make(*args: object) -> Any:
        if not all(isinstance(arg, (int, float, str, complex)) for arg in args):
            raise PayloadError(f"the payload builds a {kind.__name__} from something odd")
        return kind(*args)

    return make


_FACTORIES: dict[str, type] = {
    "int": int, "float": float, "str": str, "bool": bool, "list": list, "dict": dict, "set": set,
}  # fmt: skip

MAKERS: dict[tuple[str, str], Callable[..., Any]] = {
    ("builtins", "set"): _listed(set),
    ("builtins", "frozenset"): _listed(frozenset),
    ("builtins", "list"): _listed(list),
    ("builtins", "dict"): _listed(dict),
    ("builtins", "int"): _plain(int),
    ("builtins", "float"): _plain(float),
    ("builtins", "str"): _plain(str),
    ("builtins", "bool"): _plain(bool),
    ("builtins", "complex"): _plain(complex),
    ("builtins", "range"): range,
    ("builtins", "slice"): slice,
    ("builtins", "bytearray"): _bytearray,
    ("datetime", "datetime"): _from("datetime", "datetime"),
    ("datetime", "date"): _from("datetime", "date"),
    ("datetime", "time"): _from("datetime", "time"),
    ("datetime", "timedelta"): _from("datetime", "timedelta"),
    ("datetime", "timezone"): _from("datetime", "timezone"),
    ("decimal", "Decimal"): _from("decimal", "Decimal", str),
    ("fractions", "Fraction"): _from("fractions", "Fraction", str, int),
    ("collections", "OrderedDict"): _collection("OrderedDict"),
    ("collections", "Counter"): _collection("Counter"),
    ("collections", "deque"): _collection("deque"),
    ("collections", "defaultdict"): _defaultdict,
    ("pathlib", "PosixPath"): _path,
    ("pathlib", "PurePosixPath"): _pure_path,
    ("pathlib._local", "PosixPath"): _path,
    ("pathlib._local", "PurePosixPath"): _pure_path,
    ("numpy", "dtype"): _dtype,
    ("numpy.core.multiarray", "scalar"): _scalar,
    ("numpy._core.multiarray", "scalar"): _scalar,
}
