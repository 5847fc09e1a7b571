"""Rounds that go on for ever wake an idle weppd together, not each at a moment of its own."""

from __future__ import annotations

import asyncio
import time


async def until_next(every_s: float) -> None:
    """Sleep until the monotonic clock stands at the next multiple of `every_s` seconds."""
    await asyncio.sleep(every_s - time.monotonic() % every_s)
