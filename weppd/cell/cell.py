"""A cell: one slot's process, which runs one job at a time in a child and ends its whole tree.

::

    idle ──start──► running ──nothing of the tree lives──► over ──ack──► idle
     │                │                                      │
     │                └ short jobs behind it run next        └ kept, sent again to each new weppd
     └ one warm child, forked ahead

Single-threaded, subreaper of all that its job starts, holder of the job's deadlines. It does not
need weppd: while weppd is away the job goes on, and its outcome waits here. Its children are its
forker, and then exactly the warm one, or those of the job; never both, so that "gone" is a fact.
"""

from __future__ import annotations

import gc
import os
import select
import signal

from weppd.cell import bequest, cellfile
from weppd.cell.blanks import Blanks
from weppd.cell.channel import Link
from weppd.cell.frames import pack
from weppd.cell.hold import Hold
from weppd.cell.nursery import Nursery
from weppd.cell.rest import now_s, rest
from weppd.cell.run import Run, not_begun
from weppd.cell.tree import procfs
from weppd.cell.voice import say
from weppd.cell.wakeup import Wakeup

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from weppd.cell.setup import Setup
    from weppd.cell.warm import Warm

    Frame = tuple[dict[str, Any], bytes]

_ASKS = 64
_LONGEST_S = 60.0
#: A job that takes longer is no short one: what waits behind it goes back to weppd.
SLOW_S = 0.1
_NEVER = float("inf")


class Cell:
    """The process of slot `n`."""

    def __init__(self, n: int, setup: Setup) -> None:
        procfs.become_subreaper()
        gc.freeze()
        self._n = n
        self._setup = setup
        self._poll = select.poll()
        self._nursery = Nursery(setup, self._poll, self._forget_cell, self._say)
        self._facts = cellfile.facts(setup)
        self._facts["kernel"] = self._nursery.has_group
        self._file = cellfile.CellFile(setup.cells, n, self._facts)
        self._children = procfs.open_own_children()
        self._blanks = Blanks(n)
        self._run: Run | None = None
        self._hold = Hold()
        self._will = bequest.Will(setup, n, self._facts)
        self._slow_at = _NEVER
        self._stopped_over: Frame | None = None
        self._asks: dict[Any, Frame] = {}
        self._retiring = False
        self._wakeup = Wakeup()
        self._poll.register(self._wakeup.fd, select.POLLIN)
        self._link = Link(setup.socket, self._hello, now_s())

    def serve(self) -> None:
        """Serve until told to retire, or until weppd stays away from an idle cell for too long."""
        while not self._finished(now_s()):
            self._prepare(now_s())
            quota = self._run.quota if self._run is not None else None
            ready = rest(self._poll, self._wakeup, quota, self._until(now_s()))
            # First what was signalled before: a cancel must not hit the job that comes after it.
            if self._wakeup.came:
                self._signalled(self._wakeup.take(), now_s())
            for fd, event in ready:
                self._turn(fd, event)
            self._expire(now_s())
        self._blanks.remove()

    # -- the loop's parts

    def _finished(self, now: float) -> bool:
        away = self._link.away_since
        if self._run is not None or self._hold:
            if away is not None and self._will.carry_out(self._hold.over, now - away):
                self._note()
            return False
        return self._retiring or (away is not None and now - away >= self._setup.orphan_s)

    def _prepare(self, now: float) -> None:
        nursery = self._nursery
        if nursery.warm is None and self._run is None and now >= nursery.due:
            nursery.fork_ahead(now)
        if self._link.connect(now):
            self._resend()
        self._link.watch(self._poll)

    def _turn(self, fd: int, event: int) -> None:
        now, warm = now_s(), self._nursery.warm
        if fd == self._wakeup.fd:
            self._signalled(self._wakeup.take(), now)
        elif warm is not None and fd == warm.wire.fd:
            if event & select.POLLOUT:
                warm.flush()
            self._from_child(warm, now)
        elif fd == self._link.watched:
            if event & select.POLLOUT:
                self._link.flush()
            for header, body in self._link.receive(now):
                self._from_weppd(header, body, now)
            if self._file.stale:
                self._note()

    def _expire(self, now: float) -> None:
        run = self._run
        if run is not None and now >= run.deadline and run.tick(now):
            self._look(now)
        if now >= self._slow_at:
            self._slow(now)
        if now >= self._blanks.due:
            self._blanks.remove()

    def _until(self, now: float) -> float:
        until = min(now + _LONGEST_S, self._blanks.due)
        if self._run is not None:
            until = min(until, self._run.deadline, self._slow_at)
        elif self._nursery.warm is None:
            until = min(until, self._nursery.due)
        if self._link.channel is None:
            until = min(until, self._link.retry_at)
            if self._run is None and not self._hold and self._link.away_since is not None:
                until = min(until, self._link.away_since + self._setup.orphan_s)
        return until

    # -- weppd

    def _hello(self) -> bytes:
        who = {"kind": "hello", "who": "cell", "n": self._n}
        return pack(who | self._facts | self._hold.hello(self._run))

    def _note(self) -> None:
        """Bring the cell's file up to date."""
        leader = self._run.tree.leader if self._run is not None else None
        self._file.write(leader, self._hold.names(self._run))

    def _resend(self) -> None:
        for header, body in (*self._hold.over.values(), *self._asks.values()):
            self._link.send(header, body)

    def _from_weppd(self, header: dict[str, Any], body: bytes, now: float) -> None:
        kind = header["kind"]
        if kind == "start":
            self._start(header, body, now)
        elif kind == "ack":
            if self._hold.over.pop(header["eid"], None) is not None and self._run is None:
                self._file.stale = True
        elif kind == "cancel":
            self._cancel(header, now)
        elif kind == "answer":
            self._answer(header, body)
        elif kind == "retire":
            self._retiring = True
        elif kind == "lease":
            if self._run is not None:
                self._run.grant(header["until"])
        else:
            self._say(f"weppd sent a frame {kind!r} that this version does not know")

    def _start(self, start: dict[str, Any], body: bytes, now: float) -> None:
        run, eid = self._run, start["eid"]
        if eid in self._hold or eid == (run and run.eid):
            return
        if run is None:
            self._begin(start, body, now)
        elif start.get("behind"):
            self._hold.behind[eid], self._file.stale = (start, body), True
            if self._hold.is_full() or self._slow_at == _NEVER:
                self._give_back([eid])
        else:
            self._refuse(start, f"cell {self._n} still has execution {run.eid}")

    def _begin(self, start: dict[str, Any], body: bytes, now: float) -> None:
        if self._nursery.warm is None:
            self._nursery.fork_ahead(now)
        warm = self._nursery.warm
        if warm is None:
            self._refuse(start, "no process could be forked for the job")
            return
        self._run = self._run_in(warm, start, now)  # first: it holds the limits from the beginning
        self._slow_at = now + start.get("slow_s", SLOW_S)
        self._note()
        self._blanks.lend(start)
        warm.pass_on(start, body)
        self._run.given(now)
        if not start.get("quiet"):
            self._link.send(self._run.began())

    def _slow(self, now: float) -> None:
        """It is no short job: weppd hears that it began, and what waits behind it need not."""
        self._slow_at = _NEVER
        if self._run is not None and self._run.start.get("quiet"):
            self._link.send(self._run.began())
        if self._hold.behind:
            self._give_back(list(self._hold.behind))

    def _give_back(self, eids: list[str]) -> None:
        self._hold.give_back(eids)
        self._note()  # first: none of them may be found here once weppd has them
        # A weppd that is away hears that they never began from the next hello, or from the file.
        self._link.send({"kind": "back", "eids": eids})

    def _run_in(self, warm: Warm, start: dict[str, Any], now: float) -> Run:
        nursery = self._nursery
        return Run(start, nursery.tree(warm), self._children, nursery.listed(), now)

    def _refuse(self, start: dict[str, Any], reason: str) -> None:
        """Say that a job did not begin; nothing of it was run."""
        self._say(f"{start['job']}: {reason}")
        frame = not_begun(start, reason)
        self._hold.over[start["eid"]] = frame, b""
        self._link.send(frame)

    def _cancel(self, header: dict[str, Any], now: float) -> None:
        run = self._run
        if (never := self._hold.cancel(header)) is not None:
            self._link.send(never)
        if run is None or run.eid != header["eid"]:
            return  # it is over already: weppd has the outcome, or will get it
        try:
            run.end(header["rungs"], header.get("asked", "cancel"), header.get("reason", ""), now)
        except ValueError as error:
            self._say(f"cancel of {run.job}: {error}")
        self._look(now)

    def _answer(self, header: dict[str, Any], body: bytes) -> None:
        self._asks.pop(header.get("id"), None)
        run, warm = self._run, self._nursery.warm
        if run is not None and warm is not None and run.eid == header.get("eid"):
            warm.pass_on(header, body)

    # -- the child

    def _forget_cell(self) -> None:
        """In a process just forked: close all that is the cell's."""
        self._wakeup.forget()
        self._link.close()
        os.close(self._file.fd)
        os.close(self._children)

    def _from_child(self, warm: Warm, now: float) -> None:
        for header, body in warm.wire.receive():
            self._heard(header, body)
        if warm.wire.ended:
            warm.hang_up()
            if self._run is None:
                self._nursery.died_waiting(warm)
        run = self._run
        if run is not None and run.report is not None and run.report[0].get("again"):
            self._reuse(run, warm, now)

    def _heard(self, header: dict[str, Any], body: bytes) -> None:
        run, kind = self._run, header["kind"]
        if run is None or header.get("eid") != run.eid:
            return
        if kind == "report":
            run.take_report(header, body, now_s())
        elif kind == "ask":
            self._ask(header, body)
        elif header.get("what") == "status":
            self._link.tell(header)
        else:
            self._link.send(header, body, droppable=True)

    def _ask(self, header: dict[str, Any], body: bytes) -> None:
        if len(self._asks) < _ASKS:
            self._asks[header.get("id")] = header, body
            self._link.send(header, body)
        elif (warm := self._nursery.warm) is not None:
            error = "too many questions are waiting for weppd"
            warm.send({**header, "kind": "answer", "ok": False, "error": error})

    def _reuse(self, run: Run, warm: Warm, now: float) -> None:
        """The child offers to serve again: taken if nothing of its job but itself lives."""
        run.tree.reap()
        if run.is_alone() and not run.disturbed and warm.is_alone():
            self._end_run(run, warm)
        else:
            run.refuse_reuse()
            warm.send({"kind": "leave"})
            self._look(now)

    # -- ends

    def _signalled(self, signums: set[int], now: float) -> None:
        if signal.SIGUSR1 in signums and self._run is not None:
            self._say(f"SIGUSR1: cancelling job {self._run.job}")
            self._run.end(self._setup.rungs(), "cancel", "SIGUSR1 to its cell", now)
        if self._run is not None:
            self._look(now)
        else:
            self._nursery.reap()

    def _look(self, now: float) -> None:
        run = self._run
        if run is None or not run.look(now):
            return
        if (warm := self._nursery.warm) is not None:
            for header, body in warm.wire.receive():
                self._heard(header, body)
            warm.hang_up()
        self._end_run(run, None)

    def _end_run(self, run: Run, warm: Warm | None) -> None:
        """Nothing of the job lives but `warm`, which serves again, and what cannot be killed."""
        self._nursery.leave(undead := run.undead())
        self._blanks.take_back(run.start, now_s(), spoilt=bool(undead))
        self._run, self._nursery.warm = None, warm
        self._asks.clear()
        over, self._stopped_over = self._stopped_over or run.over(), None
        if run.wants_stopped_callback and self._call_stopped(run, over):
            return
        self._slow_at = _NEVER
        self._link.send(*self._hold.keep(over))
        while self._run is None and (waits := self._hold.next()) is not None:
            self._begin(*waits, now_s())

    def _call_stopped(self, run: Run, over: Frame) -> bool:
        """Run RQ's stopped callback in a process of its own; `over` is sent after it."""
        now = now_s()
        self._nursery.fork_ahead(now)
        warm = self._nursery.warm
        if warm is None:
            return False
        start = run.stopped_callback()
        self._stopped_over = over
        self._run = self._run_in(warm, start, now)
        warm.send(start)
        self._run.given(now)
        return True

    def _say(self, line: str) -> None:
        say(f"weppd cell {self._n} ({self._setup.cls}): {line}")
