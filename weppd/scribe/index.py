"""The index: one record for each execution that ended, in a file a day, for the reader."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

_encode = json.JSONEncoder(separators=(",", ":")).encode
DAY = 86_400.0
TAIL = 8 << 20
KNOWN = 25_000
SWEPT = (".log", ".out", ".jsonl", ".report")
KEPT = (
    "eid",
    "job",
    "parent",
    "place",
    "label",
    "function",
    "runid",
    "attempt",
    "outcome",
    "reason",
)


def entry(opened: dict[str, Any], closed: dict[str, Any], now: float, spool: int = 0) -> bytes:
    """The record of an execution, from weppd's `open` and `close` frames.

    `spool` is how many bytes of the job's spool belong to it and to those before it.
    """
    facts = {key: closed.get(key, opened.get(key)) for key in KEPT}
    facts["at"], facts["seconds"] = round(now, 3), closed.get("seconds")
    if spool:
        facts["spool"] = spool
    return (_encode(facts) + "\n").encode()


def path_for(jobs: Path, now: float) -> Path:
    """The file of the day."""
    return jobs / f"index-{time.strftime('%Y-%m-%d', time.gmtime(now))}.jsonl"


def entries(jobs: Path, holding: bytes = b"") -> Iterator[dict[str, Any]]:
    """All records whose text holds `holding`, oldest first; cut lines are passed over."""
    for path in sorted(jobs.glob("index-*.jsonl")):
        yield from _rows(path, 0, lambda raw: holding in raw)


def _rows(path: Path, start: int, wanted: Callable[[bytes], bool]) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        file.seek(start)
        for raw in file:
            if wanted(raw):
                with contextlib.suppress(ValueError):
                    yield json.loads(raw)


class Recent:
    """The executions whose records were written last: what weppd may tell once more.

    It tells an end again until it hears that it is written; that word can be lost with the scribe
    that was about to say it.
    """

    def __init__(self, jobs: Path) -> None:
        self._jobs = jobs
        self._young: set[str] = set()
        self._old: set[str] = set()
        self._spoke: dict[str, tuple[int, int]] = {}
        for path in sorted(jobs.glob("index-*.jsonl"))[-2:]:
            start = max(0, path.stat().st_size - TAIL)
            for each in _rows(path, start, lambda raw: raw.startswith(b"{")):
                self.add(str(each["eid"]), each["job"], each.get("spool", 0))

    def __contains__(self, eid: str) -> bool:
        return eid in self._young or eid in self._old

    def add(self, eid: str, job: str, spool: int) -> None:
        """The record of an execution was written."""
        self._young.add(eid)
        if spool:
            self._spoke[job] = spool, self._spoke.get(job, (0, 0))[1] + 1
        if len(self._young) >= KNOWN:
            self._old, self._young, self._spoke = self._young, set(), {}

    def earlier(self, job: str) -> tuple[int, int]:
        """How many bytes of its spool a job's earlier executions used, and how many these were."""
        if job in self._spoke:
            return self._spoke[job]
        rows = [each for each in entries(self._jobs, job.encode()) if each["job"] == job]
        return max((each.get("spool", 0) for each in rows), default=0), len(rows)


def tree(jobs: Path, root: str) -> list[dict[str, Any]]:
    """The records of a job and of all its descendants. A job that ran twice has two."""
    found: list[dict[str, Any]] = []
    below: dict[str, list[dict[str, Any]]] = {}
    for each in _family(jobs, root.encode()):
        if each["job"] == root:
            found.append(each)
        elif each.get("parent"):
            below.setdefault(each["parent"], []).append(each)
    seen, todo = {root}, [root]
    while todo:
        children = below.get(todo.pop(), [])
        found += children
        fresh = {child["job"] for child in children} - seen
        seen |= fresh
        todo += fresh
    return found


def _family(jobs: Path, root: bytes) -> Iterator[dict[str, Any]]:
    """The root's records, and those of all jobs that have a parent; the others are not parsed."""
    for path in sorted(jobs.glob("index-*.jsonl")):
        yield from _rows(path, 0, lambda raw: b'"parent":null' not in raw or root in raw)


def sweep(jobs: Path, keep_days: float, now: float, keep: Collection[str] = frozenset()) -> int:
    """Remove what is older than `keep_days` days, but for `keep`'s; returns how many files."""
    removed = 0
    for path in jobs.iterdir():
        old = path.suffix in SWEPT and path.stem not in keep and _old(path, now - keep_days * DAY)
        if old:
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def _old(path: Path, before: float) -> bool:
    try:
        return path.stat().st_mtime < before
    except FileNotFoundError:
        return False
