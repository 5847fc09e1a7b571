"""The small moves that decisions are made of. Pure; each makes a new state."""

from __future__ import annotations

from collections.abc import Sequence

from weppd.core import effects as do
from weppd.core import judge
from weppd.core.events import Event, Over
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


def come_to(state: State, events: Sequence[Event]) -> State:
    """The state at the moment of the last of these events that says when it was."""
    for event in reversed(events):
        if at := getattr(event, "wall", 0.0) or getattr(event, "ended_at", 0.0):
            return replace(state, at=at)
    return state


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
    jobs = dict(state.jobs)
    del jobs[eid]
    return replace(state, jobs=jobs)


def close(state: State, n: int, zygote: str, ended: Recording) -> State:
    """The state in which a job of cell `n` has ended: the next one behind it runs, or it closes."""
    slot, eid = state.slots[n], ended.ticket.eid
    left = [each for each in (slot.eid, *slot.then) if each != eid] if type(slot) is Busy else []
    jobs = {**state.jobs, eid: ended}
    if not left:
        return replace(state, jobs=jobs, slots={**state.slots, n: Closing(zygote, eid)})
    first = jobs.get(left[0])
    if isinstance(first, Behind):
        jobs[left[0]] = Running(first.ticket, n, state.at)
    slots = {**state.slots, n: Busy(zygote, left[0], tuple(left[1:]))}
    return replace(state, jobs=jobs, slots=slots)


def unfork(state: State, zygote: str) -> State:
    """The state without the forks that were asked of a class."""
    slots = {n: EMPTY if slot == Forking(zygote) else slot for n, slot in state.slots.items()}
    return replace(state, slots=slots)


def ignore(state: State) -> Decision:
    """What does not fit the state changes nothing, and is counted."""
    return replace(state, ignored=state.ignored + 1), []


def hand_back_waiting(state: State) -> Decision:
    """Has all that waits for a cell put back at the head of its queue."""
    tickets = tuple(waiting(state))
    for ticket in tickets:
        state = forget(state, ticket.eid)
    return state, [do.HandBack(tickets)] if tickets else []
