"""The twin's account of the locks that jobs hold: what `scripts/held.lua` does in Redis."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from weppd.model import Claim
from weppd.store import locks

if TYPE_CHECKING:
    from weppd.store.twin.shelf import Shelf

#: The database and the key of a lock.
Place = tuple[int, str]


def take(shelf: Shelf, claim: Claim, lock: locks.Lock, now: float) -> locks.Taken:
    """Take a lock for a job that runs, and enter it in the job's account."""
    jid, place = claim.job.id, (lock.db or 0, lock.key)
    if jid in shelf.executions and shelf.live(jid).get(b"eid") != claim.eid.encode():
        return locks.Taken("fenced")
    there = shelf.locks.get(place)
    if there is None:
        shelf.locks[place] = locks.value(lock, now).encode()
    elif locks.parse(there).get("token") != lock.token:
        return locks.Taken("held", locks.holder(there))
    shelf.held[jid][place] = lock.token
    return locks.Taken("taken")


def let_go_of(shelf: Shelf, jid: str, lock: locks.Lock) -> bool:
    """Let go of one lock of a job; whether it still was the job's."""
    place = (lock.db or 0, lock.key)
    shelf.held[jid].pop(place, None)
    return _remove(shelf, place, lock.token)


def let_go_of_all(shelf: Shelf, jid: str) -> None:
    """Remove the locks that a job holds."""
    for place, token in shelf.held.pop(jid, {}).items():
        _remove(shelf, place, token)


def renew_all(shelf: Shelf, jid: str, now: float) -> None:
    """Let the locks that a job holds live longer; forget those that somebody removed."""
    for place, token in list(shelf.held.get(jid, {}).items()):
        lock = locks.parse(shelf.locks.get(place, b""))
        if lock.get("token") == token:
            lock["expires_at"] = now + lock["ttl"]
            shelf.locks[place] = json.dumps(lock).encode()
        else:
            del shelf.held[jid][place]


def standing(shelf: Shelf, run: str, now: float) -> list[locks.Standing]:
    """The locks of a run, or of all, by key."""
    start = f"{locks.PREFIX}{run}:" if run else locks.PREFIX
    by_key = {
        (key, token): jid
        for jid, places in shelf.held.items()
        for (db, key), token in places.items()
        if db == 0
    }
    found = []
    for (db, key), raw in sorted(shelf.locks.items()):
        if db == 0 and key.startswith(start):
            expires_s = max(0.0, float(locks.parse(raw).get("expires_at") or now) - now)
            found.append(locks.standing(key, raw, expires_s, by_key))
    return found


def free(shelf: Shelf, key: str, token: str) -> bool:
    """Take a lock away, if it is still the one with this token; whether it was."""
    raw = shelf.locks.get((0, key))
    same = raw is not None and str(locks.parse(raw).get("token") or "") == token
    if same:
        del shelf.locks[0, key]
    return same


def _remove(shelf: Shelf, place: Place, token: str) -> bool:
    ours = locks.parse(shelf.locks.get(place, b"")).get("token") == token
    if ours:
        del shelf.locks[place]
    return ours
