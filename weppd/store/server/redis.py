"""The store in Redis: RQ's own keys, and under `weppd:` the truth that RQ's clients cannot touch.

::

    weppd:exec:<jid>       eid, node, phase, worker, queue, try: who runs it, or how it last ended
    weppd:live:<node>      jid → eid of what is claimed or running there
    weppd:claim:<node>     the node's last token and what it got
    weppd:done:<eid>       an execution that ended before the one in exec:<jid> (7 days)
    weppd:cancel:<jid>     a durable request to cancel a running job
    weppd:children:<jid>   label → jid
    weppd:held:<jid>       the locks that the running job holds, see `weppd.store.locks`
    weppd:closed:<jid>     the top of a tree that is being cancelled (1 h): nothing goes in below
    weppd:fallen:<jid>     the jobs that were cancelled because it failed; a retry wakes them
    weppd:run:<runid>      the jobs of a run that began and stand below none, by their start
    weppd:posted:<node>    a claim of empty queues, for the next job that comes (7.5 s from a beat)
    weppd:paused           the queues that nobody takes jobs of
    weppd:offers           the CPUs and bytes that each node offers its jobs
    weppd:node:<node>      seq (the lease), state, last_heartbeat, server;  weppd:nodes: their names
    weppd:era              names this memory;  weppd:settle: nobody claims;  weppd:gate: where last

With a key prefix other than `rq`, weppd's own begins `weppd:<prefix>:`.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from weppd.errors import StoreDenied, StoreError
from weppd.model import Answer, Claim, Finish
from weppd.store import SCHEDULER_S, locks, packing, unpacking
from weppd.store.extending import with_items
from weppd.store.nouns import (
    CancelAnswer,
    Change,
    ClaimAsk,
    Command,
    Exchanged,
    JobSpec,
    JobView,
    Known,
    Lease,
    Met,
    Node,
    Pulse,
    QueueCounts,
    Retried,
    Running,
    Tenant,
    Took,
    TreeCancel,
)
from weppd.store.record import FAILURE_TTL, RESULT_TTL, Lifetimes, Record, event, record, traces
from weppd.store.server.bells import Bells
from weppd.store.server.commands import listen
from weppd.store.server.latches import Latches
from weppd.store.server.line import Line, address
from weppd.store.server.meetings import Meetings
from weppd.store.server.metas import Metas
from weppd.store.server.queries import Queries
from weppd.store.server.runner import Call, Runner
from weppd.store.server.stranded import Stranded
from weppd.store.server.turning import Turning
from weppd.store.trees import Felling, Reading
from weppd.store.wire import flat, rehash, stamp

OLDEST = (6, 2)
DUE_AT_ONCE = 200


class RedisStore(Turning):
    """A store on one Redis or Valkey server (or the master behind it); clusters are refused.

    `url` is redis://, rediss:// or unix://, with RQ's database. Lifetimes in seconds stand where a
    job has none of its own. `status_db` and `lock_db` are WEPPcloud's; channels have no
    database, what was said on them is kept in `weppd:said:<channel>` of the former.
    """

    def __init__(
        self,
        url: str,
        *,
        prefix: str = "rq",
        status_db: int = 2,
        lock_db: int = 0,
        connect_timeout_s: float = 2.0,
        call_timeout_s: float = 5.0,
        default_result_ttl: int = RESULT_TTL,
        default_failure_ttl: int = FAILURE_TTL,
    ) -> None:
        self._where = address(url)
        self._connect_s, self._call_s = connect_timeout_s, call_timeout_s
        self._prefix = prefix
        #: The database to come back to, and that of what is said on channels.
        self._said = (self._where.db, status_db)
        self._own = "weppd:" if prefix == "rq" else f"weppd:{prefix}:"
        self._lifetimes = Lifetimes(default_result_ttl, default_failure_ttl)
        parted = asyncio.Event()
        self._line = self._dial(parted.set)
        self._runner = Runner(self._line, prefix, self._own, parted.set)
        self._meetings = Meetings(self._line, self._runner, parted, self._where.shown)
        self._bells = Bells(self._dial, lambda queue: f"{prefix}:queue:{queue}")
        self._metas = Metas(self._line, self._runner, prefix, self._own)
        self._queries = Queries(self._line, prefix, self._own)
        self._stranded = Stranded(self._runner.one)
        self._latches = Latches(self._runner, self._queries, self._where.db, lock_db)

    def __repr__(self) -> str:
        return f"RedisStore({self._where.shown!r}, prefix={self._prefix!r})"

    def _dial(self, broke: Callable[[], None] | None = None) -> Line:
        return Line(self._where, connect_s=self._connect_s, call_s=self._call_s, broke=broke)

    async def open(self) -> None:
        try:
            await self._open()
        except StoreDenied as error:
            # So far it is the settings that are wrong. Later on it is what was changed over there.
            raise StoreError(str(error)) from None

    async def _open(self) -> None:
        text = (await self._line.call("INFO", "server")).decode()
        info = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
        if info.get("redis_mode") == "cluster":
            raise StoreError(
                f"{self._where.shown} is a cluster: weppd's scripts need a single server, or the"
                " master behind Sentinel"
            )
        version = tuple(int(part) for part in info["redis_version"].split(".")[:2])
        if version < OLDEST:
            found = f"{self._where.shown} is Redis {info['redis_version']}"
            raise StoreError(f"{found}: 6.2 or newer is needed")
        await self._runner.load()
        self._runner.met = self._runner.met or self._line.server

    async def close(self) -> None:
        await self._bells.close()
        await self._line.close()

    # -- meeting a server

    async def parted(self) -> None:
        await self._meetings.parted.wait()

    async def move_in(self, node: str, home: str, where: str, force: bool = False) -> Tenant:
        return await self._meetings.move_in(node, home, where, force)

    async def greet(self, node: str, settle_s: float) -> Change:
        return await self._meetings.greet(node, settle_s)

    async def reassert(self, node: str, known: Sequence[Known]) -> Met:
        words, strays = await self._meetings.reassert(node, known)
        return Met(words, unpacking.claims(strays))

    async def met(self, node: str) -> None:
        await self._meetings.met(node)

    # -- jobs' lives

    async def exchange(self, finishes: Sequence[Finish], claim: ClaimAsk | None) -> Exchanged:
        records = [record(finish, self._lifetimes) for finish in finishes]
        metas = await self._metas.changes(finishes, records)
        calls = [self._ends(zip(finishes, records, metas, strict=True))] if finishes else []
        if claim is not None:
            calls.append(self._runner.script("claim", *packing.claim(claim, time.time())))
        replies = await self._runner.run(calls) if calls else []
        ends = [
            await self._settled(f, r, reply)
            for f, r, reply in zip(finishes, records, replies[0] if finishes else (), strict=True)
        ]
        answers, released = tuple(a for a, _ in ends), tuple(n for _, n in ends)
        if claim is None:
            return Exchanged(answers, released)
        return unpacking.brought(replies[-1], answers, released)

    def _ends(
        self, ends: Iterable[tuple[Finish, Record, packing.MetaChange]], force: bool = False
    ) -> Call:
        """The one call that writes these ends."""
        parts = (part for end in ends for part in packing.finish(*end, force=force))
        return self._runner.script("finish", *self._said, *parts)

    async def _settled(self, finish: Finish, written: Record, reply: Any) -> tuple[Answer, int]:
        """Bring a finish to its final answer: an absent job is put in place again first."""
        reply = self._line.checked(reply)
        answer = Answer(reply[0].decode())
        jid = finish.claim.job.id
        if answer is Answer.ABSENT:
            fields = rehash(finish.claim.job)
            before = fields.get("meta", b"")
            assert isinstance(before, bytes)
            meta = (before, with_items(before, written.meta) or b"") if written.meta else (b"", b"")
            put = self._runner.script("restore", jid, *flat(fields))
            end = self._ends([(finish, written, meta)], force=True)
            _, (reply,) = await self._runner.run([put, end])
            reply = self._line.checked(reply)
        if reply[0] == b"ok" and not reply[2]:
            await self._metas.amend(jid, written.meta)
        if reply[0] == b"ok" and reply[3]:
            await self._metas.mirror(jid)
        return answer, reply[1]

    async def began(self, claim: Claim, worker: str, pid: int, at: float) -> None:
        job = claim.job
        items = traces(pid, job.runid)
        after = with_items(job.meta, items) or b""
        channel = f"{job.runid}:rq" if job.runid else ""
        args = (job.id, claim.eid, worker, pid, repr(at), stamp(at), channel)
        told = (event(job.id, "started"), job.meta, after)
        said = await self._runner.one("began", *args, *told, *self._said)
        if said < 0:
            await self._metas.amend(job.id, items)

    async def hand_back(self, claims: Sequence[Claim]) -> int:
        pairs = [(claim.job.id, claim.eid) for claim in reversed(claims)]
        if not pairs:
            return 0
        now = time.time()
        parts = (part for pair in pairs for part in pair)
        era = self._meetings.era
        count = int(await self._runner.one("hand_back", repr(now), stamp(now), era, *parts))
        if count < 0:
            self._meetings.emptied()
        return count

    async def wait(
        self, queues: Sequence[str], timeout_s: float, node: str = "", took: Took = None
    ) -> Exchanged | None:
        then = self._runner.script("claim", node, "") if node else ()
        take = (lambda reply: took(unpacking.brought(reply))) if took else None
        heard = await self._bells.wait(queues, timeout_s, self._runner.met, then, take)
        return unpacking.brought(heard) if heard else Exchanged() if heard == () else None

    async def pulse(self, node: Node, running: Sequence[Running]) -> Pulse:
        return await self._meetings.pulse(node, running)

    async def cancel(self, jid: str, reason: str) -> CancelAnswer:
        now = time.time()
        reply = await self._runner.one("cancel", jid, reason, repr(now), stamp(now))
        return CancelAnswer(*(part.decode() for part in reply))

    async def cancel_tree(self, jid: str, reason: str) -> TreeCancel:
        walk = Felling(jid, reason, time.time())
        while calls := walk.calls():
            walk.took(await self._runner.run([self._runner.script(*call) for call in calls]))
        return walk.result()

    async def tree(self, jids: Sequence[str]) -> Reading:
        walk = Reading(jids)
        while calls := walk.calls():
            walk.took(await self._runner.run([self._runner.script(*call) for call in calls]))
        return walk

    async def scrub(self) -> int:
        return int(await self._runner.one("scrub"))

    async def retry(self, jid: str) -> Retried:
        now = time.time()
        *words, woken = await self._runner.one("retry", jid, repr(now), stamp(now))
        state, status, which = (word.decode() for word in words)
        return Retried(state, status, which, tuple(each.decode() for each in woken))

    async def enqueue(self, specs: Sequence[JobSpec]) -> list[str]:
        jids = [spec.id or str(uuid.uuid4()) for spec in specs]
        now = time.time()
        calls = [
            self._runner.script("enqueue", *packing.enqueue(spec, jid, now))
            for spec, jid in zip(specs, jids, strict=True)
        ]
        replies = await self._runner.run(calls) if calls else []
        return [packing.answered(reply, jid) for reply, jid in zip(replies, jids, strict=True)]

    async def leftovers(self, node: str) -> list[Claim]:
        return list(unpacking.claims(await self._runner.one("leftovers", node)))

    async def nodes(self) -> list[Lease]:
        found = sorted(await self._runner.one("nodes"))
        return [Lease(name.decode(), seq.decode(), float(h), n) for name, seq, h, n in found]

    async def take_over(self, lease: Lease, finish: Finish, fresh: str) -> bool:
        mine = replace(finish, claim=replace(finish.claim, eid=fresh))
        written = record(mine, self._lifetimes)
        ((before, after),) = await self._metas.changes([mine], [written])
        jid, by = finish.claim.job.id, finish.worker.rpartition(".")[0]
        script = self._runner.script
        seize = script("seize", lease.node, lease.seq, jid, finish.claim.eid, fresh, by)
        end = self._ends([(mine, written, (before, after))])
        taken, (reply,) = await self._runner.run([seize, end])
        if not taken:
            return False
        await self._settled(mine, written, reply)
        return True

    async def deregister(self, node: str, workers: Sequence[str], hold_s: float = 0.0) -> None:
        now = time.time()
        home = self._meetings.home if self._meetings.node == node else ""
        await self._runner.one("deregister", node, stamp(now), repr(hold_s), home, *workers)

    async def due(self, now: float, node: str, lease_s: float = SCHEDULER_S) -> int:
        lease = node, int(lease_s * 1000)
        return int(await self._runner.one("due", repr(now), stamp(now), DUE_AT_ONCE, *lease))

    async def free_deferred(self, node: str) -> int:
        return await self._stranded.free(node, await self._queries.queues())

    async def lock(self, claim: Claim, lock: locks.Lock) -> locks.Taken:
        return await self._latches.take(claim, lock)

    async def unlock(self, jid: str, lock: locks.Lock) -> bool:
        return await self._latches.let_go_of(jid, lock)

    async def held(self, run: str) -> list[locks.Standing]:
        return await self._latches.standing(run)

    async def free(self, key: str, token: str) -> bool:
        return await self._latches.free(key, token)

    async def progress(self, jid: str, fields: Mapping[str, Any]) -> None:
        await self._metas.progress(jid, fields)

    async def publish(self, channel: str, text: str) -> None:
        await self._runner.one("say", *self._said, channel, text)

    def commands(self, workers: Sequence[str]) -> AsyncIterator[Command]:
        return listen(self._where, self._connect_s, self._prefix, workers)

    # -- looking

    async def job(self, jid: str) -> JobView | None:
        return await self._queries.job(jid)

    async def jobs(self, state: str, limit: int, offset: int = 0, also: str = "") -> list[JobView]:
        return await self._queries.jobs(state, limit, offset, also)

    async def counts(self) -> dict[str, QueueCounts]:
        return await self._queries.counts()

    async def of_run(self, runid: str) -> list[str]:
        return await self._queries.of_run(runid)

    async def pause(self, queues: Sequence[str], on: bool) -> frozenset[str]:
        return await self._queries.pause(queues, on)
