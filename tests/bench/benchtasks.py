"""A task that imports nothing but the door, to measure the runtime alone."""

from __future__ import annotations

from weppd.task import task


@task(short=True)
def noop(*args: object) -> None:
    """Do nothing with any arguments."""
