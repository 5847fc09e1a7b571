"""What follows from the whole state after each event: starts, forks, a claim, the end. Pure.

Strict order: the first job that must wait holds up those claimed after it, and nothing more is
claimed meanwhile. Claims never exceed the room: idle and closing cells, CPUs, memory. So a wide job
that was claimed is this node's reservation: what ends makes room for it, and before it goes only
what says that it will have ended by then (`backfill`).
"""

from __future__ import annotations

from weppd.core import backfill, moves
from weppd.core import effects as do
from weppd.core.moves import Decision
from weppd.core.schedule import Plan, Ticket
from weppd.core.state import (
    Behind,
    Busy,
    Closing,
    Empty,
    Ending,
    Forking,
    Found,
    Idle,
    Mood,
    Recording,
    Retiring,
    Running,
    State,
    Waiting,
    replace,
)


def settle(state: State) -> Decision:
    """What has become possible: starts, cells for empty slots, a claim, the end."""
    state, orders = _start_waiting(state)
    if state.mood in (Mood.DRAINING, Mood.STOPPED):
        return _maybe_stopped(state), orders
    state, more = _fork_ahead(state)
    orders += more
    if state.claiming or state.away or not _may_claim(state):
        return state, orders
    room = _room(state)
    if room and not state.dry:
        state = replace(state, claiming=True)
        labels = _labels(state, room)
        orders.append(do.Claim(labels, more=len(labels) * (state.rules.prefetch - 1)))
    elif (gap := _gap(state)) is not None:
        state = replace(state, claiming=True)
        orders.append(do.Claim(_labels(state, 1), gap))
    elif behind := _behind(state):
        state = replace(state, claiming=True)
        orders.append(do.Claim((), behind=behind))
    return state, orders


def _behind(state: State) -> tuple[int, ...]:
    """Workers' numbers for the short jobs that may go behind others: as many as there is room for
    in all cells, once one is half through with what it had. So none has to wait for its next."""
    most = state.rules.prefetch - 1
    if not most or state.dry or state.sparse:
        return ()
    room: dict[int, int] = {}
    for n, slot in state.slots.items():
        if not isinstance(slot, Busy) or slot.slow or n in state.stale:
            continue
        first = state.jobs.get(slot.eid)
        # One that was only found in a cell's file has no moment: its cell has not said hello.
        if isinstance(first, Running) and first.since and first.ticket.plan.short:
            node, _, label = first.ticket.worker.rpartition(".")
            if node == state.rules.node and label.isdigit():
                room[int(label)] = most - len(slot.then)
    if not any(2 * each >= most for each in room.values()) or moves.waiting(state):
        return ()
    return tuple(label for label, each in room.items() for _ in range(each))


def _gap(state: State) -> do.Gap | None:
    """What a job may ask for that runs before the one which waits; None where none may.

    One at a time: it changes what is free for the next.
    """
    waiting = moves.waiting(state)
    if len(waiting) != 1 or state.lean or backfill.fits(waiting[0].plan, state):
        return None
    idle = any(isinstance(slot, Idle) for slot in state.slots.values())
    if not idle or not _labels(state, 1):
        return None
    seconds = backfill.gap_s(state, waiting[0])
    return do.Gap(seconds, *backfill.free(state)) if seconds >= 1.0 else None


def _start_waiting(state: State) -> Decision:
    """Starts, in claim order, every job that waits: the first that must wait holds the others."""
    orders: list[do.Effect] = []
    gap: float | None = None
    waiting = moves.waiting(state)
    firsts = _firsts(state) if waiting and state.rules.prefetch > 1 else {}
    for ticket in waiting:
        if (first := firsts.get(ticket.worker)) is not None:
            if gap is not None or not _may_follow(state, first, ticket.plan):
                break
            state = _put_behind(state, first.n, ticket)
            orders.append(do.Start(first.n, ticket, behind=True))
            continue
        if not backfill.fits(ticket.plan, state):
            # The first that does not fit is the reservation; others may go only if it waits anyway.
            gap = backfill.gap_s(state, ticket) if gap is None else gap
            continue
        if gap is not None and not backfill.may_go(ticket, gap):
            continue
        n = _free_slot(state, ticket.plan.zygote)
        if n is None:
            break
        slot = state.slots[n]
        if isinstance(slot, Idle) and slot.zygote == ticket.plan.zygote:
            state = moves.put_slot(state, n, Busy(slot.zygote, ticket.eid))
            first = Running(ticket, n, state.at)
            state = moves.put_phase(state, ticket.eid, first)
            if state.rules.prefetch > 1:
                firsts[ticket.worker] = first
            orders.append(do.Start(n, ticket))
        else:
            state, more = _make_room(state, ticket.plan.zygote)
            orders += more
            break
    return state, orders


def _firsts(state: State) -> dict[str, Running | Ending]:
    """The jobs that run, by the workers' names under which they do; others that were claimed for
    one of these come behind it."""
    running = [phase for phase in state.jobs.values() if isinstance(phase, Running | Ending)]
    return {phase.ticket.worker: phase for phase in reversed(running)}


def _may_follow(state: State, first: Running | Ending, plan: Plan) -> bool:
    """Whether a job may wait in the cell of another one, to take its place as that ends."""
    slot = state.slots[first.n]
    if not isinstance(slot, Busy) or len(slot.then) >= state.rules.prefetch - 1:
        return False
    return isinstance(first, Running) and first.n not in state.stale and _alike(first, plan)


def _alike(first: Running, plan: Plan) -> bool:
    own = first.ticket.plan
    both = own.short and plan.short and own.zygote == plan.zygote
    return both and (own.cpus, own.memory) == (plan.cpus, plan.memory)


def _put_behind(state: State, n: int, ticket: Ticket) -> State:
    slot = state.slots[n]
    assert isinstance(slot, Busy)
    state = moves.put_slot(state, n, Busy(slot.zygote, slot.eid, (*slot.then, ticket.eid)))
    return moves.put_phase(state, ticket.eid, Behind(ticket, n))


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
            return moves.put_slot(state, n, Forking(zygote)), [do.Fork(n, zygote)]
    if any(isinstance(slot, Retiring) for slot in state.slots.values()):
        return state, []
    for n, slot in state.slots.items():
        if isinstance(slot, Idle) and slot.zygote != zygote:
            return moves.put_slot(state, n, Retiring(slot.zygote)), [do.Retire(n)]
    return state, []


def _fork_ahead(state: State) -> Decision:
    """A cell for every empty slot, so that a job that comes need not wait for a fork."""
    orders: list[do.Effect] = []
    empty = [n for n, slot in state.slots.items() if isinstance(slot, Empty)]
    if not empty or not state.recovered or not state.ready:
        return state, orders
    wanted = [t.plan.zygote for t in moves.waiting(state)] or [_default_class(state)]
    zygote = wanted[0] if wanted[0] in state.ready else _default_class(state)
    for n in empty:
        state = moves.put_slot(state, n, Forking(zygote))
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
    return max(0, min(free - _leaving(state), max(backfill.free(state)[0], 1)))


def _leaving(state: State) -> int:
    """Cells that close a job and will not take another."""
    return sum(isinstance(state.slots.get(n), Closing) for n in state.stale)


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
