"""The bodies that the admin API reads and the answers that it gives, as JSON.

Times are seconds since the epoch, durations end in `_s`, sizes in `_bytes`. A House may answer with
RQ's ISO texts for times: they are read here. Answers keep keys that these models do not know.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue


def as_epoch(value: object) -> object:
    """Turn an ISO 8601 text (naive ones are UTC, as RQ writes them) into seconds; "" into None."""
    if not isinstance(value, str):
        return value
    if not value:
        return None
    moment = datetime.fromisoformat(value)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


Epoch = Annotated[float | None, BeforeValidator(as_epoch)]
State = Literal[
    "created",
    "queued",
    "deferred",
    "scheduled",
    "started",
    "finished",
    "failed",
    "stopped",
    "canceled",
]
JobId = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9_.:-]+$")]


class Body(BaseModel):
    """What a caller sends. Unknown keys are an error: a typing slip is no silent default."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Reply(BaseModel):
    """What weppd answers."""

    model_config = ConfigDict(extra="allow")


class NodeRow(Reply):
    """One node: for how long its lease stood still, and how long it said it would be away."""

    name: str
    own: bool = False
    running: int = 0
    quiet_s: float = 0.0
    hold_s: float = 0.0


class Nodes(Reply):
    """`GET /v1/nodes`."""

    nodes: list[NodeRow]


class JobsQuery(Body):
    """`GET /v1/jobs`: which jobs, and which page of them."""

    state: State | None = None
    limit: int = Field(default=50, ge=1, le=1000)
    offset: int = Field(default=0, ge=0, le=10_000_000)


class LogQuery(Body):
    """`GET /v1/jobs/{id}/log`: the canonical lines only; go on while the job writes."""

    canonical: bool = False
    follow: bool = False


class CancelBody(Body):
    """`POST /v1/jobs/{id}/cancel`: seconds from SIGUSR1 to SIGTERM; answer when all is over."""

    grace: float | None = Field(default=None, ge=0, le=86_400)
    wait: bool = True
    reason: str = Field(default="", max_length=500)


class EnqueueBody(Body):
    """`POST /v1/jobs`: a function by its dotted name, its arguments, and where it goes."""

    function: str = Field(max_length=300, pattern=r"^[^\W\d]\w*(\.[^\W\d]\w*)+$")
    args: list[JsonValue] = Field(default_factory=list, max_length=1000)
    kwargs: dict[str, JsonValue] = Field(default_factory=dict)
    queue: str = Field(default="default", min_length=1, max_length=100)
    timeout: int | None = Field(default=None, ge=-1, le=31_536_000)
    job_id: JobId | None = None
    description: str | None = Field(default=None, max_length=10_000)
    depends_on: list[JobId] = Field(default_factory=list, max_length=1000)
    at_front: bool = False
    cpus: int | Literal["all"] | None = None
    label: str | None = Field(default=None, max_length=200)
    unique: str | None = Field(default=None, min_length=1, max_length=200)


class Progress(Reply):
    """How far a job says it is: `done` of `total` items, and the seconds that it still expects."""

    done: float = 0
    total: float = 0
    note: str = ""
    eta_s: float | None = None


class Usage(Reply):
    """What a job's whole tree used."""

    user_s: float = 0.0
    system_s: float = 0.0
    peak_bytes: int = 0
    processes: int = 0
    stopped_s: float = 0.0


class Held(Reply):
    """A limit that holds for a job: its value as it was given, and who set it."""

    value: str
    source: str


class JobRow(Reply):
    """A job in a list. `state` is RQ's word; `error` is one line, for a job that failed."""

    id: str
    state: str
    function: str | None = None
    queue: str = ""
    runid: str | None = None
    label: str | None = None
    place: str = ""
    worker: str | None = None
    created_at: Epoch = None
    enqueued_at: Epoch = None
    started_at: Epoch = None
    ended_at: Epoch = None
    progress: Progress | None = None
    error: str | None = None


class JobDetail(JobRow):
    """Everything known of one job. `rungs` counts the processes that ended at each signal."""

    description: str = ""
    phase: str | None = None
    parent: str | None = None
    pid: int | None = None
    timeout: int | None = None
    cpus: int | str | None = None
    limits: dict[str, Held] = Field(default_factory=dict)
    retries_left: int = 0
    crashes: int = 0
    result: str | None = None
    usage: Usage | None = None
    rungs: dict[str, int] = Field(default_factory=dict)
    left_behind: int = 0
    traceback: str | None = None
    log: str | None = None


class Slot(Reply):
    """One slot: the job in it, or none."""

    name: str
    pid: int | None = None
    phase: str = "idle"
    job: str | None = None
    function: str | None = None
    runid: str | None = None
    label: str | None = None
    since: Epoch = None
    progress: Progress | None = None


class QueueRow(Reply):
    """How many jobs of one queue are in each state."""

    queued: int = 0
    started: int = 0
    deferred: int = 0
    scheduled: int = 0
    finished: int = 0
    failed: int = 0
    canceled: int = 0
    paused: bool = False


class QueueState(QueueRow):
    """One queue: whether this node serves it, and since when its first job waits."""

    name: str
    served: bool = False
    oldest_at: Epoch = None


class Queues(Reply):
    """`GET /v1/queues`."""

    queues: list[QueueState]


class QueuesBody(Body):
    """`POST /v1/pause` and `/v1/resume`: which queues; none is all."""

    queues: list[Annotated[str, Field(min_length=1, max_length=100)]] = Field(
        default_factory=list, max_length=100
    )


class TreeQuery(Body):
    """`GET /v1/tree/{name}`: whether every job of a large stage is wanted."""

    all: bool = False


class TreeNode(Reply):
    """A job in its tree. `more` counts the children that are not shown, by state; `state` is RQ's
    word, or "expired" for a job whose record is gone."""

    id: str
    state: str
    name: str = ""
    stage: str = ""
    runid: str | None = None
    started_at: Epoch = None
    ended_at: Epoch = None
    progress: Progress | None = None
    error: str | None = None
    children: list[TreeNode] = Field(default_factory=list)
    more: dict[str, int] = Field(default_factory=dict)


class Tree(Reply):
    """`GET /v1/tree/{name}`: one tree for a job, all trees of a run, the latest first."""

    name: str
    jobs: list[TreeNode]


class Retried(Reply):
    """What a retry did: which jobs are on their queues again, how many wait for them again."""

    job: str
    retried: list[str]
    woken: int = 0


class Zygote(Reply):
    """A class of cells: its parent process, and what is wrong with it."""

    name: str
    pid: int | None = None
    state: str = ""
    cells: int = 0
    problems: list[str] = Field(default_factory=list)


class Store(Reply):
    """Whether Redis answers, since when, and how many outcomes wait for it on disk."""

    state: Literal["up", "away"] = "up"
    since: Epoch = None
    detail: str = ""
    outbox: int = 0


class Status(Reply):
    """The node at a glance. `queues` is empty while the store is away."""

    name: str
    version: str = ""
    pid: int = 0
    mood: str = "open"
    since: Epoch = None
    store: Store = Field(default_factory=Store)
    slots: list[Slot] = Field(default_factory=list)
    queues: dict[str, QueueRow] = Field(default_factory=dict)
    zygotes: list[Zygote] = Field(default_factory=list)
    problems: list[str] = Field(default_factory=list)
    limits: str = ""


class Jobs(Reply):
    """One page of jobs; `next` is the next page's offset, None on the last one."""

    jobs: list[JobRow]
    next: int | None = None


class Cancelled(Reply):
    """What a cancel did.

    `was` and `state` are the job's states before and after, `rungs` the number of processes that
    ended at each signal, `survivors` how many still live (0 is the promise), `undead` their pids
    where the kernel does not let them go.

    Of the whole tree of jobs, this one included: `canceled` never began, `stopped` were running
    and are over, `ending` still run. `note` says what could not be looked for.
    """

    job: str
    state: str
    was: str = ""
    waited: bool = True
    canceled: int = 0
    stopped: int = 0
    ending: int = 0
    note: str = ""
    rungs: dict[str, int] = Field(default_factory=dict)
    survivors: int = 0
    undead: list[int] = Field(default_factory=list)
    seconds: float | None = None


class Enqueued(Reply):
    """The new job's id and its queue."""

    id: str
    queue: str


class DrainBody(Body):
    """`POST /v1/drain`: answer only when no job runs any more."""

    wait: bool = False


class ShutdownBody(Body):
    """`POST /v1/shutdown`: what becomes of the jobs that run."""

    mode: Literal["detach", "drain", "requeue", "cancel"] = "detach"


class Mood(Reply):
    """What the daemon is about now, how many jobs run, and which queues are paused."""

    mood: str
    running: int = 0
    paused: list[str] | None = None


class Health(Reply):
    """The loop turns."""

    status: Literal["ok"] = "ok"


class Problem(Reply):
    """An error as RFC 9457 writes it; `type` is a stable word, `detail` one line for people."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[dict[str, Any]] = Field(default_factory=list)
