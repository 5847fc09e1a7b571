"""What the machine knows: slots, jobs, moods. Frozen; a change makes a new state.

A slot's state is a closed sum whose members carry their facts, so that "busy without a job" cannot
be written::

    Empty ──Fork──► Forking ──hello──► Idle ──Start──► Busy ──over──► Closing ──recorded──► Idle
      ▲                                  │Retire                                              │
      └────────────── gone ◄── Retiring ◄┘          Found (a cell of an earlier weppd) ─hello─┘

A job's phase, by execution id::

    Waiting ──Start──► Running ──cancel──► Ending ──over──► Recording ──recorded──► (forgotten)
       └──Start behind──► Behind ──the one before it is over──► Running

Short jobs may be given to a cell ahead. They are behind the one that runs, in their order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from weppd.core.schedule import Rules, Ticket


@dataclass(frozen=True, slots=True)
class Empty:
    """No cell."""


@dataclass(frozen=True, slots=True)
class Forking:
    """A zygote was asked for a cell."""

    zygote: str


@dataclass(frozen=True, slots=True)
class Found:
    """The file of a cell that an earlier weppd had is locked: it lives and will say hello."""


@dataclass(frozen=True, slots=True)
class Idle:
    """A cell with nothing to do."""

    zygote: str


@dataclass(frozen=True, slots=True)
class Busy:
    """A cell with a job, and short ones behind it (`then`, in their order); those that were behind
    a `slow` one went back."""

    zygote: str
    eid: str
    then: tuple[str, ...] = ()
    slow: bool = False


@dataclass(frozen=True, slots=True)
class Closing:
    """A cell whose job is over and whose outcome is on its way to the store."""

    zygote: str
    eid: str


@dataclass(frozen=True, slots=True)
class Retiring:
    """An idle cell that was asked to exit."""

    zygote: str


Slot = Empty | Forking | Found | Idle | Busy | Closing | Retiring
EMPTY = Empty()


@dataclass(frozen=True, slots=True)
class Waiting:
    """Claimed; no cell has it yet."""

    ticket: Ticket


@dataclass(frozen=True, slots=True)
class Running:
    """A cell has it, since about `since` (epoch, s; 0 where that is not known)."""

    ticket: Ticket
    n: int
    since: float = 0.0


@dataclass(frozen=True, slots=True)
class Behind:
    """A cell has it, behind another job that runs: it has not begun."""

    ticket: Ticket
    n: int


@dataclass(frozen=True, slots=True)
class Ending:
    """A cell was told to end it, by these rungs; `asked` says who wants it."""

    ticket: Ticket
    n: int
    rungs: tuple[tuple[str, float], ...]
    asked: str
    reason: str
    since: float = 0.0


@dataclass(frozen=True, slots=True)
class Recording:
    """It is over; the store is being told. `n` is None where no cell has to be acknowledged."""

    ticket: Ticket
    n: int | None


Phase = Waiting | Running | Behind | Ending | Recording
#: The phases of a job that a cell has.
Given = Running | Behind | Ending


class Mood(str, Enum):
    """What the daemon is about."""

    OPEN = "open"
    PAUSED = "paused"
    DRAINING = "draining"
    STOPPED = "stopped"


@dataclass(frozen=True)
class State:
    """All that the machine decides by.

    `claiming`: a claim is under way. `dry`: the last one left the queues empty; `posted`: the store
    carries it out when a job comes. `recovered`: what an earlier life left is sorted, so that forks
    and claims may begin. `away`: the store is.
    `sparse`: of short jobs there were fewer at the queues' heads than could go behind others.
    `at`: when the last event was, about (epoch, s). `lean`: nothing in the queues fits into the gap
    before the job that waits.
    `stale`: slots whose cells are of an earlier generation, and leave after their job.
    """

    rules: Rules
    slots: Mapping[int, Slot]
    cpus: int
    jobs: Mapping[str, Phase] = field(default_factory=dict)
    stale: frozenset[int] = frozenset()
    ready: frozenset[str] = frozenset()
    broken: Mapping[str, str] = field(default_factory=dict)
    mood: Mood = Mood.OPEN
    stop_mode: str = ""
    claiming: bool = False
    dry: bool = False
    posted: bool = False
    lean: bool = False
    sparse: bool = False
    at: float = 0.0
    recovered: bool = False
    away: bool = False
    ignored: int = 0


def replace(state: State, **changes: Any) -> State:
    """The state with some fields changed: `dataclasses.replace` at a tenth of its price.

    Each event makes several states of many fields, and no other record. So they are copied as one
    dict, which is why `State` has no slots. TypeError for a field that there is not.
    """
    if not changes.keys() <= _FIELDS:
        raise TypeError(f"a state has no fields {sorted(changes.keys() - _FIELDS)}")
    copy = object.__new__(State)
    vars(copy).update(vars(state), **changes)
    return copy


_FIELDS = frozenset(State.__dataclass_fields__)


def fresh(rules: Rules, slots: int, cpus: int | None = None) -> State:
    """The state of a daemon that has just started, with `slots` numbered from 1."""
    return State(
        rules, dict.fromkeys(range(1, slots + 1), EMPTY), cpus or rules.cpus or rules.cores
    )
