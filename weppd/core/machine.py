"""The decisions. Every change of a job's phase and of a slot's state is made in this file.

Theory of operation. `decide(state, event)` answers with the next state and the effects that the
world shall carry out; it reads no clock and does no I/O, so that all it can ever do can be tried
without a process. An event first moves what it speaks of (one function each, below); then
`_settle` looks at the whole and orders what has become possible: cells for the jobs that wait,
cells for empty slots, a claim for the room that is left. Whatever does not fit the state (a late
or doubled message) changes nothing and is counted in `ignored`.

A job leaves the state only by an answer of the store (or of the outbox) to its record; a slot is
free only when its cell was acknowledged. Claims never exceed the room: idle and empty slots less
the jobs that wait already.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from weppd.core import effects as do
from weppd.core import events as on
from weppd.core import judge
from weppd.core.schedule import Ticket
from weppd.core.state import (
    EMPTY,
    Busy,
    Closing,
    Empty,
    Ending,
    Forking,
    Found,
    Idle,
    Mood,
    Phase,
    Recording,
    Retiring,
    Running,
    Slot,
    State,
    Waiting,
)
from weppd.model import Failed, Outcome, Retried

Decision = tuple[State, list[do.Effect]]


def decide(state: State, event: on.Event) -> Decision:
    """The next state and the effects that `event` calls for."""
    handler = _HANDLERS.get(type(event))
    if handler is None:
        raise TypeError(event)
    state, effects = handler(state, event)
    state, more = _settle(state)
    return state, effects + more


# -- the store speaks ------------------------------------------------------------------------------


def _claimed(state: State, event: on.Claimed) -> Decision:
    state = replace(state, claiming=False, dry=event.dry, away=False)
    orders: list[do.Effect] = []
    for ticket in event.tickets:
        state, more = _admit(state, ticket, event.wall)
        orders += more
    if event.dry and state.mood is not Mood.DRAINING:
        orders.append(do.ArmBell())
    return state, orders


def _admit(state: State, ticket: Ticket, wall: float) -> Decision:
    if ticket.eid in state.jobs:
        return _ignore(state)
    if state.mood is Mood.STOPPED or state.mood is Mood.DRAINING:
        return state, [do.HandBack((ticket,))]
    if ticket.plan.refusal is not None:
        return _record_unbegun(state, ticket, judge.refused(ticket), wall)
    why = state.broken.get(ticket.plan.zygote)
    if why is not None:
        return _record_unbegun(state, ticket, _classless(ticket, why), wall)
    return _phase(state, ticket.eid, Waiting(ticket)), []


def _claim_failed(state: State, event: on.ClaimFailed) -> Decision:
    return replace(state, claiming=False, away=True), []


def _store_back(state: State, event: on.StoreBack) -> Decision:
    return replace(state, away=False, dry=False), []


def _bell_rang(state: State, event: on.BellRang) -> Decision:
    return replace(state, dry=False), []


def _recovered(state: State, event: on.Recovered) -> Decision:
    state = replace(state, recovered=True)
    orders: list[do.Effect] = []
    for held in event.held:
        state, more = _cell_hello(state, on.CellHello(held.n, held.zygote, held.ticket))
        orders += more
    for lost in event.lost:
        if lost.ticket.eid in state.jobs:
            continue
        if lost.began:
            outcome = judge.died(
                lost.ticket, "worker lost: its cell died while weppd was away", _limit(state)
            )
            state, more = _record_unbegun(state, lost.ticket, outcome, event.wall)
            orders += more
        else:
            orders.append(do.HandBack((lost.ticket,)))
    return state, orders


def _recorded(state: State, event: on.Recorded) -> Decision:
    phase = state.jobs.get(event.eid)
    if not isinstance(phase, Recording):
        return _ignore(state)
    state = _forget(state, event.eid)
    if phase.n is None:
        return state, []
    slot = state.slots[phase.n]
    if not isinstance(slot, Closing) or slot.eid != event.eid:
        return state, []
    if phase.n in state.stale:
        state = _slot(state, phase.n, Retiring(slot.zygote))
        return state, [do.Ack(phase.n, event.eid), do.Retire(phase.n)]
    return _slot(state, phase.n, Idle(slot.zygote)), [do.Ack(phase.n, event.eid)]


# -- cells and zygotes speak -----------------------------------------------------------------------


def _class_ready(state: State, event: on.ClassReady) -> Decision:
    broken = {k: v for k, v in state.broken.items() if k != event.zygote}
    return replace(state, ready=state.ready | {event.zygote}, broken=broken), []


def _class_down(state: State, event: on.ClassDown) -> Decision:
    state = replace(state, ready=state.ready - {event.zygote})
    return _unfork(state, event.zygote), []


def _class_broken(state: State, event: on.ClassBroken) -> Decision:
    state = replace(
        state,
        ready=state.ready - {event.zygote},
        broken={**state.broken, event.zygote: event.reason},
    )
    orders: list[do.Effect] = []
    state = _unfork(state, event.zygote)
    for ticket in _waiting(state):
        if ticket.plan.zygote == event.zygote:
            why = _classless(ticket, event.reason)
            state, more = _record_unbegun(state, ticket, why, event.wall)
            orders += more
    return state, orders


def _cell_found(state: State, event: on.CellFound) -> Decision:
    if isinstance(state.slots.get(event.n, EMPTY), Empty):
        return _slot(state, event.n, Found()), []
    return _ignore(state)


def _cell_hello(state: State, event: on.CellHello) -> Decision:
    slot = state.slots.get(event.n, EMPTY)
    if event.stale:
        state = replace(state, stale=state.stale | {event.n})
    if event.ticket is None:
        if not isinstance(slot, Empty | Forking | Found):
            return _ignore(state)
        if event.stale:
            return _slot(state, event.n, Retiring(event.zygote)), [do.Retire(event.n)]
        return _slot(state, event.n, Idle(event.zygote)), []
    eid = event.ticket.eid
    phase = state.jobs.get(eid)
    if isinstance(phase, Ending):
        return state, [do.Cancel(event.n, eid, phase.rungs, phase.asked, phase.reason)]
    if phase is not None:
        return _ignore(state)
    state = _slot(state, event.n, Busy(event.zygote, eid))
    return _phase(state, eid, Running(event.ticket, event.n)), []


def _cell_gone(state: State, event: on.CellGone) -> Decision:
    slot = state.slots.get(event.n, EMPTY)
    state = replace(_slot(state, event.n, EMPTY), stale=state.stale - {event.n})
    if not isinstance(slot, Busy):
        return state, []
    phase = state.jobs.get(slot.eid)
    if not isinstance(phase, Running | Ending):
        return state, []
    if isinstance(phase, Ending):
        outcome = judge.interrupted(phase.asked, phase.reason)
        return _record_unbegun(state, phase.ticket, outcome, event.wall)
    if event.eid != slot.eid:
        return _forget(state, slot.eid), [do.HandBack((phase.ticket,))]
    outcome = judge.died(phase.ticket, f"worker lost: {event.cause}", _limit(state))
    return _record_unbegun(state, phase.ticket, outcome, event.wall)


def _began(state: State, event: on.Began) -> Decision:
    phase = state.jobs.get(event.eid)
    if not isinstance(phase, Running | Ending):
        return state, []
    return state, [do.Announce(phase.ticket, event.pid, event.wall)]


def _over(state: State, event: on.Over) -> Decision:
    phase = state.jobs.get(event.eid)
    if not isinstance(phase, Running | Ending):
        return _ignore(state)
    slot = state.slots[event.n]
    zygote = slot.zygote if isinstance(slot, Busy) else phase.ticket.plan.zygote
    outcome = judge.judge(phase.ticket, event, _limit(state))
    state = _slot(state, event.n, Closing(zygote, event.eid))
    state = _phase(state, event.eid, Recording(phase.ticket, event.n))
    return state, [do.Record(judge.finish(phase.ticket, event, outcome))]


# -- people speak ----------------------------------------------------------------------------------


def _cancel_asked(state: State, event: on.CancelAsked) -> Decision:
    for eid, phase in state.jobs.items():
        if phase.ticket.job.id != event.jid:
            continue
        if isinstance(phase, Waiting):
            outcome = judge.canceled(event.reason)
            return _record_unbegun(state, phase.ticket, outcome, event.wall)
        if isinstance(phase, Running | Ending):
            return _end(state, eid, phase, event.rungs, "cancel", event.reason)
    return _ignore(state)


def _stop_asked(state: State, event: on.StopAsked) -> Decision:
    if state.mood is Mood.STOPPED:
        return _ignore(state)
    state = replace(state, mood=Mood.DRAINING, stop_mode=event.mode)
    orders: list[do.Effect] = []
    waiting = tuple(_waiting(state))
    if waiting:
        orders.append(do.HandBack(waiting))
        for ticket in waiting:
            state = _forget(state, ticket.eid)
    if event.mode in ("requeue", "cancel"):
        asked = "shutdown" if event.mode == "requeue" else "cancel"
        for eid, phase in list(state.jobs.items()):
            if isinstance(phase, Running):
                state, more = _end(state, eid, phase, state.rules.rungs, asked, "weppd stops")
                orders += more
    return state, orders


def _pause_asked(state: State, event: on.PauseAsked) -> Decision:
    if state.mood is not Mood.OPEN:
        return _ignore(state)
    return replace(state, mood=Mood.PAUSED), []


def _resume_asked(state: State, event: on.ResumeAsked) -> Decision:
    if state.mood is Mood.STOPPED:
        return _ignore(state)
    return replace(state, mood=Mood.OPEN, stop_mode="", dry=False), []


# -- what follows from the whole -------------------------------------------------------------------


def _settle(state: State) -> Decision:
    state, orders = _start_waiting(state)
    if state.mood is Mood.DRAINING:
        return _maybe_stopped(state), orders
    state, more = _fork_ahead(state)
    orders += more
    room = _room(state)
    if room and not state.claiming and not state.dry and not state.away and _may_claim(state):
        state = replace(state, claiming=True)
        orders.append(do.Claim(_labels(state, room)))
    return state, orders


def _start_waiting(state: State) -> Decision:
    """Starts, in claim order, every job that waits: the first that must wait holds the others."""
    orders: list[do.Effect] = []
    for ticket in _waiting(state):
        if ticket.plan.cpus > _cpus_free(state):
            break
        n = _free_slot(state, ticket.plan.zygote)
        if n is None:
            break
        slot = state.slots[n]
        if isinstance(slot, Idle) and slot.zygote == ticket.plan.zygote:
            state = _slot(state, n, Busy(slot.zygote, ticket.eid))
            state = _phase(state, ticket.eid, Running(ticket, n))
            orders.append(do.Start(n, ticket))
        else:
            state, more = _make_room(state, ticket.plan.zygote)
            orders += more
            break
    return state, orders


def _free_slot(state: State, zygote: str) -> int | None:
    """An idle cell of the class, else an idle one of another class, else an empty slot."""
    idle = [n for n, slot in state.slots.items() if isinstance(slot, Idle)]
    same = [n for n in idle if state.slots[n] == Idle(zygote)]
    empty = [n for n, slot in state.slots.items() if isinstance(slot, Empty)]
    return next(iter(same + empty + idle), None)


def _make_room(state: State, zygote: str) -> Decision:
    """Orders one cell of the class, unless one is on its way: a fork, or first a retirement."""
    if Forking(zygote) in state.slots.values() or not state.recovered:
        return state, []
    if zygote not in state.ready:
        return state, []
    for n, slot in state.slots.items():
        if isinstance(slot, Empty):
            return _slot(state, n, Forking(zygote)), [do.Fork(n, zygote)]
    if any(isinstance(slot, Retiring) for slot in state.slots.values()):
        return state, []
    for n, slot in state.slots.items():
        if isinstance(slot, Idle) and slot.zygote != zygote:
            return _slot(state, n, Retiring(slot.zygote)), [do.Retire(n)]
    return state, []


def _fork_ahead(state: State) -> Decision:
    """A cell for every empty slot, so that a job that comes need not wait for a fork."""
    orders: list[do.Effect] = []
    if not state.recovered or not state.ready:
        return state, orders
    wanted = [t.plan.zygote for t in _waiting(state)] or [_default_class(state)]
    zygote = wanted[0] if wanted[0] in state.ready else _default_class(state)
    for n, slot in state.slots.items():
        if isinstance(slot, Empty):
            state = _slot(state, n, Forking(zygote))
            orders.append(do.Fork(n, zygote))
    return state, orders


def _default_class(state: State) -> str:
    return "light" if "light" in state.ready else min(state.ready)


def _may_claim(state: State) -> bool:
    return state.mood is Mood.OPEN and state.recovered and bool(state.ready)


def _room(state: State) -> int:
    """How many jobs more could start at once: none while one waits, for strict order."""
    if any(isinstance(phase, Waiting) for phase in state.jobs.values()):
        return 0
    free = sum(isinstance(slot, Idle | Closing) for slot in state.slots.values())
    return max(0, min(free - _leaving(state), max(_cpus_free(state), 1)))


def _leaving(state: State) -> int:
    """Cells that close a job and will not take another."""
    return sum(isinstance(state.slots.get(n), Closing) for n in state.stale)


def _cpus_free(state: State) -> int:
    held = (p.ticket.plan.cpus for p in state.jobs.values() if isinstance(p, Running | Ending))
    return state.cpus - sum(held)


def _labels(state: State, room: int) -> tuple[int, ...]:
    """The lowest workers' numbers that no job of ours is shown under."""
    live = (phase for phase in state.jobs.values() if not isinstance(phase, Recording))
    used = {phase.ticket.worker.rpartition(".")[2] for phase in live}
    free = [n for n in state.slots if str(n) not in used]
    return tuple(free[:room])


def _maybe_stopped(state: State) -> State:
    if state.claiming or any(isinstance(p, Recording | Waiting) for p in state.jobs.values()):
        return state
    if state.stop_mode != "detach" and (state.jobs or Found() in state.slots.values()):
        return state
    return replace(state, mood=Mood.STOPPED)


# -- small moves -----------------------------------------------------------------------------------


def _end(
    state: State,
    eid: str,
    phase: Running | Ending,
    rungs: tuple[tuple[str, float], ...],
    asked: str,
    reason: str,
) -> Decision:
    state = _phase(state, eid, Ending(phase.ticket, phase.n, rungs, asked, reason))
    return state, [do.Cancel(phase.n, eid, rungs, asked, reason)]


def _record_unbegun(state: State, ticket: Ticket, outcome: Outcome, wall: float) -> Decision:
    state = _phase(state, ticket.eid, Recording(ticket, None))
    return state, [do.Record(judge.unbegun(ticket, outcome, wall))]


def _classless(ticket: Ticket, reason: str) -> Failed | Retried:
    text = f"zygote class {ticket.plan.zygote!r} cannot start: {reason}"
    return judge.again_or_failed(ticket, Failed(text, text, "refused"))


def _limit(state: State) -> int:
    return state.rules.crashes_allowed


def _waiting(state: State) -> list[Ticket]:
    return [phase.ticket for phase in state.jobs.values() if isinstance(phase, Waiting)]


def _slot(state: State, n: int, slot: Slot) -> State:
    return replace(state, slots={**state.slots, n: slot})


def _phase(state: State, eid: str, phase: Phase) -> State:
    return replace(state, jobs={**state.jobs, eid: phase})


def _forget(state: State, eid: str) -> State:
    return replace(state, jobs={k: v for k, v in state.jobs.items() if k != eid})


def _unfork(state: State, zygote: str) -> State:
    slots = {n: EMPTY if slot == Forking(zygote) else slot for n, slot in state.slots.items()}
    return replace(state, slots=slots)


def _ignore(state: State) -> Decision:
    return replace(state, ignored=state.ignored + 1), []


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
    on.Began: _began,
    on.Over: _over,
    on.CancelAsked: _cancel_asked,
    on.StopAsked: _stop_asked,
    on.PauseAsked: _pause_asked,
    on.ResumeAsked: _resume_asked,
}
