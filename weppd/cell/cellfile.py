"""A cell's file: who lives in a slot and what it runs, for a weppd that comes later.

::

    <cells>/<n>   {"v":1,"boot":…,"pid":…,"start":…,"class":…,"eid":…,"job":…,"leader":…,"digest":…}

One line of JSON, padded with blanks to a fixed length, so that each rewrite is one pwrite that a
reader sees whole. The cell holds a POSIX lock on it for life: locked means alive, whatever the cell
is doing; unlocked, or of another boot, means dead. POSIX locks are not inherited by fork, but any
close of the file in the owning process drops them: it is opened once.
"""

from __future__ import annotations

import os
from json import dumps, loads
from json.encoder import encode_basestring_ascii
from struct import calcsize, pack, unpack

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_LENGTH = 512
_FLOCK = "hhqqi4x"


class CellFile:
    """The file of this process's own cell; the lock is held until the process ends.

    `stale`: the outcome that it names is acknowledged, and nothing else has been written since.
    BlockingIOError if another living process holds slot `n`.
    """

    def __init__(self, directory: str, n: int, facts: dict[str, Any]) -> None:
        self._head = dumps(facts)[:-1]
        self.fd = os.open(f"{directory}/{n}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.lockf(self.fd, os.F_TLOCK, 0)
        except OSError as error:
            os.close(self.fd)
            raise BlockingIOError(f"{directory}/{n}: another cell lives in slot {n}") from error
        self.write(None, None, None)
        os.ftruncate(self.fd, _LENGTH)

    def write(self, eid: str | None, job: str | None, leader: int | None) -> None:
        """Record what the cell runs; it is on file before the job is given to its process."""
        words = f'"eid": {_quoted(eid)}, "job": {_quoted(job)}, "leader": {leader or "null"}}}'
        self.stale = False
        line = f"{self._head}, {words}".encode()
        os.pwrite(self.fd, line.ljust(_LENGTH - 1) + b"\n", 0)

    def settle(self) -> None:
        """Record that the cell runs nothing, if no job came with the acknowledgement."""
        if self.stale:
            self.write(None, None, None)


def _quoted(text: str | None) -> str:
    return "null" if text is None else encode_basestring_ascii(text)


class Record:
    """What a cell's file says, and whether its owner lives (`holder`: its pid, else None)."""

    __slots__ = ("facts", "holder", "n")

    def __init__(self, n: int, holder: int | None, facts: dict[str, Any]) -> None:
        self.n = n
        self.holder = holder
        self.facts = facts


def read(directory: str) -> list[Record]:
    """All cells' files of a directory by slot; only for a process that has no cell of its own.

    A file that was torn by a crash of the machine has no facts. FileNotFoundError where there is
    no such directory.
    """
    names = [name for name in os.listdir(directory) if name.isdigit()]  # noqa: PTH208
    return [_read_one(directory, int(name)) for name in sorted(names, key=int)]


def _read_one(directory: str, n: int) -> Record:
    fd = os.open(f"{directory}/{n}", os.O_RDWR | os.O_CLOEXEC)
    try:
        line = os.pread(fd, _LENGTH * 2, 0)
        holder = _holder(fd)
    finally:
        os.close(fd)
    try:
        facts = loads(line)
    except ValueError:
        facts = {}
    return Record(n, holder, facts if isinstance(facts, dict) else {})


def _holder(fd: int) -> int | None:
    import fcntl  # for readers: a cell only locks, and each library makes its forks dearer

    asked = pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    assert len(asked) == calcsize(_FLOCK)
    kind, _, _, _, pid = unpack(_FLOCK, fcntl.fcntl(fd, fcntl.F_GETLK, asked))
    return None if kind == fcntl.F_UNLCK else int(pid)
