"""What is done by the clock wakes an idle weppd together."""

from __future__ import annotations

import time

import pytest

from weppd.shell import rounds


@pytest.mark.parametrize(
    ("now", "every", "sleeps"), [(10.25, 1.0, 0.75), (12.0, 1.0, 1.0), (12.5, 5.0, 2.5)]
)
def test_rounds_begun_at_different_moments_meet_at_the_next_multiple(
    monkeypatch, now, every, sleeps
):
    """A round never waits longer than its length, and ends when others of that length do."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(time, "monotonic", lambda: now)
    monkeypatch.setattr(rounds.asyncio, "sleep", sleep)
    coroutine = rounds.until_next(every)
    with pytest.raises(StopIteration):
        coroutine.send(None)
    assert slept == [sleeps]
