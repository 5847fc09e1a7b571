"""Extends a serialised dict without unpickling it.

The pickle of a dict ends in STOP with the dict on top of the stack, so the new items go in the
place of STOP::

    … u .            →     … u ( X key J value … u .
        STOP                   MARK            SETITEMS STOP

MARK takes exactly the byte of STOP, so a FRAME that ended there still ends between two opcodes.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping

Item = str | int | float | None | Mapping[str, "Item"]


def with_items(meta: bytes, items: Mapping[str, Item]) -> bytes | None:
    """A serialised dict with `items` added or replaced; None where `meta` is no such dict.

    Empty bytes count as an empty pickled dict. The result is loadable by every Python that could
    load `meta`.
    """
    if meta[:1] == b"{":
        return _with_json(meta, items)
    meta = meta or b"\x80\x02}."
    if not _is_dict(meta):
        return None
    added = b"".join(_text(key) + _value(value) for key, value in items.items())
    return meta[:-1] + b"(" + added + b"u."


def _with_json(meta: bytes, items: Mapping[str, Item]) -> bytes | None:
    try:
        return json.dumps({**json.loads(meta), **items}).encode()
    except (ValueError, RecursionError):
        return None


def _is_dict(meta: bytes) -> bool:
    """Whether a pickle builds a dict, seen from its first and its last opcodes."""
    start = 2 if meta[:1] == b"\x80" else 0
    start += 9 if meta[start : start + 1] == b"\x95" else 0
    begins = meta[start : start + 1] == b"}" or meta[start : start + 2] == b"(d"
    body = meta[start:]
    bare = (b"}.", b"}\x94.", b"}q\x00.", b"(d.", b"(dp0\n.")
    return begins and (body in bare or meta.endswith((b"u.", b"s.")))


def _text(text: str) -> bytes:
    raw = text.encode("utf-8", "surrogatepass")
    return b"X" + struct.pack("<I", len(raw)) + raw


def _value(value: Item) -> bytes:
    match value:
        case None:
            return b"N"
        case str():
            return _text(value)
        case bool():
            return b"\x88" if value else b"\x89"
        case int():
            raw = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
            return b"\x8a" + bytes((len(raw),)) + raw
        case float():
            return b"G" + struct.pack(">d", value)
    return b"}(" + b"".join(_text(key) + _value(each) for key, each in value.items()) + b"u"
