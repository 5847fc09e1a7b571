"""Short jobs claimed ahead, in both stores: more than there are workers, in strict order."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from tests.contract.build import a_job, an_ask, ended
from weppd.model import Claim
from weppd.store.nouns import ClaimAsk

Run = Callable[[Callable[[Any, Any], Any]], Any]
SHORT, LONG = "tasks.noop.noop", "tasks.wepp_rq.run_hillslope_rq"


def ahead(n: int, m: int, short: tuple[str, ...] = (SHORT,)) -> ClaimAsk:
    """An ask for n jobs, and as many short ones more as make m."""
    eids = tuple(uuid.uuid4().hex for _ in range(m))
    return replace(an_ask(n), eids=eids, short=short)


def jobs(words: str, **changes: Any) -> list[Any]:
    """Jobs of ids s0, s1, … (short) and l0, l1, … (not), in the order of the words' letters."""
    names = {"s": SHORT, "l": LONG}
    return [a_job(id=f"{w}{i}", function=names[w], **changes) for i, w in enumerate(words)]


async def taken(store: Any, ask: ClaimAsk) -> Sequence[Claim]:
    """What a claim brought."""
    claims: Sequence[Claim] = (await store.exchange([], ask)).claims
    return claims


def shown(claims: Sequence[Claim]) -> list[tuple[str, str]]:
    """The claimed jobs, with the workers that they are entered for."""
    return [(claim.job.id, claim.worker) for claim in claims]


def test_short_jobs_come_with_short_ones_for_the_same_workers_in_turn(run: Run) -> None:
    """Two workers share them; each has its own execution, which ends as any other."""

    async def story(store: Any, door: Any) -> None:
        await store.enqueue(jobs("sssssss"))
        claims = await taken(store, ahead(2, 6))
        names = ["n.1", "n.2", "n.1", "n.2", "n.1", "n.2"]
        assert shown(claims) == [(f"s{i}", name) for i, name in enumerate(names)]
        assert len({claim.eid for claim in claims}) == 6
        assert [(await ended(store, claim)).value for claim in claims] == ["ok"] * 6
        assert shown(await taken(store, ahead(2, 6))) == [("s6", "n.1")]

    run(story)


def test_a_job_that_is_not_short_ends_what_comes_ahead(run: Run) -> None:
    """The order of the queue is kept, and nothing is taken over such a job's head."""

    async def story(store: Any, door: Any) -> None:
        await store.enqueue(jobs("sslss"))
        assert [jid for jid, _ in shown(await taken(store, ahead(1, 4)))] == ["s0", "s1"]
        assert [jid for jid, _ in shown(await taken(store, ahead(1, 4)))] == ["l2"]

    run(story)


def test_only_workers_with_a_short_job_get_more(run: Run) -> None:
    """Nothing waits behind a job that may take hours."""

    async def story(store: Any, door: Any) -> None:
        await store.enqueue(jobs("lssssss"))
        names = ["n.1", "n.2", "n.2", "n.2"]
        assert [name for _, name in shown(await taken(store, ahead(2, 6)))] == names

    run(story)


def test_what_brings_a_claim_or_a_lock_of_its_own_is_not_taken_ahead(run: Run) -> None:
    """Where it runs is to be decided job by job."""

    async def story(store: Any, door: Any) -> None:
        for own in ({"cpus": "2"}, {"memory": "2000"}, {"lock": "k"}, {"description": "a note"}):
            first, second = jobs("ss", **own)
            await store.enqueue([replace(first, id=""), replace(second, id="")])
            assert len(await taken(store, ahead(1, 4))) == 1
            assert len(await taken(store, ahead(1, 4))) == 1

    run(story)


def test_strict_order_holds_over_queues_and_paused_ones_are_passed_by(run: Run) -> None:
    """What comes ahead goes on in the next queue when one is empty, and not before."""

    async def story(store: Any, door: Any) -> None:
        low = [replace(job, id=f"low-{job.id}") for job in jobs("ss", queue="low")]
        await store.enqueue([*low, *jobs("ss", queue="high")])
        await store.enqueue([replace(job, id="paused") for job in jobs("s", queue="default")])
        await store.pause(("default",), True)
        claims = shown(await taken(store, ahead(1, 4)))
        assert [jid for jid, _ in claims] == ["s0", "s1", "low-s0", "low-s1"]

    run(story)


def test_a_lost_reply_is_asked_for_again_with_all_that_came_ahead(run: Run) -> None:
    """By its token, the same executions come again, and nothing more is taken."""

    async def story(store: Any, door: Any) -> None:
        await store.enqueue(jobs("sssss"))
        ask = ahead(1, 3)
        first, again = await taken(store, ask), await taken(store, ask)
        assert {claim.eid for claim in first} == {claim.eid for claim in again}
        assert len(await taken(store, ahead(1, 5))) == 2

    run(story)


def behind(*names: str) -> ClaimAsk:
    """An ask for a short job behind others for each of these workers."""
    eids = tuple(uuid.uuid4().hex for _ in names)
    return replace(an_ask(0), eids=eids, short=(SHORT,), behind=names)


def test_workers_that_are_busy_with_short_ones_get_more_of_them(run: Run) -> None:
    """One for each name, in strict order, up to the first job that is not short."""

    async def story(store: Any, door: Any) -> None:
        await store.enqueue(jobs("sssls"))
        ask = behind("n.2", "n.1")
        assert shown(await taken(store, ask)) == [("s0", "n.2"), ("s1", "n.1")]
        assert len(await taken(store, ask)) == 2
        assert shown(await taken(store, behind("n.2", "n.2"))) == [("s2", "n.2")]
        assert await taken(store, behind("n.2")) == ()
        assert [jid for jid, _ in shown(await taken(store, ahead(1, 2)))] == ["l3"]

    run(story)


def test_new_workers_come_before_those_that_are_busy(run: Run) -> None:
    """Of what is short, those that had nothing get their share first."""

    async def story(store: Any, door: Any) -> None:
        await store.enqueue(jobs("ssss"))
        ask = replace(ahead(1, 4), behind=("n.7", "n.8"))
        assert [name for _, name in shown(await taken(store, ask))] == ["n.1", "n.1", "n.7", "n.8"]

    run(story)
