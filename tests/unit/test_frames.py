"""The frames of the cells' socket, byte for byte, and what is refused."""

from __future__ import annotations

import os
import threading

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


@pytest.mark.parametrize("body", [b"", b"xyz", bytes(300_000)])
def test_next_frame_of_a_stream_is_received_and_no_more_of_it(body):
    """However large it is; what follows is there for the next call."""
    ours, its = os.pipe()
    sent = [({"kind": "start", "n": n}, body) for n in range(2)]
    data = b"".join(frames.pack(*each) for each in sent)
    writer = threading.Thread(target=lambda: (_write(its, data), os.close(its)))
    writer.start()
    assert [frames.receive(ours), frames.receive(ours), frames.receive(ours)] == [*sent, None]
    writer.join()
    os.close(ours)


@pytest.mark.parametrize("length", range(1, 40))
def test_frame_whose_sender_is_gone_in_the_midst_of_it_is_none(length):
    """Nothing is made of its beginning."""
    ours, its = os.pipe()
    os.write(its, frames.pack({"kind": "ack", "eid": "e1"}, b"\x00" * 8)[:length])
    os.close(its)
    assert frames.receive(ours) is None
    os.close(ours)


def test_frame_that_is_none_is_refused_when_it_is_received():
    """Before anything is allocated for it."""
    ours, its = os.pipe()
    os.write(its, b"GET / HTTP/1.1\r\n\r\n")
    with pytest.raises(FrameError, match="cap"):
        frames.receive(ours)
    os.close(ours)
    os.close(its)


def _write(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]
