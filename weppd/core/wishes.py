"""What people ask for: a cancel, a stop, a pause and its end. Pure."""

from __future__ import annotations

from weppd.core import effects as do
from weppd.core import events as on
from weppd.core import judge, moves
from weppd.core.moves import Decision
from weppd.core.state import (
    Behind,
    Given,
    Mood,
    Running,
    State,
    Waiting,
    replace,
)


def cancel_asked(state: State, event: on.CancelAsked) -> Decision:
    """Somebody wants a job cancelled: at once where it waits, by its cell where it runs."""
    for eid, phase in state.jobs.items():
        if phase.ticket.job.id != event.jid:
            continue
        if isinstance(phase, Waiting):
            outcome = judge.canceled(event.reason)
            return moves.record_unbegun(state, phase.ticket, outcome, event.wall)
        if isinstance(phase, Given):
            return moves.end(state, eid, phase, event.rungs, "cancel", event.reason)
    return moves.ignore(state)


def stop_asked(state: State, event: on.StopAsked) -> Decision:
    """weppd shall stop: nothing more begins, and by the mode what runs is ended or goes on."""
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


def pause_asked(state: State, event: on.PauseAsked) -> Decision:
    """Nothing more shall be claimed; `requeue` hands back what is here as well."""
    if state.mood is not Mood.OPEN and not (event.requeue and state.mood is Mood.PAUSED):
        return moves.ignore(state)
    state = replace(state, mood=Mood.PAUSED)
    if not event.requeue:
        return state, []
    state, orders = moves.hand_back_waiting(state)
    state, more = _end_all(state, "shutdown", "handed back to its queue")
    return state, [*orders, *more]


def resume_asked(state: State, event: on.ResumeAsked) -> Decision:
    """Claims are wanted again."""
    if state.mood is Mood.STOPPED:
        return moves.ignore(state)
    return replace(state, mood=Mood.OPEN, stop_mode="", dry=False), []
