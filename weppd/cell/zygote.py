"""A zygote: forks the cells of one class, and is the guardian of what they leave.

::

    hello ──setup──► preload, find the tasks ──ready──► fork, fork, …  ──retire──► exit

It has one thread and has preloaded what its class needs, so that a fork is cheap and safe. It is
the subreaper above its cells: when one dies, whatever it had running becomes the zygote's child and
is killed before weppd hears that the cell is gone. It outlives weppd until its last cell is gone.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import sys

from weppd.cell import forkhooks, immortal, pages, pools, registry
from weppd.cell.body import surroundings
from weppd.cell.body.rehearsal import rehearse
from weppd.cell.cell import Cell
from weppd.cell.channel import Link
from weppd.cell.frames import VERSION, pack
from weppd.cell.rest import now_s
from weppd.cell.setup import ORPHAN_S, Setup
from weppd.cell.tree import group, procfs
from weppd.cell.tree.proctree import Tree, reap_all
from weppd.cell.voice import say
from weppd.cell.wakeup import Wakeup

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

_SWEEP_S = 5.0
#: The exit code of a zygote whose preloaded modules start threads: it can never fork safely.
_THREADS = 3
_LONGEST_S = 60.0


class Zygote:
    """The process that forks cells of class `cls`, told by the weppd that listens on `socket`."""

    def __init__(self, cls: str, socket: str, cells: str) -> None:
        procfs.become_subreaper()
        procfs.hear_the_librarys_own()
        self._args = cls, socket, cells
        self._setup: Setup | None = None
        self._boot = procfs.boot_id()
        self._start = procfs.start_time(os.getpid())
        self._cells: dict[int, int] = {}
        self._orphan_s = ORPHAN_S
        self._problems: list[str] = []
        self._retiring = False
        self._poll = select.poll()
        self._wakeup = Wakeup()
        self._poll.register(self._wakeup.fd, select.POLLIN)
        self._link = Link(socket, self._hello, now_s())

    def serve(self) -> int:
        """Serve until retired, or alone for too long, with no cell left; the exit code."""
        while not self._finished(now_s()):
            now = now_s()
            self._link.connect(now)
            self._link.watch(self._poll)
            for fd, event in self._poll.poll(self._wait_ms(now)):
                self._turn(fd, event)
        return 0

    def _finished(self, now: float) -> bool:
        if self._cells:
            return False
        away = self._link.away_since
        return self._retiring or (away is not None and now - away >= self._orphan_s)

    def _wait_ms(self, now: float) -> float:
        until = now + _LONGEST_S
        if self._link.away_since is not None:
            until = min(until, self._link.retry_at)
        return max(0.0, (until - now) * 1000 + 0.5)

    def _turn(self, fd: int, event: int) -> None:
        if fd == self._wakeup.fd:
            if signal.SIGUSR1 in self._wakeup.take():
                self._say("SIGUSR1 is for cells; a zygote ignores it")
            self._reap()
            return
        if event & select.POLLOUT:
            self._link.flush()
        for header, _ in self._link.receive(now_s()):
            self._from_weppd(header)

    # -- weppd

    def _hello(self) -> bytes:
        return pack(
            {
                "kind": "hello",
                "v": VERSION,
                "who": "zygote",
                "class": self._args[0],
                "pid": os.getpid(),
                "start": self._start,
                "boot": self._boot,
                "python": ".".join(map(str, sys.version_info[:3])),
                "digest": self._setup.digest if self._setup is not None else None,
                "cells": [[n, pid] for pid, n in self._cells.items()],
            }
        )

    def _from_weppd(self, header: dict[str, Any]) -> None:
        kind = header["kind"]
        if kind == "setup":
            self.set_up(header)
        elif kind == "fork":
            self._fork(header["n"])
        elif kind == "retire":
            self._retiring = True
        else:
            self._say(f"weppd sent a frame {kind!r} that this version does not know")

    def set_up(self, header: dict[str, Any]) -> None:
        """Take the first setup; a later one, from a new weppd, changes settings but no code."""
        setup = Setup(*self._args, header)
        setup.boot = self._boot
        self._orphan_s = setup.orphan_s
        if self._setup is None:
            with pools.Room():
                self._problems = registry.preload(setup.preload)
            if registry.threads() > 1:
                self._say("; ".join(self._problems))
                sys.exit(_THREADS)
            setup.registry, problems = registry.find(setup.modules)
            self._problems += problems
            group.leftovers()
            rehearse()
            surroundings.meet_libraries()
            forkhooks.find()
            gc.collect()
            pools.fill()
            rehearse()
            surroundings.meet_libraries()  # again: what was met was for the first job after it
            immortal.make()
            gc.freeze()
            pages.gather()
            pages.let_go()
            pages.join()
            pages.keep_code()
        else:
            setup.registry = self._setup.registry
            setup.digest = self._setup.digest
        self._setup = setup
        ready = {"kind": "ready", "class": setup.cls, "digest": setup.digest}
        facts = {"registry": setup.registry, "problems": self._problems}
        self._link.send({**ready, **facts, "threads": registry.threads()})

    # -- cells

    def _fork(self, n: int) -> None:
        reason = self._why_not(n)
        if reason:
            self._refuse(n, reason)
            return
        assert self._setup is not None
        try:
            pid = os.fork()
        except OSError as error:
            self._refuse(n, str(error))
            return
        if pid == 0:
            self._link.close()
            self._wakeup.forget()
            _live(n, self._setup)
        self._cells[pid] = n
        self._link.send({"kind": "forked", "n": n, "pid": pid})

    def _refuse(self, n: int, reason: str) -> None:
        self._say(f"cell {n} is not forked: {reason}")
        self._link.send({"kind": "gone", "n": n, "pid": 0, "status": None, "reason": reason})

    def _why_not(self, n: int) -> str:
        if self._setup is None:
            return "the zygote had no setup yet"
        if self._retiring:
            return "the zygote is retiring"
        if n in self._cells.values():
            return "it lives already"
        if registry.threads() > 1:
            return "the zygote has more than one thread, and a fork beside threads hangs"
        return ""

    def _reap(self) -> None:
        """Take away who ended; of a cell, first end what it left, then say that it is gone."""
        ended = reap_all()
        dead = [(self._cells.pop(pid), pid, how) for pid, how in ended if pid in self._cells]
        undead = self._sweep([pid for _, pid, _ in dead]) if dead else []
        for n, pid, status in dead:
            gone = {"kind": "gone", "n": n, "pid": pid, "status": status}
            self._link.send({**gone, "undead": undead})

    def _sweep(self, cells: list[int]) -> list[str]:
        """End what these dead cells had running; who could not be killed, by number and name."""
        groups = [one for one in map(group.of_dead, cells) if one is not None]
        for one in groups:
            one.kill()
        killed = Tree(0, self._cells.keys).kill(_SWEEP_S)
        for one in groups:
            one.remove()
        return [f"{member.pid} {member.name}" for member in killed.undead]

    def _say(self, line: str) -> None:
        say(f"weppd zygote {self._args[0]}: {line}")


def _live(n: int, setup: Setup) -> NoReturn:
    """Be the cell of slot `n`, in a process just forked; never returns."""
    code = 1
    try:
        Cell(n, setup).serve()
        code = 0
    except BaseException:  # noqa: BLE001 - the last frame of the process: say it, and exit
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(code)
