"""What may run in the gap before a wide job that waits: only what says how long it takes. Pure.

The first job that waits is this node's reservation. It starts when enough of the running jobs have
ended; where these said how long they would take, that is a moment, and a job that will have ended
by then keeps nothing from it. A job that runs longer than it said is taken to run for ever.
"""

from __future__ import annotations

from weppd.core.schedule import Plan, Ticket
from weppd.core.state import Ending, Running, State

#: So much sooner a job in the gap must end, by its own word.
MARGIN_S = 1.0


def at_work(state: State) -> list[Plan]:
    """The plans of the jobs that cells have."""
    return [p.ticket.plan for p in state.jobs.values() if isinstance(p, Running | Ending)]


def free(state: State) -> tuple[int, int]:
    """The CPUs and the bytes of memory that no job claims."""
    plans = at_work(state)
    memory = state.rules.memory - sum(plan.memory for plan in plans)
    return state.cpus - sum(plan.cpus for plan in plans), memory


def fits(plan: Plan, state: State) -> bool:
    """Whether a job's claims leave the host no less than nothing."""
    return _fits(plan, *free(state), bool(state.rules.memory))


def gap_s(state: State, head: Ticket) -> float:
    """Seconds for which `head`, which does not fit now, waits at least; 0 where nobody knows."""
    cpus, memory = free(state)
    ends = sorted((_end(state, p), n) for n, p in enumerate(_running(state)))
    running = _running(state)
    for end, n in ends:
        plan = running[n].ticket.plan
        cpus, memory = cpus + plan.cpus, memory + plan.memory
        if _fits(head.plan, cpus, memory, bool(state.rules.memory)):
            return max(0.0, end - state.at - MARGIN_S) if end != float("inf") else 0.0
    return 0.0


def may_go(ticket: Ticket, gap: float) -> bool:
    """Whether a job says that it will have ended before the gap is over."""
    expect = ticket.job.expect_s
    return expect is not None and expect <= gap


def _running(state: State) -> list[Running | Ending]:
    return [p for p in state.jobs.values() if isinstance(p, Running | Ending)]


def _end(state: State, phase: Running | Ending) -> float:
    """When a job ends by its own word (epoch, s); never where it gave none, or broke it."""
    expect = phase.ticket.job.expect_s
    if expect is None or not phase.since or phase.since + expect <= state.at:
        return float("inf")
    return phase.since + expect


def _fits(plan: Plan, cpus: int, memory: int, counted: bool) -> bool:
    return plan.cpus <= cpus and (not counted or plan.memory <= memory)
