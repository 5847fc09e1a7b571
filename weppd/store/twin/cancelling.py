"""The twin's cancels: what `scripts/cancelling.lua` does in Redis; who is closed to new jobs."""

from __future__ import annotations

from weppd.store.twin.dependents import cancel_waiting, settle_dependents
from weppd.store.twin.shelf import Shelf


def cancel_one(shelf: Shelf, jid: str, at: float, reason: str) -> tuple[list[str], list[str]]:
    """What a cancel does to one job: the answer's five words, and the dependents it took along."""
    status, execution = shelf.status(jid), shelf.live(jid)
    if execution:
        shelf.cancels[jid] = reason
        own = [execution[k].decode() for k in (b"node", b"eid", b"worker")]
        return ["running", *own, status], []
    if not status:
        return ["unknown", "", "", "", ""], []
    if status in ("finished", "failed", "stopped", "canceled"):
        return ["over", "", "", "", status], []
    cancel_waiting(shelf, jid, at, reason)
    also = settle_dependents(shelf, jid, "canceled", at, reason)[1]
    return ["canceled", "", "", "", "canceled"], also


def closed_above(shelf: Shelf, jid: str | None) -> str | None:
    """The job at or above `jid` that is being cancelled, if there is one."""
    while jid:
        if jid in shelf.cancels or jid in shelf.closed or shelf.status(jid) == "canceled":
            return jid
        jid = shelf.jobs.get(jid, {}).get(b"weppd_parent", b"").decode()
    return None
