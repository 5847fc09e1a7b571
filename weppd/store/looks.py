"""Looking at the twin in memory: reads only, as `queries` makes them on Redis."""

from __future__ import annotations

from weppd.errors import StoreAway
from weppd.store import JobView, QueueCounts
from weppd.store.shelf import Shelf
from weppd.store.views import STATES, registry, view


class Looks:
    """The reads of a store in memory, on its shelf; while `away` it answers nothing."""

    def __init__(self) -> None:
        self.shelf = Shelf()
        self.away = False

    def _check(self) -> None:
        if self.away:
            raise StoreAway("the store in memory is away, because a test said so")

    async def job(self, jid: str) -> JobView | None:
        self._check()
        shelf = self.shelf
        if b"data" not in shelf.jobs.get(jid, {}):
            return None
        entry, execution = shelf.entries.get(jid, {}), shelf.executions.get(jid, {})
        return view(jid, shelf.jobs[jid], entry, execution, shelf.children.get(jid, {}))

    async def jobs(self, state: str, limit: int, offset: int = 0) -> list[JobView]:
        self._check()
        name = registry(state)
        jids = [jid for queue in sorted(self.shelf.queues) for jid in self._members(name, queue)]
        views = [await self.job(jid) for jid in jids]
        return [v for v in views if v and v.status == state][offset : offset + limit]

    def _members(self, name: str, queue: str) -> list[str]:
        if name == "queued":
            return list(self.shelf.queues[queue])
        members = self.shelf.registries[name, queue]
        order = sorted(members, key=lambda m: members[m], reverse=name != "deferred")
        return [member.split(":")[0] for member in order]

    async def counts(self) -> dict[str, QueueCounts]:
        self._check()
        return {
            queue: QueueCounts(
                **{state: len(self._members(name, queue)) for state, name in STATES.items()}
            )
            for queue in self.shelf.queues
        }
