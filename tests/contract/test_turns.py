"""One job at a time under a key: the same stories against the twin in memory and real servers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.contract.build import NODE, a_failure, a_job, an_end, claimed, ended
from weppd.model import Claim, Finished, Outcome, Retried, Stopped

Run = Callable[[Callable[[Any, Any], Any]], Any]
KEY = "run:my-run"


async def put(store: Any, *names: str, **changes: Any) -> None:
    """Enqueue jobs of these names."""
    await store.enqueue([a_job(id=name, **changes) for name in names])


async def take(store: Any, n: int = 1, key: str = KEY) -> dict[str, Claim]:
    """Claim up to n jobs and ask for their turns: those that may run."""
    claims = await claimed(store, n)
    parked = await store.take_turns([(claim, key) for claim in claims])
    return {c.job.id: c for c in claims if c.job.id not in parked}


async def status(store: Any, jid: str) -> str:
    """RQ's word for a job."""
    return str((await store.job(jid)).status)


def test_one_at_a_time_in_the_order_of_the_queue(run: Run) -> None:
    """Who waits holds no execution; each end lets the next one run, first come first served."""

    async def story(store: Any, door: Any) -> None:
        await put(store, "a", "b", "c")
        running = await take(store, 3)
        assert list(running) == ["a"]
        seen = await store.job("b")
        assert (seen.status, seen.eid, seen.worker) == ("queued", "", "")
        assert seen.reason == f"waits for its turn: job a has {KEY}"
        assert await take(store, 3) == {}
        for name, following in (("a", "b"), ("b", "c")):
            await ended(store, running[name])
            running |= await take(store, 3)
            assert following in running
            assert (await store.job(following)).reason == ""
        await ended(store, running["c"])
        await put(store, "d")
        assert list(await take(store)) == ["d"]

    run(story)


def test_other_keys_do_not_wait(run: Run) -> None:
    """A turn is one key's: another run's job goes past those that wait."""

    async def story(store: Any, door: Any) -> None:
        await put(store, "a", "b", "c")
        await take(store, 2)
        assert list(await take(store, 1, "run:other")) == ["c"]

    run(story)


def test_an_ask_whose_answer_was_lost_is_answered_alike(run: Run) -> None:
    """Who has the turn has it when asking again; who was parked stays so."""

    async def story(store: Any, door: Any) -> None:
        await put(store, "a", "b")
        claims = await claimed(store, 2)
        wishes = [(claim, KEY) for claim in claims]
        assert await store.take_turns(wishes) == {"b"}
        assert await store.take_turns(wishes) == frozenset()
        assert (await store.job("b")).status == "queued"
        assert await take(store, 3) == {}

    run(story)


@pytest.mark.parametrize(
    "outcome",
    [Finished(), a_failure(), Stopped("by anna"), Retried("again"), Retried("later", delay_s=99)],
    ids=lambda each: type(each).__name__,
)
def test_every_end_passes_the_turn_on(run: Run, outcome: Outcome) -> None:
    """Success, failure, stop, crash with a retry: the next one runs, a retry waits behind it."""

    async def story(store: Any, door: Any) -> None:
        await put(store, "a", "b")
        running = await take(store, 2)
        await ended(store, running["a"], outcome)
        assert list(await take(store, 3)) == ["b"]

    run(story)


def test_a_result_that_is_not_kept_passes_the_turn_on_too(run: Run) -> None:
    """Where nothing of the job stays in the store, nothing of its turn does."""

    async def story(store: Any, door: Any) -> None:
        await put(store, "a", "b", result_ttl=0)
        running = await take(store, 2)
        await ended(store, running["a"])
        assert list(await take(store, 3)) == ["b"]

    run(story)


def test_what_is_handed_back_keeps_its_turn(run: Run) -> None:
    """A job that never began is the next to run, before those that came after it."""

    async def story(store: Any, door: Any) -> None:
        await put(store, "a", "b")
        running = await take(store, 2)
        assert await store.hand_back([running["a"]]) == 1
        assert list(await take(store, 3)) == ["a"]

    run(story)


def test_a_cancel_of_who_waits_or_is_next_lets_others_run(run: Run) -> None:
    """Cancelled in the line it is passed by; cancelled with its turn, the turn goes on at once."""

    async def story(store: Any, door: Any) -> None:
        await put(store, "a", "b", "c", "d")
        running = await take(store, 4)
        await store.cancel("b", "by anna")
        assert await status(store, "b") == "canceled"
        await ended(store, running["a"])
        assert (await store.job("c")).reason == ""
        await store.cancel_tree("c", "by anna")
        assert list(await take(store, 3)) == ["d"]

    run(story)


def test_a_node_that_dies_keeps_no_turn(run: Run) -> None:
    """With the dead node's execution taken over, its turn is free."""

    async def story(store: Any, door: Any) -> None:
        await put(store, "a")
        await store.pulse(replace(NODE, name="n"), [])
        running = await take(store)
        await put(store, "b")
        assert await take(store) == {}
        (lease,) = await store.nodes()
        lost = an_end(running["a"], a_failure(), worker="m.1")
        assert await store.take_over(lease, lost, "f" * 32)
        assert list(await take(store)) == ["b"]

    run(story)


def test_a_job_that_was_deleted_blocks_nobody_for_long(run: Run) -> None:
    """What no event tells is found by a look at those who wait."""

    async def story(store: Any, door: Any) -> None:
        await put(store, "a", "b", "c", "d")
        running = await take(store, 4)
        door.delete("b")
        await ended(store, running["a"])
        door.delete("c")
        assert await store.pass_turns() == 1
        assert list(await take(store, 3)) == ["d"]
        assert await store.pass_turns() == 0

    run(story)


def test_who_waits_is_listed_and_counted_as_queued(run: Run) -> None:
    """A parked job is on no list of RQ's, but is not out of sight."""

    async def story(store: Any, door: Any) -> None:
        await put(store, "a", "b", "c")
        await take(store, 3)
        await put(store, "d")
        seen = [view.id for view in await store.jobs("queued", 10)]
        assert seen[0] == "d"
        assert sorted(seen[1:]) == ["b", "c"]
        assert (await store.counts())["default"].queued == 3

    run(story)


def test_a_parked_job_that_was_asked_to_end_is_canceled(run: Run) -> None:
    """A cancel between the claim and the turn is not forgotten."""

    async def story(store: Any, door: Any) -> None:
        await put(store, "a", "b")
        claims = await claimed(store, 2)
        await store.cancel("b", "by anna")
        assert await store.take_turns([(claim, KEY) for claim in claims]) == {"b"}
        seen = await store.job("b")
        assert (seen.status, seen.reason) == ("canceled", "by anna")

    run(story)
