"""The context of a job that runs in a child of a cell: its words travel as frames to the cell."""

from __future__ import annotations

import os
from _thread import allocate_lock
from os import getpid, write
from pickle import HIGHEST_PROTOCOL, dumps
from select import POLLIN, poll
from time import monotonic

from weppd.cell.body.locks import JobLock
from weppd.cell.frames import pack, receive
from weppd.cell.spool import Spool
from weppd.errors import JobError, Refused
from weppd.task import LOCK_TTL_S, Context, dotted_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path
    from typing import Any

    from weppd.cell.body.interrupt import Interrupt
    from weppd.pool import Pool

PROGRESS_S = 0.5
_DESCRIPTION = 200


class Wire:
    """The job's end, `sock`, of the socket to its cell: it blocks, and many threads may use it.

    Sending and reading are shielded, so that a cancel cannot tear a frame in two; waiting is not.
    """

    def __init__(self, interrupt: Interrupt) -> None:
        self.sock = -1
        self._interrupt = interrupt
        self.lock = allocate_lock()

    def send(self, header: dict[str, Any], body: bytes = b"") -> None:
        """Send one frame; FrameError if it cannot be one."""
        data = pack(header, body)
        with self._interrupt:
            self.send_raw(data)

    def send_raw(self, data: bytes) -> None:
        """Send bytes of whole frames, packed by the caller, while no job runs."""
        while data:
            data = data[write(self.sock, data) :]

    def answer(self, number: int) -> dict[str, Any] | None:
        """Wait for the answer to ask `number`; None when the cell is gone.

        Answers to asks that a cancel broke off are skipped.
        """
        ready = poll()
        ready.register(self.sock, POLLIN)
        while True:
            ready.poll()
            with self._interrupt:
                frame = receive(self.sock)
            if frame is None:
                return None
            header = frame[0]
            if header["kind"] == "answer" and header.get("id") == number:
                return header


class JobContext(Context):
    """What the running job knows and says.

    Made before there is a job: what a child makes and touches costs it memory pages. `begin` tells
    it of the job.
    """

    def __init__(self, settings: Mapping[str, Any], wire: Wire, interrupt: Interrupt) -> None:
        self.job_id = self.eid = self.queue = self.worker = ""
        self.runid = self.parent = None
        self.place = self.label = self._tmp = ""
        self.cpus = 1
        self.settings = settings
        self.spool = Spool()
        self._wire = wire
        self._interrupt = interrupt
        self._pid = 0
        self._asked = 0
        self.held: dict[str, Any] | None = None
        self._said_at = float("-inf")
        self._on_cancel: list[Callable[[], object]] = []

    def begin(self, start: dict[str, Any]) -> None:
        """Be the context of the job of this `start` frame, in the process that runs it."""
        told = start.get
        self.job_id = start["job"]
        self.eid = start["eid"]
        self.queue = told("queue") or ""
        self.worker = told("worker") or ""
        self.runid = told("runid")
        self.place = told("place") or ""
        self.label = told("label") or ""
        self.parent = told("parent")
        self.cpus = int(told("cpus") or 1)
        self._tmp = told("tmp") or ""
        self._pid = getpid()
        self.spool.open(told("spool"))

    @property
    def cancelled(self) -> bool:  # type: ignore[override]
        """Whether somebody asked for the end of this job."""
        return self._interrupt.cancelled

    @property
    def tmp(self) -> Path:
        """The job's own directory for temporary files, which is also its TMPDIR."""
        from pathlib import Path

        if not self._tmp:
            raise JobError(f"job {self.job_id} was given no directory for temporary files")
        return Path(self._tmp)

    def log(
        self, text: str, *, item: str | None = None, level: str = "info", volatile: bool = False
    ) -> None:
        """Write a line to the run's log; lost if the disk is full, which never fails a job."""
        with self._interrupt:
            try:
                self.spool.record(text, item, level, volatile)
            except OSError:
                # Nowhere to write it, and nowhere to say so: the spool is the log.
                pass

    def status(self, channel: str, text: str) -> None:
        """Publish `text` on a channel of the status database, if weppd is there to take it."""
        self._note({"what": "status", "channel": channel, "text": text})

    def progress(self, done: int, total: int, note: str = "") -> None:
        """Say how far the job is; at most two a second are sent, and the last one always."""
        self.held = {"what": "progress", "done": done, "total": total, "note": note}
        if done >= total or monotonic() - self._said_at >= PROGRESS_S:
            self.say_held()

    def say_held(self) -> None:
        """Send the progress that was held back, if any; at the job's end."""
        held, self.held = self.held, None
        if held is not None:
            self._said_at = monotonic()
            self._note(held)

    def enqueue(
        self,
        function: Callable[..., Any] | str,
        *args: Any,
        label: str | None = None,
        depends_on: Sequence[str] | str = (),
        timeout: int | None = None,
        queue: str | None = None,
        cpus: int | str | None = None,
        unique: str | None = None,
        lock: str | None = None,
        limits: Mapping[str, Any] | None = None,
        memory: int | str | None = None,
        expect: float | str | None = None,
        allow_failure: bool = False,
        **kwargs: Any,
    ) -> str:
        """Enqueue a child of this job and return its id; see `Context.enqueue`.

        The child's id is chosen here, so that a question asked twice enqueues once.
        """
        name = function if isinstance(function, str) else dotted_name(function)
        child = _uuid4()
        answer = self._ask(
            {
                "verb": "enqueue",
                "job": child,
                "function": name,
                "label": label,
                "depends_on": [depends_on] if isinstance(depends_on, str) else list(depends_on),
                "allow_failure": allow_failure,
                "timeout": timeout,
                "queue": queue,
                "cpus": cpus,
                "unique": unique,
                "lock": lock,
                "limits": dict(limits or {}),
                "memory": memory,
                "expect": expect,
                "description": _description(name, args, kwargs),
                "serializer": "pickle",
            },
            _payload(name, args, kwargs),
        )
        return str(answer or child)

    def on_cancel(self, function: Callable[[], object]) -> None:
        """Call `function` if the job is cancelled, after the task has unwound; last one first."""
        self._on_cancel.append(function)

    def take_on_cancel(self) -> list[Callable[[], object]]:
        """The functions to call now that the job is cancelled, in their order of call."""
        taken, self._on_cancel = self._on_cancel[::-1], []
        return taken

    def shield(self) -> AbstractContextManager[None]:
        """Hold `Cancelled` back inside the `with`; it is raised at the end of the block."""
        return self._interrupt

    def lock(
        self, key: str, *, db: int | None = None, ttl: int = LOCK_TTL_S, wait: float = 0.0
    ) -> AbstractContextManager[object]:
        """Hold the lock `key` inside the `with`; see `Context.lock`."""
        return JobLock(self, self._ask, key, db, ttl, wait)

    def pool(self, workers: int | None = None) -> Pool:
        """A pool of processes that ends with the job; see `Context.pool`."""
        from weppd.pool import Pool

        return Pool(workers or self.cpus, self._interrupt.disarm)

    def _note(self, fields: dict[str, Any]) -> None:
        self._wire.send({"kind": "note", "eid": self.eid, **fields})

    def _ask(self, fields: dict[str, Any], body: bytes) -> Any:
        if os.getpid() != self._pid:
            raise Refused(f"{fields['verb']}: only the job's own process can ask, not a fork of it")
        with self._wire.lock:
            self._asked += 1
            self._wire.send({"kind": "ask", "eid": self.eid, "id": self._asked, **fields}, body)
            header = self._wire.answer(self._asked)
        if header is None:
            raise Refused(f"{fields['verb']}: the cell of job {self.job_id} is gone")
        if not header.get("ok"):
            raise Refused(f"{fields['verb']}: {header.get('error') or 'refused'}")
        return header.get("value")


def _payload(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bytes:
    return dumps((name, None, args, kwargs), HIGHEST_PROTOCOL)


def _description(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    words = [*map(repr, args), *(f"{key}={value!r}" for key, value in kwargs.items())]
    text = f"{name}({', '.join(words)})"
    return text if len(text) <= _DESCRIPTION else text[: _DESCRIPTION - 4] + "...)"


def _uuid4() -> str:
    raw = bytearray(os.urandom(16))
    raw[6] = raw[6] & 0x0F | 0x40
    raw[8] = raw[8] & 0x3F | 0x80
    text = raw.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
