"""Reading jobs' logs: what `weppdctl logs` shows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path


class NoLog(LookupError):
    """No log of this job is kept here."""


async def open_log(jobs: Path, jid: str, *, canonical: bool, follow: bool) -> AsyncIterator[bytes]:
    """The chunks of a job's log. NoLog where there is none."""
    path = jobs / f"{jid}.log"
    if not path.exists():
        raise NoLog(jid)
    return _chunks(path)


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    yield path.read_bytes()
