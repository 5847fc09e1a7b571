"""What is remembered of each job for people: since when, how far, how it ended, who waits for it.

Nothing is decided by it. It keeps the daemon's log, tells the scribe which spools to tail, and
answers those who wait for a job's end.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from weppd.core import effects as do
from weppd.core.schedule import Ticket
from weppd.core.state import Given, State
from weppd.model import Canceled, Failed, Finish, Finished, Job, Retried, Stopped, Usage
from weppd.shell.host.peers import Peers
from weppd.shell.people.dictation import Dictation
from weppd.shell.people.herald import Herald
from weppd.shell.start import Places
from weppd.store.locks import Lock

log = logging.getLogger("weppd")
WORDS = {
    Finished: "finished",
    Failed: "failed",
    Stopped: "stopped",
    Canceled: "canceled",
    Retried: "retry",
}


@dataclass
class Entry:
    """One execution, while it lasts; `locks` by their tokens, as far as they were taken here."""

    ticket: Ticket
    n: int
    since: float
    pid: int = 0
    progress: Mapping[str, Any] = field(default_factory=dict)
    children: int = 0
    locks: dict[str, Lock] = field(default_factory=dict)


class Diary:
    """The executions of this node that go on, and those who wait for their ends."""

    def __init__(self, peers: Peers, places: Places, herald: Herald) -> None:
        self._herald = herald
        self.entries: dict[str, Entry] = {}
        self._ended: dict[str, Finish] = {}
        self._waiters: dict[str, list[asyncio.Future[Finish]]] = {}
        self.dictation = Dictation(peers, places, self._tickets)

    def _tickets(self) -> list[Ticket]:
        return [entry.ticket for entry in self.entries.values()]

    def begun(self, ticket: Ticket, n: int, action: str = "start") -> None:
        """A job was given to a cell (or a cell brought it back)."""
        self.entries[ticket.eid] = Entry(ticket, n, time.time())
        job = ticket.job
        log.info(
            "action=%s job=%s run=%s function=%s slot=%d",
            action,
            job.id,
            job.runid,
            ticket.plan.function,
            n,
            extra={"JOB_ID": job.id, "RUNID": job.runid},
        )
        self.dictation.begun(ticket)
        kind = "adopted" if action == "adopt" else "started"
        facts = {"function": ticket.plan.function, "slot": n, "at": time.time()}
        waited = None if action == "adopt" else _since(job.enqueued_at, time.time())
        self._herald.tell(kind, {**_who(job), **facts, "waited_s": waited})

    def progressed(self, entry: Entry, fields: Mapping[str, Any]) -> None:
        """A job said how far it is."""
        entry.progress = fields
        self._herald.tell("progress", {**_who(entry.ticket.job), **fields})

    def is_at_work(self, eid: str, pid: int) -> None:
        """Its process runs."""
        if eid in self.entries:
            self.entries[eid].pid = pid

    def ending(self, effect: do.Cancel) -> None:
        """A cell was told to end a job."""
        log.info("action=cancel eid=%s asked=%s reason=%r", effect.eid, effect.asked, effect.reason)
        if (entry := self.entries.get(effect.eid)) is not None:
            facts = {"asked": effect.asked, "reason": effect.reason}
            self._herald.tell("ending", {**_who(entry.ticket.job), **facts})

    def ended(self, finish: Finish) -> None:
        """An execution is over, for the reason in its record."""
        eid, job, outcome = finish.claim.eid, finish.claim.job, finish.outcome
        entry = self.entries.pop(eid, None)
        reason = getattr(outcome, "reason", "")
        level = logging.WARNING if isinstance(outcome, Failed) else logging.INFO
        log.log(
            level,
            "action=end job=%s run=%s outcome=%s seconds=%.3f%s",
            job.id,
            job.runid,
            WORDS[type(outcome)],
            finish.ended_at - finish.started_at,
            f" reason={reason!r}" if reason else "",
            extra={"JOB_ID": job.id, "RUNID": job.runid},
        )
        if finish.left_behind:
            log.warning("action=left_behind job=%s processes=%d", job.id, finish.left_behind)
        word = WORDS[type(outcome)]
        self.dictation.ended(finish, word, entry.ticket if entry else None)
        self._ended[eid] = finish
        self._herald.tell(
            "ended", {**_who(job), "outcome": word, "reason": reason, **_sums(finish)}
        )

    def settled(self, state: State) -> None:
        """Enter what cells brought from an earlier weppd; answer those who wait for executions
        that the state has let go of."""
        for eid, phase in state.jobs.items():
            if isinstance(phase, Given) and eid not in self.entries:
                self.begun(phase.ticket, phase.n, "adopt")
        for eid in [eid for eid in self._ended if eid not in state.jobs]:
            finish = self._ended.pop(eid)
            for waiter in self._waiters.pop(finish.claim.job.id, ()):
                if not waiter.done():
                    waiter.set_result(finish)

    def wait_for(self, jid: str) -> asyncio.Future[Finish]:
        """A future of the record of the job's present execution."""
        future: asyncio.Future[Finish] = asyncio.get_running_loop().create_future()
        self._waiters.setdefault(jid, []).append(future)
        return future


def _who(job: Job) -> dict[str, Any]:
    return {"job": job.id, "run": job.runid, "queue": job.queue}


def _sums(finish: Finish) -> dict[str, Any]:
    return {
        "seconds": round(max(0.0, finish.ended_at - finish.started_at), 3),
        "usage": _used(finish.usage),
        "left_behind": finish.left_behind,
        "survivors": len(finish.undead),
    }


def _used(usage: Usage) -> dict[str, float]:
    return {
        "user_s": usage.user_s,
        "system_s": usage.system_s,
        "peak_bytes": usage.peak_bytes,
        "processes": usage.processes,
        "stopped_s": usage.stopped_s,
    }


def _since(stamp: str, now: float) -> float | None:
    """Seconds since RQ's text for a moment; None where it cannot be read. Clocks may differ."""
    try:
        moment = datetime.fromisoformat(stamp)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round(max(0.0, now - aware.timestamp()), 4)
