"""A task that imports nothing but the door, to measure the runtime alone."""

from __future__ import annotations

from weppd.task import task


@task(short=True)
def noop(*args: object) -> None:
    """Do nothing with any arguments."""


@task()
def grow(program: str, processes: int, mark: str) -> None:
    """Start a flat tree of so many processes (tests/process/nasty.c), say so, and wait for it."""
    import subprocess
    from pathlib import Path

    command = [program, "flat", str(processes), "60"]
    tree = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert tree.stdout is not None
    tree.stdout.read(1)
    Path(mark).touch()
    tree.wait()
