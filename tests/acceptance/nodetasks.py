"""Tasks that keep a ledger of their own: a line when the body begins, and one when it ends."""

from __future__ import annotations

import os
import time
from pathlib import Path

from weppd.task import task


def _body(ledger: str, seconds: float) -> None:
    with Path(ledger).open("a") as file:
        file.write(f"begin {os.getpid()}\n")
        file.flush()
        time.sleep(seconds)
        file.write("end\n")


@task()
def once(runid: str | None, ledger: str, seconds: float) -> None:
    """A job that may not run again."""
    _body(ledger, seconds)


@task(retry_on_crash=True)
def again(runid: str | None, ledger: str, seconds: float) -> None:
    """A job that may."""
    _body(ledger, seconds)


@task()
def until(runid: str | None, ledger: str, gate: str) -> None:
    """A job that lasts until a file is there; it may not run again."""
    with Path(ledger).open("a") as file:
        file.write(f"begin {os.getpid()}\n")
    while not Path(gate).exists():
        time.sleep(0.02)
