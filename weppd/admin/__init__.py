"""What the admin API asks of the daemon, and who asks.

`House` is the only thing that this room knows of the rest of weppd: the shell implements it, the
tests have a small one of their own. Its answers are plain dicts in the shapes of
`weppd.admin.models`; a key that is missing there takes the model's default.

A House says no by raising: `NoSuchJob` or `NoSuchLock` (404), `Refused` (409), `JobError` or
`RunError` (422), `StoreAway` (503). The message goes to the caller as it is.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Protocol

from weppd.errors import WeppdError


class NoSuchJob(WeppdError):
    """The store knows no job of this id, and no log of it is kept."""

    def __init__(self, jid: str) -> None:
        super().__init__(f"no job {jid}: it never was, or its record has expired")


class NoSuchLock(WeppdError):
    """Nobody holds the lock of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"no lock {name!r}: nobody holds it; `weppdctl locks` lists those that are"
        )


class Right(IntEnum):
    """What a caller may do; each right includes the ones below it."""

    NOTHING = 0
    READ = 1
    CHANGE = 2


@dataclass(frozen=True, slots=True)
class Caller:
    """The process at the other end of a connection, as the kernel names it."""

    pid: int
    uid: int
    gid: int
    groups: frozenset[int] = frozenset()
    right: Right = Right.NOTHING


class House(Protocol):
    """The daemon, as the admin API sees it. No method may block the loop."""

    def keepers(self) -> Collection[int]:
        """The pids of all live zygotes and cells: a process below one of them belongs to a job."""
        ...

    async def status(self) -> Mapping[str, Any]:
        """The node at a glance: `models.Status`. Answers while the store is away, too."""
        ...

    def ready(self) -> Sequence[str]:
        """What keeps this node from taking jobs, a line each; nothing where it would."""
        ...

    async def metrics(self) -> bytes:
        """Numbers in Prometheus' text format."""
        ...

    def events(self, after: str | None) -> AsyncIterator[tuple[str, str, Mapping[str, Any]]]:
        """(id, kind, facts) of what happens, for ever: after the event of that id, or from now on.

        An event without a kind says only that the connection stands.
        """
        ...

    async def queues(self) -> Sequence[Mapping[str, Any]]:
        """Every queue, those that this node serves first: `models.QueueState`."""
        ...

    async def nodes(self) -> Sequence[Mapping[str, Any]]:
        """Every node that the store knows, this one first: `models.NodeRow`."""
        ...

    async def locks(self, run: str) -> Sequence[Mapping[str, Any]]:
        """The locks of documents of a run, or of all runs where it is empty: `models.LockRow`."""
        ...

    async def unlock(self, lock: str, force: bool, who: Caller) -> Mapping[str, Any]:
        """Take a lock away whose holder is gone, or with `force` any: `models.Unlocked`.

        NoSuchLock; Refused where the holder lives or cannot be seen.
        """
        ...

    async def jobs(self, state: str | None, limit: int, offset: int) -> Mapping[str, Any]:
        """At most `limit` jobs in `state` (None: every state), newest first: `models.Jobs`. While
        the store is away, those of this node."""
        ...

    async def job(self, jid: str) -> Mapping[str, Any] | None:
        """One job with everything known of it: `models.JobDetail`. None where there is none."""
        ...

    async def tree(self, name: str, every: bool) -> Mapping[str, Any]:
        """The tree below the job `name`, or all trees of the run `name`: `models.Tree`.

        Of a stage of many jobs only some are shown and the others counted, unless `every` is set.
        """
        ...

    async def retry(self, jid: str, who: Caller) -> Mapping[str, Any]:
        """Send a job round again with what fell with it: `models.Retried`.

        Of one that finished, what went wrong below it.
        """
        ...

    async def cancel(
        self, jid: str, grace: float | None, wait: bool, who: Caller, *, reason: str = ""
    ) -> Mapping[str, Any]:
        """End a job and its whole process tree: `models.Cancelled`.

        `grace` is the number of seconds between SIGUSR1 and SIGTERM (None: as configured). With
        `wait` it answers when nothing of the job lives.
        """
        ...

    async def log(self, jid: str, canonical: bool, follow: bool) -> AsyncIterator[bytes]:
        """Find the job's log now (or raise `NoSuchJob`) and return the chunks of its text.

        With `follow` the iterator goes on until the job's log is closed.
        """
        ...

    async def enqueue(
        self,
        function: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        queue: str,
        *,
        who: Caller,
        timeout: int | None = None,
        job_id: str | None = None,
        description: str | None = None,
        depends_on: Sequence[str] = (),
        at_front: bool = False,
        cpus: int | str | None = None,
        label: str | None = None,
        unique: str | None = None,
        lock: str | None = None,
        limits: Mapping[str, str | int] | None = None,
    ) -> str:
        """Put a job on a queue and return its id; `args` and `kwargs` are what JSON can say.

        Where a live job has the key `unique`, its id is the answer.
        """
        ...

    def doubt(self, function: str) -> str:
        """Why a job of this function can but fail on this node; empty where it need not."""
        ...

    async def drain(self, wait: bool, handback: bool, who: Caller) -> Mapping[str, Any]:
        """Take no more jobs; with `wait` answer when none runs; with `handback` end what runs and
        put it back, for RQ's workers to take: `models.Mood`."""
        ...

    async def pause(self, queues: Sequence[str], who: Caller) -> Mapping[str, Any]:
        """Have no node take jobs of these queues (none: all that this serves): `models.Mood`."""
        ...

    async def resume(self, queues: Sequence[str], who: Caller) -> Mapping[str, Any]:
        """Take jobs of these queues again (none: all, also after a drain): `models.Mood`."""
        ...

    async def shutdown(self, mode: str, who: Caller) -> Mapping[str, Any]:
        """Stop the daemon, as `[stop] mode` would have it: `models.Mood`."""
        ...

    async def reload(self, who: Caller) -> Mapping[str, Any]:
        """Begin again in place with new settings and code: `models.Mood`.

        Refused names every problem of the settings.
        """
        ...
