"""Witnesses: that a run's job lives is written into its run, where other nodes can see it.

::

    <run>/_weppd/<jid>.alive     "<eid> <count>", rewritten while the job's cell lives
    <local>/<eid>                the boot clock (s) when that last succeeded, for the cell itself

A node whose lease stands still keeps the jobs whose witness moves: it lives, and only its way to
the store is cut. The cell that sees neither a lease nor a fresh time beside it ends its job before
anybody else may take it. Run directories may hang: each run root has a thread of its own, which is
given the newest errand for each job and nothing older.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from weppd.cell import cellfile
from weppd.scribe.homes import ANYWHERE, Homes
from weppd.scribe.runlogs import root_of, source_of

PLACE = "_weppd"
#: What is seen where the run is there and no witness in it.
ABSENT = "absent"
IDLE_S = 60.0
FORGOTTEN_S = 3600.0
#: A witness is one write of one length, so that a reader sees it whole.
LENGTH = 64
FLAGS = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW


@dataclass(frozen=True, slots=True)
class Guarded:
    """An execution of a job of a run, here or elsewhere, and where its run may be."""

    eid: str
    job: str
    run_dirs: tuple[str, ...]

    @property
    def root(self) -> str:
        """The directory of runs whose file system its run is on."""
        return root_of(source_of(Path(self.eid), self.run_dirs))


class Witnesses:
    """Writes those of this node's jobs every `every_s` seconds, reads those of others when asked.

    `cells` is the directory of the cells' files, `local` that of the times for them, `homes` are
    the places of runs.
    """

    def __init__(self, cells: Path, local: Path, every_s: float, homes: Homes = ANYWHERE) -> None:
        self._homes = homes
        self._cells, self._local, self._every_s = cells, local, every_s
        self._threads: dict[str, dict[str, Callable[[], None]]] = {}
        self._changed = threading.Condition()
        self._seen: dict[str, str] = {}
        self._count = 0
        self._at = 0.0

    def turn(self, jobs: Iterable[Guarded]) -> None:
        """Write the witnesses of those of `jobs` whose cells live, if it is time to."""
        if time.monotonic() - self._at < self._every_s:
            return
        self._at = time.monotonic()
        self._count += 1
        living = living_executions(self._cells)
        text = f"{os.uname().nodename} {self._count}"
        for job in jobs:
            if job.eid in living:
                self._errand(job, lambda job=job: write(job, self._place(job), text, self._local))  # type: ignore[misc]

    def over(self, job: Guarded) -> None:
        """An execution ended: its witness goes. Most end before they have one."""
        with self._changed:
            self._threads.get(job.root, {}).pop(job.eid, None)
        if (self._local / job.eid).exists():
            self._errand(job, lambda: remove(job, self._place(job), self._local))

    def sweep(self, now: float) -> int:
        """Remove the times of executions whose end nobody told, an hour after their last; how many.

        `now` is a time of the epoch (s), as the files' own are.
        """
        living, removed = living_executions(self._cells), 0
        for path in self._local.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if path.name not in living and now - path.stat().st_mtime > FORGOTTEN_S:
                    path.unlink()
                    removed += 1
        return removed

    def ask(self, jobs: Iterable[Guarded]) -> None:
        """Look at the witnesses of these executions of other nodes; `seen` has what was found."""
        for job in jobs:
            self._errand(job, lambda job=job: self._look(job))  # type: ignore[misc]

    def seen(self) -> dict[str, str]:
        """What was found since the last call, by execution; nothing of a run that is not there."""
        with self._changed:
            seen, self._seen = self._seen, {}
        return seen

    def _place(self, job: Guarded) -> Path | None:
        """The directory for witnesses in the job's run; None without the run, or where a link leads
        out of the roots."""
        home = self._homes.find(job.run_dirs)
        return home / PLACE if home is not None and self._homes.hold(home / PLACE) else None

    def _look(self, job: Guarded) -> None:
        text = read(job, self._place(job))
        if text is not None:
            with self._changed:
                self._seen[job.eid] = text

    def _errand(self, job: Guarded, errand: Callable[[], None]) -> None:
        root = job.root
        with self._changed:
            if root not in self._threads:
                self._threads[root] = {}
                threading.Thread(target=self._work, args=(root,), daemon=True).start()
            self._threads[root][job.eid] = errand
            self._changed.notify_all()

    def _work(self, root: str) -> None:
        while errands := self._next(root):
            for errand in errands:
                # A run that hangs, is full or was removed leaves its witness as it is: that is
                # what others are meant to see.
                with contextlib.suppress(OSError):
                    errand()

    def _next(self, root: str) -> list[Callable[[], None]]:
        with self._changed:
            if not self._changed.wait_for(lambda: self._threads[root], IDLE_S):
                del self._threads[root]
                return []
            errands, self._threads[root] = self._threads[root], {}
            return list(errands.values())


def living_executions(cells: Path) -> frozenset[str]:
    """The executions that the living cells of this node have, by their files."""
    try:
        records = cellfile.read(str(cells))
    except FileNotFoundError:
        return frozenset()
    found = (record.facts.get("eid") for record in records if record.holder is not None)
    return frozenset(eid for eid in found if eid)


def write(job: Guarded, place: Path | None, text: str, local: Path) -> None:
    """Write a job's witness, then the time of it for its cell; OSError where that fails."""
    if place is None:
        return
    place.mkdir(exist_ok=True)
    line = f"{job.eid} {text}".ljust(LENGTH - 1)[: LENGTH - 1] + "\n"
    fd = os.open(place / f"{job.job}.alive", FLAGS, 0o664)
    try:
        os.pwrite(fd, line.encode(), 0)
        os.fsync(fd)
    finally:
        os.close(fd)
    now = time.clock_gettime(time.CLOCK_BOOTTIME)
    beside = local / f".{job.eid}"
    beside.write_text(repr(now))
    beside.replace(local / job.eid)


def read(job: Guarded, place: Path | None) -> str | None:
    """What stands in a job's witness, `ABSENT` where its run has none, None without the run."""
    if place is None:
        return None
    try:
        return (place / f"{job.job}.alive").read_text().strip()
    except FileNotFoundError:
        return ABSENT


def remove(job: Guarded, place: Path | None, local: Path) -> None:
    """Take a job's witness away, unless another execution's stands there by now."""
    (local / job.eid).unlink(missing_ok=True)
    if place is None or not (read(job, place) or "").startswith(job.eid):
        return
    (place / f"{job.job}.alive").unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        # Others have theirs in it, or the directory was never ours to remove.
        place.rmdir()
