"""Tasks that make trees of jobs."""

from __future__ import annotations

import subprocess
import time

from weppd.task import current, task


@task()
def plan(runid: str, stages: int, jobs: int) -> list[str]:
    """Enqueue stages that each enqueue jobs; return at once, as a dispatcher does."""
    return [
        current().enqueue(stage, runid, jobs, label=f"jobs:{number},func:stage")
        for number in range(stages)
    ]


@task()
def stage(runid: str, jobs: int) -> None:
    """Enqueue jobs that hold, and one that waits for them all."""
    made = [
        current().enqueue(hold, runid, label=f"jobs:0,func:hold{number}") for number in range(jobs)
    ]
    current().enqueue(hold, runid, label="jobs:1,func:last", depends_on=made)


@task()
def hold(runid: str) -> None:
    """Hold a slot by a process of its own."""
    subprocess.run(["sleep", "600"], check=True)


@task()
def restless(runid: str) -> None:
    """Enqueue children until somebody puts an end to it, or ten minutes are over."""
    until = time.monotonic() + 600
    number = 0
    while time.monotonic() < until:
        number += 1
        current().enqueue("treetasks.hold", runid, label=f"jobs:0,func:hold{number}")


@task()
def once(runid: str) -> list[str]:
    """Enqueue the same stage twice, as a dispatcher that was submitted twice; the ids."""
    return [current().enqueue(hold, runid, unique="run") for _ in range(2)]
