"""A test of the tests: ways to meet a store that forgot that must not go unnoticed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.property import test_forgetting as walks
from weppd.shell.store.recents import Recents
from weppd.shell.store.reunion import Reunion
from weppd.store.twin import reunion as twin

greet = twin.greet


def _no_gate(*args: Any) -> Any:
    return greet(*args[:-1], 0.0)


MUTANTS: dict[str, tuple[object, str, Callable[..., Any]]] = {
    "ends of a moment ago are forgotten": (Recents, "ends", lambda self: []),
    "what was handed back is forgotten": (Recents, "handed_back", lambda self: set()),
    "what runs is not said": (Reunion, "_going_on", lambda self: {}),
    "the outbox is not said": (walks.Trips, "put_away", lambda self: []),
    "others claim at once": (twin, "greet", _no_gate),
}
SEEDS = 40


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("weppd.shell.store.reunion.AGAIN_S", (0.0, 0.0))


@pytest.mark.parametrize("name", MUTANTS)
def test_the_property_test_kills(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of these errors is noticed within a bounded number of random histories."""
    monkeypatch.setattr(*MUTANTS[name])
    with pytest.raises(AssertionError):
        _walk_all()


def _walk_all() -> None:
    for seed in range(SEEDS):
        fleet = asyncio.run(walks.seeded(seed))
        assert (fleet.lost(), fleet.entered()) == ({}, [])
