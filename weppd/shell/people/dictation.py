"""What the scribe is told, and told again until it says that it is written.

It is told at most ten times a second, in one frame: a job that is over before then has only one
record in it, in place of two frames of its own. A scribe that dies takes nothing with it: the
executions that go on, and the ends whose writing was never confirmed, are told to the next one.
Ends are kept in memory, `MOST` of them at most.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Any

from weppd.core.schedule import Plan, Ticket
from weppd.model import Finish
from weppd.shell.host.peers import Link, Peers
from weppd.shell.people.facts import facts
from weppd.shell.start import Places, label_of

log = logging.getLogger("weppd")
MOST = 20_000
FRAME = 2_000
TELL_S = 0.1


class Dictation:
    """The scribe's side of every execution: open while it goes on, closed until it is written."""

    def __init__(
        self, peers: Peers, places: Places, going_on: Callable[[], Iterable[Ticket]]
    ) -> None:
        self.own_scribe: Callable[[], int] = lambda: 0
        self._peers, self._places, self._going_on = peers, places, going_on
        self._begun: dict[str, Ticket] = {}
        self._over: list[dict[str, Any]] = []
        self._unwritten: dict[str, dict[str, Any]] = {}
        self._timer: asyncio.TimerHandle | None = None
        #: What keeps the scribe from writing, in its words.
        self.trouble = ""
        peers.on("scribe", "hello", self._came)
        peers.on("scribe", "trouble", self._troubled)
        peers.on("scribe", "wrote", self._wrote)
        peers.on("scribe", "lost", lambda link, header, body: None)

    def begun(self, ticket: Ticket) -> None:
        """An execution began, or was adopted."""
        self._begun[ticket.eid] = ticket
        self._soon()

    def ended(self, finish: Finish, word: str, ticket: Ticket | None) -> None:
        """An execution ended; `ticket` is None for one that never began here."""
        eid, job = finish.claim.eid, finish.claim.job
        self._begun.pop(eid, None)
        closed = self._facts(ticket or Ticket(finish.claim, Plan(_name(finish)), finish.worker))
        closed["outcome"] = word
        closed["reason"] = getattr(finish.outcome, "reason", "")
        closed["seconds"] = round(finish.ended_at - finish.started_at, 3)
        if job.runid:
            closed["facts"] = facts(finish)
        if len(self._unwritten) >= MOST:
            oldest = next(iter(self._unwritten))
            log.warning("action=scribe lost_log_of=%s", self._unwritten.pop(oldest)["job"])
        self._unwritten[eid] = closed
        self._over.append(closed)
        self._soon()

    def flush(self) -> None:
        """Tell the scribe now what it has not been told."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        begun, over = [self._facts(ticket) for ticket in self._begun.values()], self._over
        self._begun, self._over = {}, []
        self._tell(begun, over)

    def _soon(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(TELL_S, self.flush)

    def _facts(self, ticket: Ticket) -> dict[str, Any]:
        job = ticket.job
        return {
            "job": job.id,
            "eid": ticket.eid,
            "run_dirs": self._places.run_dirs(job.runid),
            "runid": job.runid,
            "parent": job.parent,
            "place": job.place,
            "label": label_of(ticket),
            "function": ticket.plan.function,
            "description": job.description,
            "attempt": job.crashes + 1,
        }

    def _tell(self, begun: list[dict[str, Any]], over: list[dict[str, Any]]) -> None:
        """Without a scribe nothing is lost: the next one is told all when it comes."""
        link = self._peers.scribe
        if link is not None:
            for at in range(0, max(len(begun), len(over)), FRAME):
                some = {"open": begun[at : at + FRAME], "closed": over[at : at + FRAME]}
                link.send({"kind": "told", **some})

    def _came(self, link: Link, header: dict[str, Any], body: bytes) -> None:
        """Ours is told what is open; one of an earlier weppd writes out what it has, and ends."""
        if link.pid != self.own_scribe():
            link.send({"kind": "retire"})
            return
        self._peers.scribe, self.trouble = link, ""
        self._begun, self._over = {}, []
        going_on = [self._facts(ticket) for ticket in self._going_on()]
        self._tell(going_on, list(self._unwritten.values()))

    def _troubled(self, link: Link, header: dict[str, Any], body: bytes) -> None:
        if link is self._peers.scribe:
            self.trouble = header.get("text", "")

    def _wrote(self, link: Link, header: dict[str, Any], body: bytes) -> None:
        for eid in header.get("eids", ()):
            self._unwritten.pop(eid, None)


def _name(finish: Finish) -> str:
    return finish.claim.job.function or ""
