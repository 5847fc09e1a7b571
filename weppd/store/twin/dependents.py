"""Jobs that wait for others, in the twin: what `scripts/dependents.lua` and `deferred.lua` do."""

from __future__ import annotations

import json

from weppd.store.twin import turns
from weppd.store.twin.shelf import FAILED, Shelf
from weppd.store.wire import stamp


def settle_dependents(
    shelf: Shelf, jid: str, status: str, at: float, reason: str
) -> tuple[int, list[str]]:
    """Release the jobs that waited for `jid` alone; cancel those that cannot run any more.

    Returns how many were released, and which were cancelled.
    """
    released, ended = 0, [(jid, status, reason)]
    for parent, how, why in ended:
        for child in shelf.dependents.pop(parent, []):
            if how in FAILED and not _allows(shelf, child):
                shelf.fallen[parent].append(child)
            if shelf.status(child) != "deferred":
                continue
            if how != "finished" and not _allows(shelf, child):
                because = _because_of(parent, how, why)
                cancel_waiting(shelf, child, at, because)
                ended.append((child, "canceled", because))
            elif _met(shelf, child):
                shelf.registries["deferred", shelf.origin(child)].pop(child, None)
                front = shelf.jobs[child].get(b"enqueue_at_front") == b"1"
                shelf.push(child, at, front=front)
                released += 1
            else:
                shelf.dependents[parent].append(child)
    return released, [each for each, _, _ in ended[1:]]


def _allows(shelf: Shelf, jid: str) -> bool:
    return shelf.jobs.get(jid, {}).get(b"allow_dependency_failures") == b"1"


def _met(shelf: Shelf, jid: str) -> bool:
    over = {"", "finished"} | ({"failed", "stopped", "canceled"} if _allows(shelf, jid) else set())
    waits = json.loads(shelf.jobs[jid].get(b"dependency_ids") or b"[]")
    return all(shelf.status(dependency) in over for dependency in waits)


def free_all_deferred(shelf: Shelf, now: float) -> int:
    """Release or cancel all deferred jobs that no event will; returns how many."""
    deferred = [
        jid
        for (name, _), members in list(shelf.registries.items())
        for jid in (list(members) if name == "deferred" else ())
    ]
    still = (jid for jid in deferred if shelf.status(jid) == "deferred")
    return sum([free_deferred(shelf, jid, now) for jid in still])


def free_deferred(shelf: Shelf, jid: str, at: float) -> bool:
    """Release or cancel a deferred job whose dependencies are all over, or one of them in vain."""
    waits = json.loads(shelf.jobs[jid].get(b"dependency_ids") or b"[]")
    failed = [d for d in waits if shelf.status(d) in FAILED]
    if failed and not _allows(shelf, jid):
        shelf.fallen[failed[0]].append(jid)
        how = shelf.status(failed[0])
        why = shelf.jobs[failed[0]].get(b"weppd_reason", b"").decode()
        because = _because_of(failed[0], how, why)
        cancel_waiting(shelf, jid, at, because)
        settle_dependents(shelf, jid, "canceled", at, because)
        return True
    if not _met(shelf, jid):
        return False
    shelf.registries["deferred", shelf.origin(jid)].pop(jid, None)
    shelf.push(jid, at, front=shelf.jobs[jid].get(b"enqueue_at_front") == b"1")
    return True


def _because_of(parent: str, how: str | None, why: str) -> str:
    if why.startswith("its dependency "):
        return why
    word = how if how == "failed" else f"was {how}"
    return f"its dependency {parent} {word}" + (f": {why}" if why else "")


def cancel_waiting(shelf: Shelf, jid: str, at: float, reason: str) -> None:
    """Cancel a job that has not begun, wherever it waits."""
    queue = shelf.origin(jid)
    if jid in shelf.queues.get(queue, []):
        shelf.queues[queue].remove(jid)
    for name in ("deferred", "scheduled"):
        shelf.registries[name, queue].pop(jid, None)
    shelf.set(jid, {"status": "canceled", "ended_at": stamp(at), "weppd_reason": reason})
    shelf.registries["canceled", queue][jid] = at
    turns.leave(shelf, jid)
