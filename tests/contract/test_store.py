"""What any store must do: the same stories against the twin in memory and real servers."""

from __future__ import annotations

import asyncio
import json
import pickle
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.contract.build import (
    NODE,
    a_failure,
    a_job,
    an_ask,
    an_end,
    claimed,
    ended,
    running,
)
from weppd.errors import Refused, StoreError
from weppd.model import Answer, Canceled, Failed, Retried, Stopped
from weppd.store.nouns import Exchanged, Retry

Run = Callable[[Callable[[Any, Any], Any]], Any]


def test_the_systems_own_server_is_held_to_the_contract_where_there_is_one(
    request: pytest.FixtureRequest,
) -> None:
    """All stories below run against redis-server too, if this machine has it."""
    if shutil.which("redis-server") is None:
        pytest.skip("no redis-server of the system on PATH: its stories are left out")
    assert request.getfixturevalue("system_redis").pid


def test_a_job_is_claimed_with_what_its_producer_said(run: Run) -> None:
    """A claimed job tells function, run id, timeout and place, and is shown as started."""

    async def story(store: Any, door: Any) -> None:
        spec = a_job("my-run", timeout=60, cpus="all", place="2.1", kwargs={"wepp_bin": "hillsim"})
        (jid,) = await store.enqueue([spec])
        (claim,) = await claimed(store)
        job = claim.job
        assert (job.id, job.queue, job.function) == (jid, "default", spec.function)
        assert (job.runid, job.timeout, job.cpus, job.place) == ("my-run", 60, "all", "2.1")
        assert job.result_ttl is None
        view = await store.job(jid)
        assert (view.status, view.worker, view.phase, view.node) == (
            "started",
            "n.1",
            "claimed",
            "n",
        )

    run(story)


def test_queues_are_served_in_strict_order(run: Run) -> None:
    """A job in an earlier queue goes first, however late it came; drained queues are named."""

    async def story(store: Any, door: Any) -> None:
        specs = [a_job(id=name, queue=name.split("-")[0]) for name in ("low-1", "default-1")]
        await store.enqueue(specs)
        await store.enqueue([a_job(id="high-1", queue="high")])
        got = await store.exchange([], an_ask(2))
        assert [claim.job.id for claim in got.claims] == ["high-1", "default-1"]
        assert got.empty == {"high"}
        got = await store.exchange([], an_ask(2))
        assert [claim.job.id for claim in got.claims] == ["low-1"]
        assert got.empty == {"high", "default", "low"}

    run(story)


def test_an_ask_whose_reply_was_lost_is_answered_alike(run: Run) -> None:
    """The same token gets the same executions again, and takes nothing more from the queue."""

    async def story(store: Any, door: Any) -> None:
        await store.enqueue([a_job() for _ in range(4)])
        ask = an_ask(2)
        first = await store.exchange([], ask)
        again = await store.exchange([], ask)
        assert again.claims == first.claims
        assert (await store.counts())["default"].queued == 2

    run(story)


def test_a_finish_is_recorded_once(run: Run) -> None:
    """Result, end and status are there after a finish; the same finish again changes nothing."""

    async def story(store: Any, door: Any) -> None:
        (jid,) = await store.enqueue([a_job()])
        (claim,) = await claimed(store)
        assert await ended(store, claim) is Answer.OK
        view = await store.job(jid)
        assert (view.status, view.phase) == ("finished", "finished")
        assert pickle.loads(view.result) == 42
        assert view.ended_at.endswith("Z")
        assert view.usage["seconds"] == pytest.approx(1.0)
        assert await ended(store, claim, a_failure()) is Answer.ALREADY
        assert (await store.job(jid)).status == "finished"
        counts = (await store.counts())["default"]
        assert (counts.started, counts.finished, counts.failed) == (0, 1, 0)

    run(story)


def test_finish_and_claim_travel_together(run: Run) -> None:
    """One exchange frees a slot and fills it."""

    async def story(store: Any, door: Any) -> None:
        first, second = await store.enqueue([a_job(), a_job()])
        (claim,) = await claimed(store)
        got = await store.exchange([an_end(claim)], an_ask(1))
        assert got.answers == (Answer.OK,)
        assert [c.job.id for c in got.claims] == [second]
        assert (await store.job(first)).status == "finished"

    run(story)


def test_an_execution_that_lost_its_job_is_fenced(run: Run) -> None:
    """The end of an execution that was handed back and claimed anew elsewhere writes nothing."""

    async def story(store: Any, door: Any) -> None:
        (jid,) = await store.enqueue([a_job()])
        (old,) = await claimed(store)
        assert await store.hand_back([old]) == 1
        (new,) = await claimed(store, node="m")
        assert await ended(store, old, a_failure()) is Answer.FENCED
        view = await store.job(jid)
        assert (view.status, view.eid, view.exc_info) == ("started", new.eid, "")
        assert view.meta == {}
        assert await ended(store, new) is Answer.OK

    run(story)


def test_what_a_flushed_store_forgot_is_recorded_all_the_same(run: Run) -> None:
    """After FLUSHALL the end of a running job re-creates it from the claim, with its outcome."""

    async def story(store: Any, door: Any) -> None:
        (jid,) = await store.enqueue([a_job(description="by hand", failure_ttl=99)])
        (claim,) = await claimed(store)
        door.forget_all()
        assert await ended(store, claim, a_failure("the traceback")) is Answer.ABSENT
        view = await store.job(jid)
        assert (view.status, view.exc_info) == ("failed", "the traceback")
        assert (view.description, view.queue) == ("by hand", "default")
        assert view.function == claim.job.function
        assert view.meta["exc_string"] == "the traceback"
        assert await ended(store, claim, a_failure()) is Answer.ALREADY

    run(story)


def test_a_failure_leaves_its_traceback_in_meta_too(run: Run) -> None:
    """exc_info and meta's exc_string, pid and runid are there; what the task kept in meta stays."""

    async def story(store: Any, door: Any) -> None:
        (jid,) = await store.enqueue([a_job(meta={"jobs:1,func:f": "child"})])
        (claim,) = await claimed(store)
        await store.began(claim, "n.1", 4711, time.time())
        assert (await store.job(jid)).meta["pid"] == 4711
        door.set(jid, meta=pickle.dumps({"jobs:1,func:f": "child", "mine": 1}))
        await ended(store, claim, a_failure("the traceback"))
        view = await store.job(jid)
        assert view.exc_info == "the traceback"
        assert view.meta == {
            "jobs:1,func:f": "child",
            "mine": 1,
            "exc_string": "the traceback",
            "pid": 4711,
            "runid": "my-run",
        }

    run(story)


def test_a_start_does_not_overwrite_what_the_task_saved_meanwhile(run: Run) -> None:
    """began adds pid and runid to the meta that is there, not to the one that was claimed."""

    async def story(store: Any, door: Any) -> None:
        (jid,) = await store.enqueue([a_job()])
        (claim,) = await claimed(store)
        door.set(jid, meta=pickle.dumps({"mine": 1}))
        await store.began(claim, "n.2", 12, time.time())
        view = await store.job(jid)
        assert view.meta == {"mine": 1, "pid": 12, "runid": "my-run"}
        assert (view.phase, view.worker) == ("running", "n.2")

    run(story)


def test_listeners_of_a_run_hear_a_job_begin_and_end(run: Run) -> None:
    """`<runid>:rq` gets started and success; for a failure, exception and failed."""

    async def story(store: Any, door: Any) -> None:
        good, bad = await store.enqueue([a_job("r1"), a_job("r2")])
        for claim in await claimed(store, 2):
            await store.began(claim, "n.1", 1, time.time())
            await ended(store, claim, None if claim.job.id == good else a_failure())
        heard = [(channel, json.loads(text)) for channel, text in door.heard()]
        assert [(c, e["job"], e["status"]) for c, e in heard] == [
            ("r1:rq", good, "started"),
            ("r1:rq", good, "success"),
            ("r2:rq", bad, "started"),
            ("r2:rq", bad, "exception"),
            ("r2:rq", bad, "failed"),
        ]

    run(story)


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Failed("worker lost: killed", "", "lost"), ["EXCEPTION", "EXCEPTION_JSON"]),
        (Stopped("because"), ["STATUS"]),
        (Retried("host shutdown", 60), ["STATUS"]),
    ],
)
def test_the_panel_hears_what_the_task_could_not_say(run: Run, outcome: Any, words: Any) -> None:
    """On the panel it is told to, of a batch's leaf on that of the batch; others hear nothing."""

    async def story(store: Any, door: Any) -> None:
        for runid, channel in (("r1", "r1:wepp"), ("batch;;b;;leaf", "b:batch")):
            await store.enqueue([a_job(runid)])
            (claim,) = await claimed(store)
            end = an_end(claim, outcome)
            panel = channel.partition(":")[2]
            await store.exchange([replace(end, unheard=True, panel=panel)], None)
            said = [text.split(None, 2)[:2] for text in door.said(channel)]
            assert said == [[f"rq:{claim.job.id}", word] for word in words]
            assert outcome.reason in door.said(channel)[-1] or isinstance(outcome, Stopped)

    run(story)


def test_what_is_said_on_a_channel_is_kept_for_who_was_away(run: Run) -> None:
    """The last thousand of each channel, in their order, whoever listened; lifecycle events too."""

    async def story(store: Any, door: Any) -> None:
        for number in range(1003):
            await store.publish("r1:wepp", f"line {number}")
        await store.publish("r1:soils", "another")
        assert door.said("r1:wepp") == [f"line {number}" for number in range(3, 1003)]
        assert door.said("r1:soils") == ["another"]
        await store.enqueue([a_job("r1")])
        (claim,) = await claimed(store)
        await store.began(claim, "n.1", 1, time.time())
        await ended(store, claim, None)
        states = [json.loads(text)["status"] for text in door.said("r1:rq")]
        assert states == ["started", "success"]

    run(story)


def test_claims_go_back_to_the_head_in_their_order(run: Run) -> None:
    """Jobs handed back are claimed next, in the order they had, with no retry spent."""

    async def story(store: Any, door: Any) -> None:
        jids = await store.enqueue([a_job(retry=Retry(2)) for _ in range(4)])
        assert await store.hand_back(await claimed(store, 3)) == 3
        assert (await store.job(jids[0])).status == "queued"
        again = await claimed(store, 4)
        assert [claim.job.id for claim in again] == jids
        assert {claim.job.retries_left for claim in again} == {2}

    run(story)


def test_ids_that_are_no_jobs_any_more_are_passed_over(run: Run) -> None:
    """A deleted job, a cancelled one and one that runs already are not claimed."""

    async def story(store: Any, door: Any) -> None:
        gone, canceled, live, good = await store.enqueue([a_job() for _ in range(4)])
        door.delete(gone)
        door.set(canceled, status="canceled")
        await store.enqueue([a_job(id=live, at_front=True)])
        (first,) = await claimed(store)
        assert first.job.id == live
        assert [claim.job.id for claim in await claimed(store, 4)] == [good]

    run(story)


def test_a_dependent_runs_when_all_it_waits_for_is_finished(run: Run) -> None:
    """It stays deferred until the last dependency ends, then goes to its own queue."""

    async def story(store: Any, door: Any) -> None:
        parents = await store.enqueue([a_job(), a_job()])
        (jid,) = await store.enqueue([a_job(queue="low", depends_on=tuple(parents))])
        assert (await store.job(jid)).status == "deferred"
        one, two = await claimed(store, 2)
        assert (await store.exchange([an_end(one)], None)).released == (0,)
        assert (await store.job(jid)).status == "deferred"
        assert (await store.exchange([an_end(two)], None)).released == (1,)
        assert [claim.job.id for claim in await claimed(store)] == [jid]

    run(story)


def test_dependents_of_a_failed_job_are_cancelled_with_the_reason(run: Run) -> None:
    """What can never run does not stay deferred: it and what waits for it are cancelled."""

    async def story(store: Any, door: Any) -> None:
        (parent,) = await store.enqueue([a_job()])
        (child,) = await store.enqueue([a_job(depends_on=(parent,))])
        (grandchild,) = await store.enqueue([a_job(depends_on=(child,))])
        (brave,) = await store.enqueue([a_job(depends_on=(parent,), allow_failures=True)])
        (claim,) = await claimed(store)
        await ended(store, claim, a_failure())
        for jid in (child, grandchild):
            view = await store.job(jid)
            assert view.status == "canceled"
            assert view.reason.startswith(f"its dependency {parent} failed: ")
            assert "no such hillslope" in view.reason
        assert [c.job.id for c in await claimed(store, 4)] == [brave]
        assert (await store.counts())["default"].deferred == 0

    run(story)


def test_a_dependent_of_a_job_that_failed_long_ago_is_cancelled_at_once(run: Run) -> None:
    """RQ would leave it deferred for ever."""

    async def story(store: Any, door: Any) -> None:
        (parent,) = await store.enqueue([a_job()])
        (claim,) = await claimed(store)
        await ended(store, claim, a_failure())
        late, brave = await store.enqueue(
            [a_job(depends_on=(parent,)), a_job(depends_on=(parent,), allow_failures=True)]
        )
        assert (await store.job(late)).status == "canceled"
        assert (await store.job(brave)).status == "queued"

    run(story)


def test_a_retry_goes_round_again_and_counts(run: Run) -> None:
    """A retry spends one of its tries, a crash is counted, and the job is claimed again."""

    async def story(store: Any, door: Any) -> None:
        await store.enqueue([a_job(retry=Retry(2))])
        (claim,) = await claimed(store)
        assert await ended(store, claim, Retried("its cell died", crash=True)) is Answer.OK
        (claim,) = await claimed(store)
        assert (claim.job.retries_left, claim.job.crashes) == (1, 1)
        await ended(store, claim, Retried("host shutdown", spent=False))
        (claim,) = await claimed(store)
        assert (claim.job.retries_left, claim.job.crashes) == (1, 1)

    run(story)


def test_a_job_keeps_how_it_crashed_until_it_ends(run: Run) -> None:
    """The next claim knows each loss; whoever requeues it by hand after its end begins anew."""

    async def story(store: Any, door: Any) -> None:
        (jid,) = await store.enqueue([a_job()])
        for causes in ((), ("killed",), ("killed", "its cell ended")):
            (claim,) = await claimed(store)
            assert (claim.job.losses, claim.job.crashes) == (causes, len(causes))
            cause = ("killed", "its cell ended", "")[len(causes)]
            if cause:
                await ended(store, claim, Retried(cause, spent=False, crash=True))
        await ended(store, claim, Failed("set aside", kind="poison"))
        door.requeue(jid)
        (claim,) = await claimed(store)
        assert (claim.job.losses, claim.job.crashes) == ((), 0)

    run(story)


def test_a_delayed_retry_waits_until_it_is_due(run: Run) -> None:
    """It is scheduled, not queued, and moves when its time has come."""

    async def story(store: Any, door: Any) -> None:
        (jid,) = await store.enqueue([a_job(retry=Retry(1, (60,)))])
        (claim,) = await claimed(store)
        await ended(store, claim, Retried("ValueError", delay_s=60))
        assert (await store.job(jid)).status == "scheduled"
        assert (await store.counts())["default"].scheduled == 1
        assert await store.due(time.time(), "n") == 0
        assert await store.due(time.time() + 61, "n") == 1
        assert [c.job.id for c in await claimed(store)] == [jid]

    run(story)


def test_one_node_is_the_scheduler(run: Run) -> None:
    """Until it was silent for its lease, or takes its leave; meanwhile others move nothing."""

    async def story(store: Any, door: Any) -> None:
        later = time.time() + 61
        for _ in range(2):
            await store.enqueue([a_job(retry=Retry(1, (60,)))])
            (claim,) = await claimed(store)
            await ended(store, claim, Retried("ValueError", delay_s=60))
            assert await store.due(time.time(), "a", 0.2) == 0
            assert await store.due(later, "b") == 0
            deadline = time.monotonic() + 20
            while not await store.due(later, "b", 0.05) and time.monotonic() < deadline:
                await asyncio.sleep(0.02)
            assert (await store.counts())["default"].scheduled == 0
            assert await store.due(later, "b", 60) == 0
            await store.deregister("b", [])
            await claimed(store)

    run(story)


def test_a_job_that_repeats_goes_round_until_none_is_left(run: Run) -> None:
    """rq's Repeat: at once where its interval is 0, else when it is due; then it is finished."""

    async def story(store: Any, door: Any) -> None:
        extra = {"repeats_left": "2", "repeat_intervals": "[0, 60]"}
        (jid,) = await store.enqueue([a_job(extra=extra)])
        for expected in ("queued", "scheduled", "finished"):
            (claim,) = await claimed(store)
            await ended(store, claim)
            assert (await store.job(jid)).status == expected
            await store.due(time.time() + 61, "n")

    run(story)


def test_cancel_of_a_job_that_has_not_begun_is_final(run: Run) -> None:
    """It leaves its queue, is never claimed, and what waited for it is cancelled too."""

    async def story(store: Any, door: Any) -> None:
        (jid,) = await store.enqueue([a_job()])
        (child,) = await store.enqueue([a_job(depends_on=(jid,))])
        assert (await store.cancel(jid, "by anna")).state == "canceled"
        assert await claimed(store) == []
        view = await store.job(jid)
        assert (view.status, view.reason) == ("canceled", "by anna")
        assert (await store.job(child)).status == "canceled"
        assert (await store.cancel(jid, "again")).state == "over"
        assert (await store.cancel("nobody", "x")).state == "unknown"

    run(story)


def test_cancel_of_a_running_job_reaches_its_node_by_the_heartbeat(run: Run) -> None:
    """The request says who runs it and is found by the next beat; its end clears the request."""

    async def story(store: Any, door: Any) -> None:
        (jid,) = await store.enqueue([a_job()])
        (claim,) = await claimed(store)
        answer = await store.cancel(jid, "by anna")
        assert (answer.state, answer.node, answer.eid) == ("running", "n", claim.eid)
        beat = await store.pulse(NODE, [running(claim)])
        assert beat.asked == {jid: "by anna"}
        await ended(store, claim, Stopped("by anna"))
        view = await store.job(jid)
        assert (view.status, view.reason) == ("stopped", "by anna")
        assert (await store.pulse(NODE, [])).asked == {}

    run(story)


def test_the_heartbeat_tells_what_clients_did_to_running_jobs(run: Run) -> None:
    """A job that a client cancelled or deleted, and one that is not ours, are named; seq grows."""

    async def story(store: Any, door: Any) -> None:
        await store.enqueue([a_job() for _ in range(4)])
        fine, canceled, deleted, lost = await claimed(store, 4)
        door.set(canceled.job.id, status="canceled")
        door.delete(deleted.job.id)
        await store.hand_back([lost])
        beat = await store.pulse(NODE, [running(c) for c in (fine, canceled, deleted, lost)])
        assert beat.canceled == {canceled.job.id, deleted.job.id}
        assert beat.lost == {lost.job.id}
        assert (await store.pulse(NODE, [])).seq == beat.seq + 1

    run(story)


def test_a_job_that_a_client_cancelled_while_it_ran_stays_canceled(run: Run) -> None:
    """Its end does not turn it into failed, nor put it in a second registry."""

    async def story(store: Any, door: Any) -> None:
        (jid,) = await store.enqueue([a_job()])
        (claim,) = await claimed(store)
        door.set(jid, status="canceled")
        assert await ended(store, claim, Stopped("canceled by a client")) is Answer.OK
        view = await store.job(jid)
        assert (view.status, view.phase) == ("canceled", "stopped")
        assert (await store.counts())["default"].failed == 0

    run(story)


def test_a_job_that_was_deleted_while_it_ran_stays_deleted(run: Run) -> None:
    """Neither its end nor its progress brings a job back that somebody deleted."""

    async def story(store: Any, door: Any) -> None:
        (jid,) = await store.enqueue([a_job()])
        (claim,) = await claimed(store)
        door.delete(jid)
        await store.progress(jid, {"done": 1})
        assert await ended(store, claim) is Answer.OK
        assert await store.job(jid) is None
        assert (await store.counts())["default"].finished == 0

    run(story)


def test_an_end_that_is_told_again_is_known_when_the_job_runs_once_more(run: Run) -> None:
    """A retry gives the job another execution; the first one's end stays on record beside it."""

    async def story(store: Any, door: Any) -> None:
        await store.enqueue([a_job()])
        (first,) = await claimed(store)
        assert await ended(store, first, Retried("again")) is Answer.OK
        (second,) = await claimed(store)
        assert await ended(store, first, Retried("again")) is Answer.ALREADY
        assert await ended(store, second) is Answer.OK
        assert await ended(store, first, Retried("again")) is Answer.ALREADY
        assert (await store.job(first.job.id)).status == "finished"

    run(story)


def test_a_result_of_no_lifetime_leaves_nothing_but_the_record_of_its_end(run: Run) -> None:
    """result_ttl 0 deletes the job; the same end sent again is known, not taken for new."""

    async def story(store: Any, door: Any) -> None:
        (jid,) = await store.enqueue([a_job(result_ttl=0)])
        (claim,) = await claimed(store)
        assert await ended(store, claim) is Answer.OK
        assert await store.job(jid) is None
        assert await ended(store, claim) is Answer.ALREADY
        assert await store.job(jid) is None

    run(story)


def test_waiting_wakes_for_a_job_and_takes_nothing(run: Run) -> None:
    """wait returns None on its timeout, an answer once a job comes; the job is still there."""

    async def story(store: Any, door: Any) -> None:
        assert await store.wait(["high", "default"], 0.05) is None
        bell = asyncio.create_task(store.wait(["high", "default"], 20))
        await asyncio.sleep(0)
        await store.enqueue([a_job()])
        assert await bell == Exchanged()
        assert len(await claimed(store)) == 1

    run(story)


def test_a_suspended_store_gives_no_jobs(run: Run) -> None:
    """`rq suspend` stops claims and not finishes."""

    async def story(store: Any, door: Any) -> None:
        await store.enqueue([a_job(), a_job()])
        (claim,) = await claimed(store)
        door.suspend(True)
        got = await store.exchange([an_end(claim)], an_ask(1))
        assert (got.answers, got.claims, got.suspended) == ((Answer.OK,), (), True)
        door.suspend(False)
        assert len(await claimed(store)) == 1

    run(story)


def test_enqueue_refuses_by_name(run: Run) -> None:
    """A doubled unique id, an unknown dependency and a child of a cancelled parent are refused."""

    async def story(store: Any, door: Any) -> None:
        (parent,) = await store.enqueue([a_job(id="once", unique=True)])
        with pytest.raises(Refused, match="once is there already"):
            await store.enqueue([a_job(id="once", unique=True)])
        with pytest.raises(Refused, match="depends on nobody"):
            await store.enqueue([a_job(depends_on=("nobody",))])
        (child,) = await store.enqueue([a_job(parent=parent, label="jobs:1,func:f")])
        assert (await store.job(parent)).children == {"jobs:1,func:f": child}
        await claimed(store)
        await store.cancel(parent, "by anna")
        with pytest.raises(Refused, match="once is being cancelled"):
            await store.enqueue([a_job(parent=parent)])

    run(story)


def test_a_label_used_twice_does_not_hide_a_child(run: Run) -> None:
    """A cancel must find both children."""

    async def story(store: Any, door: Any) -> None:
        (parent,) = await store.enqueue([a_job()])
        children = await store.enqueue([a_job(parent=parent, label="same") for _ in range(2)])
        assert sorted((await store.job(parent)).children.values()) == sorted(children)

    run(story)


def test_progress_is_in_meta_beside_what_the_task_keeps_there(run: Run) -> None:
    """RQ's readers see it in `job.meta["progress"]`; what a task writes meanwhile is not undone."""

    async def story(store: Any, door: Any) -> None:
        (jid,) = await store.enqueue([a_job()])
        await claimed(store)
        told = {"done": 3, "total": 12, "note": "hills", "eta_s": 1.5}
        await store.progress(jid, told)
        assert pickle.loads(door.meta(jid))["progress"] == told
        door.set(jid, meta=pickle.dumps({"mine": 1}))
        await store.progress(jid, told | {"done": 4, "eta_s": None})
        meta = pickle.loads(door.meta(jid))
        assert meta == {"mine": 1, "progress": told | {"done": 4, "eta_s": None}}

    run(story)


def test_a_meta_does_not_grow_with_progress(run: Run) -> None:
    """A hundred words of progress leave one in the meta."""

    async def story(store: Any, door: Any) -> None:
        (jid,) = await store.enqueue([a_job()])
        await claimed(store)
        for done in range(100):
            await store.progress(jid, {"done": done, "total": 100})
        assert pickle.loads(door.meta(jid))["progress"]["done"] == 99
        assert len(door.meta(jid)) < 200

    run(story)


def test_a_job_too_short_to_be_announced_tells_its_process_all_the_same(run: Run) -> None:
    """meta's pid and runid come with the end where the start was not told, and are there once."""

    async def story(store: Any, door: Any) -> None:
        (jid,) = await store.enqueue([a_job()])
        (claim,) = await claimed(store)
        await ended(store, claim)
        assert (await store.job(jid)).meta == {"pid": 4711, "runid": "my-run"}

    run(story)


def test_progress_is_shown_with_the_job(run: Run) -> None:
    """The last progress told is the job's, and a new execution begins without it."""

    async def story(store: Any, door: Any) -> None:
        (jid,) = await store.enqueue([a_job()])
        (claim,) = await claimed(store)
        await store.progress(jid, {"done": 2, "total": 12})
        await store.progress(jid, {"done": 3, "total": 12})
        assert (await store.job(jid)).progress == {"done": 3, "total": 12}
        await ended(store, claim, Retried("again"))
        await claimed(store)
        assert (await store.job(jid)).progress == {}

    run(story)


def test_a_node_finds_what_it_had_claimed(run: Run) -> None:
    """leftovers are this node's executions that have not ended, with their jobs."""

    async def story(store: Any, door: Any) -> None:
        await store.enqueue([a_job() for _ in range(3)])
        mine, over = await claimed(store, 2)
        await claimed(store, node="m")
        await store.began(mine, "n.1", 1, time.time())
        await ended(store, over)
        (left,) = await store.leftovers("n")
        assert (left.eid, left.job.id) == (mine.eid, mine.job.id)
        assert left.job.function == mine.job.function

    run(story)


def test_a_job_cancelled_before_it_began_is_recorded_as_canceled(run: Run) -> None:
    """A claim that is cancelled while it waits for a slot ends as canceled, not as failed."""

    async def story(store: Any, door: Any) -> None:
        (jid,) = await store.enqueue([a_job()])
        (claim,) = await claimed(store)
        await ended(store, claim, Canceled("by anna"))
        assert (await store.job(jid)).status == "canceled"
        assert (await store.counts())["default"].canceled == 1

    run(story)


def test_jobs_are_listed_by_state(run: Run) -> None:
    """Each state lists its jobs, limit and offset hold, and a wrong word is refused."""

    async def story(store: Any, door: Any) -> None:
        jids = await store.enqueue([a_job() for _ in range(5)])
        bad, stopped = await claimed(store, 2)
        await ended(store, bad, a_failure())
        await ended(store, stopped, Stopped("by anna"))
        assert [v.id for v in await store.jobs("queued", 2, 1)] == jids[3:5]
        assert [v.id for v in await store.jobs("failed", 9)] == [bad.job.id]
        assert [v.id for v in await store.jobs("stopped", 9)] == [stopped.job.id]
        assert [v.id for v in await store.jobs("stopped", 1)] == [stopped.job.id]
        both = {v.id for v in await store.jobs("failed", 9, 0, "stopped")}
        assert both == {bad.job.id, stopped.job.id}
        assert len(await store.jobs("failed", 9, 1, "stopped")) == 1
        await claimed(store)
        assert [v.status for v in await store.jobs("started", 9)] == ["started"]
        with pytest.raises(StoreError, match="'sleeping' is not known"):
            await store.jobs("sleeping", 1)

    run(story)
