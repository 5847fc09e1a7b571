"""What operators do to queues and jobs: pause, resume, retry; and the trees that they look at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.build import a_failure, a_job, an_ask, claimed, ended
from weppd.errors import Refused
from weppd.model import Stopped

Run = Callable[[Callable[[Any, Any], Any]], Any]


async def state(store: Any, jid: str) -> str:
    """A job's status."""
    return str((await store.job(jid)).status)


def test_a_paused_queue_is_passed_by_until_it_is_resumed(run: Run) -> None:
    """No node claims from it, others are served, and its jobs keep their order."""

    async def story(store: Any, door: Any) -> None:
        await store.enqueue([a_job(id="h1", queue="high"), a_job(id="h2", queue="high")])
        await store.enqueue([a_job(id="d")])
        assert await store.pause(["high"], True) == {"high"}
        got = await store.exchange([], an_ask(3))
        assert [claim.job.id for claim in got.claims] == ["d"]
        assert (got.suspended, got.empty) == (True, {"default", "low"})
        counts = await store.counts()
        assert (counts["high"].paused, counts["default"].paused) == (True, False)
        assert await store.pause(["high"], False) == frozenset()
        got = await store.exchange([], an_ask(3))
        assert [claim.job.id for claim in got.claims] == ["h1", "h2"]
        assert not got.suspended

    run(story)


def test_the_counts_say_since_when_the_first_waits(run: Run) -> None:
    """The oldest of those that wait has the moment it was enqueued; an empty queue has none."""

    async def story(store: Any, door: Any) -> None:
        await store.enqueue([a_job(id="a"), a_job(id="b")])
        assert (await store.counts())["default"].oldest == (await store.job("a")).enqueued_at
        await claimed(store, 2)
        assert (await store.counts())["default"].oldest == ""

    run(story)


def test_a_retry_wakes_what_fell_with_the_job(run: Run) -> None:
    """A failed step runs again, and what was cancelled because of it waits for it again."""

    async def story(store: Any, door: Any) -> None:
        await store.enqueue([a_job(id="a")])
        await store.enqueue([a_job(id="b", depends_on=("a",))])
        await store.enqueue([a_job(id="c", depends_on=("b",))])
        (first,) = await claimed(store)
        await ended(store, first, a_failure())
        assert [await state(store, jid) for jid in "abc"] == ["failed", "canceled", "canceled"]
        done = await store.retry("a")
        assert (done.state, done.status, set(done.woken)) == ("ok", "queued", {"b", "c"})
        assert [await state(store, jid) for jid in "abc"] == ["queued", "deferred", "deferred"]
        view = await store.job("a")
        assert (view.reason, view.ended_at) == ("", "")
        for jid in "abc":
            (claim,) = await claimed(store, 3)
            assert claim.job.id == jid
            await ended(store, claim)
        counts = (await store.counts())["default"]
        assert (counts.finished, counts.failed, counts.canceled, counts.deferred) == (3, 0, 0, 0)

    run(story)


def test_what_waits_for_two_failed_jobs_wakes_with_the_second(run: Run) -> None:
    """A job stays cancelled as long as one of those that it waits for has failed."""

    async def story(store: Any, door: Any) -> None:
        await store.enqueue([a_job(id="a"), a_job(id="b")])
        await store.enqueue([a_job(id="c", depends_on=("a", "b"))])
        for claim in await claimed(store, 2):
            await ended(store, claim, a_failure())
        assert (await store.retry("a")).woken == ()
        assert await state(store, "c") == "canceled"
        refused = await store.retry("c")
        assert (refused.state, refused.status, refused.job) == ("waits", "failed", "b")
        assert (await store.retry("b")).woken == ("c",)
        assert await state(store, "c") == "deferred"
        for claim in await claimed(store, 3):
            await ended(store, claim)
        assert await state(store, "c") == "queued"

    run(story)


def test_a_retry_does_not_wake_what_somebody_cancelled(run: Run) -> None:
    """Who cancelled a job by name wants it so; a retry of what it waited for is no revocation."""

    async def story(store: Any, door: Any) -> None:
        await store.enqueue([a_job(id="a")])
        await store.enqueue([a_job(id="b", depends_on=("a",))])
        await store.cancel("b", "by anna")
        (first,) = await claimed(store)
        await ended(store, first, a_failure())
        assert (await store.retry("a")).woken == ()
        assert await state(store, "b") == "canceled"

    run(story)


@pytest.mark.parametrize("how", ["canceled", "stopped"])
def test_a_retried_dispatcher_may_enqueue_again(run: Run, how: str) -> None:
    """A cancel closes a tree to new jobs; a retry opens it."""

    async def story(store: Any, door: Any) -> None:
        await store.enqueue([a_job(id="root")])
        if how == "stopped":
            (claim,) = await claimed(store)
        await store.cancel_tree("root", "by anna")
        if how == "stopped":
            await ended(store, claim, Stopped("by anna"))
        with pytest.raises(Refused):
            await store.enqueue([a_job(parent="root", label="x")])
        assert (await store.retry("root")).status == "queued"
        (claim,) = await claimed(store)
        await store.enqueue([a_job(id="below", parent="root", label="x")])
        assert await state(store, "below") == "queued"

    run(story)


def test_only_what_has_ended_badly_is_retried(run: Run) -> None:
    """A job that waits, runs or finished stays as it is; an unknown one is unknown."""

    async def story(store: Any, door: Any) -> None:
        await store.enqueue([a_job(id="a")])
        assert (await store.retry("a")).state == "other"
        (claim,) = await claimed(store)
        assert (await store.retry("a")).state == "live"
        await ended(store, claim)
        assert (await store.retry("a")).status == "finished"
        assert (await store.retry("nobody")).state == "unknown"

    run(story)


def test_a_tree_is_read_with_what_hangs_below_it(run: Run) -> None:
    """Rows for each job, and who stands below whom under which label."""

    async def story(store: Any, door: Any) -> None:
        await store.enqueue([a_job(id="root")])
        await store.enqueue([a_job(id="x", parent="root", label="jobs:0,func:x")])
        (root,) = await claimed(store)
        await ended(store, root)
        walk = await store.tree(["root"])
        assert walk.children == {"root": [("jobs:0,func:x", "x")]}
        assert (walk.rows["root"][0], walk.rows["x"][0]) == (b"finished", b"queued")
        assert (await store.tree(["nobody"])).rows == {"nobody": []}

    run(story)


def test_a_runs_trees_are_found_by_its_id(run: Run) -> None:
    """Of a run the jobs that began and stand below none are known, the latest first."""

    async def story(store: Any, door: Any) -> None:
        await store.enqueue([a_job(id="one"), a_job(id="two"), a_job("other", id="three")])
        await store.enqueue([a_job(id="below", parent="one", label="x")])
        for number, claim in enumerate(await claimed(store, 4)):
            await store.began(claim, claim.eid[:1], 7, 1000.0 + number)
        assert await store.of_run("my-run") == ["two", "one"]
        assert await store.of_run("no-run") == []

    run(story)


def test_only_entries_that_nobody_has_are_scrubbed(run: Run) -> None:
    """What runs keeps its entry on RQ's lists; what a forgotten execution left goes."""

    async def story(store: Any, door: Any) -> None:
        await store.enqueue([a_job(id="a"), a_job(id="b")])
        a, b = await claimed(store, 2)
        await ended(store, b)
        assert await store.scrub() == 0
        assert (await store.counts())["default"].started == 1
        await ended(store, a)
        assert (await store.counts())["default"].started == 0

    run(story)
