"""Locks that jobs hold: the same stories against the twin in memory and real servers."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.contract.build import NODE, a_failure, a_job, claimed, ended, running
from weppd.errors import StoreError
from weppd.model import Answer, Canceled, Failed, Finished, Retried, Stopped
from weppd.store.locks import Lock, Taken

Run = Callable[[Callable[[Any, Any], Any]], Any]
KEY = "nodb-lock:my-run:wepp.nodb"


def a_lock(key: str = KEY, **changes: Any) -> Lock:
    """A wish for a lock, with a token of its own."""
    return Lock(**{"key": key, "token": uuid.uuid4().hex, "owner": "here:7", "ttl": 600, **changes})


async def two_claims(store: Any) -> list[Any]:
    """Two running jobs."""
    await store.enqueue([a_job(), a_job()])
    return await claimed(store, 2)


def test_a_lock_is_held_by_one_job_and_stands_where_all_programs_look(run: Run) -> None:
    """The second who asks hears who has it; the value is what WEPPcloud's programs write."""

    async def story(store: Any, door: Any) -> None:
        first, second = await two_claims(store)
        lock = a_lock(owner="there:1")
        assert await store.lock(first, lock) == Taken("taken")
        assert await store.lock(second, a_lock()) == Taken("held", "there:1")
        there = door.lock(0, KEY)
        assert (there["token"], there["owner"], there["ttl"]) == (lock.token, "there:1", 600)
        assert there["expires_at"] - there["acquired_at"] == pytest.approx(600)
        assert await store.unlock(first.job.id, lock)
        assert door.lock(0, KEY) is None
        assert await store.lock(second, a_lock()) == Taken("taken")

    run(story)


def test_a_wish_whose_answer_was_lost_is_answered_alike(run: Run) -> None:
    """The same token asked again has the lock, not an argument with itself."""

    async def story(store: Any, door: Any) -> None:
        first, _ = await two_claims(store)
        lock = a_lock()
        assert [await store.lock(first, lock) for _ in range(2)] == [Taken("taken")] * 2

    run(story)


@pytest.mark.parametrize(
    "outcome",
    [Finished(), a_failure(), Stopped("by anna"), Retried("again"), Retried("later", delay_s=9)],
    ids=lambda outcome: type(outcome).__name__,
)
def test_with_the_end_of_a_job_all_its_locks_are_gone(run: Run, outcome: Any) -> None:
    """Whatever ends an execution lets its locks go, in any database, and nobody else's."""

    async def story(store: Any, door: Any) -> None:
        first, second = await two_claims(store)
        await store.lock(first, a_lock())
        await store.lock(first, a_lock("other", db=3))
        await store.lock(second, a_lock("theirs"))
        assert await ended(store, first, outcome) is Answer.OK
        assert door.lock(0, KEY) is None
        assert door.lock(3, "other") is None
        assert door.lock(0, "theirs") is not None

    run(story)


def test_a_claim_that_is_handed_back_leaves_no_lock(run: Run) -> None:
    """A job that goes back to its queue holds nothing there."""

    async def story(store: Any, door: Any) -> None:
        first, _ = await two_claims(store)
        await store.lock(first, a_lock())
        assert await store.hand_back([first]) == 1
        assert door.lock(0, KEY) is None

    run(story)


def test_nobody_s_end_removes_a_lock_that_is_somebody_else_s_by_now(run: Run) -> None:
    """A lock that was forced away and taken by another stays the other's: compare and delete."""

    async def story(store: Any, door: Any) -> None:
        first, second = await two_claims(store)
        lock = a_lock()
        await store.lock(first, lock)
        door.unlock(0, KEY)
        theirs = a_lock()
        await store.lock(second, theirs)
        assert not await store.unlock(first.job.id, lock)
        await store.lock(first, a_lock("mine"))
        assert await ended(store, first, Canceled("over")) is Answer.OK
        assert door.lock(0, KEY)["token"] == theirs.token

    run(story)


def test_the_heartbeat_renews_the_locks_of_what_runs(run: Run) -> None:
    """With each beat a held lock expires later; one that was removed is not put back."""

    async def story(store: Any, door: Any) -> None:
        first, second = await two_claims(store)
        await store.lock(first, a_lock())
        await store.lock(second, a_lock("removed"))
        door.unlock(0, "removed")
        door.set_lock(0, KEY, {**door.lock(0, KEY), "expires_at": 1})
        await store.pulse(NODE, [running(first), running(second, "n.2")])
        there = door.lock(0, KEY)
        assert there["expires_at"] == pytest.approx(there["acquired_at"] + 600, abs=60)
        assert door.lock(0, "removed") is None

    run(story)


def test_an_execution_that_lost_its_job_gets_no_lock(run: Run) -> None:
    """An execution that has ended, or whose job another one has, takes nothing any more."""

    async def story(store: Any, door: Any) -> None:
        first, second = await two_claims(store)
        await ended(store, first, Failed("lost"))
        assert await store.lock(first, a_lock()) == Taken("fenced")
        stranger = replace(second, eid=uuid.uuid4().hex)
        assert await store.lock(stranger, a_lock()) == Taken("fenced")
        assert door.lock(0, KEY) is None

    run(story)


def test_what_is_no_lock_at_the_key_keeps_everybody_out(run: Run) -> None:
    """A value that others put there, of whatever kind, is held by somebody without a name."""

    async def story(store: Any, door: Any) -> None:
        first, _ = await two_claims(store)
        door.set_lock(0, KEY, "no JSON object")
        said = await store.lock(first, a_lock())
        assert (said.word, said.holder) == ("held", "somebody whose name is not in it")

    run(story)


def test_a_running_job_that_the_store_forgot_gets_its_lock_and_lets_it_go(run: Run) -> None:
    """After FLUSHALL a job that runs is nobody else's: it locks, and its end unlocks."""

    async def story(store: Any, door: Any) -> None:
        first, _ = await two_claims(store)
        door.forget_all()
        assert await store.lock(first, a_lock()) == Taken("taken")
        assert await ended(store, first) is Answer.ABSENT
        assert door.lock(0, KEY) is None

    run(story)


def test_a_database_that_is_not_there_is_said_so_and_harms_nothing(run: Run, door: Any) -> None:
    """A wrong number of a database is the caller's error; the connection goes on with its own."""
    if door.store_is_memory:
        pytest.skip("the twin has any number of databases")

    async def story(store: Any, door: Any) -> None:
        first, _ = await two_claims(store)
        with pytest.raises(StoreError, match="DB index"):
            await store.lock(first, a_lock(db=4711))
        assert (await store.job(first.job.id)).status == "started"

    run(story)


def test_locks_are_listed_with_the_job_that_holds_them_or_whose_they_are(run: Run) -> None:
    """Of a run or of all: a job's, another program's, and what stands there as rubbish."""

    async def story(store: Any, door: Any) -> None:
        first, _ = await two_claims(store)
        await store.lock(first, a_lock(owner="there:1"))
        other = {"token": "t", "owner": "web1:7", "acquired_at": 60.0, "expires_at": 9e9}
        door.set_lock(0, "nodb-lock:my-run2:soils.nodb", other)
        door.set_lock(0, "nodb-lock:my*run:ron.nodb", ["rubbish"])
        door.set_lock(0, "elsewhere", other)
        door.set_lock(3, "nodb-lock:my-run:climate.nodb", other)
        everything = await store.held("")
        assert [(lock.key.split(":", 1)[1], lock.owner, lock.job) for lock in everything] == [
            ("my*run:ron.nodb", "somebody whose name is not in it", ""),
            ("my-run2:soils.nodb", "web1:7", ""),
            ("my-run:wepp.nodb", "there:1", first.job.id),
        ]
        assert [lock.since for lock in everything[:2]] == [0.0, 60.0]
        assert 590 < everything[2].expires_s < 601
        assert [lock.key for lock in await store.held("my-run")] == [KEY]
        assert [lock.owner for lock in await store.held("my*run")] == [everything[0].owner]

    run(story)


def test_a_lock_is_taken_away_if_it_is_still_the_same(run: Run) -> None:
    """Who looked at one does not remove the next holder's; the job whose it was may go on."""

    async def story(store: Any, door: Any) -> None:
        first, second = await two_claims(store)
        await store.lock(first, a_lock())
        (seen,) = await store.held("my-run")
        assert not await store.free(KEY, "another's")
        assert await store.free(seen.key, seen.token)
        assert not await store.free(seen.key, seen.token)
        assert await store.lock(second, a_lock(owner="next:1")) == Taken("taken")
        assert not await store.free(KEY, seen.token)
        (now,) = await store.held("")
        assert (now.owner, now.job) == ("next:1", second.job.id)
        door.set_lock(0, "nodb-lock:r:f", "no lock at all")
        assert await store.free("nodb-lock:r:f", "")

    run(story)
