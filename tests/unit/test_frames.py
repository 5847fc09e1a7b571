"""The frames of the cells' socket, byte for byte, and what is refused."""

from __future__ import annotations

import pytest

from weppd.cell import frames
from weppd.errors import FrameError


def test_bytes_of_a_frame():
    """A frame is two big-endian lengths, compact JSON, then the body: golden bytes."""
    assert frames.pack({"kind": "ack", "eid": "e1"}, b"\x00xyz") == (
        b"\x00\x00\x00\x21\x00\x00\x00\x19" + b'{"kind":"ack","eid":"e1"}' + b"\x00xyz"
    )


def test_a_frame_arrives_byte_by_byte():
    """A frame is complete exactly with its last byte, however it is cut."""
    splitter = frames.Splitter()
    data = frames.pack({"kind": "note", "what": "é"}, b"body")
    got = [splitter.feed(data[i : i + 1]) for i in range(len(data))]
    assert got[:-1] == [[]] * (len(data) - 1)
    assert got[-1] == [({"kind": "note", "what": "é"}, b"body")]
    assert not splitter.partial


def test_partial_says_that_more_must_come():
    """An end of stream in the middle of a frame can be told from a clean one."""
    splitter = frames.Splitter()
    splitter.feed(frames.pack({"kind": "ack"}) + b"\x00\x00")
    assert splitter.partial


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"\xff\xff\xff\xff\x00\x00\x00\x02{}", "cap"),
        (b"\x00\x00\x00\x06\x00\x00\x00\x09{}", "header of 9"),
        (b"\x00\x00\x00\x06\x00\x00\x00\x02{}", "kind"),
        (b"\x00\x00\x00\x06\x00\x00\x00\x02[]", "kind"),
        (b"\x00\x00\x00\x06\x00\x00\x00\x02\xff\xff", "no JSON"),
        (b"\x00\x00\x00\x06\x00\x00\x00\x00{}", "no JSON"),
        (b"GET / HTTP/1.1\r\n\r\n", "cap"),
    ],
)
def test_rubbish_is_refused(data, word):
    """Bytes that are no frame raise FrameError that says what is wrong, before any allocation."""
    with pytest.raises(FrameError, match=word):
        frames.Splitter().feed(data)


def test_deep_header_is_refused():
    """A header nested beyond Python's recursion limit is a FrameError, not a crash."""
    head = b'{"kind":' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    data = frames._LENGTHS.pack(4 + len(head), len(head)) + head
    with pytest.raises(FrameError):
        frames.Splitter().feed(data)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), b"bytes", object()])
def test_header_must_be_json(value):
    """What JSON cannot carry is refused by the sender and names the verb."""
    with pytest.raises(FrameError, match="note"):
        frames.pack({"kind": "note", "value": value})


def test_cap_on_sending(monkeypatch):
    """The sender refuses what the receiver would refuse."""
    monkeypatch.setattr(frames, "CAP", 100)
    with pytest.raises(FrameError, match="over the cap"):
        frames.pack({"kind": "over"}, b"x" * 100)
