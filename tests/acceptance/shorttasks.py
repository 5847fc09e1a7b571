"""Tasks that call themselves short; one of them is not."""

from __future__ import annotations

import os
import time
from pathlib import Path

from weppd.task import task


@task(short=True, jobs_per_child=100)
def note(path: str, number: int) -> None:
    """Append the number to a file, in one write."""
    fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(fd, b"%d\n" % number)
    os.close(fd)


@task(short=True)
def hold(path: str) -> None:
    """Wait until there is a file."""
    while not Path(path).exists():
        time.sleep(0.01)
