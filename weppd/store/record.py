"""What a finish writes: one pure step from an outcome to fields, events and lifetimes.

Both hands write the same record. Redis' half is a script that only puts these values in place.
The result entry is RQ's (types: 1 successful, 2 failed or stopped, 4 retried, 5 retries exceeded).
"""

from __future__ import annotations

import json
import zlib
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field

from weppd import panel
from weppd.frozen import maker
from weppd.model import (
    Canceled,
    Failed,
    Finish,
    Finished,
    Job,
    Outcome,
    Retried,
    Status,
    Stopped,
)
from weppd.store.wire import Fields, stamp

RESULT_TTL = 604_800
FAILURE_TTL = 31_536_000
# The core's word for a job that returned its Retry once too often.
RETRIES_SPENT = "max retries exceeded"


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long results live, in seconds, where a job does not say: -1 is for ever."""

    result: int = RESULT_TTL
    failure: int = FAILURE_TTL


@dataclass(frozen=True, slots=True)
class Record:
    """A finish, ready to be put in place.

    `status` is the job's last word; for a retry it is queued, or scheduled where `due` is a moment.
    `events` are texts behind their channels, published in order. `ttl` in seconds.
    """

    status: Status
    ttl: int
    fields: Fields
    entry: Fields = field(default_factory=dict)
    events: tuple[str, ...] = ()
    reason: str = ""
    meta: Mapping[str, str | int] = field(default_factory=dict)
    due: float = 0.0
    at_front: bool = False
    spent: bool = False
    crash: bool = False
    returned: bool = False
    worked_s: float = 0.0


_record = maker(Record)


def record(finish: Finish, lifetimes: Lifetimes) -> Record:
    """Work out what the store writes for this finish."""
    job, outcome = finish.claim.job, finish.outcome
    status = _status(outcome)
    text = _text(outcome)
    retried = outcome if isinstance(outcome, Retried) else None
    return _record(
        status=status,
        ttl=_ttl(finish, lifetimes),
        fields=_fields(finish, status, text),
        entry=_entry(finish, text),
        events=(*_events(job, outcome), *_told(finish)) if job.runid else (),
        reason=getattr(outcome, "reason", ""),
        meta=_meta(finish, text),
        due=finish.ended_at + retried.delay_s if retried and retried.delay_s > 0 else 0.0,
        at_front=job.retry_at_front,
        spent=bool(retried and retried.spent),
        crash=bool(retried and retried.crash),
        returned=bool(retried and retried.returned),
        worked_s=max(0.0, finish.ended_at - finish.started_at) if finish.started_at else 0.0,
    )


def _status(outcome: Outcome) -> Status:
    match outcome:
        case Finished():
            return Status.FINISHED
        case Failed():
            return Status.FAILED
        case Stopped():
            return Status.STOPPED
        case Canceled():
            return Status.CANCELED
        case Retried():
            return Status.SCHEDULED if outcome.delay_s > 0 else Status.QUEUED


def _text(outcome: Outcome) -> str:
    """What RQ's readers show as exc_info; empty where there is no failure."""
    if isinstance(outcome, Failed):
        return outcome.traceback or outcome.reason
    return outcome.reason if isinstance(outcome, Stopped) else ""


def _ttl(finish: Finish, lifetimes: Lifetimes) -> int:
    job = finish.claim.job
    if isinstance(finish.outcome, Finished):
        return lifetimes.result if job.result_ttl is None else job.result_ttl
    return lifetimes.failure if job.failure_ttl is None else job.failure_ttl


def _fields(finish: Finish, status: Status, text: str) -> Fields:
    ended = stamp(finish.ended_at)
    fields: Fields = {"status": status.value, "last_heartbeat": ended, "weppd_usage": usage(finish)}
    if status.terminal:
        fields["ended_at"] = ended
    if finish.worker:
        fields["worker_name"] = finish.worker
    if text:
        fields["exc_info"] = zlib.compress(text.encode("utf-8", "replace"))
    if isinstance(finish.outcome, Finished) and finish.outcome.result is None:
        # Tells the readers of trees that the results' stream, which is dear to read, has none.
        fields["weppd_none"] = 1
    if reason := getattr(finish.outcome, "reason", ""):
        fields["weppd_reason"] = reason
    return fields


def usage(finish: Finish) -> str:
    """The job's usage as JSON: CPU seconds, peak bytes, processes, signals by rung, leftovers."""
    used = finish.usage
    numbers = {
        "user_s": round(used.user_s, 3),
        "system_s": round(used.system_s, 3),
        "peak_bytes": used.peak_bytes,
        "processes": used.processes,
        "stopped_s": round(used.stopped_s, 3),
        "seconds": round(max(0.0, finish.ended_at - finish.started_at), 3),
    }
    parts = {name: value for name, value in numbers.items() if value}
    if not (finish.rungs or finish.left_behind or finish.undead):
        # Of nearly all jobs. A number is the same in JSON, and json takes its time.
        return "{" + ", ".join([f'"{name}": {value!r}' for name, value in parts.items()]) + "}"
    more = {
        "rungs": {rung: count for rung, count in finish.rungs.items() if count},
        "left_behind": finish.left_behind,
        "undead": list(finish.undead),
    }
    return json.dumps(parts | {name: value for name, value in more.items() if value})


def _entry(finish: Finish, text: str) -> Fields:
    kind = _kind(finish.outcome)
    if not kind:
        return {}
    entry: Fields = {"type": kind, "worker_name": finish.worker}
    if text:
        entry["exc_string"] = b64encode(zlib.compress(text.encode("utf-8", "replace")))
    if isinstance(finish.outcome, Finished) and finish.outcome.result is not None:
        entry["return_value"] = b64encode(finish.outcome.result)
    entry["execution_id"] = finish.claim.eid
    if finish.started_at:
        entry["execution_started_at"] = repr(finish.started_at)
    entry["execution_ended_at"] = repr(finish.ended_at)
    return entry


def _kind(outcome: Outcome) -> int:
    match outcome:
        case Finished():
            return 1
        case Failed():
            return 5 if outcome.kind == RETRIES_SPENT else 2
        case Stopped():
            return 2
        case Retried(returned=True):
            return 4
        case _:
            return 0


def _events(job: Job, outcome: Outcome) -> tuple[str, ...]:
    """The lifecycle events: an exception is heard as such and then, as all failures, as failed."""
    match outcome:
        case Finished():
            words: tuple[str, ...] = ("success",)
        case Failed():
            words = ("exception", "failed") if outcome.kind == "exception" else ("failed",)
        case Stopped():
            words = ("stopped",)
        case Canceled():
            words = ("canceled",)
        case Retried():
            words = ("retried",)
    channel = f"{job.runid}:rq"
    return tuple(part for word in words for part in (channel, event(job.id, word)))


#: What a failure is called whose task could not tell of it.
_KINDS = {"timeout": "JobTimeout", "limit": "OverLimit", "refused": "Refused"}


def _told(finish: Finish) -> tuple[str, ...]:
    """What a panel is told for a job whose process ended without a word."""
    job, outcome = finish.claim.job, finish.outcome
    if not (finish.panel and job.runid):
        return ()
    call = f"{(job.function or '').rpartition('.')[2]}({job.runid})"
    texts: tuple[str, ...]
    match outcome:
        case Failed():
            kind = _KINDS.get(outcome.kind, "WorkerLost")
            texts = panel.exception(job.id, call, kind, outcome.reason)
        case Retried():
            texts = (panel.message(job.id, "STATUS", f"{call} -> {outcome.reason}; it runs again"),)
        case _:
            texts = (panel.message(job.id, "STATUS", f"{call} -> cancelled"),)
    channel = panel.channel(finish.panel, job.runid)
    return tuple(part for text in texts for part in (channel, text))


def event(jid: str, word: str) -> str:
    """A lifecycle event's text: `{"job": …, "status": …}`."""
    return json.dumps({"job": jid, "status": word})


def traces(pid: int, runid: str | None) -> dict[str, str | int]:
    """What a job's meta tells of its execution, from its start on."""
    return ({"pid": pid} if pid else {}) | ({"runid": runid} if runid else {})


def _meta(finish: Finish, text: str) -> dict[str, str | int]:
    """What an end leaves in the job's meta: its traces, and how it failed; a retry leaves it."""
    told = traces(finish.pid, finish.claim.job.runid)
    if isinstance(finish.outcome, Finished):
        return told
    return {"exc_string": text, **told} if isinstance(finish.outcome, Failed | Stopped) else {}
