"""Reading jobs' logs: what `weppdctl logs` shows. Local files only, never a run directory."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from weppd.scribe import index
from weppd.scribe.canonical import Told, canonical
from weppd.scribe.line import ends, parse

CHUNK = 1 << 16
POLL_S = 0.2
RECORD_S = 10.0


class NoLog(LookupError):
    """No log of this job is kept here."""


async def open_log(jobs: Path, jid: str, *, canonical: bool, follow: bool) -> AsyncIterator[bytes]:
    """The chunks of a job's log, found now. NoLog where none is kept on this node.

    The canonical log is that of the job and all its descendants; the other is the job's own.
    """
    if canonical:
        return _once(await asyncio.to_thread(canonical_log, jobs, jid))
    if _log(jobs, jid).exists() or _spool(jobs, jid).exists():
        return _chunks(jobs, jid, follow)
    return _once(await asyncio.to_thread(_record, jobs, jid))


def _log(jobs: Path, jid: str) -> Path:
    return jobs / f"{jid}.log"


def _spool(jobs: Path, jid: str) -> Path:
    return jobs / f"{jid}.out"


async def _once(text: bytes) -> AsyncIterator[bytes]:
    yield text


async def nothing() -> AsyncIterator[bytes]:
    """The log of a job that has none yet."""
    pieces: tuple[bytes, ...] = ()
    for piece in pieces:
        yield piece


async def _chunks(jobs: Path, jid: str, follow: bool) -> AsyncIterator[bytes]:
    offset, tail, waited_s = 0, b"", 0.0
    while True:
        data = _read(_log(jobs, jid), offset)
        if data:
            offset += len(data)
            tail = (tail + data)[-4096:]
            yield data
            continue
        if not follow or ends(tail):
            return
        if not offset and not _spool(jobs, jid).exists():
            # It ended without a word: its cell has its spool, and its record comes soon.
            with contextlib.suppress(NoLog):
                yield await asyncio.to_thread(_record, jobs, jid)
                return
            if waited_s > RECORD_S:
                return
            waited_s += POLL_S
        await asyncio.sleep(POLL_S)


def _read(path: Path, offset: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(offset)
            return file.read(CHUNK)
    except FileNotFoundError:
        return b""


def _record(jobs: Path, jid: str) -> bytes:
    """A job that said nothing has only its records in the index."""
    found = [each for each in index.entries(jobs, jid.encode()) if each["job"] == jid]
    if not found:
        raise NoLog(jid)
    return b"".join(_sentence(each) for each in found)


def _sentence(each: dict[str, Any]) -> bytes:
    reason = f": {each['reason']}" if each.get("reason") else ""
    text = f"{each['function']} {each['outcome']} after {each['seconds']} s{reason}"
    return text.encode() + b"\n"


def canonical_log(jobs: Path, root: str) -> bytes:
    """The canonical log of a job's tree, from its spools. NoLog where it has not ended here."""
    records = index.tree(jobs, root)
    if not any(each["job"] == root for each in records):
        raise NoLog(root)
    runs: dict[str, list[dict[str, Any]]] = {}
    for each in records:
        runs.setdefault(each["job"], []).append(each)
    told = [_told(jobs, job, each[0]) for job, each in runs.items() if _first_try(each)]
    return canonical(told).encode("utf-8", "replace")


def _first_try(runs: list[dict[str, Any]]) -> bool:
    return len(runs) == 1 and runs[0]["outcome"] == "finished"


def _told(jobs: Path, job: str, record: dict[str, Any]) -> Told:
    try:
        data = _spool(jobs, job).read_bytes()
    except FileNotFoundError:
        data = b""
    lines = tuple(line for line in parse(data, 0.0) if not line.volatile)
    return Told(record.get("place") or "", record.get("label") or "job", lines)
