"""Measures trees of jobs on an embedded Redis: a cancel, and a reading, of many jobs.

python -m tests.bench.bench_jobtrees [JOBS …]
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path

import redis

from weppd import embedded
from weppd.job_info import get_wepppy_rq_job_info
from weppd.store.nouns import ClaimAsk, JobSpec
from weppd.store.server.redis import RedisStore

STAGES = 7


def specs(jobs: int) -> list[JobSpec]:
    """A dispatcher, its stages, and the rest of the jobs below the stages."""
    function = "tasks.wepp_rq.run_hillslope_rq"
    made = [JobSpec(function, ("my-run",), id="root")]
    made += [
        JobSpec(function, ("my-run", i), id=f"s{i}", parent="root", label=f"jobs:{i},func:stage{i}")
        for i in range(STAGES)
    ]
    made += [
        JobSpec(
            function,
            ("my-run", i),
            id=f"00000000-0000-4000-8000-{i:012d}",
            parent=f"s{i % STAGES}",
            label=f"jobs:{i % 3},func:h{i}",
        )
        for i in range(jobs - len(made))
    ]
    return made


async def plant(url: str, jobs: int) -> RedisStore:
    """A store that holds such a tree, all of it queued."""
    store = RedisStore(url)
    await store.open()
    made = specs(jobs)
    for i in range(0, len(made), 500):
        await store.enqueue(made[i : i + 500])
    return store


async def fell(url: str, jobs: int) -> float:
    """Seconds that a cancel of the tree takes; one of its jobs runs."""
    store = await plant(url, jobs)
    await store.exchange([], ClaimAsk(("default",), "ab" * 16, ("cd" * 16,), "n", ("n.1",)))
    began = time.perf_counter()
    got = await store.cancel_tree("root", "bench")
    took = time.perf_counter() - began
    assert len(got.canceled) + len(got.running) == jobs, (len(got.canceled), len(got.running))
    await store.close()
    return took


def read(url: str) -> float:
    """Seconds that a reading of the tree takes, with its answer as JSON not counted."""
    began = time.perf_counter()
    info = get_wepppy_rq_job_info("root", url)
    took = time.perf_counter() - began
    assert info["children"], info
    return took


def main(sizes: list[int]) -> None:
    """Print a line for each size."""
    with tempfile.TemporaryDirectory(prefix="wr-") as home, embedded.server(Path(home)) as url:
        for jobs in sizes:
            with redis.Redis.from_url(url) as client:
                client.flushall()
            print(f"cancel of {jobs} jobs: {asyncio.run(fell(url, jobs)) * 1000:.1f} ms")
            best = min(read(url) for _ in range(5))
            print(f"reading of {jobs} jobs: {best * 1000:.1f} ms")


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [100, 10_000])
