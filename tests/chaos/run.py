"""Rounds of chaos: load, faults in the middle of it, peace, and the ledger."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.chaos import ledger
from tests.chaos.faults import FAULTS
from tests.chaos.ledger import OVER, Score
from tests.chaos.world import World, now, wait_for

PEACE_S = 40.0
GONE_S = 15.0


def round_of(world: World, name: str, faults: int, may_be_lost: bool = False) -> Score:
    """One round: `faults` times that fault, under load, then what became of every job."""
    score = Score(faults=faults)
    victims: set[str] = set()
    world.load.start()
    for _ in range(faults):
        time.sleep(world.rng.uniform(0.3, 0.9))
        victims |= FAULTS[name](world)
        _serves(world, score, now())
    time.sleep(0.3)
    world.load.stop()
    jids = dict(world.load.jids)
    wait_for(lambda: all(_settled(world, jids)), PEACE_S)
    _look_at_jobs(world, score, jids, victims)
    _look_at_remains(world, score)
    return score


def _serves(world: World, score: Score, since: float) -> None:
    """How long it took until the next body began, whoever's."""

    def began() -> bool:
        ran = ledger.bodies(world.ledger).values()
        return any(body.began > since for each in ran for body in each)

    if wait_for(began, 20):
        score.serves.append(now() - since)
    else:
        score.lost.append("the daemon began no job within 20 s")


def _settled(world: World, jids: dict[str, bool]) -> list[bool]:
    kept = ledger.records(world.client, jids)
    return [r is not None and r.status in OVER and r.phase not in LIVE for r in kept.values()]


LIVE = ("claimed", "running")


def _look_at_jobs(world: World, score: Score, jids: dict[str, bool], victims: set[str]) -> None:
    ran = ledger.bodies(world.ledger)
    kept = ledger.records(world.client, jids)
    unsure = world.load.unsure
    ledger.judge(score, jids, ran, kept, victims, lambda jid: jid in unsure and jid not in ran)


def _look_at_remains(world: World, score: Score) -> None:
    for look in (world.survivors, world.remains):
        clean: Callable[[], bool] = lambda look=look: not look()  # noqa: E731
        if not wait_for(clean, GONE_S):
            score.survivors.extend(look())
