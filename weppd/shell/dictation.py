"""What the scribe is told, and told again until it says that it is written.

A scribe that dies takes nothing with it: the executions that go on, and the ends whose writing was
never confirmed, are told to the next one. Ends are kept in memory, `MOST` of them at most.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

from weppd.core.schedule import Plan, Ticket
from weppd.model import Finish
from weppd.shell.facts import facts
from weppd.shell.peers import Link, Peers
from weppd.shell.start import Places, label_of

log = logging.getLogger("weppd")
MOST = 20_000


class Dictation:
    """The scribe's side of every execution: open while it goes on, closed until it is written."""

    def __init__(
        self, peers: Peers, places: Places, going_on: Callable[[], Iterable[Ticket]]
    ) -> None:
        self.own_scribe: Callable[[], int] = lambda: 0
        self._peers, self._places, self._going_on = peers, places, going_on
        self._unwritten: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
        peers.on("scribe", "hello", self._came)
        peers.on("scribe", "wrote", self._wrote)
        peers.on("scribe", "lost", lambda link, header, body: None)

    def begun(self, ticket: Ticket) -> None:
        """An execution began, or was adopted."""
        self._say(self._open(ticket))

    def ended(self, finish: Finish, word: str, ticket: Ticket | None) -> None:
        """An execution ended; `ticket` is None for one that never began here."""
        opened = self._open(ticket or Ticket(finish.claim, Plan(_name(finish)), finish.worker))
        closed = {
            "kind": "close",
            "job": finish.claim.job.id,
            "eid": finish.claim.eid,
            "outcome": word,
            "reason": getattr(finish.outcome, "reason", ""),
            "seconds": round(finish.ended_at - finish.started_at, 3),
            "facts": facts(finish) if finish.claim.job.runid else {},
        }
        if ticket is None:
            self._say(opened)
        self._say(closed)
        if len(self._unwritten) >= MOST:
            oldest = next(iter(self._unwritten))
            log.warning("action=scribe lost_log_of=%s", self._unwritten.pop(oldest)[0]["job"])
        self._unwritten[finish.claim.eid] = (opened, closed)

    def _open(self, ticket: Ticket) -> dict[str, Any]:
        job = ticket.job
        return {
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

    def _say(self, frame: dict[str, Any]) -> None:
        if self._peers.scribe is not None:
            self._peers.scribe.send(frame)

    def _came(self, link: Link, header: dict[str, Any], body: bytes) -> None:
        """Ours is told what is open; one of an earlier weppd writes out what it has, and ends."""
        if link.pid != self.own_scribe():
            link.send({"kind": "retire"})
            return
        self._peers.scribe = link
        for ticket in self._going_on():
            self._say(self._open(ticket))
        for opened, closed in self._unwritten.values():
            self._say(opened)
            self._say(closed)

    def _wrote(self, link: Link, header: dict[str, Any], body: bytes) -> None:
        self._unwritten.pop(header.get("eid", ""), None)


def _name(finish: Finish) -> str:
    return finish.claim.job.function or ""
