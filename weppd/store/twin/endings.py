"""Ends of executions in the twin: what `scripts/finish.lua` and `hand_back.lua` do in Redis."""

from __future__ import annotations

import json

from weppd.model import Answer, Claim, Finish, Status
from weppd.store.extending import with_items
from weppd.store.record import Lifetimes, Record, record
from weppd.store.trees import mirror
from weppd.store.twin import held, turns
from weppd.store.twin.dependents import cancel_waiting, settle_dependents
from weppd.store.twin.shelf import INF, Shelf, as_bytes, whole
from weppd.store.wire import rehash, stamp


def finish(shelf: Shelf, ended: Finish, lifetimes: Lifetimes) -> tuple[Answer, int]:
    """Write an execution's end if it may be; the answer, and how many dependents it released.

    A job that the store has forgotten is entered again, for its end to be found.
    """
    answer = Answer(_fence(shelf, ended.claim))
    if answer in (Answer.ALREADY, Answer.FENCED):
        return answer, 0
    job = ended.claim.job
    if answer is Answer.ABSENT:
        shelf.jobs.setdefault(job.id, as_bytes(rehash(job)))
        line = shelf.queues.setdefault(job.queue, [])
        line[:] = [jid for jid in line if jid != job.id]
    return answer, _close(shelf, ended, record(ended, lifetimes))


def _fence(shelf: Shelf, claim: Claim) -> str:
    """Whether a finish of this execution may be written: ok, already mine, fenced or absent."""
    if claim.eid in shelf.done:
        return "already mine"
    execution = shelf.executions.get(claim.job.id)
    if execution is None:
        return "absent"
    return "ok" if execution[b"eid"] == claim.eid.encode() else "fenced"


def _close(shelf: Shelf, finish: Finish, written: Record) -> int:
    """Put a finish in place; returns how many dependents it released."""
    jid, eid = finish.claim.job.id, finish.claim.eid
    held.let_go_of_all(shelf, jid)
    asked = shelf.cancels.pop(jid, None)
    # Who was asked to end does not go round again, whatever ended this execution.
    kept = asked is not None and not written.status.terminal
    word, reason = ("canceled", asked or "") if kept else (written.status.value, written.reason)
    end_execution(shelf, finish.claim, word)
    shelf.done[eid] = word
    here, canceled = b"data" in shelf.jobs.get(jid, {}), kept or shelf.status(jid) == "canceled"
    if not here:
        shelf.jobs.pop(jid, None)
    elif canceled:
        _write(shelf, jid, written)
        shelf.set(jid, {"status": "canceled", "ended_at": stamp(finish.ended_at)})
        if kept:
            _clean(shelf, jid)
            shelf.set(jid, {"weppd_reason": reason})
            shelf.registries["canceled", finish.claim.job.queue][jid] = finish.ended_at
    else:
        _settle(shelf, jid, written, finish, asked is not None)
    _mirror(shelf, jid)
    for channel, text in zip(written.events[::2], written.events[1::2], strict=True):
        shelf.say(channel, text)
    if turn := shelf.executions[jid].get(b"turn"):
        turns.pass_on(shelf, turn.decode(), jid)
    if not written.status.terminal and not canceled:
        return 0
    return settle_dependents(shelf, jid, word, finish.ended_at, reason)[0]


def _settle(shelf: Shelf, jid: str, written: Record, finish: Finish, asked: bool) -> None:
    queue = finish.claim.job.queue
    if written.status is Status.FINISHED and written.ttl == 0:
        shelf.forget(jid)
        return
    _write(shelf, jid, written)
    finished = written.status is Status.FINISHED
    if finished and not asked and _repeats(shelf, jid, finish.ended_at):
        return
    if written.status.terminal:
        score = INF if written.ttl < 0 else finish.ended_at + written.ttl
        name = "failed" if written.status is Status.STOPPED else written.status.value
        shelf.registries[name, queue][jid] = score
        return
    _again(shelf, jid, written, finish)


def _write(shelf: Shelf, jid: str, written: Record) -> None:
    shelf.set(jid, written.fields)
    if written.entry:
        shelf.entries[jid] = as_bytes(written.entry)
    if written.status.terminal:
        _clean(shelf, jid)
    before = shelf.jobs[jid].get(b"meta", b"")
    if written.meta and (after := with_items(before, written.meta)):
        shelf.jobs[jid][b"meta"] = after


def _clean(shelf: Shelf, jid: str) -> None:
    """A job that is requeued by hand begins with a clean slate."""
    for name in (b"weppd_crashes", b"weppd_losses"):
        shelf.jobs[jid].pop(name, None)


def _mirror(shelf: Shelf, jid: str) -> None:
    fields = shelf.jobs.get(jid, {})
    named = [part for pair in shelf.children.get(jid, {}).items() for part in pair]
    items = mirror(named, fields.get(b"meta", b"")) if fields else {}
    if items and (after := with_items(fields.get(b"meta", b""), items)):
        fields[b"meta"] = after


def _again(shelf: Shelf, jid: str, written: Record, finish: Finish) -> None:
    """Send a job round again: count what its retry cost, then queue or schedule it."""
    for name, counts, step in (
        (b"retries_left", written.spent and not written.returned, -1),
        (b"number_of_retries", written.returned, 1),
        (b"weppd_crashes", written.crash, 1),
    ):
        if counts:
            left = whole(shelf.jobs[jid].get(name))
            shelf.jobs[jid][name] = str(max(0, left + step)).encode()
    if written.crash:
        lines = [shelf.jobs[jid].get(b"weppd_losses", b""), written.reason.encode()]
        shelf.jobs[jid][b"weppd_losses"] = b"\n".join(filter(None, lines))
    if written.due:
        shelf.registries["scheduled", finish.claim.job.queue][jid] = written.due
    else:
        shelf.push(jid, finish.ended_at, front=written.at_front)


def _repeats(shelf: Shelf, jid: str, at: float) -> bool:
    """Send a job of rq's Repeat round again, while it has repeats left."""
    fields = shelf.jobs[jid]
    left = whole(fields.get(b"repeats_left"))
    if left < 1:
        return False
    fields[b"repeats_left"] = str(left - 1).encode()
    intervals = json.loads(fields.get(b"repeat_intervals") or b"[]")
    wait = intervals[max(len(intervals) - left, 0)] if intervals else 0
    if wait > 0:
        shelf.set(jid, {"status": "scheduled"})
        shelf.registries["scheduled", shelf.origin(jid)][jid] = at + wait
    else:
        shelf.push(jid, at)
    return True


def end_execution(shelf: Shelf, claim: Claim, phase: str) -> None:
    """Take the execution off RQ's lists; the record keeps how it ended."""
    member = f"{claim.job.id}:{claim.eid}"
    shelf.registries["wip", claim.job.queue].pop(member, None)
    execution = shelf.executions.setdefault(claim.job.id, {b"eid": claim.eid.encode()})
    execution[b"phase"] = phase.encode()


def hand_back(shelf: Shelf, claim: Claim, now: float) -> bool:
    """Put a claimed job back at the head of its queue; whether it is there, and not cancelled."""
    jid = claim.job.id
    held.let_go_of_all(shelf, jid)
    end_execution(shelf, claim, "handed back")
    turn = shelf.executions.pop(jid).get(b"turn")
    asked = shelf.cancels.pop(jid, None)
    goes = shelf.status(jid) not in ("", "canceled")
    if goes and asked is not None:
        cancel_waiting(shelf, jid, now, asked)
        settle_dependents(shelf, jid, "canceled", now, asked)
    elif goes:
        shelf.set(jid, {"started_at": "", "worker_name": "", "status": "queued"})
        shelf.queues.setdefault(claim.job.queue, []).insert(0, jid)
    if turn is not None:
        turns.pass_on(shelf, turn.decode())
    return goes and asked is None
