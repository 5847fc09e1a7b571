"""Keys under which one job lives at most, for the twin: as `scripts/sole.lua` has them in Redis."""

from __future__ import annotations

from weppd.store.twin.shelf import Shelf
from weppd.store.wire import UNIQUE


def twin_of(shelf: Shelf, key: str) -> str:
    """The live job that has this key; one that was asked to end does not count."""
    jid = shelf.sole.get(key, "")
    over = shelf.status(jid) in ("", "finished", "failed", "stopped", "canceled")
    return "" if over or jid in shelf.cancels else jid


def has_sole(shelf: Shelf, jid: str) -> str:
    """The other live job that has this job's key."""
    twin = twin_of(shelf, shelf.jobs[jid].get(UNIQUE.encode(), b"").decode())
    return twin if twin != jid else ""


def take_sole(shelf: Shelf, jid: str) -> None:
    """Give a job the key that it states."""
    if key := shelf.jobs[jid].get(UNIQUE.encode()):
        shelf.sole[key.decode()] = jid
