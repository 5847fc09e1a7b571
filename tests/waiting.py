"""Waiting for a condition, in place of sleeping and hoping."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
#: No test is about time: on a busy machine what is waited for may take so many times as long.
PATIENCE = 4.0


def eventually(predicate: Callable[[], T], within: float = 5, every: float = 0.01) -> T:
    """Call `predicate` until it returns something true, and return that.

    Fails with the predicate's last value after `within` seconds of an idle machine.
    """
    deadline = time.monotonic() + PATIENCE * within
    while not (value := predicate()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {PATIENCE:g} x {within} s; it was {value!r}")
        time.sleep(every)
    return value


async def soon(predicate: Callable[[], T], within: float = 5, every: float = 0.01) -> T:
    """`eventually` for a coroutine: the event loop goes on meanwhile."""
    deadline = time.monotonic() + PATIENCE * within
    while not (value := predicate()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {PATIENCE:g} x {within} s; it was {value!r}")
        await asyncio.sleep(every)
    return value
