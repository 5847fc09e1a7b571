"""Tasks with limits of their own, for the acceptance tests of limits."""

from __future__ import annotations

import time

from weppd.task import current, task


@task(limits={"cpu.max": "80%", "pids.max": 500})
def modest(seconds: float = 0.0) -> float:
    """Wait, under limits that the task has."""
    time.sleep(seconds)
    return seconds


@task()
def parent(quota: str) -> str:
    """Enqueue a child that may use so much of a CPU; its id."""
    return current().enqueue("limittasks.modest", limits={"cpu.max": quota})
