"""What the machine orders, in the imperative. Frozen; the performer carries them out."""

from __future__ import annotations

from dataclasses import dataclass

from weppd.core.schedule import Ticket
from weppd.model import Finish


@dataclass(frozen=True, slots=True)
class Gap:
    """What a job may ask for that runs before a wide one: seconds, CPUs, bytes of memory."""

    seconds: float
    cpus: int
    memory: int


@dataclass(frozen=True, slots=True)
class Claim:
    """Ask the store for as many jobs as there are labels (the workers' numbers).

    With a `gap`, for such as fit into it only, wherever they stand in their queues. `more` short
    ones may come with short ones. `behind` are labels of workers that are busy with short ones, one
    for each further short job that may come.
    """

    labels: tuple[int, ...]
    gap: Gap | None = None
    more: int = 0
    behind: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ArmBell:
    """Wait for a job on the queues that were seen empty."""


@dataclass(frozen=True, slots=True)
class Fork:
    """Have a zygote fork the cell for slot `n`."""

    n: int
    zygote: str


@dataclass(frozen=True, slots=True)
class Start:
    """Give the job to the cell of slot `n`; `behind`: behind the one that it has."""

    n: int
    ticket: Ticket
    behind: bool = False


@dataclass(frozen=True, slots=True)
class Cancel:
    """Have the cell of slot `n` end its job's tree by these rungs."""

    n: int
    eid: str
    rungs: tuple[tuple[str, float], ...]
    asked: str
    reason: str


@dataclass(frozen=True, slots=True)
class Announce:
    """Write and publish that a job has begun."""

    ticket: Ticket
    pid: int
    wall: float


@dataclass(frozen=True, slots=True)
class Record:
    """Write a finish to the store, or to the outbox while the store is away."""

    finish: Finish


@dataclass(frozen=True, slots=True)
class Ack:
    """Tell the cell that its outcome is safe, so that it may forget it."""

    n: int
    eid: str


@dataclass(frozen=True, slots=True)
class HandBack:
    """Put claims that never began back at the head of their queues."""

    tickets: tuple[Ticket, ...]


@dataclass(frozen=True, slots=True)
class Retire:
    """Have the idle cell of slot `n` exit."""

    n: int


Effect = Claim | ArmBell | Fork | Start | Cancel | Announce | Record | Ack | HandBack | Retire
