"""One job at a time under a key: the twin's account of what `scripts/turns.lua` does in Redis.

A job that is claimed while another has the turn of its key is parked: off its queue, without an
execution, its status still `queued`. When the turn comes to it, it goes to the head of its queue,
and the turn is kept for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from weppd.model import Claim

if TYPE_CHECKING:
    from weppd.store.twin.shelf import Shelf


def park(shelf: Shelf, claim: Claim, key: str, holder: str) -> None:
    """Let a claimed job wait; its execution must have ended already."""
    jid, queue = claim.job.id, claim.job.queue
    reason = f"waits for its turn: job {holder} has {key}"
    shelf.set(jid, {"status": "queued", "started_at": "", "worker_name": ""})
    shelf.set(jid, {"weppd_turn": key, "weppd_reason": reason})
    shelf.parked[jid] = (queue, key)
    shelf.waiting[key].append(jid)


def give(shelf: Shelf, jid: str, key: str) -> None:
    """Enter that the turn is this job's."""
    shelf.turns[key] = jid
    shelf.set(jid, {"weppd_turn": key})
    shelf.executions[jid][b"turn"] = key.encode()


def pass_on(shelf: Shelf, key: str, leaver: str = "") -> str:
    """Give the turn to who waits longest, if nobody but `leaver` has it; who has it now."""
    holder = shelf.turns.get(key, "")
    if holder and holder != leaver and has_turn(shelf, holder):
        return holder
    while shelf.waiting[key]:
        jid = shelf.waiting[key].pop(0)
        queue, _ = shelf.parked.pop(jid, ("", ""))
        if queue and shelf.status(jid) == "queued":
            shelf.turns[key] = jid
            shelf.jobs[jid].pop(b"weppd_reason", None)
            shelf.queues.setdefault(queue, []).insert(0, jid)
            return jid
    shelf.turns.pop(key, None)
    return ""


def has_turn(shelf: Shelf, jid: str) -> bool:
    """Whether a job that was given a turn has it still: it runs, or is queued for that."""
    waits = shelf.status(jid) == "queued" and jid not in shelf.parked
    return bool(shelf.live(jid)) or waits


def leave(shelf: Shelf, jid: str) -> None:
    """A job that will not run (any more) lets go of its turn, or of its place in the line."""
    shelf.parked.pop(jid, None)
    if key := shelf.jobs.get(jid, {}).get(b"weppd_turn", b"").decode():
        pass_on(shelf, key, jid)


def unpark(shelf: Shelf) -> int:
    """Pass on the turns that no event will; how many were."""
    passed, seen = 0, set()
    for jid, (_, key) in list(shelf.parked.items()):
        if shelf.status(jid) != "queued":
            shelf.parked.pop(jid)
        elif key not in seen:
            seen.add(key)
            before = shelf.turns.get(key, "")
            passed += pass_on(shelf, key) != before
    return passed
