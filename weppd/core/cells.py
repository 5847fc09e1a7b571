"""What the words of cells and of their zygotes move: hellos, beginnings, ends. Pure."""

from __future__ import annotations

from weppd.core import effects as do
from weppd.core import events as on
from weppd.core import judge, moves
from weppd.core.moves import Decision
from weppd.core.schedule import Ticket
from weppd.core.state import (
    EMPTY,
    Behind,
    Busy,
    Empty,
    Ending,
    Forking,
    Found,
    Given,
    Idle,
    Recording,
    Retiring,
    Running,
    State,
    replace,
)


def class_ready(state: State, event: on.ClassReady) -> Decision:
    """A zygote is up: cells can be had of it."""
    broken = {k: v for k, v in state.broken.items() if k != event.zygote}
    return replace(state, ready=state.ready | {event.zygote}, broken=broken), []


def class_down(state: State, event: on.ClassDown) -> Decision:
    """A zygote died: the forks that were asked of it come to nothing."""
    state = replace(state, ready=state.ready - {event.zygote})
    return moves.unfork(state, event.zygote), []


def class_broken(state: State, event: on.ClassBroken) -> Decision:
    """A zygote cannot be had at all: the jobs that wait for its class fail."""
    state = replace(
        state,
        ready=state.ready - {event.zygote},
        broken={**state.broken, event.zygote: event.reason},
    )
    orders: list[do.Effect] = []
    state = moves.unfork(state, event.zygote)
    for ticket in moves.waiting(state):
        if ticket.plan.zygote == event.zygote:
            why = moves.classless(ticket, event.reason)
            state, more = moves.record_unbegun(state, ticket, why, event.wall)
            orders += more
    return state, orders


def cell_found(state: State, event: on.CellFound) -> Decision:
    """The file of a cell that an earlier weppd had is locked: it will say hello."""
    if isinstance(state.slots.get(event.n, EMPTY), Empty):
        return moves.put_slot(state, event.n, Found()), []
    return moves.ignore(state)


def cell_hello(state: State, event: on.CellHello) -> Decision:
    """A cell says who it is and what it has: new, adopted, or cut off and back."""
    slot = state.slots.get(event.n, EMPTY)
    if event.stale:
        state = replace(state, stale=state.stale | {event.n})
    if isinstance(slot, Busy) and slot.then and event.ticket is not None:
        return _reconnected(state, event, slot)
    if event.ticket is None:
        if not isinstance(slot, Empty | Forking | Found):
            return moves.ignore(state)
        if event.stale:
            return moves.put_slot(state, event.n, Retiring(event.zygote)), [do.Retire(event.n)]
        return moves.put_slot(state, event.n, Idle(event.zygote)), []
    return _brought(state, event, (event.ticket, *event.others))


def _reconnected(state: State, event: on.CellHello, slot: Busy) -> Decision:
    """A cell that was cut off is back: what it has no more of what was behind never began."""
    assert event.ticket is not None
    tickets = (event.ticket, *event.others)
    has = {ticket.eid for ticket in tickets}
    gone = tuple(eid for eid in slot.then if eid not in has)
    state, orders = given_back(state, on.GivenBack(gone, state.at)) if gone else (state, [])
    state, more = _brought(state, event, tickets)
    return state, orders + more


def _brought(state: State, event: on.CellHello, tickets: tuple[Ticket, ...]) -> Decision:
    orders: list[do.Effect] = []
    for ticket in tickets:
        phase = state.jobs.get(ticket.eid)
        if isinstance(phase, Ending):
            said = phase.rungs, phase.asked, phase.reason
            orders.append(do.Cancel(event.n, ticket.eid, *said))
    fresh = [ticket for ticket in tickets if ticket.eid not in state.jobs]
    if not fresh:
        return (state, orders) if orders else moves.ignore(state)
    return _adopt(state, event, fresh), orders


def _adopt(state: State, event: on.CellHello, tickets: list[Ticket]) -> State:
    """The state with jobs that a cell brings; if it has some of ours, they are behind them."""
    slot = state.slots.get(event.n, EMPTY)
    eids = [slot.eid, *slot.then] if isinstance(slot, Busy) else []
    for ticket in tickets:
        phase = Behind(ticket, event.n) if eids else Running(ticket, event.n)
        eids.append(ticket.eid)
        state = moves.put_phase(state, ticket.eid, phase)
    return moves.put_slot(state, event.n, Busy(event.zygote, eids[0], tuple(eids[1:])))


def cell_gone(state: State, event: on.CellGone) -> Decision:
    """A cell died: what began in it is judged, what did not goes back to its queue's head."""
    slot = state.slots.get(event.n, EMPTY)
    state = replace(moves.put_slot(state, event.n, EMPTY), stale=state.stale - {event.n})
    orders: list[do.Effect] = []
    unbegun: list[Ticket] = []
    for eid in (slot.eid, *slot.then) if isinstance(slot, Busy) else ():
        phase = state.jobs.get(eid)
        if isinstance(phase, Ending):
            outcome = judge.interrupted(phase.asked, phase.reason)
        elif not isinstance(phase, Given):
            continue
        elif eid in event.begun:
            cause = f"worker lost: {event.cause}"
            outcome = judge.died(phase.ticket, cause, moves.crash_limit(state))
        else:
            state = moves.forget(state, eid)
            unbegun.append(phase.ticket)
            continue
        state, more = moves.record_unbegun(state, phase.ticket, outcome, event.wall)
        orders += more
    return state, [*orders, do.HandBack(tuple(unbegun))] if unbegun else orders


def given_back(state: State, event: on.GivenBack) -> Decision:
    """A cell gives back what waited behind a job that is no short one."""
    orders: list[do.Effect] = []
    tickets: list[Ticket] = []
    for eid in event.eids:
        phase = state.jobs.get(eid)
        slot = state.slots[phase.n] if isinstance(phase, Given) else EMPTY
        if not isinstance(phase, Behind | Ending) or not isinstance(slot, Busy):
            continue
        if eid not in slot.then:
            continue
        then = tuple(each for each in slot.then if each != eid)
        state = moves.put_slot(state, phase.n, Busy(slot.zygote, slot.eid, then, slow=True))
        if isinstance(phase, Ending):
            outcome = judge.interrupted(phase.asked, phase.reason)
            state, more = moves.record_unbegun(state, phase.ticket, outcome, event.wall)
            orders += more
        else:
            state = moves.forget(state, eid)
            tickets.append(phase.ticket)
    if not tickets and not orders:
        return moves.ignore(state)
    return state, [*orders, do.HandBack(tuple(tickets))] if tickets else orders


def began(state: State, event: on.Began) -> Decision:
    """A job began in its cell, which people are told."""
    phase = state.jobs.get(event.eid)
    if not isinstance(phase, Running | Ending):
        return state, []
    return state, [do.Announce(phase.ticket, event.pid, event.wall)]


def over(state: State, event: on.Over) -> Decision:
    """An execution has ended in its cell: it is judged and recorded."""
    phase = state.jobs.get(event.eid)
    if not isinstance(phase, Given):
        return moves.ignore(state)
    slot = state.slots[event.n]
    zygote = slot.zygote if isinstance(slot, Busy) else phase.ticket.plan.zygote
    outcome = judge.judge(phase.ticket, event, moves.crash_limit(state))
    state = moves.close(state, event.n, zygote, Recording(phase.ticket, event.n))
    return state, [do.Record(judge.finish(phase.ticket, event, outcome))]
