"""The frozen nouns that all floors share: jobs, claims, outcomes, records.

Standard library only, Python 3.10: the cell runtime imports this module under the operator's own
interpreter. Times are seconds since the epoch (float) and are for people and for RQ's fields only;
no decision compares two clocks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

#: As a key, "run" stands for the job's own run.
PER_RUN = "run"


class Status(str, Enum):
    """RQ's words for where a job stands, as its clients read them."""

    CREATED = "created"
    QUEUED = "queued"
    DEFERRED = "deferred"
    SCHEDULED = "scheduled"
    STARTED = "started"
    FINISHED = "finished"
    FAILED = "failed"
    STOPPED = "stopped"
    CANCELED = "canceled"

    @property
    def terminal(self) -> bool:
        """Whether a job in this status will not change by itself any more."""
        return self in (Status.FINISHED, Status.FAILED, Status.STOPPED, Status.CANCELED)


@dataclass(frozen=True, slots=True)
class Callback:
    """A function to call at a job's end, by dotted name, with its own timeout in seconds."""

    function: str
    timeout: int = 60


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it was claimed: what the queue's hash said, decoded, nothing executed.

    `data` and `meta` are the producer's bytes, untouched (`data` as stored, maybe compressed).
    `function` is the dotted name read from them without unpickling, None where they cannot be read;
    `problem` then says why in one line. Numbers are None where the hash had no such field.
    `crashes` is how often its worker was lost under it, `losses` how, the oldest first.
    """

    id: str
    queue: str
    function: str | None
    data: bytes
    meta: bytes = b""
    serializer: str = "pickle"
    problem: str | None = None
    runid: str | None = None
    description: str = ""
    timeout: int | None = None
    result_ttl: int | None = None
    failure_ttl: int | None = None
    ttl: int | None = None
    retries_left: int = 0
    retry_intervals: tuple[int, ...] = ()
    retry_at_front: bool = False
    created_at: str = ""
    enqueued_at: str = ""
    on_success: Callback | None = None
    on_failure: Callback | None = None
    on_stopped: Callback | None = None
    parent: str | None = None
    place: str = ""
    cpus: str | None = None
    limits: Mapping[str, object] = field(default_factory=dict)
    memory: str | None = None
    expect_s: float | None = None
    lock: str | None = None
    crashes: int = 0
    losses: tuple[str, ...] = ()
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that this node has taken, under the execution id `eid` that fences its finish.

    `worker` is the worker that it is entered for, where that is known.
    """

    eid: str
    job: Job
    worker: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Usage:
    """What a job's whole tree used: CPU seconds, peak memory in bytes, processes that were met,
    and the seconds for which a CPU quota held it still."""

    user_s: float = 0.0
    system_s: float = 0.0
    peak_bytes: int = 0
    processes: int = 0
    stopped_s: float = 0.0


NO_USAGE = Usage()


@dataclass(frozen=True, slots=True)
class Finished:
    """The function returned. `result` is the serializer's bytes, None for a None."""

    result: bytes | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """The job failed: `reason` in one line, `traceback` as RQ's readers show it."""

    reason: str
    traceback: str = ""
    kind: str = "exception"


@dataclass(frozen=True, slots=True)
class Stopped:
    """The job was stopped while it ran, because somebody asked."""

    reason: str


@dataclass(frozen=True, slots=True)
class Canceled:
    """The job was cancelled before it began."""

    reason: str


@dataclass(frozen=True, slots=True)
class Retried:
    """The job goes back to its queue, after `delay_s` seconds; `spent` counts against its retries.

    `crash` says that its cell or tree died under it, which counts towards the poison limit.
    """

    reason: str
    delay_s: int = 0
    spent: bool = True
    crash: bool = False
    traceback: str = ""
    returned: bool = False


Outcome = Finished | Failed | Stopped | Canceled | Retried


@dataclass(frozen=True, slots=True)
class Finish:
    """The record of one execution's end, as it is written to the store (or to the outbox).

    `wait_status` is that of the job's own process, None where it served on or nobody saw it. The
    job is `unheard` where its process could not say how it ended; `panel` of its run is told then.
    """

    claim: Claim
    outcome: Outcome
    worker: str
    started_at: float
    ended_at: float
    pid: int = 0
    usage: Usage = NO_USAGE
    rungs: Mapping[str, int] = field(default_factory=dict)
    left_behind: int = 0
    undead: tuple[str, ...] = ()
    wait_status: int | None = None
    unheard: bool = False
    panel: str = ""


class Answer(str, Enum):
    """What the store says to a finish."""

    OK = "ok"
    ALREADY = "already mine"
    FENCED = "fenced"
    ABSENT = "absent"
