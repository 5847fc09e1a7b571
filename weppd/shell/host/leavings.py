"""What dead cells leave where their zygote died too: processes, temporary directories, zombies.

A zygote's environment carries a mark, the path of its node's cells, that every process below it
shows in /proc/PID/environ, whether it executed another program since or not. A process with our
mark that is none of the zygotes that we started, no living cell, and below none of these, is an
orphan: whoever had to end it is dead. weppd is a subreaper, so that orphans of its time become its
own children, to be reaped; those of an earlier weppd are somewhere below PID 1.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from weppd.cell import sweep
from weppd.cell.tree import procfs
from weppd.cell.tree.records import Member
from weppd.shell.host import premises
from weppd.shell.host.families import MARK
from weppd.shell.host.zygotes import Zygotes
from weppd.shell.start import Places

log = logging.getLogger("weppd")
LONGEST_S = 1.0
PAUSE_S = 0.002


@dataclass(frozen=True, slots=True)
class Host:
    """The processes of this host as they were a moment ago, and who of them bears our mark."""

    members: Mapping[int, Member]
    marked: frozenset[int]

    @classmethod
    def look(cls, mark: bytes) -> Host:
        """Read /proc once; the dead, zombies included, are left out."""
        pids = (int(name) for name in os.listdir("/proc") if name.isdigit())  # noqa: PTH208
        found = (procfs.stat(pid) for pid in pids)
        members = {m.pid: m for m in found if m is not None and m.alive}
        return cls(members, frozenset(pid for pid in members if mark in environment(pid)))

    def line(self, pid: int) -> list[int]:
        """`pid`, its parent, and so on up to PID 1 or 0; shorter where a parent just died.

        A parent that is younger than its child is a stranger with a dead one's number.
        """
        line: list[int] = []
        start = 0
        while pid in self.members and (not line or self.members[pid].start <= start):
            line.append(pid)
            start, pid = self.members[pid].start, self.members[pid].ppid
        return [*line, pid] if pid in (0, 1) else line

    def knows(self, pid: int) -> bool:
        """Whether all that is above `pid` could be seen."""
        return any(self.line(pid)[-1:] == [top] for top in (0, 1))


def orphans(seen: Host, living: Collection[int], spawned: Collection[int]) -> list[Member]:
    """The marked processes that nobody above them will end, and all that is below these.

    `living` are the pids of living cells, `spawned` those of the zygotes (and whatever else) that
    this weppd started. Whoever has a living cell below it is an earlier weppd's zygote.
    """
    guardians = {above for pid in living for above in seen.line(pid)} | set(spawned)
    keep = set(living) | set(spawned)
    lost = {
        pid
        for pid in seen.marked - guardians
        if seen.knows(pid) and not keep.intersection(seen.line(pid))
    }
    below = {pid for pid in seen.members if lost.intersection(seen.line(pid))}
    return [seen.members[pid] for pid in sorted(below - guardians)]


def environment(pid: int) -> tuple[bytes, ...]:
    """The environment with which `pid` was executed; none for a stranger's or a dead one's."""
    try:
        return tuple(Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"))
    except OSError:
        return ()


class Leavings:
    """Clears away what dead cells of this node left."""

    def __init__(self, cells: Path, places: Places, zygotes: Zygotes) -> None:
        procfs.become_subreaper()
        self._cells, self._tmp, self._zygotes = cells, places.tmp, zygotes
        self._places = places
        self._entry = f"{MARK}={cells}".encode()

    def end_orphans(self) -> bool:
        """End every orphan; whether none is left. Those that will not die are logged.

        Looks until a look finds none: what is killed may have started another meanwhile.
        """
        deadline = time.monotonic() + LONGEST_S
        ended: set[int] = set()
        while found := self._found():
            fresh = [member for member in found if member.pid not in ended]
            ended.update(member.pid for member in fresh if _kill(member))
            if time.monotonic() > deadline:
                names = ", ".join(f"{m.pid} {m.name}" for m in found)
                log.error("action=orphans left=%d undead=%r", len(found), names)
                return False
            self.reap()
            time.sleep(PAUSE_S)
        if ended:
            log.warning("action=orphans ended=%d", len(ended))
        return True

    def _found(self) -> list[Member]:
        living = [file.holder for file in premises.cell_files(self._cells) if file.locked]
        return orphans(Host.look(self._entry), living, self._zygotes.pids())

    def reap(self) -> None:
        """Take away the dead among the children that came to us as orphans.

        The kernel gives those to the first thread of a process; others' are not looked for.
        """
        ours, us = self._zygotes.watched(), os.getpid()
        for pid in procfs.children_of(us, us):
            if pid not in ours:
                os.waitpid(pid, os.WNOHANG)

    def remove_tmp(self, eids: Iterable[str | None]) -> None:
        """Remove the temporary directories of executions whose cells are gone."""
        paths = [str(self._tmp / eid) for eid in eids if eid]
        if paths:
            # In a thread: a job's leavings may be millions of files.
            asyncio.get_running_loop().run_in_executor(None, _remove, paths)

    def remove_empty_spools(self, jids: Iterable[str]) -> None:
        """Remove the spools of jobs that died in their cells without a word, before they may run
        again: from then on they are another execution's."""
        for jid in jids:
            spool = Path(self._places.spool(jid))
            with contextlib.suppress(OSError):
                if spool.lstat().st_size == 0:
                    spool.unlink()

    def remove_old_tmp(self) -> None:
        """Remove all temporary directories but those of living cells' executions."""
        files = premises.cell_files(self._cells)
        living = {eid for file in files if file.locked for eid in file.jobs}
        self.remove_tmp(path.name for path in self._tmp.iterdir() if path.name not in living)


def _remove(paths: Iterable[str]) -> None:
    for path in paths:
        sweep.remove(path)


def _kill(member: Member) -> bool:
    """SIGKILL, and CONT, for that very process and no successor of its number."""
    try:
        fd = os.pidfd_open(member.pid)
    except OSError:
        return False
    try:
        now = procfs.stat(member.pid)
        if now is None or now.start != member.start:
            return False
        signal.pidfd_send_signal(fd, signal.SIGKILL)
        signal.pidfd_send_signal(fd, signal.SIGCONT)
    except (ProcessLookupError, PermissionError):
        return False
    finally:
        os.close(fd)
    return True
