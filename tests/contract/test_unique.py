"""Double submission: the same stories against the twin in memory and real servers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.build import a_failure, a_job, claimed, ended
from weppd.errors import Refused
from weppd.model import Canceled, Finished, Outcome, Retried, Stopped
from weppd.store.nouns import Known
from weppd.store.nouns import Retried as Retry

Run = Callable[[Callable[[Any, Any], Any]], Any]


async def put(store: Any, **changes: Any) -> str:
    """Enqueue one job; the id that the store answers."""
    (jid,) = await store.enqueue([a_job(**changes)])
    return str(jid)


def test_a_second_job_of_a_live_key_is_the_first(run: Run) -> None:
    """Two clicks, one job: waiting or running, it is the answer to both."""

    async def story(store: Any, door: Any) -> None:
        first = await put(store, unique_as="watershed")
        assert await put(store, unique_as="watershed") == first
        assert await put(store, unique_as="other") != first
        assert await put(store) != first
        assert (await store.counts())["default"].queued == 3
        (claim,) = await claimed(store)
        assert claim.job.id == first
        assert await put(store, unique_as="watershed") == first

    run(story)


def test_many_at_once_become_one(run: Run) -> None:
    """However many ask in the same moment, one job is there."""

    async def story(store: Any, door: Any) -> None:
        ids = await asyncio.gather(*(put(store, unique_as="k") for _ in range(20)))
        assert len(set(ids)) == 1
        assert (await store.counts())["default"].queued == 1

    run(story)


@pytest.mark.parametrize(
    "outcome", [Finished(), a_failure(), Stopped("by anna")], ids=lambda each: type(each).__name__
)
def test_after_its_end_a_key_is_free(run: Run, outcome: Outcome) -> None:
    """What is over does not stand in the way, though its record is still there."""

    async def story(store: Any, door: Any) -> None:
        first = await put(store, unique_as="k")
        (claim,) = await claimed(store)
        await ended(store, claim, outcome)
        second = await put(store, unique_as="k")
        assert second != first
        assert await put(store, unique_as="k") == second

    run(story)


def test_what_goes_round_again_keeps_its_key(run: Run) -> None:
    """A retry is the same job: it lives on, at once or later."""

    async def story(store: Any, door: Any) -> None:
        first = await put(store, unique_as="k")
        for again in (Retried("again"), Retried("later", delay_s=30)):
            (claim,) = await claimed(store)
            await ended(store, claim, again)
            assert await put(store, unique_as="k") == first

    run(story)


def test_a_cancelled_job_does_not_count(run: Run) -> None:
    """Who cancels and submits again gets a new job, also while the old one is still ending."""

    async def story(store: Any, door: Any) -> None:
        waiting = await put(store, unique_as="k")
        await store.cancel(waiting, "by anna")
        ending = await put(store, unique_as="k")
        assert ending != waiting
        (claim,) = await claimed(store)
        await store.cancel(ending, "by anna")
        fresh = await put(store, unique_as="k")
        assert fresh not in (waiting, ending)
        await ended(store, claim, Canceled("by anna"))
        assert await put(store, unique_as="k") == fresh

    run(story)


def test_a_deleted_job_does_not_count(run: Run) -> None:
    """A key whose job somebody deleted, or whose result's time is up, is free."""

    async def story(store: Any, door: Any) -> None:
        first = await put(store, unique_as="k")
        door.delete(first)
        assert await put(store, unique_as="k") != first

    run(story)


def test_per_run_is_a_key_for_function_and_run(run: Run) -> None:
    """unique="run": the same function for the same run is one job, whatever else it is given."""

    async def story(store: Any, door: Any) -> None:
        first = await put(store, unique_as="run")
        assert await put(store, unique_as="run", args=("my-run", 8)) == first
        assert await put(store, unique_as="run", runid="other") != first
        assert await put(store, unique_as="run", function="tasks.wepp_rq.other_rq") != first
        with pytest.raises(Refused, match="names no run"):
            await put(store, unique_as="run", args=(7,))

    run(story)


def test_a_job_that_waits_for_others_has_its_key_too(run: Run) -> None:
    """A deferred job lives: the second dispatcher does not build the stage twice."""

    async def story(store: Any, door: Any) -> None:
        before = await put(store)
        stage = await put(store, unique_as="k", depends_on=(before,))
        assert await put(store, unique_as="k", depends_on=(before,)) == stage

    run(story)


def test_the_live_job_stays_where_it_is_in_its_tree(run: Run) -> None:
    """A parent that meets another's job gets its id, and no child: its cancel does not end it."""

    async def story(store: Any, door: Any) -> None:
        one, other = await put(store, id="one"), await put(store, id="other")
        child = await put(store, unique_as="k", parent=one, label="jobs:0,func:x")
        assert await put(store, unique_as="k", parent=other, label="jobs:0,func:x") == child
        assert (await store.job(other)).children == {}
        assert (await store.job(one)).children == {"jobs:0,func:x": child}
        await store.cancel_tree(other, "by anna")
        with pytest.raises(Refused, match="being cancelled"):
            await put(store, unique_as="k", parent=other)

    run(story)


def test_a_retry_takes_the_key_again_and_does_not_double_who_has_it(run: Run) -> None:
    """While another job of the key lives, the failed one and what fell with it stay as they are;
    after that it goes round again, and is the answer to who asks next."""

    async def story(store: Any, door: Any) -> None:
        first = await put(store, unique_as="k")
        below = await put(store, unique_as="below", depends_on=(first,))
        (claim,) = await claimed(store)
        await ended(store, claim, a_failure())
        second = await put(store, unique_as="k")
        assert await store.retry(first) == Retry("twin", "failed", second)
        await store.cancel(second, "by anna")
        other = await put(store, unique_as="below")
        assert await store.retry(first) == Retry("ok", "queued")
        assert (await store.job(below)).status == "canceled"
        assert await put(store, unique_as="k") == first
        await store.cancel(other, "by anna")
        (claim,) = [each for each in await claimed(store, 2) if each.job.id == first]
        await ended(store, claim, a_failure())
        assert await store.retry(first) == Retry("ok", "queued", "", (below,))
        assert await put(store, unique_as="below") == below

    run(story)


def test_a_key_is_known_again_after_the_store_was_emptied(run: Run) -> None:
    """What runs has its key again with its record: a second click after FLUSHALL starts nothing."""

    async def story(store: Any, door: Any) -> None:
        first = await put(store, unique_as="k")
        (claim,) = await claimed(store)
        await store.greet("n", 3.0)
        await store.reassert("n", [Known(claim, "n.1")])
        door.forget_all()
        await store.greet("n", 3.0)
        await store.reassert("n", [Known(claim, "n.1")])
        assert await put(store, unique_as="k") == first

    run(story)
