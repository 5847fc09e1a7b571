"""How fast jobs go through: throughput, enqueueing, latency."""

from __future__ import annotations

import statistics
import time
from typing import Any

import psutil

from tests.bench.house import Deployment, Server, cpu_s, marks, running
from tests.bench.peers import Peer


def drain(peer: Peer, server: Server, jobs: int, body: str = "mark") -> dict[str, Any]:
    """Drain jobs that were enqueued before the workers began, with two slots.

    The clock runs from the first mark of a job to the last. CPU is that of the workers' processes
    and of Redis, between the moment when a fiftieth was done and the last mark, per job of these.
    """
    made = Deployment(peer, server)
    try:
        bulk = ["--many"] if peer.bulk else []
        made.produce("enqueue", body, str(jobs), str(made.log), "1", *bulk)
        made.start()
        made.await_done(max(1, jobs // 50), 0.002)
        family = made.family()
        began, early = _spent(family, server), made.done()
        made.await_done(jobs)
        ended = _spent(made.family(), server)
        return drained(marks(made.log), jobs, early, began, ended)
    finally:
        made.end()


def drained(
    left: list[tuple[int, int]],
    jobs: int,
    early: int,
    began: tuple[float, float],
    ended: tuple[float, float],
) -> dict[str, Any]:
    """The figures of a drain: its marks, and CPU seconds (workers, Redis) at both looks."""
    counted = max(1, jobs - early)
    times = [at for _, at in left]
    return {
        "jobs_per_s": (len(left) - 1) / max(1e-9, (max(times) - min(times)) / 1e9),
        "worker_cpu_ms": (ended[0] - began[0]) * 1000 / counted,
        "redis_cpu_ms": (ended[1] - began[1]) * 1000 / counted,
        "twice": len(left) - len({number for number, _ in left}),
    }


def _spent(family: list[psutil.Process], server: Server) -> tuple[float, float]:
    return cpu_s(family), cpu_s([psutil.Process(server.process.pid)])


def enqueue(peer: Peer, server: Server, jobs: int) -> dict[str, Any]:
    """Enqueue from one client, call by call, and by the peer's bulk call where it has one."""
    made = Deployment(peer, server)
    try:
        words = ["enqueue", "mark", str(jobs), str(made.log), "1"]
        single = made.produce(*words)
        found = {"single_per_s": jobs / single["seconds"], "cpu_us": single["cpu_s"] * 1e6 / jobs}
        if peer.bulk:
            server.client.flushall()
            found["many_per_s"] = jobs / made.produce(*words, "--many")["seconds"]
        return found
    finally:
        made.end()


def latency(peer: Peer, server: Server, samples: int) -> dict[str, Any]:
    """Milliseconds from the producer's call to the first line of the task, one job at a time."""
    with running(peer, server) as made:
        time.sleep(1.0)
        took = sorted(made.produce("latency", str(samples), str(made.log))["ms"])
    cuts = statistics.quantiles(took, n=100, method="inclusive")
    return {"p50_ms": statistics.median(took), "p99_ms": cuts[98], "least_ms": took[0]}
