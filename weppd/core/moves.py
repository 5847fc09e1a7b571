"""The small moves that decisions are made of. Pure; each makes a new state."""

from __future__ import annotations

from weppd.core import effects as do
from weppd.core import judge
from weppd.core.events import Over
from weppd.core.schedule import Ticket
from weppd.core.state import (
    EMPTY,
    Behind,
    Busy,
    Closing,
    Ending,
    Forking,
    Given,
    Phase,
    Recording,
    Running,
    Slot,
    State,
    Waiting,
    replace,
)
from weppd.model import Failed, Outcome, Retried

Decision = tuple[State, list[do.Effect]]


def end(
    state: State,
    eid: str,
    phase: Given,
    rungs: tuple[tuple[str, float], ...],
    asked: str,
    reason: str,
) -> Decision:
    """Has the cell told to end its job."""
    since = 0.0 if isinstance(phase, Behind) else phase.since
    state = put_phase(state, eid, Ending(phase.ticket, phase.n, rungs, asked, reason, since))
    return state, [do.Cancel(phase.n, eid, rungs, asked, reason)]


def record_unbegun(state: State, ticket: Ticket, outcome: Outcome, wall: float) -> Decision:
    """Records an outcome that no cell has an account of."""
    state = put_phase(state, ticket.eid, Recording(ticket, None))
    return state, [do.Record(judge.unbegun(ticket, outcome, wall))]


def record_left(state: State, ticket: Ticket, over: Over) -> Decision:
    """Records an execution of which its cell left an account, and is gone."""
    outcome = judge.judge(ticket, over, crash_limit(state))
    state = put_phase(state, ticket.eid, Recording(ticket, None))
    return state, [do.Record(judge.finish(ticket, over, outcome))]


def classless(ticket: Ticket, reason: str) -> Failed | Retried:
    """The outcome of a job whose class of cells cannot be had."""
    text = f"zygote class {ticket.plan.zygote!r} cannot start: {reason}"
    return judge.again_or_failed(ticket, Failed(text, text, "refused"))


def crash_limit(state: State) -> int:
    """How many deaths under a job are too many."""
    return state.rules.crashes_allowed


def waiting(state: State) -> list[Ticket]:
    """The tickets that wait for a cell, in the order of their claims."""
    return [phase.ticket for phase in state.jobs.values() if isinstance(phase, Waiting)]


def put_slot(state: State, n: int, slot: Slot) -> State:
    """The state with one slot changed."""
    return replace(state, slots={**state.slots, n: slot})


def put_phase(state: State, eid: str, phase: Phase) -> State:
    """The state with one job's phase changed."""
    return replace(state, jobs={**state.jobs, eid: phase})


def forget(state: State, eid: str) -> State:
    """The state without a job."""
    return replace(state, jobs={k: v for k, v in state.jobs.items() if k != eid})


def take_from(state: State, n: int, zygote: str, eid: str) -> State:
    """The state whose cell `n` has `eid` no more: the next one behind it runs, or it closes."""
    slot = state.slots[n]
    left = [each for each in (slot.eid, *slot.then) if each != eid] if type(slot) is Busy else []
    if not left:
        return put_slot(state, n, Closing(zygote, eid))
    state = put_slot(state, n, Busy(zygote, left[0], tuple(left[1:])))
    first = state.jobs.get(left[0])
    if not isinstance(first, Behind):
        return state
    return put_phase(state, left[0], Running(first.ticket, n, state.at))


def unfork(state: State, zygote: str) -> State:
    """The state without the forks that were asked of a class."""
    slots = {n: EMPTY if slot == Forking(zygote) else slot for n, slot in state.slots.items()}
    return replace(state, slots=slots)


def ignore(state: State) -> Decision:
    """What does not fit the state changes nothing, and is counted."""
    return replace(state, ignored=state.ignored + 1), []
