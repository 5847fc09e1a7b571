"""What is told to the store, and what it tells: frozen nouns, shared by both hands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from weppd.model import Answer, Callback, Claim


@dataclass(frozen=True, slots=True)
class ClaimAsk:
    """Ask for up to `len(workers)` jobs from `queues`, in their strict order.

    The i-th job taken is entered under `eids[i]` (uuid4 hex) for the worker `workers[i]`. Where
    there are more `eids`, more jobs are taken, as long as the next one in that order is of a
    function that is named `short` and brings no claims and no lock of its own; they are entered
    for those workers, in turn, that got such a job before. Those of the `eids` are for `behind`,
    workers that have short jobs already: the last of them, one for each name there.
    The same `token` (32 hex digits) asked again returns what it got the first time, and takes
    nothing more: so an ask whose reply was lost is simply asked again. A first ask that found
    nothing is not remembered.

    `cpus` and `memory` (bytes) are all that the node offers, 0 for any amount. A job that asks for
    more is passed by while another node offers it, and keeps its place. With `gap_s`, only jobs are
    taken that say they take so long at most, and ask for no more than the gap's CPUs and memory.
    """

    queues: tuple[str, ...]
    token: str
    eids: tuple[str, ...]
    node: str
    workers: tuple[str, ...]
    cpus: int = 0
    memory: int = 0
    gap_s: float = 0.0
    gap_cpus: int = 0
    gap_memory: int = 0
    short: tuple[str, ...] = ()
    behind: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What one exchange brought: an answer and a number of released dependents for each finish,
    the claims, the queues that the claim saw empty, and whether `rq suspend` is in force or one of
    the queues is paused. `token` is that of the ask that brought the claims; `posted`: it brought
    none, and is carried out with the next job that comes (see `Store.wait`)."""

    answers: tuple[Answer, ...] = ()
    released: tuple[int, ...] = ()
    claims: tuple[Claim, ...] = ()
    empty: frozenset[str] = frozenset()
    suspended: bool = False
    token: str = ""
    posted: bool = False


#: Takes what a bell brought; whether it did.
Took = Callable[[Exchanged], bool] | None


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
    refuses a second job of the same `id`; `unique_as` is a key under which one job lives at most:
    where one does, it is the answer, and nothing is enqueued. `lock` is a key under which one job
    runs at a time. `parent` enters the job among that
    job's children under `label`, and is refused while the parent is being cancelled.
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
    limits: Mapping[str, Any] = field(default_factory=dict)
    memory: str | None = None
    expect_s: float | None = None
    lock: str | None = None
    unique: bool = False
    unique_as: str = ""
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
    crashes: int = 0
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
    cpus: str | None = None
    limits: Mapping[str, Any] = field(default_factory=dict)
    memory: str | None = None
    lock: str = ""
    eid: str = ""
    node: str = ""
    phase: str = ""


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """How many jobs of one queue stand where; whether nodes take none of it (`paused`), and since
    when the first of those that wait does (RQ's text, empty where none waits)."""

    queued: int = 0
    started: int = 0
    deferred: int = 0
    scheduled: int = 0
    finished: int = 0
    failed: int = 0
    canceled: int = 0
    paused: bool = False
    oldest: str = ""


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
class Tenant:
    """Who has a node's name. `taken`: we. `seq` is its lease, `hold_s` for how many seconds it
    means to be away, `where` its place, for people."""

    taken: bool
    seq: str = ""
    hold_s: float = 0.0
    where: str = ""


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
class Retried:
    """What became of a retry.

    `state` is "ok" (the job's new status is `status`), "live" (it runs), "other" (it neither failed
    nor was stopped or cancelled), "waits" (for `job`, which failed itself), "twin" (`job` has its
    unique key, and lives) or "unknown". `woken` were cancelled for its sake, and wait for it again.
    """

    state: str
    status: str = ""
    job: str = ""
    woken: tuple[str, ...] = ()


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


class Change(str, Enum):
    """What a store is to a node that meets it (again): the one it knew, a new one, another server
    whose memory may be older, or one that was emptied."""

    SAME = "same"
    NEW = "new"
    OTHER = "other"
    EMPTIED = "emptied"


@dataclass(frozen=True, slots=True)
class Known:
    """An execution that a node answers for: one that it runs, or whose end it knows.

    Where the job's payload is not known (`claim.job.data` is empty) its hash is not restored.
    `turn` is the key whose turn it has, if any.
    """

    claim: Claim
    worker: str = ""
    phase: str = "running"
    turn: str = ""


@dataclass(frozen=True, slots=True)
class Met:
    """What became of the executions that a node answers for, and of those that it does not know.

    `words` has for each execution id: "own" (it is entered as it should be), "done" (its end is on
    record), "entered" (the store knew nothing of it; it does now), "lost" (another execution has
    the job) or "unknown" (neither the store nor the node has the job's hash). `strays` are
    executions that the store enters for this node and that are not among those named.
    """

    words: Mapping[str, str] = field(default_factory=dict)
    strays: tuple[Claim, ...] = ()


@dataclass(frozen=True, slots=True)
class Lease:
    """A node's lease: a counter, and for how many seconds it means to be away (0: not).

    `running` is how many executions are entered for the node.
    """

    node: str
    seq: str
    hold_s: float = 0.0
    running: int = 0
