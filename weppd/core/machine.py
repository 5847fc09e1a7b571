"""The decisions. Every change of a job's phase and of a slot's state is made here, in
`settle` and by their `moves`.

Theory of operation. `decide(state, *events)` answers with the next state and the effects that the
world shall carry out; it reads no clock and does no I/O, so that all it can ever do can be tried
without a process. Each event first moves what it speaks of (one function each, below), in their
order; then `settle` looks at the whole and orders what has become possible: cells for the jobs that
wait, cells for empty slots, a claim for the room that is left. Whatever does not fit the state (a
late or doubled message) changes nothing and is counted in `ignored`.

A job leaves the state only by an answer of the store (or of the outbox) to its record; a slot is
free only when its cell was acknowledged. Claims never exceed the room: idle and empty slots less
the jobs that wait already.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from weppd.core import effects as do
from weppd.core import events as on
from weppd.core import judge, moves
from weppd.core.moves import Decision
from weppd.core.schedule import Ticket
from weppd.core.settle import settle
from weppd.core.state import (
    EMPTY,
    Behind,
    Busy,
    Closing,
    Empty,
    Ending,
    Forking,
    Found,
    Given,
    Idle,
    Mood,
    Recording,
    Retiring,
    Running,
    State,
    Waiting,
    replace,
)
from weppd.model import Outcome


def decide(state: State, *events: on.Event) -> Decision:
    """The next state and the effects that `events` call for, which came together in this order.

    TypeError for what is no event.
    """
    orders: list[do.Effect] = []
    state = moves.come_to(state, events)
    for event in events:
        handler = _HANDLERS.get(type(event))
        if handler is None:
            raise TypeError(event)
        state, more = handler(state, event)
        orders += more
    state, more = settle(state)
    return state, orders + more


# -- the store speaks ------------------------------------------------------------------------------


def _claimed(state: State, event: on.Claimed) -> Decision:
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


def _claim_failed(state: State, event: on.ClaimFailed) -> Decision:
    return replace(state, claiming=False, away=True), []


def _store_back(state: State, event: on.StoreBack) -> Decision:
    return replace(state, away=False, dry=False, sparse=False), []


def _bell_rang(state: State, event: on.BellRang) -> Decision:
    return replace(state, dry=False, sparse=False), []


def _recovered(state: State, event: on.Recovered) -> Decision:
    state = replace(state, recovered=True)
    orders: list[do.Effect] = []
    for held in event.held:
        hello = on.CellHello(held.n, held.zygote, held.ticket, others=held.others)
        state, more = _cell_hello(state, hello)
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


def _recorded(state: State, event: on.Recorded) -> Decision:
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


# -- cells and zygotes speak -----------------------------------------------------------------------


def _class_ready(state: State, event: on.ClassReady) -> Decision:
    broken = {k: v for k, v in state.broken.items() if k != event.zygote}
    return replace(state, ready=state.ready | {event.zygote}, broken=broken), []


def _class_down(state: State, event: on.ClassDown) -> Decision:
    state = replace(state, ready=state.ready - {event.zygote})
    return moves.unfork(state, event.zygote), []


def _class_broken(state: State, event: on.ClassBroken) -> Decision:
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


def _cell_found(state: State, event: on.CellFound) -> Decision:
    if isinstance(state.slots.get(event.n, EMPTY), Empty):
        return moves.put_slot(state, event.n, Found()), []
    return moves.ignore(state)


def _cell_hello(state: State, event: on.CellHello) -> Decision:
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
    state, orders = _given_back(state, on.GivenBack(gone, state.at)) if gone else (state, [])
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


def _cell_gone(state: State, event: on.CellGone) -> Decision:
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


def _given_back(state: State, event: on.GivenBack) -> Decision:
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


def _began(state: State, event: on.Began) -> Decision:
    phase = state.jobs.get(event.eid)
    if not isinstance(phase, Running | Ending):
        return state, []
    return state, [do.Announce(phase.ticket, event.pid, event.wall)]


def _over(state: State, event: on.Over) -> Decision:
    phase = state.jobs.get(event.eid)
    if not isinstance(phase, Given):
        return moves.ignore(state)
    slot = state.slots[event.n]
    zygote = slot.zygote if isinstance(slot, Busy) else phase.ticket.plan.zygote
    outcome = judge.judge(phase.ticket, event, moves.crash_limit(state))
    state = moves.close(state, event.n, zygote, Recording(phase.ticket, event.n))
    return state, [do.Record(judge.finish(phase.ticket, event, outcome))]


# -- people speak ----------------------------------------------------------------------------------


def _cancel_asked(state: State, event: on.CancelAsked) -> Decision:
    for eid, phase in state.jobs.items():
        if phase.ticket.job.id != event.jid:
            continue
        if isinstance(phase, Waiting):
            outcome = judge.canceled(event.reason)
            return moves.record_unbegun(state, phase.ticket, outcome, event.wall)
        if isinstance(phase, Given):
            return moves.end(state, eid, phase, event.rungs, "cancel", event.reason)
    return moves.ignore(state)


def _stop_asked(state: State, event: on.StopAsked) -> Decision:
    if state.mood is Mood.STOPPED:
        return moves.ignore(state)
    state = replace(state, mood=Mood.DRAINING, stop_mode=event.mode)
    state, orders = moves.hand_back_waiting(state)
    if event.mode in ("requeue", "cancel"):
        asked = "shutdown" if event.mode == "requeue" else "cancel"
        state, more = _end_all(state, asked, "weppd stops")
        orders = [*orders, *more]
    return state, orders


def _end_all(state: State, asked: str, reason: str) -> Decision:
    orders: list[do.Effect] = []
    for eid, phase in list(state.jobs.items()):
        if isinstance(phase, Running | Behind):
            state, more = moves.end(state, eid, phase, state.rules.rungs, asked, reason)
            orders += more
    return state, orders


def _pause_asked(state: State, event: on.PauseAsked) -> Decision:
    if state.mood is not Mood.OPEN and not (event.requeue and state.mood is Mood.PAUSED):
        return moves.ignore(state)
    state = replace(state, mood=Mood.PAUSED)
    if not event.requeue:
        return state, []
    state, orders = moves.hand_back_waiting(state)
    state, more = _end_all(state, "shutdown", "handed back to its queue")
    return state, [*orders, *more]


def _resume_asked(state: State, event: on.ResumeAsked) -> Decision:
    if state.mood is Mood.STOPPED:
        return moves.ignore(state)
    return replace(state, mood=Mood.OPEN, stop_mode="", dry=False), []


_HANDLERS: Mapping[type, Callable[[State, Any], Decision]] = {
    on.Claimed: _claimed,
    on.ClaimFailed: _claim_failed,
    on.StoreBack: _store_back,
    on.BellRang: _bell_rang,
    on.Recovered: _recovered,
    on.Recorded: _recorded,
    on.ClassReady: _class_ready,
    on.ClassDown: _class_down,
    on.ClassBroken: _class_broken,
    on.CellFound: _cell_found,
    on.CellHello: _cell_hello,
    on.CellGone: _cell_gone,
    on.GivenBack: _given_back,
    on.Began: _began,
    on.Over: _over,
    on.CancelAsked: _cancel_asked,
    on.StopAsked: _stop_asked,
    on.PauseAsked: _pause_asked,
    on.ResumeAsked: _resume_asked,
}
