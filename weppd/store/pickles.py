"""Reads the little that weppd must know of a pickle, without ever unpickling.

A job's `data` is zlib over a pickle (or JSON) of `(function, instance, args, kwargs)`. `peek` walks
the opcodes and keeps literals only: every global, call and object on the way is one opaque mark,
so nothing is imported and nothing of the payload runs. The walk is capped in bytes and in opcodes;
what lies behind the caps is for the child, which unpickles under its allow-lists.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from weppd.frozen import maker
from weppd.store.opcodes import opcodes
from weppd.store.plain import MARK as _MARK
from weppd.store.plain import NOT_PLAIN, plain
from weppd.store.plain import pairs as _pairs

PEEK_BYTES = 1 << 20
MAX_OPS = 10_000


class _Opaque:
    """Stands for a value that is no literal."""

    def __repr__(self) -> str:
        return "<opaque>"


OPAQUE = _Opaque()


@dataclass(frozen=True, slots=True)
class Call:
    """What could be read of a payload. `problem` says in one line why it cannot be a job."""

    function: str | None = None
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    serializer: str = "pickle"
    problem: str | None = None

    @property
    def runid(self) -> str | None:
        """The first positional argument, or the keyword `runid`, where it is a line of text.

        It becomes part of channels, environments and log lines: control characters make it none.
        """
        first = self.args[0] if self.args else self.kwargs.get("runid")
        return first if isinstance(first, str) and first and first.isprintable() else None


_made = maker(Call)


def peek(data: bytes) -> Call:
    """Read function name and literal arguments of a job's `data` (compressed or not)."""
    raw, whole = _inflate(data)
    if raw[:1] == b"[":
        return _peek_json(raw, whole)
    if (call := plain(raw)) is not NOT_PLAIN:
        return _call(call, True)
    try:
        top, stack, ended = _walk(raw)
    except _Rubbish as error:
        return Call(problem=f"data is no pickle of a call: {error}")
    return _call(top if ended else _open_tuple(stack), ended)


def literals(meta: bytes, most: int = MAX_OPS, nested: bool = False) -> dict[str, Any]:
    """The entries of a pickled or JSON dict whose values are plain: str, int, float, bool, None.

    Empty where the dict takes more than `most` opcodes. `nested` keeps dicts among the values.
    """
    if not meta:
        return {}
    if meta[:1] == b"{":
        top = _json(meta)
    else:
        try:
            top, _, _ = _walk(meta, most)
        except _Rubbish:
            return {}
    if not isinstance(top, dict):
        return {}
    kinds = (str, int, float, bool, type(None), *((dict,) if nested else ()))
    return {k: v for k, v in top.items() if isinstance(v, kinds)}


def _inflate(data: bytes) -> tuple[bytes, bool]:
    """The first PEEK_BYTES of the payload, and whether that is all of it."""
    if data[:1] != b"\x78":
        return data[:PEEK_BYTES], len(data) <= PEEK_BYTES
    engine = zlib.decompressobj()
    try:
        raw = engine.decompress(data, PEEK_BYTES)
    except zlib.error:
        return data[:PEEK_BYTES], len(data) <= PEEK_BYTES
    return raw, engine.eof


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def _peek_json(raw: bytes, whole: bool) -> Call:
    top = _json(raw) if whole else None
    if isinstance(top, list):
        call = _call(tuple(tuple(v) if isinstance(v, list) else v for v in top), True)
        return Call(call.function, call.args, call.kwargs, "json", call.problem)
    try:
        name, _ = json.JSONDecoder().raw_decode(raw.decode("utf-8", "replace"), 1)
    except (ValueError, RecursionError):
        name = None
    if whole or not isinstance(name, str):
        return Call(serializer="json", problem="data is no JSON of a call")
    return Call(name, serializer="json")


def _open_tuple(stack: list[Any]) -> Any:
    """The call's tuple as far as it was read; what stands behind the instance are arguments."""
    if not stack or stack[0] is not _MARK:
        return None
    return (*stack[1:3], tuple(value for value in stack[3:] if value is not _MARK), {})


def _call(top: Any, ended: bool) -> Call:
    if not isinstance(top, tuple) or not top or (ended and len(top) != 4):
        return Call(problem="data is no call: a tuple (function, instance, args, kwargs) is wanted")
    function, _, args, kwargs = (*top, None, None, None)[:4]
    if not isinstance(function, str) or not function:
        return Call(problem="data names no function: its first member is no string")
    return _made(
        function,
        tuple(args) if isinstance(args, tuple | list) else (),
        kwargs if isinstance(kwargs, dict) else {},
    )


class _Rubbish(Exception):
    """The bytes are no pickle."""


def _walk(raw: bytes, most: int = MAX_OPS) -> tuple[Any, list[Any], bool]:
    """Run the opcodes on literals only: (top of the stack, stack, whether STOP was reached)."""
    stack: list[Any] = []
    memo: dict[int, Any] = {}
    try:
        for count, (name, arg) in enumerate(opcodes(raw)):
            if name == "STOP":
                return stack.pop(), stack, True
            if count >= most:
                break
            _OPS.get(name, _unknown)(stack, memo, arg)
    except (IndexError, KeyError) as error:
        raise _Rubbish(f"the opcodes do not fit together ({type(error).__name__})") from error
    except ValueError as error:
        if len(raw) < PEEK_BYTES:
            raise _Rubbish(str(error)[:120]) from error
    return None, stack, False


_Step = Callable[[list[Any], dict[int, Any], Any], None]


def _unknown(stack: list[Any], memo: dict[int, Any], arg: Any) -> None:
    raise _Rubbish("an opcode that no call has")


def _pop_mark(stack: list[Any]) -> list[Any]:
    items: list[Any] = []
    while (item := stack.pop()) is not _MARK:
        items.append(item)
    items.reverse()
    return items


def _push(stack: list[Any], memo: dict[int, Any], arg: Any) -> None:
    stack.append(arg)


def _constant(make: Callable[[], Any]) -> _Step:
    def step(stack: list[Any], memo: dict[int, Any], arg: Any) -> None:
        stack.append(make())

    return step


def _opaque(takes: int) -> _Step:
    """A step that replaces the topmost `takes` values with one opaque value."""

    def step(stack: list[Any], memo: dict[int, Any], arg: Any) -> None:
        for _ in range(takes):
            stack.pop()
        stack.append(OPAQUE)

    return step


def _opaque_mark(stack: list[Any], memo: dict[int, Any], arg: Any) -> None:
    _pop_mark(stack)
    stack.append(OPAQUE)


def _tuple(size: int) -> _Step:
    def step(stack: list[Any], memo: dict[int, Any], arg: Any) -> None:
        if len(stack) < size:
            raise IndexError(size)
        items = tuple(stack[-size:])
        del stack[-size:]
        stack.append(items)

    return step


def _collect(make: Callable[[list[Any]], Any]) -> _Step:
    def step(stack: list[Any], memo: dict[int, Any], arg: Any) -> None:
        stack.append(make(_pop_mark(stack)))

    return step


def _append(stack: list[Any], memo: dict[int, Any], arg: Any) -> None:
    _extend(stack, [stack.pop()])


def _appends(stack: list[Any], memo: dict[int, Any], arg: Any) -> None:
    _extend(stack, _pop_mark(stack))


def _extend(stack: list[Any], items: list[Any]) -> None:
    if isinstance(stack[-1], list):
        stack[-1].extend(items)


def _setitem(stack: list[Any], memo: dict[int, Any], arg: Any) -> None:
    value, key = stack.pop(), stack.pop()
    _update(stack, [key, value])


def _setitems(stack: list[Any], memo: dict[int, Any], arg: Any) -> None:
    _update(stack, _pop_mark(stack))


def _update(stack: list[Any], items: list[Any]) -> None:
    if isinstance(stack[-1], dict):
        stack[-1].update(_pairs(items))


def _additems(stack: list[Any], memo: dict[int, Any], arg: Any) -> None:
    _pop_mark(stack)
    stack[-1]


def _pop(stack: list[Any], memo: dict[int, Any], arg: Any) -> None:
    stack.pop()


def _pop_to_mark(stack: list[Any], memo: dict[int, Any], arg: Any) -> None:
    _pop_mark(stack)


def _dup(stack: list[Any], memo: dict[int, Any], arg: Any) -> None:
    stack.append(stack[-1])


def _get(stack: list[Any], memo: dict[int, Any], arg: Any) -> None:
    stack.append(memo[int(arg)])


def _put(stack: list[Any], memo: dict[int, Any], arg: Any) -> None:
    memo[int(arg)] = stack[-1]


def _memoize(stack: list[Any], memo: dict[int, Any], arg: Any) -> None:
    memo[len(memo)] = stack[-1]


def _nothing(stack: list[Any], memo: dict[int, Any], arg: Any) -> None:
    return


def _mark(stack: list[Any], memo: dict[int, Any], arg: Any) -> None:
    stack.append(_MARK)


_LITERALS = (
    "INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT STRING BINSTRING SHORT_BINSTRING"
    " UNICODE BINUNICODE SHORT_BINUNICODE BINUNICODE8 BINBYTES SHORT_BINBYTES BINBYTES8 BYTEARRAY8"
)

_OPS: dict[str, _Step] = {
    **dict.fromkeys(_LITERALS.split(), _push),
    **dict.fromkeys(("PROTO", "FRAME"), _nothing),
    "MARK": _mark,
    "NONE": _constant(lambda: None),
    "NEWTRUE": _constant(lambda: True),
    "NEWFALSE": _constant(lambda: False),
    "EMPTY_LIST": _constant(list),
    "EMPTY_DICT": _constant(dict),
    "EMPTY_TUPLE": _constant(tuple),
    "EMPTY_SET": _opaque(0),
    "LIST": _collect(list),
    "TUPLE": _collect(tuple),
    "DICT": _collect(_pairs),
    "FROZENSET": _opaque_mark,
    "TUPLE1": _tuple(1),
    "TUPLE2": _tuple(2),
    "TUPLE3": _tuple(3),
    "APPEND": _append,
    "APPENDS": _appends,
    "SETITEM": _setitem,
    "SETITEMS": _setitems,
    "ADDITEMS": _additems,
    "POP": _pop,
    "POP_MARK": _pop_to_mark,
    "DUP": _dup,
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _get),
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), _put),
    "MEMOIZE": _memoize,
    **dict.fromkeys(("GLOBAL", "PERSID", "EXT1", "EXT2", "EXT4", "NEXT_BUFFER"), _opaque(0)),
    **dict.fromkeys(("BINPERSID", "READONLY_BUFFER"), _opaque(1)),
    **dict.fromkeys(("STACK_GLOBAL", "REDUCE", "NEWOBJ", "BUILD"), _opaque(2)),
    "NEWOBJ_EX": _opaque(3),
    **dict.fromkeys(("INST", "OBJ"), _opaque_mark),
}
