"""The twin's posted claims: one that found the queues empty is carried out with the next job."""

from __future__ import annotations

from weppd.model import Answer
from weppd.store.nouns import ClaimAsk, Exchanged, Took
from weppd.store.twin import claiming
from weppd.store.twin.shelf import Shelf

#: Seconds for which a posted claim stands without a heartbeat of its node.
POSTED_S = 7.5


def claimed(
    shelf: Shelf,
    ask: ClaimAsk,
    at: float,
    answers: tuple[Answer, ...] = (),
    released: tuple[int, ...] = (),
) -> Exchanged:
    """Claim, and post the claim where there was nothing to be had."""
    shelf.posted.pop(ask.node, None)
    claims, empty, paused = claiming.claim(shelf, ask, at)
    all_empty = not claims and len(empty) == len(ask.queues)
    posted = all_empty and not ask.gap_s and bool(ask.workers) and len(shelf.leases) < 2
    if posted:
        shelf.posted[ask.node] = ask, at + POSTED_S
    said = tuple(claims), frozenset(empty), paused, ask.token, posted
    return Exchanged(answers, released, *said)


def carried_out(shelf: Shelf, node: str, at: float) -> Exchanged:
    """What a bell brings: the claims of what the node has posted, if any."""
    ask, until = shelf.posted.get(node, (None, 0.0))
    if ask is None or at >= until or len(shelf.leases) > 1:
        return Exchanged()
    claims, empty, paused = claiming.claim(shelf, ask, at)
    if not claims:
        return Exchanged()
    del shelf.posted[node]
    return Exchanged((), (), tuple(claims), frozenset(empty), paused, ask.token)


def told(shelf: Shelf, node: str, at: float, took: Took) -> Exchanged:
    """What a bell brings, and is not taken at once."""
    brought = carried_out(shelf, node, at)
    return Exchanged() if brought.claims and took and took(brought) else brought


def beat(shelf: Shelf, node: str, at: float) -> int:
    """A heartbeat, by which what the node has posted goes on standing; its number."""
    ask, until = shelf.posted.get(node, (None, 0.0))
    if ask is not None and at < until:
        shelf.posted[node] = ask, at + POSTED_S
    return shelf.beat(node)
