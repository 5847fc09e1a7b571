"""The scribe's desk: the executions that are open, their spools, and what is written of them.

weppd says `open` and `close` (again after it or the scribe was restarted); in between the spools
are looked at, the oftener the more happens in them. Nothing here ever fails a job.

::

    1  lines of spools and reports   ──► <id>.log, <eid>.report     one batch of the journal
    2  executions that ended         ──► index-<day>.jsonl          one write
    3  what has grown                ──► told to the runs' threads; weppd hears `wrote`

Killed between any two, the scribe finds in its journal, or in the index, what is done.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from weppd.scribe import index, report
from weppd.scribe.homes import ANYWHERE, Homes
from weppd.scribe.line import beginning, cut, ending, parse, show
from weppd.scribe.runlogs import RunLogs, source_of
from weppd.scribe.sink import Piece, Sink
from weppd.scribe.witness import Guarded

log = logging.getLogger("weppd.scribe")
CHUNK = 4 << 20
MOST_STUCK = 1000
RUN = "run:"


@dataclass(slots=True)
class Open:
    """One execution that is being written down; `whole` once all of it stands in its log."""

    eid: str
    job: str
    said: dict[str, Any]
    spool: str
    log: Path
    run_dirs: tuple[str, ...]
    closed: dict[str, Any] | None = None
    read: int = -1
    whole: bool = False
    spoken: bool = False

    @property
    def source(self) -> str:
        """Under what the run's thread keeps account of the job's log; empty without a run."""
        return source_of(self.log, self.run_dirs) if self.run_dirs else ""


def guarded(said: dict[str, Any]) -> Guarded:
    """The execution of a frame, and where its run may be."""
    return Guarded(said["eid"], said["job"], tuple(said.get("run_dirs") or ()))


class Desk:
    """Open executions by eid, and one pass over them at a time."""

    def __init__(
        self,
        jobs: Path,
        wrote: Callable[[str, str], None],
        over: Callable[[Guarded], None] = lambda job: None,
        homes: Homes = ANYWHERE,
    ) -> None:
        self._jobs, self._wrote, self._over = jobs, wrote, over
        self._sink = Sink(jobs / "scribe.journal")
        self._done = index.Recent(jobs)
        owed = {k[len(RUN) :]: v for k, v in self._sink.offsets.items() if k.startswith(RUN)}
        self._runs = RunLogs(jobs, owed, homes)
        self._open: dict[str, Open] = {}

    @property
    def trouble(self) -> str:
        """What of the logs below log_dir waits for room on its disk; empty where nothing does."""
        return self._sink.trouble

    @property
    def busy(self) -> bool:
        """Whether an execution is open."""
        return bool(self._open)

    @property
    def jobs(self) -> frozenset[str]:
        """The jobs whose executions are open."""
        return frozenset(job.job for job in self._open.values())

    def guarded(self) -> list[Guarded]:
        """The open executions of jobs of runs."""
        return [guarded(job.said) for job in self._open.values() if job.run_dirs and not job.closed]

    def open(self, said: dict[str, Any]) -> None:
        """An execution began, or weppd says so again.

        It does where it never heard that the end was written: a scribe that was killed before it
        could say so has left a record in the index.
        """
        eid, jid = said["eid"], said["job"]
        if eid in self._done:
            self._wrote(jid, eid)
        elif eid not in self._open:
            stem = f"{self._jobs}/{jid}"
            run_dirs = tuple(said.get("run_dirs") or ())
            self._open[eid] = Open(eid, jid, said, stem + ".out", Path(stem + ".log"), run_dirs)

    def close(self, said: dict[str, Any]) -> None:
        """An execution ended: the rest of its spool is its last. It may not have been open yet."""
        if said["eid"] not in self._open and "function" in said:
            self.open(said)
        job = self._open.get(said["eid"])
        if job is not None and job.closed is None:
            job.closed = said

    def look(self) -> int:
        """Write down all that is new; in how many logs that was, and executions ended."""
        pieces: dict[Path, Piece] = {}
        for job in self._open.values():
            self._gather(job, pieces)
        full = self._sink.append(pieces) if pieces else frozenset()
        grown = [job for job in self._open.values() if job.log in pieces.keys() - full]
        for job in grown:
            job.read = self._sink.offsets[job.spool]
        ended = self._ended(full)
        self._tell_runs(grown, ended)
        gone = [key for eid in ended for key in self._finish(self._open.pop(eid))]
        self._sink.forget([*gone, *self._copied()])
        return len(pieces) - len(full) + len(ended)

    def settle(self, timeout_s: float) -> bool:
        """Wait, so long at most, until the run logs are written too; whether they are."""
        deadline = time.monotonic() + timeout_s
        while self.look() and time.monotonic() < deadline:
            continue
        settled = self._runs.settle(max(0.0, deadline - time.monotonic()))
        self._sink.forget(self._copied())
        return settled

    # -- what is new

    def _gather(self, job: Open, pieces: dict[Path, Piece]) -> None:
        """Take what is new in a job's spool to its log's piece."""
        size = _size(job.spool)
        if not size and not job.run_dirs:
            job.whole = job.closed is not None
            return
        if job.read < 0:
            job.read = self._start(job)
        if size < job.read:
            # The job truncated its own output.
            job.read = 0
        job.spoken = True
        if size > job.read or job.closed is not None or not self._marked("began", job):
            data, at_end = _new(job, size)
            ended = job.closed is not None and at_end
            self._add(job, data[: cut(data, ended)], ended, pieces)

    def _start(self, job: Open) -> int:
        """How far the spool has been read: by us, or at the end of the job's last execution."""
        start = self._sink.offsets.get(job.spool)
        if start is None and job.log.exists():
            start, tries = self._done.earlier(job.job)
            job.said["attempt"] = max(tries + 1, job.said.get("attempt") or 1)
        return start or 0

    def _add(self, job: Open, data: bytes, ended: bool, pieces: dict[Path, Piece]) -> None:
        now = time.time()
        lines = parse(data, now) if data else []
        piece = Piece(offsets={job.spool: job.read + len(data)})
        if not self._marked("began", job):
            lines.insert(0, beginning(job.said, now))
            piece.offsets[_mark("began", job)] = 1
        if ended and not self._marked("ended", job):
            assert job.closed is not None
            lines.append(ending(job.closed, now))
            piece.offsets[_mark("ended", job)] = 1
        job.whole = ended
        if ended and job.run_dirs and not self._marked("told", job):
            self._add_report(job, pieces)
        if lines or data:
            place, label = job.said.get("place") or "", job.said.get("label") or "job"
            text = "".join([show(line, place, label) for line in lines])
            piece.text = text.encode("utf-8", "replace")
            if job.run_dirs and RUN + job.source not in self._sink.offsets:
                piece.offsets[RUN + job.source] = _size(job.log)
            pieces[job.log] = piece

    def _add_report(self, job: Open, pieces: dict[Path, Piece]) -> None:
        text = report.pack(job.run_dirs, job.said, job.closed or {})
        path = report.path_for(self._jobs, job.eid)
        pieces[path] = Piece(text, {_mark("told", job): 1})

    def _marked(self, word: str, job: Open) -> bool:
        return _mark(word, job) in self._sink.offsets

    # -- what is over

    def _ended(self, full: frozenset[Path]) -> list[str]:
        """The executions of which everything is written; where the disk is full they wait."""
        whole = [job for job in self._open.values() if job.whole]
        ended = [job.eid for job in whole if not (full and self._refused(job, full))]
        if ended and not self._enter(ended):
            ended = []
        stuck = len(whole) - len(ended)
        if stuck > MOST_STUCK:
            log.warning("action=log problem='no room: the logs of %d jobs are left out'", stuck)
            ended = [job.eid for job in whole]
        return ended

    def _refused(self, job: Open, full: frozenset[Path]) -> bool:
        return job.log in full or report.path_for(self._jobs, job.eid) in full

    def _enter(self, ended: list[str]) -> bool:
        """Put their records into the day's index; False where there is no room."""
        now = time.time()
        jobs = [self._open[eid] for eid in ended]
        rows = [index.entry(job.said, job.closed or {}, now, max(job.read, 0)) for job in jobs]
        return self._sink.add(index.path_for(self._jobs, now), b"".join(rows))

    def _tell_runs(self, grown: list[Open], ended: list[str]) -> None:
        over = [self._open[eid] for eid in ended]
        for job in [*(job for job in grown if job not in over), *over]:
            if job.run_dirs:
                start = self._sink.offsets.get(RUN + job.source, 0)
                self._runs.grown(job.run_dirs, job.log, job in over, start)
        for job in over:
            if job.run_dirs:
                path = report.path_for(self._jobs, job.eid)
                self._runs.grown(job.run_dirs, path, closed=True)

    def _finish(self, job: Open) -> Iterable[str]:
        """Let go of an execution; the journal's entries that nobody needs any more."""
        self._done.add(job.eid, job.job, max(job.read, 0))
        if job.run_dirs:
            self._over(guarded(job.said))
        # Its spool is not ours to remove, though it is empty: the job may run again by now.
        self._wrote(job.job, job.eid)
        return (job.spool, *(_mark(word, job) for word in ("began", "ended", "told")))

    def _copied(self) -> list[str]:
        """Logs of ended jobs that stand in their runs: the journal need not know them."""
        copied = self._runs.copied()
        if not copied:
            return []
        going_on = {job.source for job in self._open.values()}
        gone = [source for source in copied if source not in going_on]
        self._runs.forget(gone)
        return [RUN + source for source in gone]


def _mark(word: str, job: Open) -> str:
    """Under what the journal says that an execution's first or last line is written."""
    return f"{word}:{job.eid}"


def _size(path: str | Path) -> int:
    try:
        return os.stat(path).st_size  # noqa: PTH116 - once for each job: a Path costs more than it
    except OSError:
        return 0


def _new(job: Open, size: int) -> tuple[bytes, bool]:
    """The next piece of a spool, and whether it is the last of what is there."""
    if size == job.read:
        return b"", True
    try:
        with open(job.spool, "rb", buffering=0) as file:
            file.seek(job.read)
            data = file.read(CHUNK)
    except OSError as error:
        log.warning("action=spool path=%s problem=%r", job.spool, error.strerror)
        return b"", True
    return data, job.read + len(data) >= size
