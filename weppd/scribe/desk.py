"""The scribe's desk: the jobs that are open, their spools, and what is written of them.

weppd says `open` and `close` (again after it or the scribe was restarted); in between the spools
are looked at, the oftener the more happens in them. Nothing here ever fails a job.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from weppd import __version__
from weppd.scribe import index, report
from weppd.scribe.line import OWN, Line, cut, parse, show
from weppd.scribe.runlogs import RunLogs
from weppd.scribe.sink import Sink

log = logging.getLogger("weppd.scribe")
CHUNK = 1 << 20


@dataclass
class Open:
    """One execution that is being written down."""

    said: dict[str, Any]
    spool: Path
    log: Path
    run_dirs: tuple[str, ...]
    closed: dict[str, Any] | None = None
    begun: bool = False


class Desk:
    """Open executions by eid, and one pass over them at a time."""

    def __init__(self, jobs: Path, wrote: Callable[[str, str], None]) -> None:
        self._jobs, self._wrote = jobs, wrote
        self._sink = Sink(jobs / "scribe.json")
        self._runs = RunLogs(jobs)
        self._open: dict[str, Open] = {}
        self._done = index.eids(jobs)

    @property
    def busy(self) -> bool:
        """Whether an execution is open."""
        return bool(self._open)

    def open(self, said: dict[str, Any]) -> None:
        """An execution began, or weppd says so again.

        It does where it never heard that the end was written: a scribe that was killed before it
        could say so has left a record in the index.
        """
        if said["eid"] in self._done:
            self._wrote(said["job"], said["eid"])
            return
        if said["eid"] in self._open:
            return
        spool, run_dirs = Path(said["spool"]), tuple(said.get("run_dirs") or ())
        self._open[said["eid"]] = Open(said, spool, Path(said["log"]), run_dirs)

    def close(self, said: dict[str, Any]) -> None:
        """An execution ended: the rest of its spool is its last."""
        job = self._open.get(said["eid"])
        if job is not None:
            job.closed = said

    def look(self) -> int:
        """Write down all that is new; how many bytes of spool that was, and executions ended."""
        texts: dict[Path, bytes] = {}
        offsets: dict[str, int] = {}
        moved = 0
        for job in list(self._open.values()):
            moved += self._gather(job, texts, offsets)
        closed = [job for job in self._open.values() if job.closed is not None]
        if closed:
            now = time.time()
            rows = b"".join(index.entry(job.said, job.closed or {}, now) for job in closed)
            texts[index.path_for(self._jobs, now)] = rows
            texts |= self._reports(closed)
        if texts or offsets:
            self._sink.append(texts, offsets)
            self._tell_runs(texts)
        for job in closed:
            self._finish(job)
        return moved + len(closed)

    def settle(self, timeout_s: float) -> bool:
        """Wait, so long at most, until the run logs are written too; whether they are."""
        self.look()
        return self._runs.settle(timeout_s)

    def _gather(self, job: Open, texts: dict[Path, bytes], offsets: dict[str, int]) -> int:
        key = str(job.spool)
        start = self._sink.offsets.get(key, 0)
        data = self._new(job, start)
        data = data[: cut(data, job.closed is not None)]
        lines = parse(data, time.time())
        if self._quiet(job) and not lines:
            return 0
        job_lines = [*self._beginning(job), *lines, *self._ending(job)]
        if job_lines:
            place, label = job.said.get("place") or "", job.said.get("label") or "job"
            text = "".join(show(line, place, label) for line in job_lines)
            texts[job.log] = texts.get(job.log, b"") + text.encode("utf-8", "replace")
            offsets[key] = start + len(data)
            offsets[_begun(job)] = 1
        return len(data)

    def _quiet(self, job: Open) -> bool:
        """A job without a run that has said nothing has no log of its own, only its record."""
        return not job.run_dirs and not job.begun

    def _new(self, job: Open, start: int) -> bytes:
        try:
            with job.spool.open("rb") as file:
                file.seek(start)
                data = file.read(CHUNK if job.closed is None else -1)
        except FileNotFoundError:
            return b""
        except OSError as error:
            log.warning("action=spool path=%s problem=%r", job.spool, error.strerror)
            return b""
        return data

    def _beginning(self, job: Open) -> list[Line]:
        if job.begun or _begun(job) in self._sink.offsets:
            job.begun = True
            return []
        job.begun = True
        said = job.said
        digest = hashlib.sha256((said.get("description") or "").encode()).hexdigest()[:12]
        text = (
            f"began {said.get('function')} job={said['job']} params={digest}"
            f" weppd={__version__} attempt={said.get('attempt', 1)}"
        )
        return [Line(time.time(), text, OWN)]

    def _ending(self, job: Open) -> list[Line]:
        if job.closed is None:
            return []
        reason = job.closed.get("reason") or ""
        text = f"ended {job.closed['outcome']} after {job.closed.get('seconds', 0):.3f} s"
        return [Line(time.time(), f"{text}: {reason}".rstrip(": ").splitlines()[0], OWN)]

    def _tell_runs(self, texts: dict[Path, bytes]) -> None:
        for job in self._open.values():
            if job.run_dirs and job.log in texts:
                # What is tried again goes on in the same log.
                last = job.closed is not None and job.closed["outcome"] != "retry"
                self._runs.grown(job.run_dirs, job.log, last)
            if job.run_dirs and job.closed is not None:
                path = report.path_for(self._jobs, job.said["eid"])
                self._runs.grown(job.run_dirs, path, closed=True)

    def _reports(self, closed: list[Open]) -> dict[Path, bytes]:
        """The lines for the runs' own records, each in a file in which it waits."""
        return {
            report.path_for(self._jobs, job.said["eid"]): report.pack(
                job.run_dirs, job.said, job.closed or {}
            )
            for job in closed
            if job.run_dirs
        }

    def _finish(self, job: Open) -> None:
        del self._open[job.said["eid"]]
        assert job.closed is not None
        if not job.begun:
            job.spool.unlink(missing_ok=True)
        self._sink.forget(_begun(job))
        if job.closed["outcome"] != "retry":
            self._sink.forget(str(job.spool))
        self._wrote(job.said["job"], job.said["eid"])


def _begun(job: Open) -> str:
    """Under what the account says that an execution's first line is written."""
    return f"begun:{job.said['eid']}"
