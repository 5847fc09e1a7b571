"""Many processes, a few at a time: the fan-out of a job over its share of the host's CPUs.

The job's process only waits, on the pidfds of the processes that run. The first that ends badly
stops the rest. However the fan-out ends, by failure or by `Cancelled`, it leaves no process behind.
"""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from tasks.wepp.binary import Process
from weppd.task import current

T = TypeVar("T")
_MEANWHILE_MS = 1000


@dataclass(frozen=True, slots=True)
class _Running(Generic[T]):
    item: T
    process: Process
    since: float


def fan_out(
    items: Iterable[T],
    size: int,
    start: Callable[[T], Process],
    ended: Callable[[T, int, float], None],
    meanwhile: Callable[[], None] | None = None,
    aside: Callable[[], bool] | None = None,
) -> None:
    """Run `start(item)` for each item, at most `size` at a time, and `ended(item, code, seconds)`.

    `meanwhile` is called about once a second while nothing ends. `aside` does a small piece of
    other work while processes run; while it says True it is called again, behind a look at what has
    ended.
    `ended` runs in this process, in the order in which the processes end, while the next one is at
    work already, where this one's code was 0. What it raises, or `start` or `aside`, ends the
    processes that still run, and is raised from here.
    """
    waiting = iter(items)
    running: dict[int, _Running[T]] = {}
    ready = select.poll()
    try:
        while _fill(waiting, running, ready, max(1, size), start):
            more = aside is not None and aside()
            # Never for ever: a signal that another thread took wakes no poll of this one.
            over = ready.poll(0 if more else _MEANWHILE_MS)
            if meanwhile is not None and not over and not more:
                meanwhile()
            ends = [_reaped(pidfd, running, ready) for pidfd, _ in over]
            if all(code == 0 for _, code, _ in ends):
                _fill(waiting, running, ready, max(1, size), start)
            for item, code, took in ends:
                ended(item, code, took)
    finally:
        if running:
            with current().shield():
                _end(running)


def _reaped(
    pidfd: int, running: dict[int, _Running[T]], ready: select.poll
) -> tuple[T, int, float]:
    """What ended, with its code and the seconds that it took."""
    with current().shield():
        ready.unregister(pidfd)
        os.close(pidfd)
        one = running.pop(pidfd)
        code = one.process.wait()
    return one.item, code, time.monotonic() - one.since


def _fill(
    waiting: Iterable[T],
    running: dict[int, _Running[T]],
    ready: select.poll,
    size: int,
    start: Callable[[T], Process],
) -> bool:
    """Start what there is room for; whether anything runs."""
    for item in waiting if len(running) < size else ():
        # A cancel between the start and the note of it would lose the process.
        with current().shield():
            since = time.monotonic()
            process = start(item)
            pidfd = os.pidfd_open(process.pid)
            running[pidfd] = _Running(item, process, since)
            ready.register(pidfd, select.POLLIN)
        if len(running) == size:
            break
    return bool(running)


def _end(running: dict[int, _Running[T]]) -> None:
    for one in running.values():
        one.process.kill()
    for pidfd, one in running.items():
        one.process.wait()
        os.close(pidfd)
    running.clear()
