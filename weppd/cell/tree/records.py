"""What is known of processes: who is in a tree, who was reaped, what a sweep did. Plain records.

Of named tuples and slots: a fork costs what the parent imported, and `dataclasses` brings a parser
of Python with it.
"""

from __future__ import annotations

from collections import namedtuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from resource import struct_rusage
    from typing import NamedTuple

    class _Member(NamedTuple):
        pid: int
        start: int
        state: str
        ppid: int
        name: str

    class _Reaped(NamedTuple):
        pid: int
        status: int
        rusage: struct_rusage

    class _Killed(NamedTuple):
        killed: int
        undead: tuple[Member, ...] = ()
else:
    _Member = namedtuple("_Member", ("pid", "start", "state", "ppid", "name"))
    _Reaped = namedtuple("_Reaped", ("pid", "status", "rusage"))
    _Killed = namedtuple("_Killed", ("killed", "undead"), defaults=((),))

DEAD = frozenset("ZXx")
STOPPED = frozenset("Tt")


class Member(_Member):
    """One process of a tree, as its stat line showed it: `start` in clock ticks since boot."""

    __slots__ = ()

    @property
    def alive(self) -> bool:
        """Whether it can still run: neither a zombie nor on its way out of the table."""
        return self.state not in DEAD

    @property
    def settled(self) -> bool:
        """Whether it can start no child just now: stopped or dead."""
        return self.state in STOPPED or self.state in DEAD


class Reaped(_Reaped):
    """A child that ended: its raw wait status and what it and its own reaped children used."""

    __slots__ = ()


class Killed(_Killed):
    """What a sweep did: how many it saw die of SIGKILL, and who would not die in the time."""

    __slots__ = ()


class Tally:
    """What all reaped members used together: CPU seconds, the largest resident set in bytes."""

    __slots__ = ("peak_bytes", "processes", "system_s", "user_s")

    def __init__(self) -> None:
        self.user_s = 0.0
        self.system_s = 0.0
        self.peak_bytes = 0
        self.processes = 0

    def add(self, used: struct_rusage) -> None:
        """Book one reaped process."""
        self.user_s += used.ru_utime
        self.system_s += used.ru_stime
        self.peak_bytes = max(self.peak_bytes, used.ru_maxrss * 1024)
        self.processes += 1
