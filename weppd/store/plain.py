"""The pickles of nearly all calls, read in one pass: text, numbers, tuples, lists and dicts.

What has another opcode, does not fit together or is long is not read here: `weppd.store.pickles`
walks it, and says what is wrong with it. Where this reads a pickle, both make the same of it.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

#: Not read here.
NOT_PLAIN = object()
#: Stands in the stack where items begin.
MARK = object()
#: The longest pickle that is read here, in bytes.
MOST = 4096
_TUPLE1, _TUPLE3, _TUPLE = 0x85, 0x87, 0x74
_CONSTANTS = {0x4E: None, 0x88: True, 0x89: False, 0x29: ()}
_FORMS = {0x4B: "B", 0x4D: "<H", 0x4A: "<i", 0x47: ">d"}
_NUMBERS = {code: struct.Struct(form) for code, form in _FORMS.items()}
#: The bytes behind an opcode that says nothing of the value: PROTO and FRAME.
_PASSED = {0x80: 1, 0x95: 8}


def plain(raw: bytes) -> Any:
    """What the pickle holds, or `NOT_PLAIN`. Of dicts only entries with a text for a key."""
    if len(raw) > MOST:
        return NOT_PLAIN
    try:
        return _read(raw)
    except (IndexError, KeyError, ValueError, struct.error):
        return NOT_PLAIN


def pairs(items: list[Any]) -> dict[str, Any]:
    """Keys and values in turn, as a dict of those whose key is a text.

    Only texts are hashed: the hash of a hostile tuple can take for ever.
    """
    return {k: v for k, v in zip(items[::2], items[1::2], strict=False) if isinstance(k, str)}


def _read(raw: bytes) -> Any:
    stack: list[Any] = []
    marks: list[int] = []
    memo: dict[int, Any] = {}
    at = 0
    while True:
        code = raw[at]
        at += 1
        if code == 0x94:  # MEMOIZE
            memo[len(memo)] = stack[-1]
        elif code == 0x8C:  # SHORT_BINUNICODE
            begins = at + 1
            at = begins + raw[at]
            stack.append(str(raw[begins:at], "utf-8", "surrogatepass"))
        elif code in _NUMBERS:
            stack.append(_NUMBERS[code].unpack_from(raw, at)[0])
            at += _NUMBERS[code].size
        elif code in _CONSTANTS:
            stack.append(_CONSTANTS[code])
        elif code == 0x28:
            marks.append(len(stack))
            stack.append(MARK)
        elif _TUPLE1 <= code <= _TUPLE3:
            stack.append(tuple(_topmost(stack, len(stack) - 1 - code + _TUPLE1, marks)))
        elif code == _TUPLE:
            stack.append(tuple(_marked(stack, marks)))
        elif code in _PASSED:
            at += _PASSED[code]
        elif code == 0x7D:
            stack.append({})
        elif code == 0x5D:
            stack.append([])
        elif code == 0x2E:  # STOP
            return stack[0] if len(stack) == 1 else NOT_PLAIN
        elif code == 0x68:  # BINGET
            stack.append(memo[raw[at]])
            at += 1
        elif not _fill(code, stack, marks):
            return NOT_PLAIN


def _topmost(stack: list[Any], begins: int, marks: list[int]) -> list[Any]:
    """Take what stands in the stack from `begins` on; IndexError where that is not all items."""
    if begins < (marks[-1] + 1 if marks else 0):
        raise IndexError(begins)
    items = stack[begins:]
    del stack[begins:]
    return items


def _marked(stack: list[Any], marks: list[int]) -> list[Any]:
    """Take what stands behind the last mark, and the mark."""
    begins = marks.pop()
    items = stack[begins + 1 :]
    del stack[begins:]
    return items


def _fill(code: int, stack: list[Any], marks: list[int]) -> bool:
    """Put items into the dict or the list below them; whether that is what the opcode does."""
    kind = _FILLED.get(code)
    if kind is None:
        return False
    if code in (0x73, 0x61):  # SETITEM, APPEND: no mark
        items = _topmost(stack, len(stack) - (2 if kind is dict else 1), marks)
    else:
        items = _marked(stack, marks)
    below = stack[-1]
    if kind is dict and isinstance(below, dict):
        below.update(pairs(items))
    elif kind is list and isinstance(below, list):
        below.extend(items)
    else:
        return False
    return True


_FILLED: Mapping[int, type] = {0x73: dict, 0x75: dict, 0x61: list, 0x65: list}
