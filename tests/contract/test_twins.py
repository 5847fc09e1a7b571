"""The twin in memory and the store in Redis stay alike through any history of calls."""

from __future__ import annotations

import asyncio
import pickle
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import redis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.contract.build import NODE, a_failure, a_job, an_ask, running
from weppd.embedded import Embedded
from weppd.errors import Refused
from weppd.model import Canceled, Claim, Finish, Finished, Outcome, Retried, Stopped
from weppd.store.nouns import Retry
from weppd.store.server.redis import RedisStore
from weppd.store.twin.memory import MemoryStore

OUTCOMES: list[Outcome] = [
    Finished(pickle.dumps(1)),
    Finished(None),
    a_failure(),
    Stopped("by anna"),
    Canceled("by anna"),
    Retried("again"),
    Retried("later", delay_s=30, crash=True),
    Retried("returned", spent=False, returned=True),
]
pick = st.integers(0, 99)


class Twins(RuleBasedStateMachine):
    """Both stores are told the same; both must answer the same, and hold the same."""

    url, alike_so_far = "", 0

    def __init__(self) -> None:
        super().__init__()
        with redis.Redis.from_url(self.url) as connection:
            connection.flushall()
        self.loop = asyncio.new_event_loop()
        self.memory, self.redis = MemoryStore(), RedisStore(self.url)
        self.play(self.redis.open())
        self.ids: list[str] = []
        self.claims: list[Claim] = []
        self.later = 0.0

    def teardown(self) -> None:
        self.play(self.redis.close())
        self.loop.close()

    def play(self, call: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(call)

    def both(self, call: Callable[[Any], Coroutine[Any, Any, Any]]) -> Any:
        """Tell both stores; their answers, or refusals, are alike."""
        said = []
        for store in (self.memory, self.redis):
            try:
                said.append(self.play(call(store)))
            except Refused as error:
                said.append(str(error))
        assert said[0] == said[1]
        Twins.alike_so_far += 1
        return said[0]

    @rule(
        queue=st.sampled_from(["high", "low"]),
        front=st.booleans(),
        allow=st.booleans(),
        waits=st.lists(pick, max_size=2),
        parent=st.none() | pick,
        retries=st.integers(0, 2),
        ttl=st.sampled_from([None, None, 0]),
        key=st.sampled_from(["", "", "k"]),
    )
    def enqueue(
        self,
        queue: str,
        front: bool,
        allow: bool,
        waits: list[int],
        parent: int | None,
        retries: int,
        ttl: int | None,
        key: str,
    ) -> None:
        """A new job, perhaps with dependencies, perhaps a child, perhaps there already."""
        some = self.ids or ["nobody"]
        spec = a_job(
            id=f"j{len(self.ids)}",
            queue=queue,
            at_front=front,
            allow_failures=allow,
            depends_on=tuple(sorted({some[i % len(some)] for i in waits})),
            parent=None if parent is None or not self.ids else some[parent % len(some)],
            retry=Retry(retries) if retries else None,
            result_ttl=ttl,
            unique_as=key,
        )
        if self.both(lambda store: store.enqueue([spec])) == [spec.id]:
            self.ids.append(spec.id)

    @rule(n=st.integers(1, 3))
    def claim(self, n: int) -> None:
        """Claim some."""
        ask = an_ask(n, "high", "low")
        told = self.both(lambda store: _told(store.exchange([], ask)))
        if told[0]:
            assert self.both(lambda store: _told(store.exchange([], ask)))[0] == told[0]
        claims = self.play(self.redis.leftovers("n"))
        self.claims += [c for c in claims if c.eid in {eid for eid, _ in told[0]}]

    @rule(i=pick, key=st.sampled_from(["k", "l"]))
    def take_turn(self, i: int, key: str) -> None:
        """Ask for a turn, perhaps for an execution that has ended; another may have it."""
        if self.claims:
            claim = self.claims[i % len(self.claims)]
            self.both(lambda store: store.take_turns([(claim, key)]))

    @rule()
    def pass_turns(self) -> None:
        """Nothing is left for this to do: events have passed all turns on."""
        self.both(lambda store: store.pass_turns())

    @rule(i=pick, outcome=st.sampled_from(OUTCOMES))
    def finish(self, i: int, outcome: Outcome) -> None:
        """End an execution, perhaps one that has ended or was handed back before."""
        if self.claims:
            claim = self.claims[i % len(self.claims)]
            now = time.time()
            end = Finish(claim, outcome, "n.1", now - 1, now, 7)
            self.both(lambda store: _answers(store.exchange([end], None)))

    @rule(i=pick)
    def began(self, i: int) -> None:
        """An execution begins."""
        if self.claims:
            claim = self.claims[i % len(self.claims)]
            self.both(lambda store: store.began(claim, "n.2", 7, 1.0))

    @rule(i=pick)
    def hand_back(self, i: int) -> None:
        """An execution goes back."""
        if self.claims:
            claim = self.claims[i % len(self.claims)]
            self.both(lambda store: store.hand_back([claim]))

    @rule(i=pick)
    def cancel(self, i: int) -> None:
        """A job is cancelled."""
        if self.ids:
            jid = self.ids[i % len(self.ids)]
            self.both(lambda store: store.cancel(jid, "by anna"))

    @rule(i=pick)
    def cancel_tree(self, i: int) -> None:
        """A job and all below it are cancelled."""
        if self.ids:
            jid = self.ids[i % len(self.ids)]
            self.both(lambda store: _felled(store.cancel_tree(jid, "by anna")))

    @rule(i=pick)
    def retry(self, i: int) -> None:
        """A job is sent round again."""
        if self.ids:
            jid = self.ids[i % len(self.ids)]
            self.both(lambda store: _retried(store.retry(jid)))

    @rule(queue=st.sampled_from(["high", "low"]), on=st.booleans())
    def pause(self, queue: str, on: bool) -> None:
        """A queue is paused or resumed."""
        self.both(lambda store: store.pause([queue], on))

    @rule()
    def pulse(self) -> None:
        """A beat with all that was ever claimed."""
        beats = [running(claim) for claim in self.claims]
        self.both(lambda store: store.pulse(NODE, beats))

    @rule()
    def due(self) -> None:
        """A minute passes."""
        self.later += 60
        self.both(lambda store: _moved(store.due(time.time() + self.later, "n")))

    @rule()
    def free_deferred(self) -> None:
        """Deferred jobs are looked at: there is never one that only this frees."""
        assert self.both(lambda store: store.free_deferred("n")) == 0

    @invariant()
    def alike(self) -> None:
        """Every job, every count and every queue's order is the same in both."""
        for jid in self.ids:
            self.both(lambda store, jid=jid: _seen(store.job(jid)))  # type: ignore[misc]
        self.both(lambda store: _counted(store.counts()))
        self.both(lambda store: _ordered(store.jobs("queued", 99)))


async def _told(call: Coroutine[Any, Any, Any]) -> Any:
    got = await call
    return [(c.eid, c.job.id) for c in got.claims], sorted(got.empty), got.suspended


async def _answers(call: Coroutine[Any, Any, Any]) -> Any:
    got = await call
    return got.answers, got.released


async def _felled(call: Coroutine[Any, Any, Any]) -> Any:
    got = await call
    return got.root, set(got.canceled), set(got.running), set(got.over)


async def _moved(call: Coroutine[Any, Any, Any]) -> Any:
    return await call


async def _seen(call: Coroutine[Any, Any, Any]) -> Any:
    view = await call
    if view is None:
        return None
    return (
        *(view.status, view.phase, view.worker, view.retries_left, view.reason, view.exc_info),
        *(view.result, dict(view.children), dict(view.meta), dict(view.usage), view.eid),
        *(bool(view.started_at), bool(view.ended_at)),
    )


async def _counted(call: Coroutine[Any, Any, Any]) -> Any:
    counts = await call
    return {name: replace(each, oldest=bool(each.oldest)) for name, each in counts.items()}


async def _retried(call: Coroutine[Any, Any, Any]) -> Any:
    got = await call
    return replace(got, woken=set(got.woken))


async def _ordered(call: Coroutine[Any, Any, Any]) -> Any:
    return [view.id for view in await call]


def test_the_twin_answers_as_redis_does(redis_server: Embedded) -> None:
    """Random histories of calls leave both stores with the same answers and the same jobs."""
    Twins.url, Twins.alike_so_far = redis_server.url(), 0
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Twins,
        settings=settings(
            max_examples=40,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    # Each of them was held against the other's, and each job after each of them.
    assert Twins.alike_so_far > 1000
