"""The doorbell: what it brings is decided as it rings; armed again, it rings again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from tests.contract.build import a_job, an_ask
from tests.waiting import soon
from weppd.core import events as on
from weppd.shell.store.bell import Bell
from weppd.store.nouns import Exchanged
from weppd.store.twin.memory import MemoryStore

QUEUES = ("high", "default", "low")


class Desk:
    """Takes what a bell brought, or does not; and arms the bell again as often as it is told."""

    def __init__(self, takes: bool, arms: int) -> None:
        self.store = MemoryStore()
        self.told: list[object] = []
        self.brought: list[str] = []
        self._takes, self._arms = takes, arms
        self.bell = Bell(self.store, "n", self.told.append, self._rung)

    def _rung(self, answer: Exchanged) -> bool:
        self.brought += [claim.job.id for claim in answer.claims]
        if self._takes and self._arms:
            self._arms -= 1
            self.bell.arm(QUEUES, False)
        return self._takes

    async def post(self) -> None:
        assert (await self.store.exchange([], an_ask())).posted


def rings(desk: Desk, story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def whole() -> None:
        await desk.store.open()
        await desk.post()
        task = asyncio.create_task(desk.bell.run())
        desk.bell.arm(QUEUES, False)
        await asyncio.sleep(0)
        try:
            await story()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(whole())


def test_what_is_taken_is_told_to_nobody_and_the_bell_rings_again_when_it_was_armed() -> None:
    """The order to arm it comes with the decision, before the bell's own turn."""
    desk = Desk(takes=True, arms=1)

    async def story() -> None:
        await desk.store.enqueue([a_job(id="a")])
        await soon(lambda: desk.brought == ["a"])
        await desk.post()
        await desk.store.enqueue([a_job(id="b")])
        await soon(lambda: desk.brought == ["a", "b"])
        await desk.store.enqueue([a_job(id="c")])
        for _ in range(5):
            await asyncio.sleep(0)
        assert (desk.told, desk.brought) == ([], ["a", "b"])

    rings(desk, story)


@pytest.mark.parametrize("posted", [True, False])
def test_what_is_not_taken_has_the_queues_looked_at(posted: bool) -> None:
    """Also where the bell brought nothing, for nothing was posted."""
    desk = Desk(takes=False, arms=0)

    async def story() -> None:
        if not posted:
            await desk.store.exchange([], an_ask(0))
        await desk.store.enqueue([a_job(id="a")])
        await soon(lambda: desk.told)
        assert desk.told == [on.BellRang()]
        assert set(desk.brought) == ({"a"} if posted else set())

    rings(desk, story)
