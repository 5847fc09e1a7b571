"""What `scripts/retry.lua`, `scrub.lua` and `tree.lua` do in Redis, for the twin."""

from __future__ import annotations

import json
from typing import Any

from weppd.store.nouns import Retried
from weppd.store.twin.shelf import FAILED, Shelf
from weppd.store.twin.sole import has_sole, take_sole

_SEEN = (
    b"status", b"started_at", b"ended_at", b"description", b"meta", b"weppd_progress",
    b"weppd_reason",
)  # fmt: skip


def retry(shelf: Shelf, jid: str, at: float) -> Retried:
    """Send a job that failed, was stopped or cancelled round again, and what fell with it."""
    status = shelf.status(jid)
    if shelf.live(jid):
        return Retried("live", status)
    if not status:
        return Retried("unknown")
    if status not in FAILED:
        return Retried("other", status)
    if stands_on := _blocker(shelf, jid):
        return Retried("waits", shelf.status(stands_on), stands_on)
    if twin := has_sole(shelf, jid):
        return Retried("twin", status, twin)
    parent: str | None = jid
    while parent:
        shelf.closed.discard(parent)
        parent = shelf.jobs.get(parent, {}).get(b"weppd_parent", b"").decode()
    woken: list[str] = []
    turn = [jid]
    for each in turn:
        _revive(shelf, each, at)
        fallen = [c for c in dict.fromkeys(shelf.fallen.get(each, [])) if _fell(shelf, c)]
        woken += fallen
        turn += fallen
    return Retried("ok", shelf.status(jid), "", tuple(woken))


def _fell(shelf: Shelf, jid: str) -> bool:
    """Whether it fell for a dependency alone, and neither that nor its key stands in its way."""
    reason = shelf.jobs.get(jid, {}).get(b"weppd_reason", b"")
    canceled = shelf.status(jid) == "canceled" and reason.startswith(b"its dependency ")
    return canceled and not _blocker(shelf, jid) and not has_sole(shelf, jid)


def _waits(shelf: Shelf, jid: str) -> list[str]:
    return [str(each) for each in json.loads(shelf.jobs[jid].get(b"dependency_ids") or b"[]")]


def _blocker(shelf: Shelf, jid: str) -> str:
    """A dependency that was not finished and never will be; "" where there is none."""
    if shelf.jobs[jid].get(b"allow_dependency_failures") == b"1":
        return ""
    return next((each for each in _waits(shelf, jid) if shelf.status(each) in FAILED), "")


def _revive(shelf: Shelf, jid: str, at: float) -> None:
    queue, fields = shelf.origin(jid), shelf.jobs[jid]
    for name in ("failed", "canceled"):
        shelf.registries[name, queue].pop(jid, None)
    shelf.cancels.pop(jid, None)
    for key in (b"exc_info", b"weppd_reason", b"weppd_none", b"weppd_usage"):
        fields.pop(key, None)
    shelf.set(jid, {"started_at": "", "ended_at": ""})
    take_sole(shelf, jid)
    over = {"", "finished", *(FAILED if fields.get(b"allow_dependency_failures") == b"1" else ())}
    waits = [each for each in _waits(shelf, jid) if shelf.status(each) not in over]
    for dependency in waits:
        if jid not in shelf.dependents[dependency]:
            shelf.dependents[dependency].append(jid)
    if waits:
        shelf.set(jid, {"status": "deferred"})
        shelf.registries["deferred", queue][jid] = at
    else:
        shelf.push(jid, at)


def scrub(shelf: Shelf) -> int:
    """Take entries of executions that nobody has off RQ's lists; returns how many were."""
    count = 0
    for (name, _), members in shelf.registries.items():
        for member in list(members) if name == "wip" else ():
            jid, _, eid = member.rpartition(":")
            if shelf.live(jid).get(b"eid") != eid.encode():
                del members[member]
                count += 1
    return count


def tree_row(shelf: Shelf, jid: str) -> list[Any]:
    """What people see of a job of a tree, in the order of `scripts/tree.lua`."""
    fields, children = shelf.jobs.get(jid, {}), shelf.children.get(jid, {})
    named = [part for pair in children.items() for part in pair]
    if b"created_at" not in fields:
        return [named]
    seen = [fields.get(key, b"") for key in _SEEN]
    entry = shelf.entries.get(jid, {})
    ends = [entry.get(key, b"") for key in (b"return_value", b"exc_string")]
    data = b"" if b"runid" in seen[4] else fields.get(b"data", b"")
    return [*seen[:5], data, *seen[5:], *ends, fields.get(b"weppd_usage", b""), named]


def push_due(shelf: Shelf, now: float) -> int:
    """Move scheduled jobs whose time has come to their queues; returns how many."""
    count = 0
    for (name, _), members in list(shelf.registries.items()):
        if name == "scheduled":
            for jid in [jid for jid, at in members.items() if at <= now]:
                del members[jid]
                shelf.push(jid, now)
                count += 1
    return count
