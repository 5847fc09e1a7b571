"""Frames: how weppd, its zygotes, its cells, their jobs and the scribe talk over a stream socket.

::

    frame  = u32 length of the rest | u32 header length | header | body      (integers big-endian)
    header = one JSON object in UTF-8; "kind" is its verb, the other keys are the verb's own
    body   = raw bytes, whose meaning the verb defines; often empty

A frame is at most `CAP` bytes long, so that a peer gone mad cannot make the other end allocate
without bound. Owns the bytes only: which verbs exist, and what they mean, is for the two ends.
"""

from __future__ import annotations

from json import encoder
from json.decoder import JSONDecoder
from os import read
from struct import Struct

from weppd.errors import FrameError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

VERSION = 3
CAP = 64 * 1024 * 1024
#: Under this word a header that was received has the bytes of its frame, where they are wanted.
RAW = "\0raw"
_MOST_RAW = _AT_ONCE = 1 << 16
_LENGTHS = Struct(">II")
#: The parser without the regular expressions for blanks around the text; frames have none.
_scan: Callable[[str, int], tuple[Any, int]] = vars(JSONDecoder())["scan_once"]


def _encoder() -> Callable[[object], str]:
    """Compact JSON; the C encoder is made once, where json itself makes it anew for each text."""
    plain = encoder.JSONEncoder(separators=(",", ":"), allow_nan=False)
    make = vars(encoder)["c_make_encoder"]
    if make is None:
        return plain.encode
    quote = encoder.encode_basestring_ascii
    encode = make(None, plain.default, quote, None, ":", ",", False, False, False)
    return lambda value: "".join(encode(value, 0))


_encode = _encoder()


def pack(header: dict[str, Any], body: bytes = b"") -> bytes:
    """The bytes of one frame.

    FrameError if the header is no plain JSON (NaN and infinities included) or the frame is over
    `CAP`.
    """
    return pack_head(head_of(header), body)


def head_of(header: dict[str, Any]) -> str:
    """The JSON of a frame's header; FrameError if it is none."""
    try:
        return _encode(header)
    except (TypeError, ValueError, RecursionError) as error:
        raise FrameError(
            f"the header of a {header.get('kind')!r} frame is no JSON: {error}"
        ) from None


def pack_head(text: str, body: bytes = b"") -> bytes:
    """The bytes of a frame whose header is JSON already; FrameError if it is over `CAP`."""
    head = text.encode()
    size = 4 + len(head) + len(body)
    if size > CAP:
        raise FrameError(f"a frame of {size} bytes is over the cap of {CAP}: {text[:80]}")
    return _LENGTHS.pack(size, len(head)) + head + body


class Splitter:
    """Cuts a stream of bytes, arriving in pieces of any size, into frames.

    With `raw`, the headers of frames that are not large have their frame's bytes, for who passes
    them on. After a FrameError the stream has no more sense: close it, do not feed it again.
    """

    __slots__ = ("_raw", "_rest")

    def __init__(self, raw: bool = False) -> None:
        self._raw = raw
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[tuple[dict[str, Any], bytes]]:
        """Take what has arrived; give back the frames now complete, as (header, body), in order.

        FrameError on a length over `CAP`, a header that is longer than its frame, or a header that
        is no JSON object with a "kind".
        """
        rest = self._rest
        rest += data
        frames: list[tuple[dict[str, Any], bytes]] = []
        at, have = 0, len(rest)
        while have - at >= 8:
            size, head = _LENGTHS.unpack_from(rest, at)
            _check_lengths(size, head)
            end = at + 4 + size
            if end > have:
                break
            middle = at + 8 + head
            header = _header(rest[at + 8 : middle])
            if self._raw:
                header[RAW] = bytes(rest[at:end]) if size < _MOST_RAW else b""
            frames.append((header, bytes(rest[middle:end])))
            at = end
        if at:
            del rest[:at]
        return frames

    @property
    def partial(self) -> bool:
        """Whether a frame has begun to arrive and is not complete."""
        return bool(self._rest)


def receive(fd: int) -> tuple[dict[str, Any], bytes] | None:
    """Wait for the next frame of the socket `fd`, which blocks; None when its other end is gone.

    FrameError as of a Splitter.
    """
    lengths = _exactly(fd, 8)
    if len(lengths) < 8:
        return None
    size, head = _LENGTHS.unpack(lengths)
    _check_lengths(size, head)
    raw = _exactly(fd, head)
    body = _exactly(fd, size - 4 - head)
    return (_header(raw), body) if 4 + len(raw) + len(body) == size else None


def _exactly(fd: int, size: int) -> bytes:
    """So many bytes; fewer only when no more will come."""
    data = read(fd, min(size, _AT_ONCE)) if size else b""
    if len(data) == size:
        return data
    parts = [data]
    size -= len(data)
    while parts[-1] and size:
        parts.append(read(fd, min(size, _AT_ONCE)))
        size -= len(parts[-1])
    return b"".join(parts)


def _check_lengths(size: int, head: int) -> None:
    if size > CAP:
        raise FrameError(f"a frame of {size} bytes is announced, over the cap of {CAP}")
    if head + 4 > size:
        raise FrameError(f"a header of {head} bytes is announced in a frame of {size}")


def _header(raw: bytes | bytearray) -> dict[str, Any]:
    try:
        text = raw.decode()
        header, end = _scan(text, 0)
    except (ValueError, StopIteration, RecursionError) as error:
        raise FrameError(f"a frame's header is no JSON: {error}") from None
    if end != len(text) or type(header) is not dict or type(header.get("kind")) is not str:
        raise FrameError("a frame's header is no JSON object with a 'kind'")
    return header
