"""Looking at the twin in memory: reads only, as `queries` makes them on Redis."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from weppd.errors import StoreAway, StoreChanged
from weppd.store.nouns import JobView, QueueCounts
from weppd.store.trees import Reading
from weppd.store.twin import steering
from weppd.store.twin.shelf import Shelf
from weppd.store.views import STATES, registry, view


class Looks:
    """The reads of a store in memory, on its shelf; while `away` it answers nothing, nor when
    `server` is not the one that was met."""

    def __init__(self) -> None:
        self.shelf = Shelf()
        self.away = False
        self.server, self._met = "1", ""

    def _check(self, *, met: bool = True) -> None:
        if self.away:
            raise StoreAway("the store in memory is away, because a test said so")
        if met and self._met not in ("", self.server):
            raise StoreChanged("the store in memory went back, because a test said so")

    async def job(self, jid: str) -> JobView | None:
        self._check()
        shelf = self.shelf
        if b"data" not in shelf.jobs.get(jid, {}):
            return None
        entry, execution = shelf.entries.get(jid, {}), shelf.executions.get(jid, {})
        return view(jid, shelf.jobs[jid], entry, execution, shelf.children.get(jid, {}))

    async def jobs(self, state: str, limit: int, offset: int = 0, also: str = "") -> list[JobView]:
        self._check()
        name = registry(state)
        jids = [jid for queue in sorted(self.shelf.queues) for jid in self._members(name, queue)]
        jids += self.shelf.parked if name == "queued" else ()
        views = [await self.job(jid) for jid in jids]
        return [v for v in views if v and v.status in (state, also)][offset : offset + limit]

    def _members(self, name: str, queue: str) -> list[str]:
        if name == "queued":
            return list(self.shelf.queues[queue])
        members = self.shelf.registries[name, queue]
        order = sorted(members, key=lambda m: members[m], reverse=name != "deferred")
        return [member.split(":")[0] for member in order]

    async def counts(self) -> dict[str, QueueCounts]:
        self._check()
        waiting = Counter(queue for queue, _ in self.shelf.parked.values())
        return {
            queue: QueueCounts(
                **{
                    state: len(self._members(name, queue)) + waiting[queue] * (state == "queued")
                    for state, name in STATES.items()
                },
                paused=queue in self.shelf.paused,
                oldest=self.shelf.enqueued_at(self._members("queued", queue)[:1]),
            )
            for queue in self.shelf.queues
        }

    async def tree(self, jids: Sequence[str]) -> Reading:
        self._check()
        walk = Reading(jids)
        while calls := walk.calls():
            walk.took([[steering.tree_row(self.shelf, jid) for jid in call[1:]] for call in calls])
        return walk

    async def of_run(self, runid: str) -> list[str]:
        self._check()
        began = self.shelf.runs.get(runid, {})
        return sorted(began, key=lambda jid: -began[jid])
