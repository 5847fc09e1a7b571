"""Waiting for a condition, in place of sleeping and hoping."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(predicate: Callable[[], T], within: float = 5, every: float = 0.01) -> T:
    """Call `predicate` until it returns something true, and return that.

    Fails with the predicate's last value after `within` seconds.
    """
    deadline = time.monotonic() + within
    while not (value := predicate()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within} s; the last value was {value!r}")
        time.sleep(every)
    return value


async def soon(predicate: Callable[[], T], within: float = 5, every: float = 0.01) -> T:
    """`eventually` for a coroutine: the event loop goes on meanwhile."""
    deadline = time.monotonic() + within
    while not (value := predicate()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within} s; the last value was {value!r}")
        await asyncio.sleep(every)
    return value
