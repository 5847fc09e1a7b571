"""The cells of this node: what they say as events, what they are told as frames.

A cell that is gone is gone only when its zygote says so (then nothing of its tree lives) and its
connection has been read to the end; where its zygote is gone too, when the kernel has let go of
its file's lock.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from weppd.core import effects as do
from weppd.core import events as on
from weppd.core.schedule import Plan, Ticket
from weppd.core.state import Forking, Given, State
from weppd.frozen import maker
from weppd.model import NO_USAGE, Claim, Job, Usage
from weppd.shell.host import premises
from weppd.shell.host.bequests import Bequests
from weppd.shell.host.leavings import Leavings
from weppd.shell.host.peers import Link, Peers

log = logging.getLogger("weppd")
_over, _said, _used = maker(on.Over), maker(on.Verdict), maker(Usage)
#: Cells speak of leases since this version of the frames.
LEASES = 2


class Cells:
    """Turns the cells' frames into events, and the core's orders into frames."""

    def __init__(
        self,
        peers: Peers,
        directory: Path,
        digest: str,
        tell: Callable[..., None],
        state: Callable[[], State],
        leavings: Leavings,
        guards: Callable[[int], bool],
        bequests: Bequests,
    ) -> None:
        self._peers, self._dir, self._digest, self._tell = peers, directory, digest, tell
        self._state, self._leavings, self._guards = state, leavings, guards
        self._bequests = bequests
        self._tickets: dict[str, Ticket] = {}
        self._recovered = False
        self._held_back: list[tuple[Link, dict[str, Any], bytes]] = []
        self._gone: dict[int, str] = {}
        self._silent: set[int] = set()
        for kind, handler in (
            ("hello", self._hello),
            ("began", self._began),
            ("back", self._back),
            ("over", self._over),
            ("lost", self._lost),
        ):
            peers.on("cell", kind, handler)
        peers.on("zygote", "gone", self._cell_gone)

    # -- orders

    def start(self, effect: do.Start, frame: bytes) -> None:
        """Give a job to its cell, if that is connected."""
        link = self._peers.cells.get(effect.n)
        if link is not None:
            link.send_packed(frame)

    def cancel(self, effect: do.Cancel) -> None:
        """Have the cell end its job's tree."""
        rungs = [list(rung) for rung in effect.rungs]
        header = {"kind": "cancel", "eid": effect.eid, "rungs": rungs}
        header |= {"asked": effect.asked, "reason": effect.reason}
        self._peers.tell_cell(effect.n, header)

    def ack(self, effect: do.Ack) -> None:
        """The outcome is safe."""
        self._peers.tell_cell(effect.n, {"kind": "ack", "eid": effect.eid})

    def lease(self, phase: Given, until: float) -> None:
        """This node has the lease of a cell's job until then at least (boot clock, s)."""
        link = self._peers.cells.get(phase.n)
        # A cell that brought its job may need one, whatever is known of that here.
        wants = phase.ticket.leased or phase.ticket.job.function is None
        if wants and link is not None and link.hello["v"] >= LEASES:
            link.send({"kind": "lease", "until": until})

    def flush(self) -> None:
        """Write what a turn has told them."""
        self._peers.flush()

    def retire(self, n: int) -> None:
        """Have an idle cell exit."""
        self._peers.tell_cell(n, {"kind": "retire"})

    def pids(self) -> set[int]:
        """The pids of the cells that an earlier weppd left and that have not come back yet."""
        files = (premises.read_cell(self._dir, n) for n in self._silent)
        return {file.pid for file in files if file is not None and file.locked}

    async def greet_idle(self, within_s: float) -> None:
        """Wait for cells without a job that have yet to say hello, so that they can be told to go:
        those of an earlier weppd, and those that are being forked.

        Those that do not come end by themselves, a minute after the last weppd that they saw.
        """
        deadline = time.monotonic() + within_s
        while self._idle_and_silent() and time.monotonic() < deadline:
            await asyncio.sleep(0.05)

    def _idle_and_silent(self) -> bool:
        if any(isinstance(slot, Forking) for slot in self._state().slots.values()):
            return True
        away = self._silent - self._peers.cells.keys()
        files = (premises.read_cell(self._dir, n) for n in away)
        return any(file is not None and file.locked and not file.eid for file in files)

    # -- recovery

    def found(self) -> list[premises.CellFile]:
        """The cells' files as they are now; the living ones are announced as found."""
        files = premises.cell_files(self._dir)
        self._tell(*(on.CellFound(file.n) for file in files if file.locked))
        self._silent |= {file.n for file in files if file.locked}
        return files

    def living(self) -> list[premises.CellFile]:
        """The files of the cells that live."""
        return [file for file in premises.cell_files(self._dir) if file.locked]

    def recovered(self, tickets: dict[str, Ticket], reset: str = "") -> None:
        """What the last life left is sorted (`tickets` by eid): decide it, then what was said."""
        self._tickets = tickets
        self._leavings.end_orphans()
        files = premises.cell_files(self._dir)
        living = {eid for f in files if f.locked for eid in f.jobs}
        dead = {eid: f.jobs[eid] for f in files if not f.locked for eid in f.begun}
        self._leavings.remove_empty_spools(dead[eid] for eid in tickets if eid in dead)
        lost = self._left({e: t for e, t in tickets.items() if e not in living}, living, dead)
        held = (self._held(file, tickets) for file in files if file.locked)
        heard = tuple(each for each in held if each is not None)
        self._tell(on.Recovered(tuple(lost), time.time(), heard, reset))
        self._recovered = True
        self._leavings.remove_old_tmp()
        waiting, self._held_back = self._held_back, []
        for link, header, body in waiting:
            self._peers.received(link, header, body)

    def _held(self, file: premises.CellFile, tickets: dict[str, Ticket]) -> on.Held | None:
        known = [tickets[eid] for eid in file.jobs if eid in tickets]
        return on.Held(file.n, file.zygote, known[0], tuple(known[1:])) if known else None

    def _left(
        self, tickets: dict[str, Ticket], living: Collection[str], dead: Collection[str]
    ) -> list[on.Lost]:
        """What no cell has, with the outcomes that cells left: those of forgotten jobs, too."""
        overs: dict[str, on.Over] = {}
        for hello, header, body in self._bequests.read():
            eid = hello["eid"]
            if eid not in living:
                overs[eid] = over_event(hello["n"], header, body)
                tickets[eid] = self._known(hello, eid, hello.get("job"))
                log.warning("action=bequest job=%s eid=%s", hello.get("job"), eid)
        return [on.Lost(t, eid in dead, overs.get(eid)) for eid, t in tickets.items()]

    def look_for_silent(self) -> None:
        """Find cells that ended while neither their zygote nor weppd could tell.

        What they had running is ended before their end is told.
        """
        self._silent -= self._peers.cells.keys()
        files = {n: premises.read_cell(self._dir, n) for n in self._silent if not self._guards(n)}
        dead = [n for n, file in files.items() if file is None or not file.locked]
        if dead:
            self._leavings.end_orphans()
        for n in dead:
            self._silent.discard(n)
            self._tell_gone(n, "its cell and its zygote died")

    # -- what cells say

    def _hello(self, link: Link, header: dict[str, Any], body: bytes) -> None:
        if not self._recovered:
            self._held_back.append((link, header, body))
            return
        n, self._silent = header["n"], self._silent - {header["n"]}
        stale = header.get("digest") != self._digest
        pairs = [(header["eid"], header.get("job"))] if header.get("eid") else []
        pairs += [*header.get("over", ()), *header.get("behind", ())]
        tickets = [self._known(header, *pair) for pair in pairs]
        first = tickets[0] if tickets else None
        self._tell(on.CellHello(n, header["class"], first, stale, tuple(tickets[1:])))

    def _known(self, header: dict[str, Any], eid: str, jid: str | None) -> Ticket:
        """The ticket of a job that a cell brings: ours, the store's, or what the cell knows."""
        phase = self._state().jobs.get(eid)
        if phase is not None:
            return phase.ticket
        if eid in self._tickets:
            return self._tickets[eid]
        log.warning("action=adopt job=%s note='the store has forgotten it'", jid)
        of = header.get("of") or {} if eid == header["eid"] else {}
        job = Job(
            jid or eid,
            of.get("queue") or "default",
            None,
            b"",
            runid=of.get("runid"),
            parent=of.get("parent"),
            place=of.get("place") or "",
        )
        plan = Plan(of.get("label") or "", header["class"])
        return Ticket(Claim(eid, job), plan, of.get("worker") or f"adopted.{header['n']}")

    def _began(self, link: Link, header: dict[str, Any], body: bytes) -> None:
        self._tell(on.Began(header["eid"], header["pid"], header["at"]))

    def _back(self, link: Link, header: dict[str, Any], body: bytes) -> None:
        self._tell(on.GivenBack(tuple(header["eids"]), time.time()))

    def _over(self, link: Link, header: dict[str, Any], body: bytes) -> None:
        if not self._recovered:
            self._held_back.append((link, header, body))
            return
        self._tell(over_event(link.hello["n"], header, body))

    def _lost(self, link: Link, header: dict[str, Any], body: bytes) -> None:
        n = link.hello["n"]
        cause = self._gone.pop(n, None)
        if cause is not None:
            self._tell_gone(n, cause)
        else:
            self._silent.add(n)

    def _cell_gone(self, link: Link, header: dict[str, Any], body: bytes) -> None:
        n, status = header["n"], header.get("status")
        cause = f"its cell ended with wait status {status}"
        if n in self._peers.cells:
            self._gone[n] = cause
        else:
            self._silent.discard(n)
            self._tell_gone(n, cause)

    def _tell_gone(self, n: int, cause: str) -> None:
        file = premises.read_cell(self._dir, n)
        begun = frozenset(file.begun if file is not None else ())
        self._leavings.remove_tmp(begun)
        jobs = self._state().jobs
        self._leavings.remove_empty_spools(file.jobs[eid] for eid in begun if eid in jobs and file)
        self._tell(on.CellGone(n, cause, time.time(), begun))


def over_event(n: int, header: dict[str, Any], body: bytes) -> on.Over:
    """The event of an `over` frame."""
    said = header.get
    raw, usage, rungs = said("verdict"), said("usage"), said("rungs")
    return _over(
        n,
        header["eid"],
        _verdict(raw) if raw is not None else None,
        body,
        said("status"),
        said("asked"),
        said("reason") or "",
        said("began_at") or time.time(),
        said("ended_at") or time.time(),
        said("pid") or 0,
        _usage(usage) if usage else NO_USAGE,
        {str(k): int(v) for k, v in rungs.items()} if rungs else {},
        said("left") or 0,
        tuple(str(each) for each in said("undead") or ()),
        bool(said("oom")),
    )


def _verdict(raw: dict[str, Any]) -> on.Verdict:
    said = raw.get
    words = raw["kind"], said("type", ""), said("message", "")
    return _said(*words, said("none", False), said("max", 0), said("interval", 0))


def _usage(raw: dict[str, Any]) -> Usage:
    used = raw.get
    cpu = used("user_s", 0.0), used("system_s", 0.0)
    return _used(*cpu, used("peak_bytes", 0), used("processes", 0), used("stopped_s", 0.0))
