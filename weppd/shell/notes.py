"""What tasks say and ask while they run, through their cell: status, progress, more jobs."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from weppd import limits
from weppd.errors import Refused, StoreAway, WeppdError
from weppd.model import Job
from weppd.shell.host.peers import Link, Peers
from weppd.shell.people.diary import Diary, Entry
from weppd.shell.performer import Errands
from weppd.shell.sayings import Sayings
from weppd.store import Store, locks, options
from weppd.store.nouns import JobSpec

log = logging.getLogger("weppd")
T = TypeVar("T")
PATIENCE_S = 30.0
AGAIN_S = 0.5


class Notes:
    """Carries out the notes and questions of running jobs."""

    def __init__(self, peers: Peers, store: Store, diary: Diary, errands: Errands) -> None:
        self._store, self._diary, self._errands = store, diary, errands
        self.sayings = Sayings(store)
        self._verbs: dict[str, Callable[[Entry, dict[str, Any], bytes], Any]] = {
            "enqueue": self._enqueue,
            "lock": self._lock,
            "unlock": self._unlock,
        }
        peers.on("cell", "note", self._note)
        peers.on("cell", "ask", self._ask)

    def _note(self, link: Link, header: dict[str, Any], body: bytes) -> None:
        entry = self._diary.entries.get(header.get("eid", ""))
        what = header.get("what")
        if what == "status":
            # Also what was said while there was no weppd, by a job that is not adopted yet.
            self.sayings.say(header["channel"], header["text"])
        elif entry is None:
            return
        elif what == "progress":
            fields = with_eta(header, entry.since, time.time())
            self._diary.progressed(entry, fields)
            jid = entry.ticket.job.id
            self._errands.run(lambda: self._store.progress(jid, fields), "progress", 1)
        else:
            log.warning("action=note unknown=%r job=%s", what, entry.ticket.job.id)

    def _ask(self, link: Link, header: dict[str, Any], body: bytes) -> None:
        self._errands.run(lambda: self._answer(link, header, body), "ask", 1)

    async def _answer(self, link: Link, header: dict[str, Any], body: bytes) -> None:
        reply = {"kind": "answer", "eid": header.get("eid"), "id": header.get("id")}
        try:
            entry = await self._entry(header["eid"])
            value = await self._verbs[header["verb"]](entry, header, body)
            link.send({**reply, "ok": True, "value": value})
        except (WeppdError, KeyError, TypeError, ValueError) as error:
            link.send({**reply, "ok": False, "error": _one_line(error)})

    async def _entry(self, eid: str) -> Entry:
        """The execution that asks. One that came from an earlier weppd is entered in a moment."""
        until = time.monotonic() + PATIENCE_S
        while eid not in self._diary.entries:
            if time.monotonic() > until:
                raise Refused(f"execution {eid} is not one of this node's")
            await asyncio.sleep(AGAIN_S / 5)
        return self._diary.entries[eid]

    async def _enqueue(self, entry: Entry, header: dict[str, Any], body: bytes) -> str:
        entry.children += 1
        spec = child_spec(entry.ticket.job, entry.children, header, body)
        try:
            (jid,) = await self._patiently(entry, lambda: self._store.enqueue([spec]))
        except Refused:
            # A question that was asked twice (its answer was lost) is answered twice.
            view = await self._store.job(spec.id)
            if view is None or view.parent != entry.ticket.job.id:
                raise
            return spec.id
        return jid

    async def _lock(self, entry: Entry, header: dict[str, Any], body: bytes) -> str | None:
        """None when the job has the lock, else who has it."""
        claim, wanted = entry.ticket.claim, locks.read(header)
        taken = await self._patiently(entry, lambda: self._store.lock(claim, wanted))
        if taken.word == "fenced":
            raise Refused(f"job {claim.job.id} runs elsewhere by now: it gets no lock here")
        if taken.word != "taken":
            return taken.holder
        entry.locks[wanted.token] = wanted
        return None

    async def _unlock(self, entry: Entry, header: dict[str, Any], body: bytes) -> bool:
        jid, lock = entry.ticket.job.id, locks.read(header)
        entry.locks.pop(lock.token, None)
        return await self._patiently(entry, lambda: self._store.unlock(jid, lock))

    async def _patiently(self, entry: Entry, call: Callable[[], Awaitable[T]]) -> T:
        """Make a call that may be made twice, while the store is away for as long as the job lives:
        its timeout and a cancel hold meanwhile."""
        while True:
            try:
                return await call()
            except StoreAway:
                if entry.ticket.eid not in self._diary.entries:
                    raise
            await asyncio.sleep(AGAIN_S)


def with_eta(header: dict[str, Any], since: float, now: float) -> dict[str, Any]:
    """Progress with the seconds that the rest will take at the pace so far."""
    done, total = header.get("done") or 0, header.get("total") or 0
    fields: dict[str, Any] = {"done": done, "total": total, "note": header.get("note") or ""}
    if done > 0:
        fields["eta_s"] = round((now - since) * max(total - done, 0) / done, 1)
    return fields


def child_spec(parent: Job, number: int, header: dict[str, Any], body: bytes) -> JobSpec:
    """The spec of the `number`-th job that a running job enqueues; `body` is its payload."""
    cpus = header.get("cpus")
    return JobSpec(
        function=header["function"],
        data=body,
        queue=header.get("queue") or parent.queue,
        id=header["job"],
        unique=True,
        unique_as=header.get("unique") or "",
        lock=header.get("lock"),
        description=header.get("description"),
        timeout=header.get("timeout"),
        depends_on=tuple(header.get("depends_on") or ()),
        allow_failures=bool(header.get("allow_failure")),
        cpus=None if cpus is None else str(cpus),
        limits=limits.check(header.get("limits") or {}),
        memory=options.memory(header.get("memory")),
        expect_s=options.expect(header.get("expect")),
        parent=parent.id,
        label=header.get("label"),
        place=f"{parent.place}.{number}" if parent.place else str(number),
    )


def _one_line(error: BaseException) -> str:
    text = str(error) if isinstance(error, WeppdError) else f"{type(error).__name__}: {error}"
    return text.splitlines()[0] if text else type(error).__name__
