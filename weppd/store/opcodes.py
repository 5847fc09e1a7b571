"""A pickle's opcodes, one by one, as `pickletools.genops` gives them, at a third of its price.

Every claimed job's call is walked. Nearly all of its opcodes have no argument, or are a short text
or a small number: these are read here, and from the first other one on it is genops that reads.
"""

from __future__ import annotations

import pickletools
from collections.abc import Iterator
from io import BytesIO
from typing import Any

_BARE = {ord(op.code): op.name for op in pickletools.opcodes if op.arg is None}
_SHORT_TEXT, _SMALL, _PROTO, _FRAME = 0x8C, 0x4B, 0x80, 0x95


def opcodes(raw: bytes) -> Iterator[tuple[str, Any]]:
    """Name and argument of each opcode up to STOP; FRAME, whose length is not needed, has none.

    ValueError, with genops' words, where the bytes are no pickle or end before STOP.
    """
    at, end = 0, len(raw)
    while at < end:
        code = raw[at]
        name = _BARE.get(code)
        if name is not None:
            at += 1
            yield name, None
            if name == "STOP":
                return
        elif code == _SHORT_TEXT and at + 2 + raw[min(at + 1, end - 1)] <= end:
            begins = at + 2
            at = begins + raw[at + 1]
            yield "SHORT_BINUNICODE", str(raw[begins:at], "utf-8", "surrogatepass")
        elif code in (_SMALL, _PROTO) and at + 2 <= end:
            at += 2
            yield "BININT1" if code == _SMALL else "PROTO", raw[at - 1]
        elif code == _FRAME and at + 9 <= end:
            at += 9
            yield "FRAME", None
        else:
            break
    rest = BytesIO(raw)
    rest.seek(at)
    for op, arg, _ in pickletools.genops(rest):
        yield op.name, arg
