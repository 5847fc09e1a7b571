"""The decisions. Every change of a job's phase and of a slot's state is made by the functions that
are named here, by `settle`, and by their `moves`.

Theory of operation. `decide(state, *events)` answers with the next state and the effects that the
world shall carry out; it reads no clock and does no I/O, so that all it can ever do can be tried
without a process. Each event first moves what it speaks of, in their order, by one function each:
the store's words in `claims`, those of cells and zygotes in `cells`, people's in `wishes`. Then
`settle` looks at the whole and orders what has become possible: cells for the jobs that wait, cells
for empty slots, a claim for the room that is left. Whatever does not fit the state (a late or
doubled message) changes nothing and is counted in `ignored`.

A job leaves the state only by an answer of the store (or of the outbox) to its record; a slot is
free only when its cell was acknowledged. Claims never exceed the room: idle and empty slots less
the jobs that wait already.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from weppd.core import cells, claims, moves, wishes
from weppd.core import effects as do
from weppd.core import events as on
from weppd.core.moves import Decision
from weppd.core.settle import settle
from weppd.core.state import State


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


_HANDLERS: Mapping[type, Callable[[State, Any], Decision]] = {
    on.Claimed: claims.claimed,
    on.ClaimFailed: claims.claim_failed,
    on.StoreBack: claims.store_back,
    on.BellRang: claims.bell_rang,
    on.Recovered: claims.recovered,
    on.Recorded: claims.recorded,
    on.ClassReady: cells.class_ready,
    on.ClassDown: cells.class_down,
    on.ClassBroken: cells.class_broken,
    on.CellFound: cells.cell_found,
    on.CellHello: cells.cell_hello,
    on.CellGone: cells.cell_gone,
    on.GivenBack: cells.given_back,
    on.Began: cells.began,
    on.Over: cells.over,
    on.CancelAsked: wishes.cancel_asked,
    on.StopAsked: wishes.stop_asked,
    on.PauseAsked: wishes.pause_asked,
    on.ResumeAsked: wishes.resume_asked,
}
