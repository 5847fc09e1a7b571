"""The index: one record for each execution that ended, in a file a day, for the reader."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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


def entry(opened: dict[str, Any], closed: dict[str, Any], now: float) -> bytes:
    """The record of an execution, from weppd's `open` and `close` frames."""
    facts = {key: closed.get(key, opened.get(key)) for key in KEPT}
    facts |= {"at": round(now, 3), "seconds": closed.get("seconds")}
    return json.dumps(facts, separators=(",", ":")).encode() + b"\n"


def path_for(jobs: Path, now: float) -> Path:
    """The file of the day."""
    return jobs / f"index-{time.strftime('%Y-%m-%d', time.gmtime(now))}.jsonl"


def entries(jobs: Path) -> Iterator[dict[str, Any]]:
    """All records, oldest first; a line that was cut short is passed over."""
    for path in sorted(jobs.glob("index-*.jsonl")):
        yield from _rows(path)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        for raw in file:
            try:
                yield json.loads(raw)
            except ValueError:
                continue


def eids(jobs: Path) -> set[str]:
    """The executions of the last two days whose records are written."""
    recent = sorted(jobs.glob("index-*.jsonl"))[-2:]
    return {str(each["eid"]) for path in recent for each in _rows(path) if each.get("eid")}


def tree(jobs: Path, root: str) -> list[dict[str, Any]]:
    """The records of a job and of all its descendants. A job that ran twice has two."""
    found: list[dict[str, Any]] = []
    below: dict[str, list[dict[str, Any]]] = {}
    for each in entries(jobs):
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


def sweep(jobs: Path, keep_days: float, now: float) -> int:
    """Remove what is older than `keep_days` days; returns how many files."""
    removed = 0
    for path in jobs.iterdir():
        if path.suffix in SWEPT and _old(path, now - keep_days * 86_400):
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def _old(path: Path, before: float) -> bool:
    try:
        return path.stat().st_mtime < before
    except FileNotFoundError:
        return False
