"""What must hold in every state. The property tests ask after each step; the daemon never does."""

from __future__ import annotations

from weppd.core.state import (
    Behind,
    Busy,
    Closing,
    Ending,
    Given,
    Mood,
    Recording,
    Running,
    State,
)


def violations(state: State) -> list[str]:
    """A line for each broken invariant; none for a sound state."""
    found: list[str] = []
    found += _busy_slots_have_their_job(state)
    found += _running_jobs_have_their_slot(state)
    if state.mood is Mood.STOPPED and state.stop_mode != "detach" and state.jobs:
        found.append(f"stopped with jobs: {sorted(state.jobs)}")
    return found


def _busy_slots_have_their_job(state: State) -> list[str]:
    found = []
    for n, slot in state.slots.items():
        if isinstance(slot, Busy):
            phase = state.jobs.get(slot.eid)
            if not isinstance(phase, Running | Ending) or phase.n != n:
                found.append(f"slot {n} is busy with {slot.eid}, which is {phase}")
            for eid in slot.then:
                phase = state.jobs.get(eid)
                if not isinstance(phase, Behind | Ending) or phase.n != n:
                    found.append(f"slot {n} has {eid} behind, which is {phase}")
        if isinstance(slot, Closing) and not isinstance(state.jobs.get(slot.eid), Recording):
            found.append(f"slot {n} closes {slot.eid}, which is not being recorded")
    return found


def _running_jobs_have_their_slot(state: State) -> list[str]:
    return [
        f"{eid} runs in slot {phase.n}, which is {state.slots.get(phase.n)}"
        for eid, phase in state.jobs.items()
        if isinstance(phase, Given)
        and not (isinstance(s := state.slots.get(phase.n), Busy) and eid in (s.eid, *s.then))
    ]
