"""How fast a queue of no-op jobs drains: `python -m tests.bench.drain [--jobs 5000]`.

The jobs are enqueued before weppd is told of them; the clock runs from the first start to the last
end, as weppd's own records have them. CPU time is that of weppd's processes and of Redis, from
before to after, so that it also holds on a machine that does other things. Both modes: a fresh
process for each job, and children that serve many.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from pathlib import Path

import psutil
import redis

from tests.acceptance.conftest import Daemon
from tests.waiting import eventually
from weppd.embedded import Embedded

MODES = {"a fresh process for each job": 1, "children that serve 500 jobs": 500}


def main() -> None:
    """Measure both modes and print a line for each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=5000)
    parser.add_argument("--slots", type=int, default=2)
    options = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="wb-"))
    server = Embedded(home / "redis")
    server.start()
    try:
        print(f"{options.jobs} no-op jobs, {options.slots} slots, load {os.getloadavg()[0]:.1f}")
        for mode, jobs_per_child in MODES.items():
            print(f"{mode:32}", measure(server, options, jobs_per_child))
    finally:
        server.stop()
        shutil.rmtree(home)


def measure(server: Embedded, options: argparse.Namespace, jobs_per_child: int) -> str:
    """One drain, as a line of text."""
    home = Path(tempfile.mkdtemp(prefix="wb-"))
    url = server.url(9)
    connection = redis.Redis.from_url(url)
    connection.flushall()
    daemon = Daemon(home, url)
    daemon.tables["daemon"]["slots"] = options.slots
    daemon.tables["daemon"]["log_level"] = "warning"
    daemon.tables["zygote.light"] = {"jobs_per_child": jobs_per_child, "preload": ["tasks.noop"]}
    try:
        daemon.start()
        daemon.queue().enqueue("tasks.noop.noop")
        eventually(lambda: finished(connection) == 1, within=10)
        return drained(daemon, server, connection, options.jobs)
    finally:
        daemon.end()
        shutil.rmtree(home)
        connection.close()


def drained(daemon: Daemon, server: Embedded, connection: redis.Redis, jobs: int) -> str:
    """Enqueue, wait, and say how long it took and what it cost."""
    connection.set("rq:suspended", 1)
    daemon.queue().enqueue_many([("tasks.noop.noop", (), {})] * jobs)
    time.sleep(1.5)
    family = [*daemon.family(), psutil.Process(server.pid)]
    before = cpu(family)
    began = time.perf_counter()
    connection.delete("rq:suspended")
    eventually(lambda: finished(connection) > 1, within=60, every=0.001)
    began = time.perf_counter()
    eventually(lambda: finished(connection) == jobs + 1, within=600, every=0.02)
    took = time.perf_counter() - began
    spent = cpu(family) - before
    rate, each = jobs / took, 1000 * spent / jobs
    return f"{rate:7.0f} jobs/s   {each:5.2f} ms of CPU a job (weppd, cells, jobs, Redis)"


def finished(connection: redis.Redis) -> int:
    """How many jobs have finished."""
    return connection.zcard("rq:finished:default")


def cpu(family: list[psutil.Process]) -> float:
    """CPU seconds of these processes and of the children that they have reaped."""
    total = 0.0
    for process in family:
        if process.is_running():
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


if __name__ == "__main__":
    main()
