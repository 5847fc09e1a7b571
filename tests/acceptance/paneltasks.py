"""Tasks that speak on a panel of their run."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from tasks.run.frame import framed
from weppd.task import current, task


@task(timeout=600)
@framed("wepp")
def wait(runid: str, mark: str) -> None:
    """Say which process it is, and wait for somebody to end it."""
    Path(mark).write_text(str(os.getpid()))
    time.sleep(600)


@task(timeout=600)
@framed("wepp")
def deaf(runid: str, mark: str) -> None:
    """As `wait`, and hear nobody who asks."""
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    wait.__wrapped__(runid, mark)


@task(timeout=600)
@framed("wepp")
def count(runid: str, go: str, words: int) -> None:
    """Say `words` numbers once `go` is there, and leave a file `<go>.said`."""
    ctx = current()
    while not Path(go).exists():
        time.sleep(0.01)
    for number in range(words):
        ctx.status(f"{runid}:wepp", f"word {number}")
    Path(f"{go}.said").touch()
