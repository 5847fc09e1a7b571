"""A task that asks for a zygote class of its own."""

from __future__ import annotations

import sys

from weppd.task import task


@task(zygote="heavy")
def heavy() -> str:
    """Where it runs."""
    return sys.prefix
