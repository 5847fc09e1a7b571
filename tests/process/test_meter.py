"""What a meter knows of the CPU time of the dead, which the kernel tells in whole ticks."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from resource import RUSAGE_CHILDREN, getrusage
from types import SimpleNamespace

from weppd.cell.quota import census
from weppd.cell.quota.meter import Meter

PARENTS, DEAD, SLICE_S = 24, 3, 0.001


def use() -> None:
    """Use a slice of CPU time."""
    end = time.thread_time() + SLICE_S
    while time.thread_time() < end:
        pass


def parent(ready: int, gate: int) -> None:
    """Wait for some children that work a little, then leave one that did so and lives."""
    for number in range(DEAD + 1):
        pid = os.fork()
        if pid == 0:
            use()
            if number == DEAD:
                os.write(ready, b"x")
                os.read(gate, 1)
            os._exit(0)
        if number < DEAD:
            os.waitpid(pid, 0)
    os.waitpid(pid, 0)
    os._exit(0)


@contextmanager
def tree() -> Iterator[None]:
    """Such parents; when the block begins all their work is done, at its end they are reaped."""
    (told, ready), (gate, held) = os.pipe(), os.pipe()
    pids = []
    for _ in range(PARENTS):
        if (pid := os.fork()) == 0:
            os.close(held)
            parent(ready, gate)
        pids.append(pid)
    left = PARENTS
    while left:
        left -= len(os.read(told, left))
    yield
    for fd in (held, gate, told, ready):
        os.close(fd)
    for pid in pids:
        os.waitpid(pid, 0)


def test_what_many_parents_waited_for_is_counted_before_their_ticks_show_it():
    """Each has reaped less than a tick; of all of them together that is most of what was used."""
    before = getrusage(RUSAGE_CHILDREN)
    meter = Meter(SimpleNamespace(leader=0, spare=frozenset))
    with tree():
        meter.walk(time.monotonic())
        seen = meter.used(time.monotonic())
        walked = meter.look(time.monotonic())
        meter.close()
    after = getrusage(RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    for each in (seen, walked):
        assert each > 0.6 * used
        assert each < used + 2 * PARENTS * census.TICK_NS / 1e9


def test_on_a_host_of_many_jobs_a_tree_is_walked_more_seldom():
    """Sixteen trees that change are to take no more than a few: a walk is dear."""
    pauses = []
    for slots in (1, 16):
        meter = Meter(SimpleNamespace(leader=0, spare=frozenset), slots)
        started = []
        for now in range(10):
            started.append(subprocess.Popen(["sleep", "600"]))
            meter.walk(float(now))
        pauses.append(meter.walk_due - meter.walked_at)
        meter.close()
        for each in started:
            each.kill()
            each.wait()
    assert pauses[1] > 2 * pauses[0]
