"""One execution, as its cell sees it: from the leader that got it until nothing of it lives.

::

    running ──cancel, timeout──► on the ladder ──┐
       │                                         ├──► nothing of the tree lives: over
       └──leader ended, others left──2 s──► KILL ┘

On the ladder, what the leader left has the ladder's graces, as the leader had.

Owns the deadlines of one job: its timeout, its ladder, the grace of what its leader left behind.
Time is handed in, in seconds of CLOCK_BOOTTIME. Exit is the fact; the child's report refines it.
"""

from __future__ import annotations

import os
import signal
import time

from weppd.cell import spool
from weppd.cell.quota.warden import Warden
from weppd.cell.tree import ladder, oom
from weppd.cell.tree.proctree import Member, Tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from weppd.cell.quota.governor import Governor

#: What a leader leaves behind gets this long to end by itself.
LEFT_S = 2.0
#: A leader that has reported gets this long to run its exit functions.
EXIT_S = 10.0
#: One sweep lasts at most so long; then the cell looks at its sockets and sweeps again.
SWEEP_S = 1.0
#: What sweeps could not end in this time is reported as undead, unless the KILL rung says when.
UNDEAD_S = 30.0
_FOREVER = float("inf")
_PEEK = os.WEXITED | os.WNOHANG | os.WNOWAIT


class Run:
    """A job that runs in the cell, with the `start` frame that brought it.

    `children` is an open /proc file that lists the cell's children, `before` how that list begins
    with those that were there before the job's.
    """

    def __init__(
        self, start: dict[str, Any], tree: Tree, children: int, before: bytes, now: float
    ) -> None:
        self.eid: str = start["eid"]
        self.job: str = start["job"]
        self.start = start
        self.tree = tree
        self._children = children
        self._alone = before + b"%d " % tree.leader
        self.began_at = time.time()
        self.report: tuple[dict[str, Any], bytes] | None = None
        timeout = start.get("timeout")
        self._timeout_at = now + timeout if timeout else _FOREVER
        self._lease_until = now + start["lease"] if start.get("lease") else _FOREVER
        self._left_at = _FOREVER
        self._undead_at = _FOREVER
        self._undead_s = UNDEAD_S
        self._ladder: ladder.Ladder | None = None
        self._left = 0
        self._leader_ended = False
        self._undead: tuple[Member, ...] = ()
        self._killed_by_us = False
        self._killer: oom.Watch | None = None
        self._warden = Warden(start, tree, now, lambda line: spool.note(start.get("spool"), line))

    def given(self, now: float) -> None:
        """Its process has been given the job: do what that need not wait for."""
        self._killer = oom.Watch(now)

    @property
    def deadline(self) -> float:
        """When `tick` must be called at the latest."""
        if self._ladder is not None:
            return self._ladder.deadline
        return min(self._timeout_at, self._left_at, self._lease_until, self._warden.due)

    @property
    def quota(self) -> Governor | None:
        """Who holds the job to its share of CPU time, where it has one."""
        return self._warden.quota

    @property
    def disturbed(self) -> bool:
        """Whether signals were sent to it: its leader must not serve another job."""
        return self._ladder is not None or self._left > 0

    def began(self) -> dict[str, Any]:
        """The `began` frame."""
        began = {"kind": "began", "eid": self.eid, "pid": self.tree.leader}
        return {**began, "at": self.began_at}

    def grant(self, until: float) -> None:
        """weppd's word that this node has the job's lease: it may go on until then at least."""
        if self._lease_until != _FOREVER:
            self._lease_until = max(self._lease_until, until)

    def take_report(self, header: dict[str, Any], body: bytes, now: float) -> None:
        """Keep the child's report; a child that does not serve again must end soon."""
        self.report = header, body
        if not header.get("again"):
            self._left_at = min(self._left_at, now + EXIT_S)

    def refuse_reuse(self) -> None:
        """The child offered to serve again and may not: it will be told to leave."""
        if self.report is not None:
            header, body = self.report
            self.report = {**header, "again": False}, body

    @property
    def wants_stopped_callback(self) -> bool:
        """Whether RQ would call the job's stopped callback now: somebody stopped it."""
        asked = self._ladder is not None and self._ladder.asked == "cancel"
        return asked and bool(self.start.get("on_stopped")) and self.start.get("call") is None

    def stopped_callback(self) -> dict[str, Any]:
        """The `start` frame of the stopped callback, which may take its own time."""
        timeout = self.start["on_stopped"][1]
        own = {"call": "stopped", "timeout": timeout, "on_timeout": [["KILL", 0]]}
        return {**self.start, **own, "jobs_per_child": 1, "meta_len": 0}

    def end(self, rungs: list[list[Any]], asked: str, reason: str, now: float) -> None:
        """Begin to end the tree by these rungs; asked again, it can only be sooner.

        ValueError for rungs that are none.
        """
        wanted = ladder.parse(rungs)
        self._undead_s = ladder.last_grace(wanted) or self._undead_s
        self._warden.release(now)  # who stands still hears no signal
        if self._ladder is None:
            alive = self._alive() if ladder.is_soft(wanted) else self._strike(now)
            self._ladder, due = ladder.begin(wanted, now, alive, asked=asked, reason=reason)
            if ladder.is_soft(wanted):
                self._deliver(due, now)
        else:
            self._ladder = ladder.shorten(self._ladder, wanted, now, asked=asked, reason=reason)
        self.tick(now)

    def tick(self, now: float) -> bool:
        """Do what is due: the timeout, the next rung, the end of what the leader left, the limits.

        Whether somebody may have ended by it.
        """
        if self._ladder is not None:
            self._ladder, due = ladder.climb(self._ladder, now, self._alive())
            self._deliver(due, now)
        elif now >= self._left_at:
            self._end_left(now)
        elif now >= self._timeout_at:
            self._overdue("timeout", f"over its timeout of {self.start['timeout']} s", now)
        elif now >= self._lease_until:
            self._unleased(now)
        elif why := self._warden.turn(now):
            self._overdue("limit", why, now)
        else:
            if self._killer is not None and not self._leader_ended:
                self._killer.lives(now)
            return False
        return True

    def _overdue(self, asked: str, reason: str, now: float) -> None:
        self.end(self.start.get("on_timeout") or [["KILL", 0]], asked, reason, now)

    def _unleased(self, now: float) -> None:
        """No word of its lease for as long as it was granted: it goes on while its witness, which
        the scribe writes into its run, is as fresh as that; else another node may soon take it."""
        granted = self.start["lease"]
        self.grant(_stamp(self.start.get("witness")) + granted)
        if now >= self._lease_until:
            why = f"neither its lease nor its witness was renewed for {granted:g} s"
            self._overdue("lease", why, now)

    def look(self, now: float) -> bool:
        """Reap who ended; whether nothing of the tree lives any more."""
        tree = self.tree
        if tree.status is not None or self._ended_alone(tree):
            return True
        tree.reap()
        if tree.status is not None or now >= self._undead_at:
            return True
        if not self._leader_ended and tree.leader_status() is not None:
            self._leader_ended = True
            self._left_at = min(self._left_at, now + LEFT_S)
        return False

    def undead(self) -> list[int]:
        """Who of the tree could not be killed: the cell's to reap, should they ever end."""
        if self.tree.status is not None:  # the leader is reaped last: they died after all
            self._undead = ()
        return [member.pid for member in self._undead]

    def _ended_alone(self, tree: Tree) -> bool:
        """The common end, in three system calls: the leader ended and there is nobody else.

        In this order: a leader that ended before the list was read has no child to come.
        """
        if os.waitid(os.P_PID, tree.leader, _PEEK) is None:
            return False
        if not self.is_alone():
            return False
        _, tree.status, used = os.wait4(tree.leader, 0)
        tree.tally.add(used)
        return True

    def is_alone(self) -> bool:
        """Whether the leader, which may be a zombie, is the only child that its job has here."""
        return os.pread(self._children, 64, 0) == self._alone

    def over(self) -> tuple[dict[str, Any], bytes]:
        """The `over` frame: what happened, as facts."""
        self._warden.release(time.clock_gettime(time.CLOCK_BOOTTIME))
        report, body = self.report or ({}, b"")
        status = self.tree.status
        steps = self._ladder
        if steps is not None:
            steps, _ = ladder.climb(steps, -1.0, 0)
        asked = (
            (steps.asked, steps.reason)
            if steps is not None
            else self._struck(status, report.get("verdict"))
        )
        header = {
            "kind": "over",
            "eid": self.eid,
            "job": self.job,
            "pid": self.tree.leader,
            "status": status,
            "verdict": report.get("verdict"),
            "asked": asked[0],
            "reason": asked[1],
            "usage": self._usage(report),
            "rungs": dict(steps.ended) if steps is not None else {},
            "left": self._left,
            "undead": [f"{member.pid} {member.name}" for member in self._undead],
            "began_at": self.began_at,
            "ended_at": time.time(),
            "oom": self._oom(status),
        }
        return header, body

    def _alive(self) -> int:
        return sum(member.alive for member in self.tree.members())

    def _deliver(self, due: tuple[ladder.Rung, ...], now: float) -> None:
        for rung in due:
            if rung.signal == ladder.KILL:
                self._sweep(now)
            else:
                self.tree.signal(rung.number)

    def _strike(self, now: float) -> int:
        """Kill at once, and count afterwards: a storm grows while somebody counts it."""
        return self._sweep(now) + len(self._undead)

    def _sweep(self, now: float) -> int:
        """Kill for so long as a sweep may last; how many died of it."""
        self._killed_by_us = True
        self._undead_at = min(self._undead_at, now + self._undead_s)
        killed = self.tree.kill(SWEEP_S)
        self._undead = killed.undead
        return killed.killed

    def _end_left(self, now: float) -> None:
        self._left = self._left or self._alive()
        self._sweep(now)
        self._left_at = now + ladder.KILL_AGAIN_S

    def _usage(self, report: dict[str, Any]) -> dict[str, float | int]:
        tally = self.tree.tally
        usage: dict[str, float | int] = {
            "user_s": tally.user_s,
            "system_s": tally.system_s,
            "peak_bytes": max(tally.peak_bytes, self._warden.peak_bytes),
            "processes": max(tally.processes, self._warden.seen),
            "stopped_s": self._warden.stopped_s,
        }
        if self.tree.status is None:  # the leader lives on, and says itself what this job used
            usage["user_s"] += report.get("user_s", 0.0)
            usage["system_s"] += report.get("system_s", 0.0)
            usage["peak_bytes"] = max(usage["peak_bytes"], report.get("peak_bytes", 0))
            usage["processes"] += 1
        return usage

    def _struck(self, status: int | None, verdict: dict[str, Any] | None) -> tuple[str | None, str]:
        """The limit by which the kernel made the job fail, if it did."""
        killed = status is not None and os.WIFSIGNALED(status)
        failed = verdict is not None and verdict["kind"] == "failed"
        why = self._warden.struck(killed) if killed or failed else ""
        return ("limit" if why else None), why

    def _oom(self, status: int | None) -> bool:
        """Whether the kernel's out-of-memory killer, to all appearance, ended the leader."""
        if status is None or self._killed_by_us or not os.WIFSIGNALED(status):
            return False
        killed = os.WTERMSIG(status) == signal.SIGKILL
        return killed and self._killer is not None and self._killer.struck()


def _stamp(path: str | None) -> float:
    """The time (s of the boot clock) that stands in a file; long ago where there is none."""
    try:
        with open(path or "") as file:
            return float(file.read())
    except (OSError, ValueError):
        return -_FOREVER


def not_begun(start: dict[str, Any], reason: str) -> dict[str, Any]:
    """The `over` frame of a job of which nothing was run."""
    now = time.time()
    who = {"kind": "over", "eid": start["eid"], "job": start["job"], "pid": 0, "status": None}
    why: dict[str, Any] = {"verdict": None, "asked": None, "reason": reason}
    what: dict[str, Any] = {"usage": {}, "rungs": {}, "left": 0, "undead": [], "oom": False}
    return {**who, **why, **what, "began_at": now, "ended_at": now}
