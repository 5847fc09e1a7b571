"""A child of a cell: the process that runs jobs, one or, if it leaves nothing behind, several.

::

    born warm ──start──► frame: unpickle, look up, call ──report──► exit
                  ▲                                         │
                  └─────── jobs_per_child not reached, nothing left behind

Runs in a session of its own; dies with its cell. Its output goes to the job's spool, its words to
the cell. Whatever the function does, the frame around it turns it into one report; an exit without
a report is a fact too, which the cell tells weppd.
"""

from __future__ import annotations

import os
import sys
from os import _exit, getppid, setsid
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage

from weppd import task
from weppd.cell.body.context import JobContext, Wire
from weppd.cell.body.endings import Endings
from weppd.cell.body.environment import Ahead
from weppd.cell.body.frame import NOTHING, call_on_cancel, flush_output, run
from weppd.cell.body.interrupt import Interrupt
from weppd.cell.body.rqcompat import MODULE, CurrentJob
from weppd.cell.csignal import (
    SIG_BLOCK,
    SIG_DFL,
    SIG_UNBLOCK,
    SIGCHLD,
    SIGHUP,
    SIGINT,
    SIGTERM,
    pthread_sigmask,
    signal,
)
from weppd.cell.frames import CAP, pack_head, receive
from weppd.cell.quota import weights
from weppd.cell.tree.procfs import offer_to_oom_killer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from weppd.cell.setup import Setup

#: The most that a result may have: with its report, and as part of `over`, it must be a frame.
RESULT_CAP = CAP - (1 << 18)
#: How much rather the kernel shall end a job than weppd and its cells, when memory runs out.
OOM_SCORE = 300
#: The report of most jobs, as `pack` makes it: without the encoder, that is fewer memory pages.
_ENDED = '{"kind":"report","eid":"%s","verdict":{"kind":"finished","none":true},"again":false}'
#: A warm child sees these reset to their defaults; its cell ignores or handles them.
_RESET = (SIGCHLD, SIGTERM, SIGHUP, SIGINT)


class Child:
    """Takes `start` frames from its cell and answers each with a `report`.

    Made once in the cell, before any fork: the fewer objects a fresh child makes and touches, the
    fewer memory pages it costs.
    """

    def __init__(self, setup: Setup, ahead: Ahead | None = None) -> None:
        self._setup = setup
        self._interrupt = Interrupt()
        self._wire = Wire(self._interrupt)
        self._prepared = False
        self._ahead = ahead
        self._served = 0
        self._used = (0.0, 0.0)
        self._home = os.getcwd()  # noqa: PTH109 - no pathlib in a light child
        self._desk()

    def _desk(self) -> None:
        """Make what the next job has."""
        settings = self._setup.settings
        self._context = JobContext(settings, self._wire, self._interrupt)
        self._current = CurrentJob(self._context, (settings.get("redis") or {}).get("url") or "")
        task.enter(self._context)

    def prepare(self) -> None:
        """Do what a child inherits, in the process that forks it: signals, the kernel's choice.

        SIGUSR1 must be blocked. What would end the process is blocked too, until `live`.
        """
        pthread_sigmask(SIG_BLOCK, _RESET)
        for signum in _RESET:
            signal(signum, SIG_DFL)
        self._interrupt.install()
        offer_to_oom_killer(OOM_SCORE)
        self._ahead = Ahead("1")
        self._endings = Endings()
        if MODULE not in sys.modules:
            self._current.watch()
        self._prepared = True

    def live(self, sock: int, cell: int) -> NoReturn:
        """Serve as a child of the cell with pid `cell`; never returns.

        SIGUSR1 must be blocked, and the process made to die with its parent.
        """
        code = 1
        try:
            if not self._prepared:
                self.prepare()
            setsid()
            if getppid() == cell:
                pthread_sigmask(SIG_UNBLOCK, _RESET)
                self.serve(sock)
                if self._endings.run():
                    flush_output()
                code = 0
        except BaseException:  # noqa: BLE001 - the last frame of the process: say it, and exit
            sys.excepthook(*sys.exc_info())
        finally:
            _exit(code)

    def serve(self, sock: int) -> None:
        """Run jobs until this child has served its number, or its cell wants no more of it."""
        self._wire.sock = sock
        again = True
        while again:
            got = receive(sock)
            if got is None or got[0]["kind"] != "start":
                return
            again = self._job(got[0], got[1])

    def _job(self, start: dict[str, Any], body: bytes) -> bool:
        """Run one job and report it; whether this child may serve another."""
        context = self._context
        context.begin(start)
        verdict, out = run(start, body, self._setup, self._current, self._interrupt, self._ahead)
        if self._interrupt.cancelled:
            call_on_cancel(context)
        if context.held is not None:
            context.say_held()
        flush_output()
        self._served += 1
        again = self._may_serve_again(start)
        if verdict is NOTHING and not again:
            self._wire.send_raw(pack_head(_ENDED % start["eid"]))
            return False
        report = {"kind": "report", "eid": start["eid"], "verdict": verdict, "again": again}
        if again:
            self._tidy()
            report.update(self._usage())
        self._report(report, out)
        return again

    def _report(self, header: dict[str, Any], out: bytes) -> None:
        if len(out) > RESULT_CAP:
            line = f"the result has {len(out)} bytes and the most is {RESULT_CAP}: write a file"
            header["verdict"] = {"kind": "failed", "type": "ResultTooLarge", "message": line}
            out = line.encode()
        self._wire.send(header, out)

    def _may_serve_again(self, start: dict[str, Any]) -> bool:
        limit = start.get("jobs_per_child") or self._setup.jobs_per_child
        if self._served >= limit or self._interrupt.cancelled:
            return False
        return not weights.wanted(start.get("limits") or {}) and _nothing_left()

    def _tidy(self) -> None:
        """Undo what a well-behaved job may have changed in its process."""
        self._interrupt.block()
        self._ahead = None
        self._current.forget()
        self._context.spool.close()
        self._desk()
        self._interrupt.install()
        os.chdir(self._home)

    def _usage(self) -> dict[str, float | int]:
        """What this process and its reaped children used since the last job, and at most so far."""
        now = [getrusage(RUSAGE_SELF), getrusage(RUSAGE_CHILDREN)]
        used = sum(n.ru_utime for n in now), sum(n.ru_stime for n in now)
        before, self._used = self._used, used
        return {
            "user_s": used[0] - before[0],
            "system_s": used[1] - before[1],
            "peak_bytes": max(n.ru_maxrss for n in now) * 1024,
        }


def _nothing_left() -> bool:
    """Whether this process has neither children nor a second thread."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return os.stat("/proc/self/task").st_nlink == 3  # noqa: PTH116
    return False
