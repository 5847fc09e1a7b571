"""What running jobs ask of the store while it is away: they wait, and ask for nothing twice."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from tests.contract.build import a_job, claimed
from tests.waiting import soon
from weppd.core.schedule import Rules, Traits
from weppd.shell import notes
from weppd.shell.performer import Errands
from weppd.shell.store.trips import Desk
from weppd.store.twin.memory import MemoryStore

ASK = {"kind": "ask", "id": 7, "job": "child", "function": "m.f"}


class Link:
    """A cell's end of the line: what it was answered."""

    def __init__(self) -> None:
        self.said: list[dict[str, Any]] = []

    def send(self, header: dict[str, Any]) -> None:
        self.said.append(header)


async def asked(story: Any) -> None:
    """Have one job run on a store in memory, and tell the story with what it may ask by."""
    store, handlers, diary = MemoryStore(), {}, SimpleNamespace(entries={})
    await store.open()
    await store.enqueue([a_job()])
    (claim,) = await claimed(store)
    desk = Desk(Rules(node="n"))
    desk.registry["m.f"] = Traits()
    ticket = desk.ticket(claim, "n.1")
    diary.entries[claim.eid] = SimpleNamespace(ticket=ticket, children=0, locks={})
    peers: Any = SimpleNamespace(on=lambda who, kind, handler: handlers.update({kind: handler}))
    notes.Notes(peers, store, diary, Errands())
    link = Link()

    def ask(**more: Any) -> None:
        handlers["ask"](link, {**ASK, "eid": claim.eid, **more}, b"")

    await story(store, diary, link, ask)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notes, "AGAIN_S", 0.001)


def test_a_child_and_a_lock_wait_for_the_store() -> None:
    """However long it is away, they are there when it is back, once."""

    async def story(store: MemoryStore, diary: Any, link: Link, ask: Any) -> None:
        store.away = True
        ask(verb="enqueue")
        ask(verb="lock", key="k", token="t" * 32, owner="n:1", ttl=60, db=None)
        await asyncio.sleep(0.05)
        assert link.said == []
        store.away = False
        await soon(lambda: len(link.said) == 2)
        assert [each["ok"] for each in link.said] == [True, True], link.said
        assert (await store.counts())["default"].queued == 1

    asyncio.run(asked(story))


def test_a_job_that_is_over_waits_no_more() -> None:
    """Its question ends with it, while the store is still away."""

    async def story(store: MemoryStore, diary: Any, link: Link, ask: Any) -> None:
        store.away = True
        ask(verb="enqueue")
        await asyncio.sleep(0.01)
        diary.entries.clear()
        await soon(lambda: len(link.said) == 1)
        assert link.said[0]["ok"] is False
        assert "away" in link.said[0]["error"]

    asyncio.run(asked(story))


def test_a_child_asks_for_memory_and_says_how_long_it_takes() -> None:
    """As a producer's job does; what makes no sense is refused, with the reason."""

    async def story(store: MemoryStore, diary: Any, link: Link, ask: Any) -> None:
        ask(verb="enqueue", memory="2G", expect="90s")
        await soon(lambda: len(link.said) == 1)
        (claim,) = await claimed(store)
        assert (claim.job.memory, claim.job.expect_s) == (str(2 << 30), 90.0)
        ask(verb="enqueue", job="other", expect="soon")
        await soon(lambda: len(link.said) == 2)
        assert link.said[1]["ok"] is False
        assert "expect='soon' is no period" in link.said[1]["error"]

    asyncio.run(asked(story))
