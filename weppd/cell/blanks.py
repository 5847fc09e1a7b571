"""What a job left unused goes to the next one: its empty spool, its empty temporary directory.

::

    <log_dir>/jobs/<job>.out  ──nothing written──►  <log_dir>/jobs/.blank-<n>.out  ──►  the next's
    <state_dir>/tmp/<eid>     ──nothing in it────►  <state_dir>/tmp/.blank-<n>.tmp ──►  the next's

Many jobs write nothing. A name costs a file system little, but a new file much: ext4 without a
journal, for one, searches ever longer for a number that no file had in the last five seconds. So a
cell that has one job after another makes neither. What is kept is removed when the cell rests.

All this happens before weppd hears that the job is over: from then on it may run again, elsewhere,
and what stands under its name is that execution's.
"""

from __future__ import annotations

import os
import time
from stat import S_IFDIR, S_ISREG

from weppd.cell import sweep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: So many seconds after its last job a cell keeps what that left unused.
KEPT_S = 1.0
#: A directory that last changed so long before it was lent has changed since if, and only if, it
#: says so: file systems round their moments, to two seconds at most.
_SURE_NS = 3_000_000_000
_OWN_DIR = S_IFDIR | 0o700
_NEVER = float("inf")


class Blanks:
    """The empty spool and the empty directory of cell `n`; each a path, or empty for none.

    `due` is when they are to be removed, in seconds of the clock that `take_back` is told.
    """

    def __init__(self, n: int) -> None:
        self._name = f"/.blank-{n}"
        self._spool = self._tmp = ""
        self._changed = self._known = 0
        self.due = _NEVER

    def lend(self, start: dict[str, Any]) -> None:
        """Put what there is where the `start` frame says; the child makes what is not there.

        The spool of an earlier execution of the job, which has its output, stays.
        """
        self.due = _NEVER
        blank, self._spool = self._spool, ""
        if blank and start.get("spool"):
            try:
                os.link(blank, start["spool"])
            except OSError:
                # It is there, or its directory is not: none of ours then.
                pass
            _unlink(blank)
        blank, self._tmp = self._tmp, ""
        self._known = 0
        if blank and start.get("tmp"):
            try:
                os.rename(blank, start["tmp"])  # noqa: PTH104 - no pathlib in a cell
                if time.time_ns() - self._changed > _SURE_NS:
                    self._known = self._changed
            except OSError:
                # Whoever tidied it away at a restart was right.
                pass

    def take_back(self, start: dict[str, Any], now: float, *, spoilt: bool) -> None:
        """The job is over: keep what it did not use, or else remove its directory.

        `spoilt`: somebody of it lives on, and may still write.
        """
        spool, tmp = start.get("spool"), start.get("tmp")
        if spoilt:
            sweep.remove(tmp)
            return
        if spool and _unwritten(spool):
            self._spool = _moved(spool, self._name + ".out")
            if not self._spool:
                _unlink(spool)
        if tmp:
            self._changed = _unused_since(tmp, self._known)
            self._tmp = _moved(tmp, self._name + ".tmp") if self._changed else ""
            if not self._tmp:
                sweep.remove(tmp)
        if self._spool or self._tmp:
            self.due = now + KEPT_S

    def remove(self) -> None:
        """Remove what is kept: the cell rests, or ends."""
        self.due = _NEVER
        spool, self._spool = self._spool, ""
        tmp, self._tmp = self._tmp, ""
        if spool:
            _unlink(spool)
        sweep.remove(tmp)


def _unwritten(spool: str) -> bool:
    """Whether it is a plain file of this one name, and empty."""
    try:
        found = os.lstat(spool)
    except OSError:
        return False
    return not found.st_size and found.st_nlink == 1 and S_ISREG(found.st_mode)


def _unused_since(tmp: str, known: int) -> int:
    """When (epoch, ns) a directory last changed that is as it was made, with nothing in it; else 0.

    One that last changed at the `known` moment is empty: it need not be listed, which takes longer
    than all else here.
    """
    try:
        found = os.lstat(tmp)
        if found.st_mode != _OWN_DIR:
            return 0
        if found.st_mtime_ns != known and os.listdir(tmp):  # noqa: PTH208
            return 0
    except OSError:
        return 0
    return found.st_mtime_ns


def _moved(path: str, name: str) -> str:
    """Where it went, beside where it was; empty if it could not go."""
    blank = path.rpartition("/")[0] + name
    try:
        os.rename(path, blank)  # noqa: PTH104
    except OSError:
        return ""
    return blank


def _unlink(path: str) -> None:
    try:
        os.unlink(path)  # noqa: PTH108
    except OSError:
        # Gone, or its directory is.
        pass
