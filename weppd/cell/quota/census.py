"""A look at a whole tree: each member's stat line, read once. Decides nothing; standard library.

A walk of running processes may miss one whose parent ends while it is looked at. It is found by
the next look, for orphans come to the caller, who is the tree's subreaper.
"""

from __future__ import annotations

import os

from weppd.cell.tree import procfs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Line:
    """What the stat line of a process said (proc_pid_stat(5)).

    `start` in clock ticks since boot, `reaped_ns` the CPU time of the children that it waited for,
    in whole ticks, `reaped_faults` how often these, and `faults` how often it, touched a page that
    was not there yet; `rss` its resident memory in bytes.
    """

    __slots__ = (
        "alive", "faults", "group", "pid", "reaped_faults", "reaped_ns", "rss", "start", "threads",
    )  # fmt: skip

    def __init__(self, pid: int, line: bytes) -> None:
        # The name may hold spaces and brackets; the last ')' ends it.
        fields = line[line.rindex(b")") + 2 :].split(None, 22)
        self.pid = pid
        self.alive = fields[0] not in b"ZXx"
        self.group = int(fields[2])
        self.faults, self.reaped_faults = int(fields[7]), int(fields[8])
        self.reaped_ns = (int(fields[13]) + int(fields[14])) * TICK_NS
        self.threads = int(fields[17])
        self.start = int(fields[19])
        self.rss = int(fields[21]) * _PAGE


def reaped(line: bytes) -> tuple[int, int]:
    """A line's `reaped_ns` and `reaped_faults` alone, in half the time."""
    fields = line[line.rindex(b")") + 2 :].split(None, 15)
    return (int(fields[13]) + int(fields[14])) * TICK_NS, int(fields[8])


def line(pid: int) -> Line | None:
    """The stat line of `pid`, None where there is no such process."""
    try:
        fd = os.open(f"/proc/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        text = os.read(fd, 1024)
    except OSError:
        return None
    finally:
        os.close(fd)
    return Line(pid, text) if text else None


def walk(roots: Iterable[int], leave_out: Collection[int] = ()) -> list[Line]:
    """The lines of `roots` and of all below them, parents before children."""
    found: list[Line] = []
    seen = set(leave_out)
    queue = [pid for pid in roots if pid not in seen]
    seen.update(queue)
    for pid in queue:
        read = line(pid)
        if read is None:
            continue
        found.append(read)
        if read.alive:
            # Most have one thread: what it started is read without a look at who its threads are.
            below = procfs.children_of(pid, pid) if read.threads == 1 else procfs.children(pid)
            fresh = [child for child in below if child not in seen]
            seen.update(fresh)
            queue += fresh
    return found
