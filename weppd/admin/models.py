"""The answers that the admin API gives, as JSON; what it reads is in `weppd.admin.asks`.

Times are seconds since the epoch, durations end in `_s`, sizes in `_bytes`. A House may answer with
RQ's ISO texts for times: they are read here. Answers keep keys that these models do not know.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def as_epoch(value: object) -> object:
    """Turn an ISO 8601 text (naive ones are UTC, as RQ writes them) into seconds.

    What is no such text is None: one producer's rubbish must not hide all other jobs of a list.
    """
    if not isinstance(value, str):
        return value
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


Epoch = Annotated[float | None, BeforeValidator(as_epoch)]


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


class LockRow(Reply):
    """A lock of a document, `<run>:<file>`. `job` is weppd's job that holds it; `lives` is null
    where that cannot be seen from this node; it goes by itself in `expires_s`."""

    lock: str
    run: str = ""
    file: str = ""
    owner: str = ""
    job: str | None = None
    lives: bool | None = None
    since: Epoch = None
    expires_s: float = 0.0


class Locks(Reply):
    """`GET /v1/locks`."""

    locks: list[LockRow]


class Unlocked(Reply):
    """`POST /v1/unlock`: the lock that was taken away, and whose it was."""

    lock: str
    owner: str = ""
    job: str | None = None


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
    """A job in a list. `state` is RQ's word; `error` is one line, for a job that failed. `note`
    says that the store has no record of a job that this node has, or is away."""

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
    note: str = ""


class JobDetail(JobRow):
    """Everything known of one job. `rungs` counts the processes that ended at each signal.

    `node` is the one that answers; `run_dirs` are the places where the job's run may be.
    """

    description: str = ""
    phase: str | None = None
    parent: str | None = None
    pid: int | None = None
    timeout: int | None = None
    cpus: int | str | None = None
    lock: str = ""
    waits: str = ""
    limits: dict[str, Held] = Field(default_factory=dict)
    retries_left: int = 0
    crashes: int = 0
    result: str | None = None
    usage: Usage | None = None
    rungs: dict[str, int] = Field(default_factory=dict)
    left_behind: int = 0
    traceback: str | None = None
    log: str | None = None
    node: str = ""
    run_dirs: list[str] = Field(default_factory=list)


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
    limits: dict[str, str] = Field(default_factory=dict)


class Claimed(Reply):
    """A job that this node has taken and no slot has yet: it waits for that many CPUs and bytes."""

    job: str
    function: str | None = None
    runid: str | None = None
    cpus: int = 0
    memory: int = 0


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
    """`GET /v1/tree/{name}`: one tree for a job, all trees of a run, the latest first. `note` says
    that the store is away, and that these are the node's own jobs."""

    name: str
    jobs: list[TreeNode]
    note: str = ""


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
    claimed: list[Claimed] = Field(default_factory=list)
    queues: dict[str, QueueRow] = Field(default_factory=dict)
    zygotes: list[Zygote] = Field(default_factory=list)
    problems: list[str] = Field(default_factory=list)
    limits: str = ""
    controllers: list[str] = Field(default_factory=list)


class Jobs(Reply):
    """One page of jobs; `next` is the next page's offset, None on the last one. `note` says that
    the store is away, and that these are the node's own jobs."""

    jobs: list[JobRow]
    next: int | None = None
    note: str = ""


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
    """The new job's id and its queue. `doubt` is why it can but fail where this node takes it."""

    id: str
    queue: str
    doubt: str = ""


class Mood(Reply):
    """What the daemon is about now, how many jobs run, and which queues are paused.

    `scrubbed` is how many entries of executions that nobody has were taken off RQ's lists.
    """

    mood: str
    running: int = 0
    paused: list[str] | None = None
    scrubbed: int | None = None


class Health(Reply):
    """The loop turns."""

    status: Literal["ok"] = "ok"


class Ready(Reply):
    """`GET /readyz`: whether this node would take a job, and what keeps it from that."""

    ready: bool
    problems: list[str] = Field(default_factory=list)


class Problem(Reply):
    """An error as RFC 9457 writes it; `type` is a stable word, `detail` one line for people."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[dict[str, Any]] = Field(default_factory=list)
