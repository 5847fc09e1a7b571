"""A channel between two processes of which one may end at any moment."""

from __future__ import annotations

import socket

from weppd.cell.channel import Channel
from weppd.cell.frames import pack


def test_the_last_words_of_a_peer_are_heard_although_it_hears_no_more():
    """A frame that waits is received after a write that failed, and only then is the end."""
    ours, theirs = socket.socketpair()
    channel = Channel(ours.detach())
    theirs.sendall(pack({"kind": "retire"}))
    theirs.close()
    channel.send({"kind": "forked", "n": 1})
    channel.send({"kind": "forked", "n": 2})
    assert (channel.ended, channel.backlog) == (False, 0)
    assert [header["kind"] for header, _ in channel.receive()] == ["retire"]
    assert channel.receive() == []
    assert channel.ended
    assert channel.problem
    channel.close()


def test_what_was_kept_for_a_slow_peer_is_dropped_when_it_goes():
    """Unsent bytes do not stay for a peer that is gone, and the end is noticed."""
    ours, theirs = socket.socketpair()
    channel = Channel(ours.detach())
    while not channel.backlog:
        channel.send({"kind": "note"}, b"x" * 65_536)
    theirs.close()
    channel.flush()
    assert channel.backlog == 0
    assert channel.receive() == []
    assert channel.ended
    channel.close()
