"""The verdict on an execution: what its end means for the job. Pure.

Exit is the fact, the report refines it: a job that reported a result has finished, whatever its
exit status; one that died without a word failed, by the signal or code that ended it.
"""

from __future__ import annotations

import os
import signal

from weppd.core.events import Over, Verdict
from weppd.core.schedule import Ticket
from weppd.frozen import maker
from weppd.model import Canceled, Failed, Finish, Finished, Outcome, Retried, Stopped

_finish = maker(Finish)


def judge(ticket: Ticket, over: Over, crashes_allowed: int) -> Outcome:
    """The outcome of the execution that `over` reports."""
    verdict = over.verdict
    if verdict is not None and verdict.kind == "finished":
        return Finished(None if verdict.none else over.body)
    if over.asked == "cancel" and not over.pid and verdict is None and over.status is None:
        return canceled(over.reason or "cancelled")
    if over.asked == "cancel":
        return Stopped(over.reason or "cancelled")
    if over.asked == "shutdown":
        return Retried(over.reason or "host shutdown", spent=False)
    if over.asked == "lease":
        return displaced(ticket, f"worker lost: {over.reason}")
    if over.asked == "timeout":
        return again_or_failed(ticket, _timed_out(ticket, over))
    if over.asked == "limit":
        return again_or_failed(ticket, _over_limit(over))
    if verdict is None:
        return died(ticket, _cause(over), crashes_allowed)
    return _by_report(ticket, over, verdict)


def _by_report(ticket: Ticket, over: Over, verdict: Verdict) -> Outcome:
    if verdict.kind == "retry":
        return _returned_retry(ticket, verdict)
    if verdict.kind == "cancelled":
        return Stopped(over.reason or "the task cancelled itself")
    reason = f"{verdict.type}: {verdict.message}" if verdict.type else verdict.message
    failed = Failed(reason, over.body.decode("utf-8", "replace"), "exception")
    return again_or_failed(ticket, failed)


def died(ticket: Ticket, cause: str, crashes_allowed: int) -> Outcome:
    """The outcome of a job that was killed under us: retried if its task says so, else failed."""
    count = ticket.job.crashes + 1
    if ticket.plan.retry_on_crash and count < crashes_allowed:
        return Retried(cause, spent=False, crash=True, traceback=cause)
    if ticket.plan.retry_on_crash:
        reason = f"set aside: its worker was lost {count} times; the last time: {cause}"
        return Failed(reason, "\n".join([reason, *_history(ticket, cause)]), "poison")
    return again_or_failed(ticket, Failed(cause, cause, "lost"))


def _history(ticket: Ticket, cause: str) -> list[str]:
    causes = [*ticket.job.losses, cause]
    first = ticket.job.crashes + 2 - len(causes)
    return [f"  {number}. {each}" for number, each in enumerate(causes, first)]


def displaced(ticket: Ticket, cause: str) -> Outcome:
    """The outcome of a job whose node was lost to it; that is no crash of the job's own."""
    if ticket.plan.retry_on_crash:
        return Retried(cause, spent=False, traceback=cause)
    return again_or_failed(ticket, Failed(cause, cause, "lost"))


def interrupted(asked: str, reason: str) -> Outcome:
    """The outcome of a job whose cell died while it was ending it."""
    if asked == "shutdown":
        return Retried(reason, spent=False)
    return Stopped(reason)


def again_or_failed(ticket: Ticket, failed: Failed) -> Failed | Retried:
    """A retry where the job has some left, with RQ's rule for the interval; else `failed`."""
    job = ticket.job
    if job.retries_left <= 0:
        return failed
    intervals = job.retry_intervals or (0,)
    delay = intervals[min(max(len(intervals) - job.retries_left, 0), len(intervals) - 1)]
    return Retried(failed.reason, delay, traceback=failed.traceback)


def finish(ticket: Ticket, over: Over, outcome: Outcome) -> Finish:
    """The record of an execution that a cell reported."""
    return _finish(
        ticket.claim,
        outcome,
        ticket.worker,
        over.began_at,
        over.ended_at,
        over.pid,
        over.usage,
        over.rungs,
        over.left,
        over.undead,
        over.status,
        unheard(outcome, over.verdict),
    )


def unbegun(ticket: Ticket, outcome: Outcome, wall: float) -> Finish:
    """The record of an execution that no cell has an account of."""
    silent = unheard(outcome, None)
    return Finish(ticket.claim, outcome, ticket.worker, wall, wall, unheard=silent)


def unheard(outcome: Outcome, verdict: Verdict | None) -> bool:
    """Whether nobody who watches the job's panel has been told of this end.

    A task tells of what it raises, and that it is cancelled; not that it is out of time, or killed.
    """
    match outcome:
        case Finished() | Canceled():
            return False
        case Stopped():
            return verdict is None
    return verdict is None or verdict.kind == "cancelled"


def refused(ticket: Ticket) -> Failed:
    """The outcome of a job that its plan refuses."""
    reason = ticket.plan.refusal or ""
    return Failed(reason, reason, "refused")


def canceled(reason: str) -> Canceled:
    """The outcome of a job that was cancelled before it began."""
    return Canceled(reason)


def _timed_out(ticket: Ticket, over: Over) -> Failed:
    reason = f"timed out: it ran longer than its timeout of {ticket.plan.timeout} s"
    text = over.body.decode("utf-8", "replace")
    return Failed(reason, f"{reason}\n{text}".rstrip(), "timeout")


def _over_limit(over: Over) -> Failed:
    used, many = over.usage, "es" if over.usage.processes != 1 else ""
    most = f"at most it had {used.peak_bytes / 2**20:.0f} MiB and {used.processes} process{many}"
    reason = f"{over.reason}; {most}"
    text = over.body.decode("utf-8", "replace")
    return Failed(reason, f"{reason}\n{text}".rstrip(), "limit")


def _returned_retry(ticket: Ticket, verdict: Verdict) -> Outcome:
    done = int(ticket.job.extra.get("number_of_retries") or 0)
    if done >= verdict.max:
        reason = f"gave up: it asked to be retried more than {verdict.max} times"
        return Failed(reason, reason, "max retries exceeded")
    return Retried("the task asked to be retried", verdict.interval, returned=True)


def _cause(over: Over) -> str:
    peak = f"; peak memory of its tree {over.usage.peak_bytes / 2**20:.0f} MiB"
    if over.oom:
        return f"worker lost: killed by the kernel, out of memory{peak}"
    if over.status is None:
        return "worker lost: its process ended without a report"
    if os.WIFSIGNALED(over.status):
        name = _signal_name(os.WTERMSIG(over.status))
        return f"worker lost: killed by {name} that weppd did not send{peak}"
    return f"worker lost: its process exited with code {os.WEXITSTATUS(over.status)}, no report"


def _signal_name(number: int) -> str:
    known = {int(each): each.name for each in signal.Signals}
    return known.get(number, f"signal {number}")
