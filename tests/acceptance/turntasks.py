"""Tasks of which one runs at a time."""

from __future__ import annotations

import os
import time
from pathlib import Path

from weppd.task import current, task


@task(lock="run")
def alone(runid: str, place: str, seconds: float = 0.0) -> str:
    """Hold a file that nobody else may hold; FileExistsError where somebody does."""
    mine = Path(place) / "held"
    os.close(os.open(mine, os.O_CREAT | os.O_EXCL))
    try:
        time.sleep(seconds)
    finally:
        mine.unlink()
    return current().job_id


@task(lock="run")
def hard_to_end(runid: str, place: str) -> None:
    """Say that it runs, and wait."""
    (Path(place) / "began").touch()
    time.sleep(600)
