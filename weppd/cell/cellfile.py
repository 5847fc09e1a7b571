"""A cell's file: who lives in a slot and what it runs, for a weppd that comes later.

::

    <cells>/<n>   {"v":1,"boot":…,"pid":…,"start":…,"class":…,"eid":…,"job":…,"leader":…,"digest":…,
                   "over":[[eid,job],…],"behind":[[eid,job],…]}

`over` are executions that have ended and are not acknowledged, `behind` those that never began.
One line of JSON, padded with blanks, so that each rewrite is one pwrite that a reader sees whole.
The cell holds a POSIX lock on it for life: locked means alive, whatever the cell is doing;
unlocked, or of another boot, means dead. POSIX locks are not inherited by fork, but any close of
the file in the owning process drops them: it is opened once.
"""

from __future__ import annotations

import os
from json import dumps, loads
from json.encoder import encode_basestring_ascii
from struct import calcsize, pack, unpack

from weppd.cell.frames import VERSION
from weppd.cell.tree.procfs import start_time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from weppd.cell.setup import Setup

_LENGTH = 512
_MOST = 4096
_FLOCK = "hhqqi4x"


class CellFile:
    """The file of this process's own cell; the lock is held until the process ends.

    `stale`: what it says is not so any more; whoever changed that writes before it waits again.
    BlockingIOError if another living process holds slot `n`.
    """

    def __init__(self, directory: str, n: int, facts: dict[str, Any]) -> None:
        self._head = dumps(facts)[:-1]
        self._length = _LENGTH
        self.fd = os.open(f"{directory}/{n}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.lockf(self.fd, os.F_TLOCK, 0)
        except OSError as error:
            os.close(self.fd)
            raise BlockingIOError(f"{directory}/{n}: another cell lives in slot {n}") from error
        self.write(None, {"eid": None, "job": None})
        os.ftruncate(self.fd, _LENGTH)

    def write(self, leader: int | None, names: dict[str, Any]) -> None:
        """Record what the cell has: `eid` and `job`, and the pairs of `over` and of `behind`.

        It is on file before the job is given to its process.
        """
        eid, job = _quoted(names["eid"]), _quoted(names["job"])
        words = f'"eid": {eid}, "job": {job}, "leader": {leader or "null"}'
        if len(names) > 2:
            words += f', "over": {dumps(names.get("over") or [])}'
            words += f', "behind": {dumps(names.get("behind") or [])}'
        self.stale = False
        line = f"{self._head}, {words}}}".encode()
        self._length = max(self._length, len(line) + 1)
        os.pwrite(self.fd, line.ljust(self._length - 1) + b"\n", 0)


def facts(setup: Setup) -> dict[str, Any]:
    """What a cell's file, and its hello, say of this process."""
    return {
        "v": VERSION,
        "boot": setup.boot,
        "pid": os.getpid(),
        "start": start_time(os.getpid()),
        "class": setup.cls,
        "digest": setup.digest,
    }


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
        line = os.pread(fd, _MOST, 0)
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
