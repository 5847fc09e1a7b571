"""Tasks with limits of their own, for the acceptance tests of limits."""

from __future__ import annotations

import time

from weppd.task import task


@task(limits={"cpu.max": "80%", "pids.max": 500})
def modest(seconds: float = 0.0) -> float:
    """Wait, under limits that the task has."""
    time.sleep(seconds)
    return seconds
