"""For producers: put jobs on weppd's queues, and look at what becomes of them.

    from weppd.client import Queue

    queue = Queue("default", connection="redis://localhost:6379/9")
    job = queue.enqueue("tasks.wepp_rq.run_hillslope_rq", "my-run", 7, wepp_bin="latest")
    job.result(timeout=3600)

The same calls and the same bytes as rq's Queue, without rq and without importing the tasks; plus
`cpus=`, `limits=`, `memory=`, `expect=`, `label=`, `parent=` and `unique=`. A command is never sent
twice behind the caller's back: connection errors are redis-py's own, and then the job may or may
not be queued.
"""

from __future__ import annotations

import json
import os
import pickle
import time
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby, islice
from typing import Any

import redis

from weppd.errors import JobError
from weppd.model import Callback
from weppd.store import packing
from weppd.store.nouns import JobSpec, JobView, Retry
from weppd.store.options import Function, split
from weppd.store.options import spec as make_spec
from weppd.store.server.blocking import connect, key_prefix
from weppd.store.server.sending import Ahead, Sender
from weppd.store.views import view
from weppd.store.wire import stamp

TERMINAL = frozenset(("finished", "failed", "stopped", "canceled"))
CHUNK = 500
_BLOCK_S = 1.0
Item = JobSpec | tuple[Any, ...]


class JobFailed(JobError):
    """The job did not finish: it failed, was stopped or was cancelled. `view` says how."""

    def __init__(self, view: JobView) -> None:
        self.view = view
        last = view.exc_info.strip().splitlines()
        why = view.reason or (last[-1] if last else "no reason is on record")
        super().__init__(f"job {view.id} ({view.function}) was {view.status}: {why}")


class Queue:
    """A queue to put jobs on.

    `connection` is a redis.Redis on RQ's database, an address, or None for REDIS_URL,
    RQ_REDIS_URL or REDIS_HOST and its kin. `serializer` is "pickle" or "json". `prefix` is RQ's
    key prefix, from RQ_KEY_PREFIX unless given.
    """

    def __init__(
        self,
        name: str = "default",
        connection: redis.Redis | str | None = None,
        serializer: str = "pickle",
        *,
        prefix: str | None = None,
    ) -> None:
        if serializer not in ("pickle", "json"):
            raise ValueError(f"serializer {serializer!r} is not known: use 'pickle' or 'json'")
        self.name = name
        self.serializer = serializer
        self._desk = _Desk(connect(connection), prefix or key_prefix())

    def __repr__(self) -> str:
        return f"Queue({self.name!r})"

    def enqueue(self, function: Function, *args: Any, **kwargs: Any) -> Job:
        """Enqueue a call of `function` (a dotted name, or the function itself).

        rq's options are taken from the keywords (job_timeout, result_ttl, failure_ttl, ttl,
        description, depends_on, job_id, at_front, meta, retry, repeat, on_success, on_failure,
        on_stopped, unique), and weppd's (cpus, limits, memory, expect, label, lock, parent, place);
        all others, and all positional ones, are the function's. `limits` are as weppd.limits reads
        them, {"cpu.max": "50%"}; `memory` ("2G") is what the host must have free for the job,
        `expect` how long it will take ("90s").

        `unique=True` refuses a second job of the same job_id, as rq does. Text for `unique` is a
        key under which one job lives at most: the answer is then that one, whoever enqueued it;
        "run" is a key for each function and run. A job that was asked to end does not count.

        `lock` is a key under which one job runs at a time, "run" for its run: the others wait in
        their order, on all hosts, and take no slot. Not the lock that a task takes with `ctx.lock`.

        Raises Refused for a doubled unique job, an unknown dependency or a parent that is being
        cancelled, ValueError for an option without sense.
        """
        return self._put(self.call(function, *args, **kwargs))

    def enqueue_call(
        self,
        func: Function,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Job:
        """Enqueue with the function's arguments apart from the options."""
        spec = make_spec(func, args, kwargs or {}, options, self.name, self.serializer)
        return self._put(spec)

    def call(self, function: Function, *args: Any, **kwargs: Any) -> JobSpec:
        """The job that `enqueue` would put, for `enqueue_many`."""
        options, own = split(kwargs)
        if not args and ("args" in own or "kwargs" in own):
            args, own = own.get("args") or (), own.get("kwargs") or {}
        return make_spec(function, args, own, options, self.name, self.serializer)

    def enqueue_many(self, calls: Iterable[Item]) -> list[Job]:
        """Enqueue many jobs, hundreds in one trip: (function, args…) tuples, or `call` results.

        Their order in the queue is the order given.
        """
        jobs: list[Job] = []
        turn = iter(calls)
        with self._desk.sender.ahead() as ahead:
            while batch := list(islice(turn, CHUNK)):
                specs = [c if isinstance(c, JobSpec) else self.call(*c) for c in batch]
                jobs += [Job(jid, self) for jid in self._desk.put_many(specs, ahead)]
        return jobs

    def _put(self, spec: JobSpec) -> Job:
        return Job(self._desk.put(spec), self)

    def fetch(self, jid: str) -> Job | None:
        """The job of that id, if there is one."""
        job = Job(jid, self)
        return job if job.view() is not None else None

    @property
    def count(self) -> int:
        """How many jobs wait in this queue."""
        return int(self._desk.redis.llen(f"{self._desk.prefix}:queue:{self.name}"))

    @property
    def job_ids(self) -> list[str]:
        """The ids of the jobs that wait in this queue, the next one first."""
        key = f"{self._desk.prefix}:queue:{self.name}"
        jids: list[Any] = self._desk.redis.lrange(key, 0, -1)
        return [jid.decode() for jid in jids]


class Job:
    """A light handle of a job: its id, and what the store says of it when it is asked."""

    def __init__(self, jid: str, queue: Queue) -> None:
        self.id = jid
        self._queue = queue
        self._desk = queue._desk

    def __repr__(self) -> str:
        return f"Job({self.id!r})"

    def view(self) -> JobView | None:
        """All that is known of the job now; None where it is not there (any more)."""
        return self._desk.view(self.id)

    def _here(self) -> JobView:
        seen = self.view()
        if seen is None:
            raise JobError(
                f"job {self.id} is not in the store: deleted, or its result's time is up"
            )
        return seen

    def get_status(self) -> str:
        """RQ's word for where the job stands."""
        return self._here().status

    @property
    def progress(self) -> Mapping[str, Any]:
        """The job's last progress: done, total, note."""
        return self._here().progress

    @property
    def meta(self) -> Mapping[str, Any]:
        """The plain entries of the job's meta."""
        return self._here().meta

    def result(self, timeout: float | None = None) -> Any:
        """Wait for the job to end, at most `timeout` seconds, and return what it returned.

        JobFailed where it did not finish; TimeoutError where it takes longer.
        """
        until = None if timeout is None else time.monotonic() + timeout
        while (seen := self._here()).status not in TERMINAL:
            left = _BLOCK_S if until is None else min(_BLOCK_S, until - time.monotonic())
            if left <= 0:
                raise TimeoutError(f"job {self.id} is {seen.status} after {timeout:g} s")
            self._desk.await_entry(self.id, left)
        if seen.status != "finished":
            raise JobFailed(seen)
        return self.loads(seen.result)

    def loads(self, raw: bytes | None) -> Any:
        """A value from the queue's serializer; None for no bytes."""
        if raw is None:
            return None
        return json.loads(raw) if self._queue.serializer == "json" else pickle.loads(raw)

    def cancel(self, reason: str = "cancelled by its producer") -> str:
        """Cancel the job, and what waits for it.

        Returns "canceled" where it had not begun, "running" where its node will end it now,
        "over" or "unknown".
        """
        return self._desk.cancel(self.id, reason)


class _Desk:
    """The commands behind queues and jobs, on one connection."""

    def __init__(self, connection: redis.Redis, prefix: str) -> None:
        self.redis = connection
        self.prefix = prefix
        self.sender = Sender(connection, prefix)
        self._own = "weppd:" if prefix == "rq" else f"weppd:{prefix}:"

    def put(self, spec: JobSpec) -> str:
        with self.sender.ahead() as ahead:
            return self._put(spec, ahead)

    def _put(self, spec: JobSpec, ahead: Ahead) -> str:
        jid = spec.id or _fresh_id()
        if packing.plain(spec):
            ahead.send("put", *packing.put([(jid, spec)], time.time()))
            return jid
        ahead.send("enqueue", *packing.enqueue(spec, jid, time.time()))
        return packing.answered(ahead.reply(), jid)

    def put_many(self, specs: Sequence[JobSpec], ahead: Ahead) -> list[str]:
        """Plain jobs of one queue in one trip; those that something may speak against, one by
        one."""
        jids: list[str] = []
        for where, some in groupby(specs, _together):
            if where is None:
                jids += [self._put(spec, ahead) for spec in some]
                continue
            pairs = [(spec.id or _fresh_id(), spec) for spec in some]
            ahead.send("put", *packing.put(pairs, time.time()))
            jids += [jid for jid, _ in pairs]
        return jids

    def cancel(self, jid: str, reason: str) -> str:
        now = time.time()
        state: bytes = self.sender.one("cancel", jid, reason, repr(now), stamp(now))[0]
        return state.decode()

    def view(self, jid: str) -> JobView | None:
        with self.redis.pipeline(transaction=False) as pipe:
            pipe.hgetall(f"{self.prefix}:job:{jid}")
            pipe.xrevrange(f"{self.prefix}:results:{jid}", count=1)
            pipe.hgetall(f"{self._own}exec:{jid}")
            pipe.hgetall(f"{self._own}children:{jid}")
            fields, stream, execution, children = pipe.execute()
        if b"data" not in fields:
            return None
        return view(jid, fields, stream[0][1] if stream else {}, execution, children)

    def await_entry(self, jid: str, within_s: float) -> None:
        """Block until the job has one more result entry, or the time is up."""
        key = f"{self.prefix}:results:{jid}"
        last = self.redis.xrevrange(key, count=1)
        since: Any = last[0][0] if last else "0-0"
        self.redis.xread({key: since}, block=max(1, int(within_s * 1000)))


def _together(spec: JobSpec) -> tuple[str, bool] | None:
    """What the jobs have in common that are put in one trip; None for one that goes alone."""
    return (spec.queue, spec.at_front) if packing.plain(spec) else None


def _fresh_id() -> str:
    """An id as uuid4 makes them (RFC 9562), without the object that it makes on its way."""
    bits = int.from_bytes(os.urandom(16), "big") & ~(0xF000_C000 << 48) | 0x4000_8000 << 48
    text = f"{bits:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


__all__ = ["Callback", "Job", "JobFailed", "JobSpec", "JobView", "Queue", "Retry"]
