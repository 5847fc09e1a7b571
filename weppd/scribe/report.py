"""`<run>/_logs/jobs.jsonl`: the run's own record of its jobs, which outlives Redis.

One line of JSON for each execution that ended. It waits in a small file of its own beside the
jobs' logs, `<eid>.report`, until it stands in the run's directory; so it is written once, also if
the scribe is killed at any moment or the run's file system hangs for a day::

    ["/wc1/runs/ab/ab-run"]          where the run may be
    {"job": …, "status": …, …}       the line
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SUFFIX = ".report"
PLACE = "_logs/jobs.jsonl"
_OPENED = ("job", "eid", "parent", "place", "label", "function", "attempt")


def line(opened: dict[str, Any], closed: dict[str, Any]) -> dict[str, Any]:
    """What the run's record says of one execution, from weppd's `open` and `close` frames.

    `status` is RQ's word, or "retry"; `rc` the exit code of the job's process, negative for a
    signal, null where that process went on to serve another job; times are UTC; `user_s` and
    `system_s` are CPU seconds, `peak_bytes` the peak memory, of the job's whole tree,
    `stopped_s` the seconds for which its CPU quota held it still.
    """
    facts: dict[str, Any] = {key: opened.get(key) for key in _OPENED}
    facts |= {"status": closed["outcome"], "reason": closed.get("reason") or ""}
    facts |= {"seconds": closed.get("seconds")} | dict(closed.get("facts") or {})
    for name in ("started_at", "ended_at"):
        facts[name] = _utc(facts.get(name))
    return facts


def _utc(at: float | None) -> str | None:
    if not at:
        return None
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at))
    return f"{whole}.{int(at % 1 * 1000):03d}Z"


def path_for(jobs: Path, eid: str) -> Path:
    """The file in which the line of an execution waits."""
    return jobs / f"{eid}{SUFFIX}"


def pack(run_dirs: tuple[str, ...], opened: dict[str, Any], closed: dict[str, Any]) -> bytes:
    """The content of that file."""
    parts = (list(run_dirs), line(opened, closed))
    return b"".join(json.dumps(part, separators=(",", ":")).encode() + b"\n" for part in parts)


def read(path: Path) -> tuple[tuple[str, ...], bytes]:
    """Where the run may be, and the line; nothing of both from a file that is gone or was cut."""
    try:
        raw_dirs, text = path.read_bytes().splitlines(keepends=True)
        return tuple(json.loads(raw_dirs)), text
    except (FileNotFoundError, ValueError):
        return (), b""


def waiting(jobs: Path) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """The lines that an earlier scribe left waiting, and where their runs may be."""
    for path in sorted(jobs.glob(f"*{SUFFIX}")):
        run_dirs, _ = read(path)
        if run_dirs:
            yield path, run_dirs
        else:
            path.unlink(missing_ok=True)
