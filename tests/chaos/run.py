"""Rounds of chaos: load, faults in the middle of it, peace, and the ledger."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from tests.chaos import ledger
from tests.chaos.faults import FAULTS
from tests.chaos.ledger import OVER, Score
from tests.chaos.world import World, now, wait_for

PEACE_S = 40.0
SERVES_S = 60.0
GONE_S = 15.0


#: Within so many seconds the daemon is to serve again, where that is not 2.
SOON_S = {"redis_failed_over": 5.0}


def round_of(world: World, name: str, faults: int) -> Score:
    """One round: `faults` times that fault, under load, then what became of every job."""
    score = Score(faults=faults)
    victims: set[str] = set()
    world.archive, world.forgot, world.complaints = {}, False, []
    world.load.start()
    for _ in range(faults):
        time.sleep(world.rng.uniform(0.3, 0.9))
        victims |= FAULTS[name](world)
        _serves(world, score, now(), SOON_S.get(name, 2.0))
    time.sleep(0.3)
    world.load.stop()
    jids = dict(world.load.jids)
    _until_peace(world, jids)
    _look_at_jobs(world, score, jids, victims)
    _look_at_remains(world, score)
    score.loads.append(os.getloadavg()[0])
    return score


def _until_peace(world: World, jids: dict[str, bool]) -> None:
    """Until all jobs are over, for as long as it goes on with them: a busy machine is slow."""
    ended, before = 0, -1
    while ended != before and not wait_for(lambda: all(_settled(world, jids)), PEACE_S):
        ended, before = sum(_settled(world, jids)), ended


def _serves(world: World, score: Score, since: float, soon_s: float) -> None:
    """How long it took until the next body began, whoever's.

    It is late by the time in which a slot was free: no fault makes a slot that jobs have, or what
    they left behind, come free any sooner.
    """
    free = _FirstFree(world, since)

    def began() -> bool:
        free.look()
        ran = ledger.bodies(world.ledger).values()
        return any(body.began > since for each in ran for body in each)

    if wait_for(began, SERVES_S):
        score.serves.append(now() - since)
        took = now() - free.at
        score.late += [f"served after {took:.1f} s"] if took > soon_s else []
    else:
        score.lost.append(f"the daemon began no job within {SERVES_S:.0f} s")


class _FirstFree:
    """When a slot was first seen free; until then, the last time that all were taken."""

    def __init__(self, world: World, since: float) -> None:
        self.at = since
        self._world, self._slots = world, int(world.daemon.tables["daemon"]["slots"])
        self._seen = False

    def look(self) -> None:
        """Look again, unless one was free before."""
        if not self._seen:
            taken = sum(cell.job is not None for cell in self._world.cells())
            self._seen = taken < self._slots
            self.at = self.at if self._seen else now()


def _settled(world: World, jids: dict[str, bool]) -> list[bool]:
    ran, kept = ledger.bodies(world.ledger), _kept(world, jids)
    gone = (jid for jid, record in kept.items() if record is None)
    lost = {jid for jid in gone if _may_be_lost(world, jid, jid in ran)}
    there = (record for jid, record in kept.items() if jid not in lost)
    return [r is not None and r.status in OVER and r.phase not in LIVE for r in there]


LIVE = ("claimed", "running")


def _look_at_jobs(world: World, score: Score, jids: dict[str, bool], victims: set[str]) -> None:
    ran = ledger.bodies(world.ledger)
    kept = _kept(world, jids)
    ledger.judge(score, jids, ran, kept, victims, lambda jid: _may_be_lost(world, jid, jid in ran))
    score.untrue += world.complaints


def _kept(world: World, jids: dict[str, bool]) -> dict[str, ledger.Record | None]:
    kept = ledger.records(world.client, jids)
    return {jid: ledger.together(kept[jid], world.archive.get(jid)) for jid in jids}


def _may_be_lost(world: World, jid: str, ran: bool) -> bool:
    """Whether a job may be gone without a trace: its producer was not told that it is queued, or
    the store forgot what was only queued."""
    before = world.archive.get(jid)
    only_queued = not ran if before is None else before.status == "queued"
    return (jid in world.load.unsure and not ran) or (world.forgot and only_queued)


def _look_at_remains(world: World, score: Score) -> None:
    looks = ((world.survivors, score.survivors), (world.remains, score.survivors))
    for look, found in (*looks, (world.locks, score.locks)):
        clean: Callable[[], bool] = lambda look=look: not look()  # noqa: E731
        if not wait_for(clean, GONE_S):
            found.extend(look())
