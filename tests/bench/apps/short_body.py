"""The no-op as a task of weppd that calls itself short, so that slots take several at a time."""

from __future__ import annotations

import body

from weppd.task import task


@task(short=True)
def mark(number: int, log: str) -> None:
    """Leave a mark."""
    body.mark(number, log)
