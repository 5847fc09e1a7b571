"""A daemon of a few dicts, as the admin API sees one; and the callers that talk to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

from weppd.admin import Caller, NoSuchJob, NoSuchLock, Right

ROOT = Caller(pid=1, uid=0, gid=0, right=Right.CHANGE)
READER = Caller(pid=77, uid=1000, gid=1000, right=Right.READ)
STRANGER = Caller(pid=78, uid=1001, gid=1001)


def a_job(jid: str, state: str = "started", **more: Any) -> dict[str, Any]:
    """One job as a House tells it."""
    return {"id": jid, "state": state, "function": "tasks.wepp_rq.run_wepp_rq", **more}


class FakeHouse:
    """Keeps what it was asked in `asked`; `fault`, when set, is raised by every verb."""

    def __init__(self, *jobs: dict[str, Any]) -> None:
        self.store = {job["id"]: job for job in jobs}
        self.asked: list[tuple[str, Any]] = []
        self.fault: Exception | None = None
        self.inside: set[int] = set()
        self.lines: dict[str, list[bytes]] = {}
        self.closed = asyncio.Event()
        self.followers = 0
        self.problems: list[str] = []
        self.slots: list[dict[str, Any]] = [{"name": "node1.1"}]
        self.hold: asyncio.Event | None = None
        self.since = 0.0
        self.begin_again: Callable[[], None] = self.renewed

    def renewed(self) -> None:
        """Serve as one that began later."""
        self.since += 1.0

    def keepers(self) -> set[int]:
        return self.inside

    async def status(self) -> Mapping[str, Any]:
        self._heard("status", None)
        counts = {"high": {"queued": 3}}
        return {"name": "node1", "since": self.since, "slots": self.slots, "queues": counts}

    def ready(self) -> Sequence[str]:
        return self.problems

    async def metrics(self) -> bytes:
        self._heard("metrics", None)
        return b"weppd_slots 2.0\n"

    async def events(self, after: str | None) -> AsyncIterator[tuple[str, str, Mapping[str, Any]]]:
        self._heard("events", after)
        yield "life-7", "started", {"job": "j"}
        yield "", "", {}
        self.followers += 1
        try:
            await self.closed.wait()
        finally:
            self.followers -= 1

    async def queues(self) -> Sequence[Mapping[str, Any]]:
        self._heard("queues", None)
        low = {"name": "low", "served": False, "queued": 2, "oldest_at": 60.0}
        return [{"name": "high", "served": True, "paused": True}, low]

    async def tree(self, name: str, every: bool) -> Mapping[str, Any]:
        self._heard("tree", (name, every))
        if name not in self.store:
            raise NoSuchJob(name)
        child = {"id": "c", "state": "failed", "error": "no such file", "name": "h7", "stage": "1"}
        root = {"id": name, "state": "finished", "name": "run_wepp_rq", "children": [child]}
        return {"name": name, "jobs": [root | {"more": {"queued": 3}}]}

    async def retry(self, jid: str, who: Caller) -> Mapping[str, Any]:
        self._heard("retry", (jid, who.uid))
        return {"retried": [jid], "woken": 2}

    async def nodes(self) -> Sequence[Mapping[str, Any]]:
        self._heard("nodes", None)
        return [{"name": "node1", "own": True}, {"name": "node2", "quiet_s": 70, "running": 2}]

    async def locks(self, run: str) -> Sequence[Mapping[str, Any]]:
        self._heard("locks", run)
        held = {"run": "my-run", "since": 60.0, "expires_s": 21_000.0}
        return [
            held | {"lock": "my-run:wepp.nodb", "owner": "n1:7", "job": "j1", "lives": True},
            held | {"lock": "my-run:soils.nodb", "owner": "web1:12", "lives": None},
        ]

    async def unlock(self, lock: str, force: bool, who: Caller) -> Mapping[str, Any]:
        self._heard("unlock", (lock, force, who.uid))
        if lock != "my-run:soils.nodb":
            raise NoSuchLock(lock)
        return {"lock": lock, "owner": "web1:12"}

    async def jobs(self, state: str | None, limit: int, offset: int) -> Mapping[str, Any]:
        self._heard("jobs", (state, limit, offset))
        rows = [job for job in self.store.values() if state in (None, job["state"])]
        return {"jobs": rows[offset : offset + limit]}

    async def job(self, jid: str) -> Mapping[str, Any] | None:
        self._heard("job", jid)
        return self.store.get(jid)

    async def cancel(
        self, jid: str, grace: float | None, wait: bool, who: Caller, *, reason: str = ""
    ) -> Mapping[str, Any]:
        self._heard("cancel", (jid, grace, wait, who.uid, reason))
        if jid not in self.store:
            raise NoSuchJob(jid)
        if self.hold is not None:
            await self.hold.wait()
        was, self.store[jid]["state"] = self.store[jid]["state"], "stopped"
        return {"state": "stopped", "was": was, "rungs": {"USR1": 2, "KILL": 1}, "survivors": 0}

    async def log(self, jid: str, canonical: bool, follow: bool) -> AsyncIterator[bytes]:
        self._heard("log", (jid, canonical, follow))
        if jid not in self.lines:
            raise NoSuchJob(jid)
        return self._chunks(jid, follow)

    async def _chunks(self, jid: str, follow: bool) -> AsyncIterator[bytes]:
        self.followers += 1
        try:
            for line in self.lines[jid]:
                yield line
            if follow:
                await self.closed.wait()
        finally:
            self.followers -= 1

    async def enqueue(
        self,
        function: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        queue: str,
        *,
        who: Caller,
        job_id: str | None = None,
        **more: Any,
    ) -> str:
        self._heard("enqueue", (function, list(args), dict(kwargs), queue, more))
        jid = job_id or f"job{len(self.store)}"
        self.store[jid] = a_job(jid, "queued", function=function)
        return jid

    def doubt(self, function: str) -> str:
        return f"unknown task {function!r}" if function.startswith("nowhere.") else ""

    def _heard(self, verb: str, what: Any) -> None:
        self.asked.append((verb, what))
        if self.fault is not None:
            raise self.fault

    async def drain(self, wait: bool, handback: bool, who: Caller) -> Mapping[str, Any]:
        self._heard("drain", (wait, handback, who.uid))
        return {"mood": "paused", "running": 2}

    async def pause(self, queues: Sequence[str], who: Caller) -> Mapping[str, Any]:
        self._heard("pause", (list(queues), who.uid))
        return {"mood": "open", "running": 2, "paused": list(queues)}

    async def resume(self, queues: Sequence[str], who: Caller) -> Mapping[str, Any]:
        self._heard("resume", (list(queues), who.uid))
        return {"mood": "open", "running": 2}

    async def shutdown(self, mode: str, who: Caller) -> Mapping[str, Any]:
        self._heard("shutdown", (mode, who.uid))
        return {"mood": f"stopping ({mode})", "running": 2}

    async def reload(self, who: Caller) -> Mapping[str, Any]:
        self._heard("reload", who.uid)
        self.begin_again()
        return {"mood": "reloading", "running": 2}
