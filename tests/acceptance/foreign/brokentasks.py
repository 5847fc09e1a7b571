"""A run of two steps, whose first one needs a file."""

from __future__ import annotations

from pathlib import Path

from weppd.task import current, task


@task()
def plan(runid: str, needs: str) -> None:
    """Enqueue both steps."""
    first = current().enqueue(step, runid, needs, label="jobs:0,func:step")
    current().enqueue(step, runid, needs, label="jobs:1,func:last", depends_on=[first])


@task()
def step(runid: str, needs: str) -> None:
    """Fail as long as the file is not there."""
    if not Path(needs).exists():
        raise FileNotFoundError("the input is not there")
