"""What is remembered of each job for people: since when, how far, how it ended, who waits for it.

Nothing is decided by it. It keeps the daemon's log, tells the scribe which spools to tail, and
answers those who wait for a job's end.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from weppd.core import effects as do
from weppd.core.schedule import Plan, Ticket
from weppd.core.state import State
from weppd.model import Canceled, Failed, Finish, Finished, Retried, Stopped
from weppd.shell.peers import Link, Peers
from weppd.shell.start import Places, label_of

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
    """One execution, while it lasts."""

    ticket: Ticket
    n: int
    since: float
    pid: int = 0
    progress: Mapping[str, Any] = field(default_factory=dict)
    children: int = 0


class Diary:
    """The executions of this node that go on, and those who wait for their ends."""

    def __init__(self, peers: Peers, places: Places) -> None:
        self.entries: dict[str, Entry] = {}
        self._peers, self._places = peers, places
        self._ended: dict[str, Finish] = {}
        self._waiters: dict[str, list[asyncio.Future[Finish]]] = {}
        self.own_scribe: Callable[[], int] = lambda: 0
        peers.on("scribe", "hello", self._scribe_came)
        peers.on("scribe", "wrote", lambda link, header, body: None)
        peers.on("scribe", "lost", lambda link, header, body: None)

    def begun(self, ticket: Ticket, n: int) -> None:
        """A job was given to a cell (or a cell brought it back)."""
        self.entries[ticket.eid] = Entry(ticket, n, time.time())
        job = ticket.job
        log.info(
            "action=start job=%s run=%s function=%s slot=%d",
            job.id,
            job.runid,
            ticket.plan.function,
            n,
            extra={"JOB_ID": job.id, "RUNID": job.runid},
        )
        self._open(ticket)

    def is_at_work(self, eid: str, pid: int) -> None:
        """Its process runs."""
        if eid in self.entries:
            self.entries[eid].pid = pid

    def ending(self, effect: do.Cancel) -> None:
        """A cell was told to end a job."""
        log.info("action=cancel eid=%s asked=%s reason=%r", effect.eid, effect.asked, effect.reason)

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
        self._close(finish, opened=entry is not None)
        self._ended[eid] = finish

    def settled(self, state: State) -> None:
        """Answer those who wait for executions that the state has let go of."""
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

    # -- the scribe

    def _scribe_came(self, link: Link, header: dict[str, Any], body: bytes) -> None:
        """Ours is told what is open; one of an earlier weppd writes out what it has, and ends."""
        if link.pid != self.own_scribe():
            link.send({"kind": "retire"})
            return
        self._peers.scribe = link
        for entry in self.entries.values():
            self._open(entry.ticket)

    def _open(self, ticket: Ticket) -> None:
        if self._peers.scribe is None:
            return
        job = ticket.job
        self._peers.scribe.send(
            {
                "kind": "open",
                "job": job.id,
                "eid": ticket.eid,
                "spool": self._places.spool(job.id),
                "log": f"{self._places.jobs}/{job.id}.log",
                "run_dirs": self._places.run_dirs(job.runid),
                "runid": job.runid,
                "parent": job.parent,
                "place": job.place,
                "label": label_of(ticket),
                "function": ticket.plan.function,
                "description": job.description,
                "attempt": job.crashes + 1,
            }
        )

    def _close(self, finish: Finish, opened: bool) -> None:
        if self._peers.scribe is None:
            return
        if not opened:
            function = finish.claim.job.function or ""
            self._open(Ticket(finish.claim, Plan(function), finish.worker))
        self._peers.scribe.send(
            {
                "kind": "close",
                "job": finish.claim.job.id,
                "eid": finish.claim.eid,
                "outcome": WORDS[type(finish.outcome)],
                "reason": getattr(finish.outcome, "reason", ""),
                "seconds": round(finish.ended_at - finish.started_at, 3),
            }
        )
