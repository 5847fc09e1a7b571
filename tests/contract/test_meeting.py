"""Meeting a store that went back in time, or was emptied: the twin and real servers alike."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.build import NODE, a_job, an_ask, an_end, claimed, ended, running
from weppd.errors import StoreChanged
from weppd.model import Answer, Claim, Failed, Job, Retried
from weppd.store.locks import Lock
from weppd.store.nouns import Change, Known, Node, Retry

Run = Callable[[Callable[[Any, Any], Any]], Any]
OTHER = Node("m", ("m.1",), ("default",))
SETTLE_S = 60.0


async def meet(store: Any, *claims: Claim, node: str = "n", settle_s: float = SETTLE_S) -> Any:
    """Greet the store and say what runs; the greeting's answer, and the meeting."""
    change = await store.greet(node, settle_s)
    met = await store.reassert(node, [Known(each, f"{node}.1") for each in claims])
    await store.met(node)
    return change, met


async def go_back(store: Any, door: Any) -> None:
    """The store goes back to what was remembered; the node's line to it breaks."""
    door.go_back()
    await asyncio.wait_for(store.parted(), 5)


async def a_job_that_runs(store: Any, **spec: Any) -> Claim:
    """A job of node n that runs, on a store that n and m have met."""
    for node in (NODE, OTHER):
        await meet(store, node=node.name)
        await store.pulse(node, [])
    await store.enqueue([a_job(**spec)])
    (claim,) = await claimed(store)
    return claim


def test_a_claim_that_the_store_forgot_is_entered_again(run: Run) -> None:
    """The job is off the queue again, runs on, and its end is written once."""

    async def story(store: Any, door: Any) -> None:
        await meet(store)
        (jid,) = await store.enqueue([a_job()])
        door.remember()
        (claim,) = await claimed(store)
        await go_back(store, door)
        change, met = await meet(store, claim)
        assert (change, met.words, met.strays) == (Change.OTHER, {claim.eid: "entered"}, ())
        view = await store.job(jid)
        assert (view.status, view.node, view.eid) == ("started", "n", claim.eid)
        assert await claimed(store) == []
        assert await ended(store, claim) is Answer.OK
        counts = (await store.counts())["default"]
        assert (counts.finished, counts.started, counts.queued) == (1, 0, 0)

    run(story)


def test_nothing_is_asked_of_another_server_before_it_was_met(run: Run) -> None:
    """Neither a heartbeat nor a claim: the one would call what runs lost, the other double it."""

    async def story(store: Any, door: Any) -> None:
        claim = await a_job_that_runs(store)
        door.remember()
        await go_back(store, door)
        with pytest.raises(StoreChanged):
            await store.pulse(NODE, [running(claim)])
        with pytest.raises(StoreChanged):
            await store.exchange([an_end(claim)], an_ask())
        assert (await meet(store, claim))[1].words == {claim.eid: "own"}
        assert (await store.pulse(NODE, [running(claim)])).lost == frozenset()
        assert await ended(store, claim) is Answer.OK

    run(story)


def test_an_end_that_the_store_forgot_can_be_written_again(run: Run) -> None:
    """With the claim still entered; and with that gone, too."""

    async def story(store: Any, door: Any) -> None:
        claim = await a_job_that_runs(store)
        door.remember()
        await ended(store, claim)
        await go_back(store, door)
        assert (await meet(store, claim))[1].words == {claim.eid: "own"}
        assert await ended(store, claim) is Answer.OK
        assert await ended(store, claim) is Answer.ALREADY
        await meet(store, node="m")
        (jid,) = await store.enqueue([a_job()])
        door.remember()
        (claim,) = await claimed(store)
        await ended(store, claim)
        await go_back(store, door)
        assert (await meet(store, claim))[1].words == {claim.eid: "entered"}
        assert await ended(store, claim) is Answer.OK
        assert (await store.job(jid)).status == "finished"

    run(story)


def test_an_end_that_is_on_record_stays_as_it_is(run: Run) -> None:
    """Whoever names an execution that is over changes nothing."""

    async def story(store: Any, door: Any) -> None:
        claim = await a_job_that_runs(store)
        await ended(store, claim)
        door.remember()
        await go_back(store, door)
        assert (await meet(store, claim))[1].words == {claim.eid: "done"}
        assert (await store.job(claim.job.id)).status == "finished"

    run(story)


def test_nobody_claims_before_all_nodes_have_met_the_server(run: Run) -> None:
    """The other node may run what stands in the queue again."""

    async def story(store: Any, door: Any) -> None:
        claim = await a_job_that_runs(store)
        await store.enqueue([a_job()])
        door.remember()
        await go_back(store, door)
        await meet(store, claim)
        asked = await store.exchange([], an_ask())
        assert (asked.claims, asked.suspended) == ((), True)
        assert await store.greet("m", SETTLE_S) is Change.OTHER
        await store.reassert("m", [])
        assert (await store.exchange([], an_ask())).suspended
        await store.met("m")
        assert len(await claimed(store)) == 1

    run(story)


def test_a_node_that_does_not_come_is_waited_for_so_long_and_no_longer(run: Run) -> None:
    """When the time is over the others claim; the late one's greeting does not stop them again."""

    async def story(store: Any, door: Any) -> None:
        claim = await a_job_that_runs(store)
        await store.enqueue([a_job(), a_job()])
        door.remember()
        await go_back(store, door)
        await meet(store, claim, settle_s=0.05)
        while (await store.exchange([], an_ask())).suspended:
            await asyncio.sleep(0.01)
        assert await store.greet("m", SETTLE_S) is Change.OTHER
        await store.reassert("m", [])
        await store.met("m")
        assert len(await claimed(store)) == 1

    run(story)


def test_of_two_nodes_that_ran_a_job_the_later_has_it(run: Run) -> None:
    """One handed it back, the other claimed it, and the store forgot both: whoever speaks first."""

    async def story(store: Any, door: Any) -> None:
        first = await a_job_that_runs(store)
        door.remember()
        await store.hand_back([first])
        (second,) = await claimed(store, node="m")
        await go_back(store, door)
        _, met = await meet(store, second, node="m")
        assert met.words == {second.eid: "entered"}
        _, met = await meet(store, node="n")
        assert met.strays == ()
        assert (await meet(store, first))[1].words == {first.eid: "lost"}
        assert await claimed(store) == []
        assert await ended(store, second) is Answer.OK
        assert (await meet(store, first))[1].words == {first.eid: "done"}

    run(story)


def test_an_end_that_made_room_for_a_later_one_is_history(run: Run) -> None:
    """The first try's end is told after the second's: the job is not sent round again."""

    async def story(store: Any, door: Any) -> None:
        await meet(store)
        await store.enqueue([a_job(retry=Retry(2))])
        door.remember()
        (first,) = await claimed(store)
        await ended(store, first, Retried("again"))
        (second,) = await claimed(store, node="m")
        await ended(store, second)
        await go_back(store, door)
        await meet(store, second, node="m")
        assert await ended(store, second) is Answer.OK
        assert (await meet(store, first))[1].words == {first.eid: "done"}
        assert await ended(store, first, Retried("again")) is Answer.FENCED
        assert (await store.job(second.job.id)).status == "finished"

    run(story)


def test_an_emptied_store_is_noticed_and_gets_what_runs_again(run: Run) -> None:
    """FLUSHALL: the next heartbeat says so; the job is there again with its payload and its end."""

    async def story(store: Any, door: Any) -> None:
        claim = await a_job_that_runs(store, meta={"colour": "red"})
        (queued,) = await store.enqueue([a_job()])
        door.forget_all()
        with pytest.raises(StoreChanged, match="emptied"):
            await store.pulse(NODE, [running(claim)])
        await asyncio.wait_for(store.parted(), 5)
        change, met = await meet(store, claim)
        assert (change, met.words) == (Change.EMPTIED, {claim.eid: "entered"})
        view = await store.job(claim.job.id)
        assert (view.status, view.function) == ("started", claim.job.function)
        assert view.meta["colour"] == "red"
        assert (await store.pulse(NODE, [running(claim)])).canceled == frozenset()
        assert await store.job(queued) is None
        assert await ended(store, claim) is Answer.OK
        await store.enqueue([a_job()])
        assert len(await claimed(store)) == 1

    run(story)


def test_a_claim_that_goes_back_to_an_emptied_store_is_not_lost(run: Run) -> None:
    """The store says that it was emptied; when the claim is entered again, it goes to its queue."""

    async def story(store: Any, door: Any) -> None:
        claim = await a_job_that_runs(store)
        door.forget_all()
        with pytest.raises(StoreChanged, match="emptied"):
            await store.hand_back([claim])
        await asyncio.wait_for(store.parted(), 5)
        await meet(store, claim)
        assert await store.hand_back([claim]) == 1
        assert [each.job.id for each in await claimed(store)] == [claim.job.id]

    run(story)


def test_a_line_that_only_broke_changes_nothing(run: Run) -> None:
    """The same server greets as the same; there is nothing to say."""

    async def story(store: Any, door: Any) -> None:
        await meet(store)
        assert await store.greet("n", SETTLE_S) is Change.SAME

    run(story)


def test_a_job_that_was_cancelled_in_between_is_not_revived(run: Run) -> None:
    """It was back in the queue, and somebody cancelled it: the heartbeat passes that on."""

    async def story(store: Any, door: Any) -> None:
        await meet(store)
        (jid,) = await store.enqueue([a_job()])
        door.remember()
        (claim,) = await claimed(store)
        await go_back(store, door)
        await store.greet("n", SETTLE_S)
        door.set(jid, status="canceled")
        await store.reassert("n", [Known(claim, "n.1")])
        assert (await store.pulse(NODE, [running(claim)])).canceled == {jid}

    run(story)


def test_what_another_node_has_by_now_is_lost(run: Run) -> None:
    """It runs there, or was ended there after this node was silent for too long."""

    async def story(store: Any, door: Any) -> None:
        claim = await a_job_that_runs(store)
        stale = Claim("0" * 32, claim.job)
        await store.greet("m", SETTLE_S)
        met = await store.reassert("m", [Known(stale, "m.1")])
        await store.met("m")
        assert met.words == {stale.eid: "lost"}
        await store.pulse(NODE, [running(claim)])
        (lease,) = [each for each in await store.nodes() if each.node == "n"]
        gone = an_end(claim, Failed("worker lost: node n is silent"), "m.0")
        assert await store.take_over(lease, gone, "1" * 32)
        assert (await meet(store, claim))[1].words == {claim.eid: "done"}
        assert await ended(store, claim) is Answer.FENCED

    run(story)


def test_executions_that_the_node_does_not_know_are_named(run: Run) -> None:
    """The store still has a claim that was handed back: the node says what is to become of it."""

    async def story(store: Any, door: Any) -> None:
        claim = await a_job_that_runs(store)
        door.remember()
        await store.hand_back([claim])
        await go_back(store, door)
        _, met = await meet(store)
        assert [stray.eid for stray in met.strays] == [claim.eid]
        assert await store.hand_back(met.strays) == 1
        assert (await store.job(claim.job.id)).status == "queued"

    run(story)


def test_a_second_try_stands_where_the_store_still_has_the_first(run: Run) -> None:
    """Both its first end and its second claim were forgotten; the last one named counts."""

    async def story(store: Any, door: Any) -> None:
        first = await a_job_that_runs(store, retry=Retry(2))
        door.remember()
        await ended(store, first, Retried("again"))
        (second,) = await claimed(store)
        await go_back(store, door)
        _, met = await meet(store, first, second)
        assert met.words == {first.eid: "own", second.eid: "entered"}
        assert await ended(store, first, Retried("again")) is Answer.FENCED
        assert await ended(store, second) is Answer.OK
        assert (await store.counts())["default"].started == 0

    run(story)


def test_a_turn_that_was_forgotten_is_the_running_job_s_again(run: Run) -> None:
    """Who waited for it waits on, and has it when that job is over."""

    async def story(store: Any, door: Any) -> None:
        await meet(store)
        first, second = await store.enqueue([a_job(), a_job()])
        door.remember()
        (claim,) = await claimed(store)
        assert await store.take_turns([(claim, "key")]) == frozenset()
        await go_back(store, door)
        await store.greet("n", SETTLE_S)
        await store.reassert("n", [Known(claim, "n.1", turn="key")])
        await store.met("n")
        (later,) = await claimed(store)
        assert await store.take_turns([(later, "key")]) == {second}
        assert await claimed(store) == []
        await ended(store, claim)
        assert [each.job.id for each in await claimed(store)] == [second]
        assert claim.job.id == first

    run(story)


def test_a_lock_that_went_with_the_memory_is_taken_again(run: Run) -> None:
    """The same token takes it, and the job's end lets it go."""

    async def story(store: Any, door: Any) -> None:
        claim = await a_job_that_runs(store)
        lock = Lock("k", "t", "n:1", 600)
        await store.lock(claim, lock)
        door.forget_all()
        await meet(store, claim)
        assert (await store.lock(claim, lock)).word == "taken"
        assert door.lock(0, "k")["token"] == "t"
        await ended(store, claim)
        assert door.lock(0, "k") is None

    run(story)


def test_an_execution_of_which_only_its_id_is_known_is_entered_where_its_job_is(run: Run) -> None:
    """A weppd that has just started knows no more of what its cells have; nothing is made up."""

    async def story(store: Any, door: Any) -> None:
        await meet(store)
        (jid,) = await store.enqueue([a_job()])
        door.remember()
        (claim,) = await claimed(store)
        await go_back(store, door)
        bare = Claim(claim.eid, Job(jid, "", None, b""))
        nobody = Claim("2" * 32, Job("nobody", "", None, b""))
        _, met = await meet(store, bare, nobody)
        assert met.words == {claim.eid: "entered", nobody.eid: "unknown"}
        (left,) = await store.leftovers("n")
        assert (left.eid, left.job.function) == (claim.eid, claim.job.function)
        assert await store.job("nobody") is None

    run(story)
