"""The store: where jobs come from and where their ends are written, as a Protocol.

Owns the words that both hands share, `weppd.store.redis.RedisStore` for production and
`weppd.store.memory.MemoryStore`, its twin for tests; the same contract tests hold both to them.
What the bytes look like is for `weppd.store.wire`; when to call what is for the shell.

Every call raises `StoreAway` when the store does not answer in time (the call may be tried again)
and `StoreError` when it answers what nobody can use. Times are seconds since the epoch and only
fill fields that people and RQ's readers see; nothing here compares the clocks of two machines.

A node has one claim outstanding at a time: the store remembers the last token of each node.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from weppd.model import Answer, Callback, Claim, Finish
from weppd.store.locks import Lock, Taken


@dataclass(frozen=True, slots=True)
class ClaimAsk:
    """Ask for up to `len(eids)` jobs from `queues`, in their strict order.

    The i-th job taken is entered under `eids[i]` (uuid4 hex) for the worker `workers[i]`.
    The same `token` (32 hex digits) asked again returns what it got the first time, and takes
    nothing more: so an ask whose reply was lost is simply asked again. A first ask that found
    nothing is not remembered.
    """

    queues: tuple[str, ...]
    token: str
    eids: tuple[str, ...]
    node: str
    workers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What one exchange brought: an answer and a number of released dependents for each finish,
    the claims, the queues that the claim saw empty, and whether `rq suspend` is in force."""

    answers: tuple[Answer, ...] = ()
    released: tuple[int, ...] = ()
    claims: tuple[Claim, ...] = ()
    empty: frozenset[str] = frozenset()
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class Retry:
    """How often a failed job is tried again, and after how many seconds (the last one repeats)."""

    max: int
    intervals: tuple[int, ...] = ()
    at_front: bool = False


@dataclass(frozen=True, slots=True)
class JobSpec:
    """A job to be enqueued, as a producer states it.

    `function` is a dotted name; it is neither imported nor looked up. `args` and `kwargs` are
    serialised here, unless `data` holds the producer's own bytes (compressed or not).
    None for a number means that the field is left out and the node's settings decide. `unique`
    refuses a second job of the same `id`. `parent` enters the job among that job's children under
    `label`, and is refused while the parent is being cancelled.
    """

    function: str
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    data: bytes | None = None
    queue: str = "default"
    id: str = ""
    serializer: str = "pickle"
    description: str | None = None
    timeout: int | None = None
    result_ttl: int | None = None
    failure_ttl: int | None = None
    ttl: int | None = None
    at_front: bool = False
    depends_on: tuple[str, ...] = ()
    allow_failures: bool = False
    meta: Mapping[str, Any] = field(default_factory=dict)
    retry: Retry | None = None
    on_success: Callback | None = None
    on_failure: Callback | None = None
    on_stopped: Callback | None = None
    cpus: str | None = None
    unique: bool = False
    parent: str | None = None
    label: str | None = None
    place: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as people look at it. `status` is RQ's word for it; `eid`, `node` and `phase`
    ("claimed", "running" or a terminal word) are weppd's own record of its last execution.

    `result` is the serializer's bytes. `meta` holds what could be read of the job's meta without
    unpickling: plain strings and numbers. Moments are RQ's text, empty where there is none.
    """

    id: str
    status: str
    queue: str
    function: str | None
    description: str = ""
    runid: str | None = None
    serializer: str = "pickle"
    created_at: str = ""
    enqueued_at: str = ""
    started_at: str = ""
    ended_at: str = ""
    worker: str = ""
    timeout: int | None = None
    retries_left: int = 0
    depends_on: tuple[str, ...] = ()
    result: bytes | None = None
    exc_info: str = ""
    reason: str = ""
    parent: str | None = None
    children: Mapping[str, str] = field(default_factory=dict)
    place: str = ""
    meta: Mapping[str, Any] = field(default_factory=dict)
    progress: Mapping[str, Any] = field(default_factory=dict)
    usage: Mapping[str, Any] = field(default_factory=dict)
    eid: str = ""
    node: str = ""
    phase: str = ""


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """How many jobs of one queue stand where."""

    queued: int = 0
    started: int = 0
    deferred: int = 0
    scheduled: int = 0
    finished: int = 0
    failed: int = 0
    canceled: int = 0


@dataclass(frozen=True, slots=True)
class Node:
    """This weppd as RQ's readers see it: one worker name for each slot, all on the same queues."""

    name: str
    workers: tuple[str, ...]
    queues: tuple[str, ...]
    pid: int = 0
    hostname: str = ""
    birth: float = 0.0
    version: str = ""
    python: str = ""
    state: str = "idle"


@dataclass(frozen=True, slots=True)
class Running:
    """An execution that this node says is alive, for its heartbeat. `since`: its start."""

    job: str
    eid: str
    worker: str
    queue: str
    since: float = 0.0


@dataclass(frozen=True, slots=True)
class Pulse:
    """What a heartbeat brought back.

    `seq` is the node's lease counter after this beat. `canceled` are the running jobs whose hash
    says canceled or is gone. `asked` maps running jobs to the reason of a durable cancel request.
    `lost` are the running jobs whose execution record is not ours (any more).
    """

    seq: int
    canceled: frozenset[str] = frozenset()
    asked: Mapping[str, str] = field(default_factory=dict)
    lost: frozenset[str] = frozenset()
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class CancelAnswer:
    """What became of a cancel: `state` is "canceled" (it never began and never will), "running"
    (the durable request is written; the node named here must end it), "over" or "unknown"."""

    state: str
    node: str = ""
    eid: str = ""
    worker: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A running job that has been asked to end. `node` and `eid` are empty where it runs on a
    worker of RQ's own."""

    job: str
    node: str = ""
    eid: str = ""
    worker: str = ""


@dataclass(frozen=True, slots=True)
class TreeCancel:
    """What became of a cancel of a job and all below it.

    `root` is the answer for the job itself; `canceled` never began and never will, those that
    waited for a cancelled job among them; `running` were asked to end; `over` had ended before.
    """

    root: CancelAnswer
    canceled: tuple[str, ...] = ()
    running: tuple[Asked, ...] = ()
    over: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Command:
    """A command that was published to a worker: "stop-job", "stop-execution", "kill-horse" or
    "shutdown" by an RQ client, "weppd-cancel" (this job alone, with a reason) by a cancel of
    weppd's. Fire and forget; never acknowledged."""

    worker: str
    verb: str
    job: str = ""
    eid: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Lease:
    """A node's lease: a counter, and for how many seconds it means to be away (0: not)."""

    node: str
    seq: str
    hold_s: float = 0.0


class Store(Protocol):
    """A shared store of jobs. All calls may run concurrently, except that the caller keeps one
    exchange with a claim at a time."""

    async def open(self) -> None:
        """Connect, check the server (not a cluster, new enough) and load what is needed."""

    async def close(self) -> None:
        """Let go of all connections. A closed store may be opened again."""

    async def exchange(self, finishes: Sequence[Finish], claim: ClaimAsk | None) -> Exchanged:
        """Record finishes, then claim, in one round trip.

        Each finish is fenced by its eid: OK, ALREADY (this very finish is on record), FENCED
        (another execution owns the job; nothing was written) or ABSENT (the store had forgotten
        the job; it was re-created from the claim and recorded). All four are final answers.
        """

    async def began(self, claim: Claim, worker: str, pid: int, at: float) -> None:
        """Enter that an execution runs: worker, start, meta's pid and runid; publish started."""

    async def hand_back(self, claims: Sequence[Claim]) -> int:
        """Put claims back at the head of their queues, in their order, no retry spent. Returns
        how many were; a claim that is not ours any more, or was cancelled, is not put back."""

    async def wait(self, queues: Sequence[str], timeout_s: float) -> bool:
        """Block until one of these queues (last seen empty) has a job; False after `timeout_s`.
        Takes nothing. May return True once too often, never too late."""

    async def pulse(self, node: Node, running: Sequence[Running]) -> Pulse:
        """Beat: bump the lease, keep the workers' hashes and the executions fresh, look for
        cancels of what is running."""

    async def cancel(self, jid: str, reason: str) -> CancelAnswer:
        """Cancel a job that has not begun (and what waits for it), or ask for a running one."""

    async def cancel_tree(self, jid: str, reason: str) -> TreeCancel:
        """Cancel a job and everything below it, also through parents that are over.

        The tree is closed first: from then on nothing can be enqueued anywhere below the job, so
        the walk finds all there will ever be (but for what rq's own clients add).
        """

    async def enqueue(self, specs: Sequence[JobSpec]) -> list[str]:
        """Enqueue jobs; returns their ids in order. Refused for a doubled unique id, an unknown
        dependency, or a parent that is being cancelled: then nothing of that spec was written,
        but those before it were."""

    async def job(self, jid: str) -> JobView | None:
        """One job, or None."""

    async def jobs(self, state: str, limit: int, offset: int = 0) -> list[JobView]:
        """Jobs of all queues in one state: queued and deferred in order, the others newest first.
        StoreError for a word that is no state."""

    async def counts(self) -> dict[str, QueueCounts]:
        """The counts of every queue that a producer ever used, by name."""

    async def lock(self, claim: Claim, lock: Lock) -> Taken:
        """Take a lock for a claimed job; asked again with the same token it answers alike.

        It is renewed by `pulse` for as long as the job is named there, and is gone when the job's
        end can be seen, and when the claim is handed back.
        """

    async def unlock(self, jid: str, lock: Lock) -> bool:
        """Let go of a lock of a job; False if it was not the job's any more."""

    async def progress(self, jid: str, fields: Mapping[str, Any]) -> None:
        """Keep a job's progress (plain JSON values) in a field of weppd's own; a job that was
        deleted is not re-created."""

    async def publish(self, channel: str, text: str) -> None:
        """Publish on a status channel. Redis has one space of channels for all its databases."""

    def commands(self, workers: Sequence[str]) -> AsyncIterator[Command]:
        """RQ clients' commands to these workers, for as long as the connection holds: then
        StoreAway. What was sent while nobody listened is lost."""

    async def leftovers(self, node: str) -> list[Claim]:
        """The executions that are entered for this node and have not ended, for recovery."""

    async def nodes(self) -> list[Lease]:
        """The leases of all nodes, by name."""

    async def take_over(self, lease: Lease, finish: Finish, fresh: str) -> bool:
        """Record the end of an execution of a node that is gone; whether it was done.

        Nothing is done if the node's lease has moved from `lease`, or the execution is not its any
        more. The record is entered under the execution id `fresh`, which fences the old one.
        """

    async def deregister(self, node: str, workers: Sequence[str], hold_s: float = 0.0) -> None:
        """Take the node's workers off RQ's lists, and its lease; if executions go on without it,
        the lease stays, and others give it `hold_s` seconds to come back."""

    async def due(self, now: float) -> int:
        """Move scheduled jobs whose time has come to their queues; returns how many."""

    async def free_deferred(self, node: str) -> int:
        """Release or cancel deferred jobs that no event will: what only a client's write can
        leave behind. Returns how many. One node does so at a time, the others do nothing; a call
        looks at some thousands of jobs and goes on there the next time."""


__all__ = [
    "Asked",
    "CancelAnswer",
    "ClaimAsk",
    "Command",
    "Exchanged",
    "JobSpec",
    "JobView",
    "Lease",
    "Lock",
    "Node",
    "Pulse",
    "QueueCounts",
    "Retry",
    "Running",
    "Store",
    "Taken",
    "TreeCancel",
]
