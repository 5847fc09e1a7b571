"""Events for those who listen: in order, from where one left off, within bounds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from weppd.core import state as states
from weppd.core.schedule import Rules
from weppd.shell.people import herald as heralds
from weppd.shell.people.herald import Herald
from weppd.shell.people.meters import Meters
from weppd.store.nouns import QueueCounts


def play(story: Callable[[], Awaitable[Any]]) -> Any:
    return asyncio.run(asyncio.wait_for(story(), 10))


async def take(events: Any, count: int) -> list[tuple[str, str]]:
    """The next few events, as number and kind."""
    got = [await anext(events) for _ in range(count)]
    return [(number.rpartition("-")[2], kind) for number, kind, _ in got]


def test_a_listener_goes_on_where_it_left_off() -> None:
    """With the id of the last event that it saw it gets what came since, and then what comes."""

    async def story() -> None:
        herald = Herald("a1b2c3")
        for kind in ("started", "progress", "ended"):
            herald.tell(kind, {"job": "j"})
        events = herald.listen("a1b2c3-0")
        assert await take(events, 2) == [("1", "progress"), ("2", "ended")]
        later = asyncio.ensure_future(take(events, 1))
        await asyncio.sleep(0)
        herald.tell("mood", {"mood": "paused"})
        assert await later == [("3", "mood")]

    play(story)


def test_without_an_id_only_what_comes_is_told() -> None:
    """A fresh listener looks at the state by itself, and then hears of changes."""

    async def story() -> None:
        herald = Herald("life")
        herald.tell("started", {})
        first = asyncio.ensure_future(take(herald.listen(None), 1))
        await asyncio.sleep(0)
        herald.tell("ended", {})
        assert await first == [("1", "ended")]

    play(story)


def test_who_comes_from_another_life_is_told_so() -> None:
    """After a restart ids begin anew: the listener hears that it has to look at everything."""

    async def story() -> None:
        herald = Herald("new")
        herald.tell("started", {})
        for strange in ("old-0", "new-17", "rubbish", "new--1"):
            ((_, kind),) = await take(herald.listen(strange), 1)
            assert kind == "reset"

    play(story)


def test_what_a_slow_listener_missed_is_counted() -> None:
    """The ring is bounded: what was gone before it was read is told as a number, not silently."""

    async def story() -> None:
        herald = Herald("life", kept=3)
        for _ in range(10):
            herald.tell("progress", {})
        events = herald.listen("life-0")
        _, kind, facts = await anext(events)
        assert (kind, facts) == ("missed", {"events": 6})
        assert await take(events, 3) == [("7", "progress"), ("8", "progress"), ("9", "progress")]

    play(story)


def test_silence_is_broken(monkeypatch: Any) -> None:
    """A listener of a quiet weppd hears now and then that it is still connected."""
    monkeypatch.setattr(heralds, "BEAT_S", 0.01)

    async def story() -> None:
        assert await anext(Herald("life").listen(None)) == heralds.BEAT

    play(story)


def test_moods_and_outages_are_told_when_they_change() -> None:
    """The first look is no news; each change after it is, once."""
    herald, heard = Herald("life"), []
    herald.hear(lambda kind, facts: heard.append((kind, dict(facts))))
    state = states.fresh(Rules(), 1)
    herald.look(state)
    herald.look(state)
    herald.look(replace(state, away=True))
    herald.look(replace(state, away=True, mood=states.Mood.PAUSED))
    assert heard == [("store", {"state": "away"}), ("mood", {"mood": "paused"})]


def test_the_numbers_add_up() -> None:
    """Outcomes, CPU, waiting and running times are those of the events; queues those of now."""
    meters = Meters()
    usage = {"user_s": 1.5, "system_s": 0.5, "stopped_s": 0.25}
    meters.hear("started", {"waited_s": 0.05})
    meters.hear("started", {"waited_s": None})
    meters.hear("adopted", {})
    ended = {"seconds": 2.0, "usage": usage, "left_behind": 3, "survivors": 0}
    for outcome in ("finished", "failed", "finished"):
        meters.hear("ended", {**ended, "outcome": outcome})
    meters.hear("store", {"state": "away"})
    meters.hear("store", {"state": "up"})
    text = meters.text({"low": QueueCounts(queued=7, paused=True)}, 1, 2, 4).decode()
    for line in (
        'weppd_jobs_total{outcome="finished"} 2.0',
        'weppd_jobs_total{outcome="failed"} 1.0',
        'weppd_job_cpu_seconds_total{mode="user"} 4.5',
        "weppd_job_throttled_seconds_total 0.75",
        "weppd_job_leftovers_total 9.0",
        "weppd_job_survivors_total 0.0",
        "weppd_job_run_seconds_sum 6.0",
        "weppd_job_wait_seconds_count 1.0",
        "weppd_adoptions_total 1.0",
        "weppd_redis_outages_total 1.0",
        'weppd_queue_jobs{queue="low",state="queued"} 7.0',
        'weppd_queue_paused{queue="low"} 1.0',
        "weppd_outbox_records 4.0",
        "weppd_redis_up 1.0",
    ):
        assert line in text.splitlines(), line
    away = meters.text(None, 0, 2, 0).decode()
    assert "weppd_redis_up 0.0" in away.splitlines()
    assert "weppd_queue_jobs{" not in away
