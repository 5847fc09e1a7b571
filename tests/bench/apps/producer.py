"""The producer's side, the same for every peer: `python <peer>_app.py VERB …`, an answer in JSON.

::

    enqueue BODY COUNT LOG FIRST [ARG …]       one call per job, or with --many the peer's bulk call
    latency COUNT LOG                           one job at a time; milliseconds from call to mark
    cancel ID                                   by the peer's own API
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from body import MARK

Enqueue = Callable[[str, Sequence[tuple[Any, ...]], bool], list[str]]
PAUSE_S = 0.01
LATE_S = 30.0


def main(enqueue: Enqueue, cancel: Callable[[str], object] | None = None) -> None:
    """Answer one verb. `enqueue(body, argument tuples, many)` returns the ids of the jobs."""
    verb, *words = sys.argv[1:]
    many = "--many" in words
    words = [word for word in words if word != "--many"]
    if verb == "enqueue":
        answer = _enqueue(enqueue, words, many)
    elif verb == "latency":
        answer = _latency(enqueue, int(words[0]), words[1])
    elif verb == "cancel":
        answer = _cancel(cancel, words[0])
    else:
        raise SystemExit(f"no verb {verb!r}")
    print(json.dumps(answer))


def _enqueue(enqueue: Enqueue, words: list[str], many: bool) -> dict[str, Any]:
    body, count, log, first, *more = words
    extra = [float(word) if "." in word else int(word) for word in more]
    arguments = [(int(first) + n, log, *extra) for n in range(int(count))]
    enqueue(body, arguments[:0], many)  # what is imported or connected only once
    wall, cpu = time.perf_counter(), time.process_time()
    ids = enqueue(body, arguments, many)
    took = {"seconds": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
    return {**took, "last": ids[-1] if ids else None}


def _latency(enqueue: Enqueue, count: int, log: str) -> dict[str, Any]:
    took = []
    for number in range(1, count + 1):
        time.sleep(PAUSE_S)
        size = os.path.getsize(log) if os.path.exists(log) else 0
        began = time.monotonic_ns()
        enqueue("mark", [(number, log)], False)
        took.append((_next_mark(log, size, began) - began) / 1e6)
    return {"ms": took}


def _next_mark(log: str, size: int, began: int) -> int:
    """When the next job of the log began; the waiting itself is not part of the figure."""
    while not os.path.exists(log) or os.path.getsize(log) < size + MARK.size:
        if time.monotonic_ns() - began > LATE_S * 1e9:
            raise SystemExit(f"no job has begun for {LATE_S:.0f} s")
        time.sleep(0.0005)
    with open(log, "rb") as file:
        file.seek(size)
        return int(MARK.unpack(file.read(MARK.size))[1])


def _cancel(cancel: Callable[[str], object] | None, jid: str) -> dict[str, Any]:
    if cancel is None:
        return {"api": False}
    began = time.monotonic_ns()
    cancel(jid)
    return {"api": True, "began_ns": began, "ms": (time.monotonic_ns() - began) / 1e6}
