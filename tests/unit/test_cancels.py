"""The cancel of a tree, as one node carries it out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from types import SimpleNamespace
from typing import Any

import pytest

from tests.contract.build import a_job, claimed
from weppd.admin import NoSuchJob
from weppd.core.schedule import Plan, Ticket
from weppd.core.state import Running
from weppd.errors import StoreAway
from weppd.model import Claim, Finish, Stopped
from weppd.shell.cancels import Cancels
from weppd.store.twin.memory import MemoryStore

RUNGS = (("USR1", 1.0), ("TERM", 1.0), ("KILL", 0.0))


class Node:
    """A node whose jobs end as soon as it is told, and are recorded if the store is there."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.state = SimpleNamespace(jobs={})
        self.told: list[Any] = []
        self.on_end: Callable[[], Coroutine[Any, Any, Any]] | None = None
        self._waiters: dict[str, asyncio.Future[Finish]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        rules: Any = SimpleNamespace(rungs=RUNGS)
        me: Any = self
        self.cancels = Cancels(me, store, me, rules)

    def runs(self, claim: Claim, n: int = 1) -> None:
        """A job of this node."""
        self.state.jobs[claim.eid] = Running(Ticket(claim, Plan("f"), f"n.{n}"), n)

    def tell(self, event: Any) -> None:
        """The machine's inbox."""
        self.told.append(event)
        self._tasks.append(asyncio.ensure_future(self._end(event)))

    def wait_for(self, jid: str) -> asyncio.Future[Finish]:
        """The diary's future."""
        self._waiters[jid] = asyncio.get_running_loop().create_future()
        return self._waiters[jid]

    async def _end(self, event: Any) -> None:
        (phase,) = [p for p in self.state.jobs.values() if p.ticket.job.id == event.jid]
        if self.on_end is not None:
            then, self.on_end = self.on_end, None
            await then()
        now, claim = time.time(), phase.ticket.claim
        rungs = {"USR1": 1, "TERM": 0, "KILL": 2}
        finish = Finish(claim, Stopped(event.reason), "n.1", now - 1, now, 7, rungs=rungs)
        if not self.store.away:
            await self.store.exchange([finish], None)
        del self.state.jobs[claim.eid]
        self._waiters[event.jid].set_result(finish)


def test_what_runs_here_ends_though_the_store_is_away() -> None:
    """The job of this node is ended, and the answer says what was not looked for."""

    async def story() -> None:
        store = MemoryStore()
        node = Node(store)
        await store.enqueue([a_job(id="root")])
        (root,) = await claimed(store)
        node.runs(root)
        store.away = True
        answer = await node.cancels.cancel("root", None, True, "by anna")
        assert (answer["state"], answer["stopped"], answer["survivors"]) == ("stopped", 1, 0)
        assert "was not looked for" in answer["note"]
        with pytest.raises(StoreAway):
            await node.cancels.cancel("another", None, True, "by anna")

    asyncio.run(story())


def test_a_child_that_was_added_while_its_parent_died_is_found() -> None:
    """The tree is walked again when what ran is over; signals are summed over all its jobs."""

    async def story() -> None:
        store = MemoryStore()
        node = Node(store)
        await store.enqueue([a_job(id="root"), a_job(id="one", parent="root")])
        root, one = await claimed(store, 2)
        node.runs(root, 1)
        node.runs(one, 2)

        async def adds() -> None:
            # As rq's own clients do: no script of weppd's is asked.
            store.shelf.closed.clear()
            store.shelf.cancels.pop("root", None)
            await store.enqueue([a_job(id="late", parent="root")])

        node.on_end = adds
        answer = await node.cancels.cancel("root", 0.5, True, "by anna")
        assert (answer["stopped"], answer["canceled"], answer["ending"]) == (2, 1, 0)
        assert answer["rungs"] == {"USR1": 2, "TERM": 0, "KILL": 4}
        view = await store.job("late")
        assert view is not None
        assert (view.status, view.reason) == ("canceled", "by anna")
        assert {event.rungs for event in node.told} == {(("USR1", 0.5), *RUNGS[1:])}

    asyncio.run(story())


def test_a_caller_who_does_not_wait_is_told_what_is_still_ending() -> None:
    """Without waiting, the answer counts the jobs that are on their way out."""

    async def story() -> None:
        store = MemoryStore()
        node = Node(store)
        await store.enqueue([a_job(id="root"), a_job(id="queued", parent="root")])
        (root,) = await claimed(store)
        node.runs(root)
        answer = await node.cancels.cancel("root", None, False, "by anna")
        assert (answer["was"], answer["state"], answer["waited"]) == ("started", "ending", False)
        assert (answer["canceled"], answer["ending"]) == (1, 1)

    asyncio.run(story())


def test_a_job_that_never_was_is_named_so() -> None:
    """A cancel of an unknown id is an error for the caller, and leaves nothing behind."""

    async def story() -> None:
        node = Node(MemoryStore())
        with pytest.raises(NoSuchJob, match="nobody"):
            await node.cancels.cancel("nobody", None, True, "by anna")
        assert node.told == []

    asyncio.run(story())
