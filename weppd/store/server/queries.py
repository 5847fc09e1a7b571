"""Looking at jobs and queues, each in one trip or two; and the one write that needs no script."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from weppd.store.nouns import JobView, QueueCounts
from weppd.store.server.line import Line
from weppd.store.views import STATES, registry, view
from weppd.store.wire import paired

#: Commands in one trip, so that nobody else waits long for the line or the loop.
AT_ONCE = 400


class Queries:
    """The reads of one store, on its line."""

    def __init__(self, line: Line, prefix: str, own: str) -> None:
        self._line, self._prefix, self._own = line, prefix, own

    async def _all(self, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
        replies = await self._line.calls(commands) if commands else []
        return [self._line.checked(reply) for reply in replies]

    async def job(self, jid: str) -> JobView | None:
        """One job, or None."""
        found = await self._views([jid])
        return found[0] if found else None

    async def _views(self, jids: Sequence[str]) -> list[JobView]:
        reads = [read for jid in jids for read in self._reads(jid)]
        replies = await self._all(reads)
        parts = [replies[i : i + 4] for i in range(0, len(replies), 4)]
        return [
            view(jid, paired(fields), _latest(stream), paired(execution), paired(children))
            for jid, (fields, stream, execution, children) in zip(jids, parts, strict=True)
            if b"data" in fields[::2]
        ]

    def _reads(self, jid: str) -> list[tuple[Any, ...]]:
        return [
            ("HGETALL", f"{self._prefix}:job:{jid}"),
            ("XREVRANGE", f"{self._prefix}:results:{jid}", "+", "-", "COUNT", 1),
            ("HGETALL", f"{self._own}exec:{jid}"),
            ("HGETALL", f"{self._own}children:{jid}"),
        ]

    async def queues(self) -> list[str]:
        """The names of all queues that a producer ever used, in order."""
        start = len(f"{self._prefix}:queue:")
        keys = await self._line.call("SMEMBERS", f"{self._prefix}:queues")
        return sorted(key.decode()[start:] for key in keys)

    async def jobs(self, state: str, limit: int, offset: int = 0, also: str = "") -> list[JobView]:
        """Jobs of all queues in one state, or in either of two that share RQ's set.

        In small trips: who looks far down a long list keeps nobody waiting.
        """
        words, kept = (state, also), list[str]()
        async with contextlib.aclosing(self._members(registry(state))) as members:
            async for jids in members:
                kept += await self._of_status(jids, words)
                if len(kept) >= offset + limit:
                    break
        views: list[JobView] = []
        wanted = kept[offset : offset + limit]
        for at in range(0, len(wanted), AT_ONCE // 4):
            views += await self._views(wanted[at : at + AT_ONCE // 4])
        return [each for each in views if each.status in words]

    async def _of_status(self, jids: Sequence[str], words: Sequence[str]) -> list[str]:
        """Those whose hash says so: RQ's lists may hold what went elsewhere."""
        said = await self._all([("HGET", f"{self._prefix}:job:{jid}", "status") for jid in jids])
        pairs = zip(jids, said, strict=True)
        return [jid for jid, word in pairs if word and word.decode("utf-8", "replace") in words]

    async def _members(self, name: str) -> AsyncGenerator[list[str], None]:
        """The ids on one of RQ's lists, of all queues, some at a time."""
        queues = await self.queues()
        firsts = await self._all([self._range(name, queue, 0) for queue in queues])
        for queue, members in zip(queues, firsts, strict=True):
            some, at = members, 0
            while some:
                yield _ids(some)
                at += AT_ONCE
                more = len(some) == AT_ONCE
                some = (await self._all([self._range(name, queue, at)]))[0] if more else []
        if name == "queued":
            # Those who wait for their turn are on no queue, and come last.
            yield _ids(await self._line.call("HKEYS", f"{self._own}parked"))

    def _range(self, name: str, queue: str, at: int) -> tuple[Any, ...]:
        window = at, at + AT_ONCE - 1
        if name == "queued":
            return ("LRANGE", f"{self._prefix}:queue:{queue}", *window)
        order = "ZRANGE" if name == "deferred" else "ZREVRANGE"
        return (order, f"{self._prefix}:{name}:{queue}", *window)

    async def counts(self) -> dict[str, QueueCounts]:
        """The counts of every queue."""
        queues = await self.queues()
        reads: list[tuple[Any, ...]] = [("SMEMBERS", f"{self._own}paused")]
        reads.append(("HVALS", f"{self._own}parked"))
        reads += [("LINDEX", f"{self._prefix}:queue:{queue}", 0) for queue in queues]
        reads += [self._count(name, queue) for queue in queues for name in STATES.values()]
        paused, waiting, *replies = await self._all(reads)
        parked = Counter(place.split(b"\n")[0].decode() for place in waiting)
        heads, numbers = replies[: len(queues)], iter(replies[len(queues) :])
        oldest = await self._enqueued_at(
            [head.decode("utf-8", "replace") for head in heads if head]
        )
        return {
            queue: QueueCounts(
                **{state: next(numbers) + parked[queue] * (state == "queued") for state in STATES},
                paused=queue.encode() in paused,
                oldest=oldest.get(head.decode("utf-8", "replace"), "") if head else "",
            )
            for queue, head in zip(queues, heads, strict=True)
        }

    async def _enqueued_at(self, jids: Sequence[str]) -> dict[str, str]:
        reads = [("HGET", f"{self._prefix}:job:{jid}", "enqueued_at") for jid in jids]
        return {
            j: (at or b"").decode("utf-8", "replace")
            for j, at in zip(jids, await self._all(reads), strict=True)
        }

    async def of_run(self, runid: str) -> list[str]:
        """The jobs of a run that stand below no other, the latest first."""
        found = await self._line.call("ZREVRANGE", f"{self._own}run:{runid}", 0, -1)
        return [jid.decode() for jid in found]

    async def held(self, db: int) -> dict[tuple[str, str], str]:
        """The locks in a database that running jobs account for: job by key and token."""
        found: dict[tuple[str, str], str] = {}
        async with contextlib.aclosing(self._members(registry("started"))) as members:
            async for jids in members:
                accounts = await self._all([("HGETALL", f"{self._own}held:{j}") for j in jids])
                for jid, account in zip(jids, accounts, strict=True):
                    for place, what in paired(account).items():
                        where, _, key = place.decode("utf-8", "replace").partition(":")
                        if where == str(db):
                            found[key, what.decode("utf-8", "replace").partition(":")[2]] = jid
        return found

    async def pause(self, queues: Sequence[str], on: bool) -> frozenset[str]:
        """Pause queues, or resume them; those that are paused now."""
        key = f"{self._own}paused"
        change = [("SADD" if on else "SREM", key, *queues)] if queues else []
        paused = (await self._all([*change, ("SMEMBERS", key)]))[-1]
        return frozenset(queue.decode() for queue in paused)

    def _count(self, name: str, queue: str) -> tuple[str, str]:
        if name == "queued":
            return ("LLEN", f"{self._prefix}:queue:{queue}")
        return ("ZCARD", f"{self._prefix}:{name}:{queue}")


def _ids(members: Sequence[bytes]) -> list[str]:
    return [member.decode("utf-8", "replace").split(":")[0] for member in members]


def _latest(stream: Sequence[Any]) -> dict[bytes, bytes]:
    return paired(stream[0][1]) if stream else {}
