"""What can happen to the machine, in the past tense. Frozen; times are handed in.

`wall` is seconds since the epoch, for records that people read; nothing is decided by it but
whether a job that says how long it takes may run before a wide one that waits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from weppd.core.schedule import Ticket
from weppd.model import NO_USAGE, Answer, Usage


@dataclass(frozen=True, slots=True)
class Claimed:
    """A claim came back; `dry` when it brought fewer jobs than there was room for.

    `gap`: it was for what fits before a job that waits; `behind`: for short ones behind others.
    `posted`: the store carries it out when a job comes.
    """

    tickets: tuple[Ticket, ...]
    dry: bool
    wall: float
    gap: bool = False
    behind: bool = False
    posted: bool = False


@dataclass(frozen=True, slots=True)
class ClaimFailed:
    """The store did not answer a claim; it will be asked again when it is back."""


@dataclass(frozen=True, slots=True)
class StoreBack:
    """The store answers again."""


@dataclass(frozen=True, slots=True)
class BellRang:
    """A queue that was seen empty may hold a job now."""


@dataclass(frozen=True, slots=True)
class Lost:
    """An execution of this node whose cell was found dead, or that no cell ever had.

    `over` is what its cell left of it on disk.
    """

    ticket: Ticket
    began: bool
    over: Over | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """An execution of this node that the living cell of slot `n` has, and others besides it."""

    n: int
    zygote: str
    ticket: Ticket
    others: tuple[Ticket, ...] = ()


@dataclass(frozen=True, slots=True)
class Recovered:
    """What this node's last life left was sorted, by the cells' files and the store.

    `lost`: claims without a living cell; `held`: those that a living cell's file names. `reset`
    says what took the cells' files away meanwhile (a reboot): then nothing tells which of the lost
    ones had begun.
    """

    lost: tuple[Lost, ...]
    wall: float
    held: tuple[Held, ...] = ()
    reset: str = ""


@dataclass(frozen=True, slots=True)
class ClassReady:
    """A zygote class can fork cells."""

    zygote: str


@dataclass(frozen=True, slots=True)
class ClassDown:
    """A zygote died; another one of its class is being started."""

    zygote: str


@dataclass(frozen=True, slots=True)
class ClassBroken:
    """A zygote class cannot be started, for the reason given."""

    zygote: str
    reason: str
    wall: float


@dataclass(frozen=True, slots=True)
class CellFound:
    """A cell of an earlier weppd lives (its file is locked) but has not said hello yet."""

    n: int


@dataclass(frozen=True, slots=True)
class CellHello:
    """A cell connected; `ticket` is the job it has, None when it is idle.

    `stale`: it belongs to an earlier generation of zygotes and takes no further job. `others` are
    the jobs behind that one, and those whose ends it tells next.
    """

    n: int
    zygote: str
    ticket: Ticket | None = None
    stale: bool = False
    others: tuple[Ticket, ...] = ()


@dataclass(frozen=True, slots=True)
class CellGone:
    """A cell is dead, and nothing of its tree lives any more.

    `begun` are the executions that had begun by its file: a job that stands in none never did.
    """

    n: int
    cause: str
    wall: float
    begun: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class GivenBack:
    """A cell will not run these jobs, which were behind another: that one is not short."""

    eids: tuple[str, ...]
    wall: float


@dataclass(frozen=True, slots=True)
class Began:
    """A job's process runs its function's frame."""

    eid: str
    pid: int
    wall: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the job's own process reported: finished, failed, cancelled or retry."""

    kind: str
    type: str = ""
    message: str = ""
    none: bool = False
    max: int = 0
    interval: int = 0


@dataclass(frozen=True, slots=True)
class Over:
    """A job is over: of its whole tree nothing lives but what `undead` names.

    `body` is the result's bytes or the traceback's; `status` the raw wait status of its leader,
    None when the leader serves more jobs; `asked` is who ended it, if not the job itself.
    """

    n: int
    eid: str
    verdict: Verdict | None
    body: bytes
    status: int | None
    asked: str | None
    reason: str
    began_at: float
    ended_at: float
    pid: int = 0
    usage: Usage = NO_USAGE
    rungs: Mapping[str, int] = field(default_factory=dict)
    left: int = 0
    undead: tuple[str, ...] = ()
    oom: bool = False


@dataclass(frozen=True, slots=True)
class Recorded:
    """The store has a finish (or the outbox on disk has it: answer None)."""

    eid: str
    answer: Answer | None


@dataclass(frozen=True, slots=True)
class CancelAsked:
    """Somebody asked to end a job that this node holds."""

    jid: str
    rungs: tuple[tuple[str, float], ...]
    reason: str
    wall: float


@dataclass(frozen=True, slots=True)
class StopAsked:
    """The daemon shall stop: "detach", "drain", "requeue" or "cancel" what runs."""

    mode: str


@dataclass(frozen=True, slots=True)
class PauseAsked:
    """No new claims until ResumeAsked; with `requeue` what runs ends and goes back to its queue."""

    requeue: bool = False


@dataclass(frozen=True, slots=True)
class ResumeAsked:
    """Claims may go on."""


Event = (
    Claimed
    | ClaimFailed
    | StoreBack
    | BellRang
    | Recovered
    | ClassReady
    | ClassDown
    | ClassBroken
    | CellFound
    | CellHello
    | CellGone
    | GivenBack
    | Began
    | Over
    | Recorded
    | CancelAsked
    | StopAsked
    | PauseAsked
    | ResumeAsked
)
