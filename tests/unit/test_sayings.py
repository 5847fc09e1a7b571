"""Messages for pages: in their order, whatever the store does meanwhile."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from weppd.errors import StoreAway, StoreFault
from weppd.shell import sayings
from weppd.shell.sayings import Sayings


class Store:
    """Takes messages but where `away` or `refused` says otherwise."""

    def __init__(self) -> None:
        self.away, self.refused, self.said = 0, "", list[str]()

    async def publish(self, channel: str, text: str) -> None:
        await asyncio.sleep(0)
        if text == self.refused:
            raise StoreFault("OOM command not allowed")
        if self.away:
            self.away -= 1
            raise StoreAway("nobody answers")
        self.said.append(text)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sayings, "AGAIN_S", 0.001)
    monkeypatch.setattr(sayings, "TOGETHER", 4)


async def told(store: Store, texts: list[str]) -> None:
    """Say all of it, and wait until it is said."""
    talk = Sayings(store)  # type: ignore[arg-type]
    for text in texts:
        talk.say("r:wepp", text)
    await talk.settle()


@pytest.mark.parametrize("away", [0, 1, 4, 9, 100])
def test_what_a_store_that_is_away_misses_comes_when_it_is_back(away: int) -> None:
    """All of it, each once, and each behind those that were said before it."""
    store, texts = Store(), [f"word {n}" for n in range(11)]
    store.away = away
    asyncio.run(told(store, texts))
    assert sorted(store.said) == sorted(texts)
    # Those that go together may part where the store comes back between two of them.
    for n, text in enumerate(store.said):
        assert abs(texts.index(text) - n) < sayings.TOGETHER
    if away % sayings.TOGETHER == 0:
        assert store.said == texts


def test_what_the_store_refuses_holds_nothing_up(caplog: Any) -> None:
    """It is in the log; what comes behind it is said."""
    store = Store()
    store.refused = "b"
    asyncio.run(told(store, ["a", "b", "c"]))
    assert store.said == ["a", "c"]
    assert "OOM command not allowed" in caplog.text


def test_a_store_that_is_away_for_long_gets_the_latest(monkeypatch: Any, caplog: Any) -> None:
    """Memory has a bound; how many are lost is told."""
    monkeypatch.setattr(sayings, "MOST", 5)
    store = Store()
    asyncio.run(told(store, [f"word {n}" for n in range(12)]))
    assert store.said == [f"word {n}" for n in range(7, 12)]
    assert "lost=7" in caplog.text
