"""What the store's words move: claims and the bell, what an earlier life left, records. Pure."""

from __future__ import annotations

from weppd.core import cells, judge, moves
from weppd.core import effects as do
from weppd.core import events as on
from weppd.core.moves import Decision
from weppd.core.schedule import Ticket
from weppd.core.state import (
    Closing,
    Empty,
    Forking,
    Found,
    Idle,
    Mood,
    Recording,
    Retiring,
    State,
    Waiting,
    replace,
)
from weppd.model import Outcome


def claimed(state: State, event: on.Claimed) -> Decision:
    """A claim was answered: its jobs wait for cells; where it found no more, the bell is armed."""
    had_less = "sparse" if event.behind else "lean" if event.gap else "dry"
    changes = {"sparse": False, "posted": event.posted, had_less: event.dry}
    state = replace(state, claiming=False, away=False, **changes)
    orders: list[do.Effect] = []
    for ticket in event.tickets:
        state, more = _admit(state, ticket, event.wall)
        orders += more
    if event.dry and not (event.gap or event.behind) and state.mood is not Mood.DRAINING:
        orders.append(do.ArmBell())
    return state, orders


def _admit(state: State, ticket: Ticket, wall: float) -> Decision:
    if ticket.eid in state.jobs:
        return moves.ignore(state)
    if state.mood is not Mood.OPEN:
        return state, [do.HandBack((ticket,))]
    if ticket.plan.refusal is not None:
        return moves.record_unbegun(state, ticket, judge.refused(ticket), wall)
    why = state.broken.get(ticket.plan.zygote)
    if why is not None:
        return moves.record_unbegun(state, ticket, moves.classless(ticket, why), wall)
    return moves.put_phase(state, ticket.eid, Waiting(ticket)), []


def claim_failed(state: State, event: on.ClaimFailed) -> Decision:
    """The store is away: nothing is claimed until it is back."""
    return replace(state, claiming=False, away=True), []


def store_back(state: State, event: on.StoreBack) -> Decision:
    """The store is there again, with whatever came meanwhile."""
    return replace(state, away=False, dry=False, sparse=False), []


def bell_rang(state: State, event: on.BellRang) -> Decision:
    """There are jobs where none were."""
    return replace(state, dry=False, sparse=False), []


def recovered(state: State, event: on.Recovered) -> Decision:
    """What an earlier life left is known: what cells have is adopted, of the rest what began is
    judged, and what did not goes back."""
    state = replace(state, recovered=True)
    orders: list[do.Effect] = []
    for held in event.held:
        hello = on.CellHello(held.n, held.zygote, held.ticket, others=held.others)
        state, more = cells.cell_hello(state, hello)
        orders += more
    for lost in event.lost:
        if lost.ticket.eid in state.jobs:
            continue
        if lost.over is not None:
            state, more = moves.record_left(state, lost.ticket, lost.over)
            orders += more
            continue
        if not lost.began and not event.reset:
            orders.append(do.HandBack((lost.ticket,)))
            continue
        outcome = _lost(state, lost.ticket, event.reset)
        state, more = moves.record_unbegun(state, lost.ticket, outcome, event.wall)
        orders += more
    return state, orders


def _lost(state: State, ticket: Ticket, reset: str) -> Outcome:
    if reset:
        return judge.displaced(ticket, f"worker lost: {reset}")
    cause = "worker lost: its cell died while weppd was away"
    return judge.died(ticket, cause, moves.crash_limit(state))


def recorded(state: State, event: on.Recorded) -> Decision:
    """The store (or the outbox) has an execution's end: forget the job, acknowledge its cell."""
    phase = state.jobs.get(event.eid)
    if not isinstance(phase, Recording):
        return moves.ignore(state)
    # A claim that is posted is made as the next job comes; else one is made now, to be posted.
    dry = state.dry and state.posted
    state = moves.forget(replace(state, lean=False, dry=dry), event.eid)
    if phase.n is None:
        return state, []
    slot = state.slots[phase.n]
    if isinstance(slot, Empty | Forking | Found):
        return state, []
    if not isinstance(slot, Closing) or slot.eid != event.eid:
        return state, [do.Ack(phase.n, event.eid)]
    if phase.n in state.stale:
        state = moves.put_slot(state, phase.n, Retiring(slot.zygote))
        return state, [do.Ack(phase.n, event.eid), do.Retire(phase.n)]
    return moves.put_slot(state, phase.n, Idle(slot.zygote)), [do.Ack(phase.n, event.eid)]
