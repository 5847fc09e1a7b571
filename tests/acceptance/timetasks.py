"""Tasks that say when they ran."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from weppd.task import current, task


@task()
def note(log: str) -> float:
    """Write down the moment of this call."""
    now = time.time()
    with open(log, "a") as file:
        file.write(f"{now}\n")
    return now


@task()
def fail(log: str) -> None:
    """Write down the moment, and fail."""
    note(log)
    raise RuntimeError("asked to fail")


@task()
def parent() -> str:
    """Enqueue a child without a word about its time."""
    return current().enqueue("tasks.noop.sleep", 600)


@task()
def unwinds(place: str) -> None:
    """Wait beside a deaf child, and say so when this is unwound."""
    subprocess.Popen(["sh", "-c", "trap '' USR1 TERM; while :; do sleep 0.1; done"])
    try:
        time.sleep(600)
    finally:
        (Path(place) / "unwound").touch()
