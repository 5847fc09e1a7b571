"""A test of the tests: wrong versions of the decision core that the property tests must notice."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest

from tests.property.walk import seeded
from weppd.core import backfill, cells, claims, machine, moves, settle, wishes

MUTANTS = {
    "a cancel of a waiting job is forgotten": (
        "        if isinstance(phase, Waiting):\n            outcome = judge.canceled",
        "        if False:\n            outcome = judge.canceled",
    ),
    "a cancel never reaches the cell": (
        "return state, [do.Cancel(phase.n, eid, rungs, asked, reason)]",
        "return state, []",
    ),
    "a cancel is not repeated to a cell that was cut off": (
        "            orders.append(do.Cancel(event.n, ticket.eid, *said))\n",
        "            orders += [] if said else []\n",
    ),
    "a second start of the same claim": (
        "    if ticket.eid in state.jobs:\n        return moves.ignore(state)\n",
        "",
    ),
    "an over is recorded twice": (
        "    phase = state.jobs.get(event.eid)\n    if not isinstance(phase, Given):\n"
        "        return moves.ignore(state)\n    slot",
        "    phase = state.jobs.get(event.eid)\n    if phase is None:\n"
        "        return moves.ignore(state)\n    slot",
    ),
    "the slot is never freed": (
        "return moves.put_slot(state, phase.n, Idle(slot.zygote)), [do.Ack(phase.n, event.eid)]",
        "return state, [do.Ack(phase.n, event.eid)]",
    ),
    "the cell is never acknowledged": (
        "return moves.put_slot(state, phase.n, Idle(slot.zygote)), [do.Ack(phase.n, event.eid)]",
        "return moves.put_slot(state, phase.n, Idle(slot.zygote)), []",
    ),
    "claims while one waits": (
        "    if any(isinstance(phase, Waiting) for phase in state.jobs.values()):\n"
        "        return 0\n",
        "",
    ),
    "a failed claim is never repeated": (
        "return replace(state, claiming=False, away=True), []",
        "return replace(state, away=True), []",
    ),
    "the bell is not armed": ("        orders.append(do.ArmBell())\n", "        pass\n"),
    "the bell is not heard": (
        "return replace(state, dry=False, sparse=False), []",
        "return state, []",
    ),
    "a dead cell's job is forgotten": (
        "            outcome = judge.died(phase.ticket, cause, moves.crash_limit(state))\n",
        "            state = moves.forget(state, eid)\n            continue\n",
    ),
    "what never began is forgotten after a restart": (
        "            orders.append(do.HandBack((lost.ticket,)))",
        "            pass",
    ),
    "what living cells hold is not adopted": (
        "    for held in event.held:\n",
        "    for held in ():\n",
    ),
    "after a reboot nothing is taken for begun": (
        "        if not lost.began and not event.reset:",
        "        if not lost.began:",
    ),
    "a stop forgets the waiting": (
        "return state, [do.HandBack(tickets)] if tickets else []",
        "return state, []",
    ),
    "a pause that hands back lets jobs run on": (
        '    state, more = _end_all(state, "shutdown", "handed back to its queue")\n',
        "    more: list[do.Effect] = []\n",
    ),
    "a stop does not end what runs": (
        'if event.mode in ("requeue", "cancel"):',
        'if event.mode in ("never",):',
    ),
    "CPUs are oversold": (
        "return plan.cpus <= cpus and ",
        "return ",
    ),
    "what says nothing overtakes a wide job": (
        "        if gap is not None and not backfill.may_go(ticket, gap):\n            continue\n",
        "",
    ),
    "an idle cell of another class is used": (
        "if isinstance(slot, Idle) and slot.zygote == ticket.plan.zygote:",
        "if isinstance(slot, Idle):",
    ),
    "no room is made for another class": (
        "return moves.put_slot(state, n, Retiring(slot.zygote)), [do.Retire(n)]",
        "return state, []",
    ),
    "workers are shared": ("if str(n) not in used]", "]"),
    "a zygote's death leaves its forks pending": (
        "    return moves.unfork(state, event.zygote), []",
        "    return state, []",
    ),
    "a resumed daemon claims nothing": (
        'return replace(state, mood=Mood.OPEN, stop_mode="", dry=False), []',
        'return replace(state, mood=Mood.PAUSED, stop_mode="", dry=False), []',
    ),
    "two claims at once": ("    if state.claiming or state.away or", "    if state.away or"),
    "what a dead cell had ahead counts as run": (
        "        elif eid in event.begun:\n",
        "        elif True:\n",
    ),
    "what a dead cell had ahead is forgotten": (
        "            unbegun.append(phase.ticket)\n",
        "            pass\n",
    ),
    "what a slow job sent back is forgotten": (
        "            tickets.append(phase.ticket)\n",
        "            orders.append(do.HandBack(()))\n",
    ),
    "what a cell dropped while it was cut off is forgotten": (
        "    gone = tuple(eid for eid in slot.then if eid not in has)\n",
        "    gone = tuple(eid for eid in slot.then if eid not in has)[:0]\n",
    ),
    "what is behind a job is not cancelled": (
        "        if isinstance(phase, Given):\n            return moves.end",
        "        if isinstance(phase, Given) and type(phase) is not Behind:\n"
        "            return moves.end",
    ),
    "what is behind a job never runs": (
        "        jobs[left[0]] = Running(first.ticket, n, state.at)\n",
        "        pass\n",
    ),
    "what a cell has behind is not adopted": (
        "    fresh = [ticket for ticket in tickets if ticket.eid not in state.jobs]\n",
        "    fresh = [each for each in tickets[:1] if each.eid not in state.jobs]\n",
    ),
    "an end before the last is not acknowledged": (
        "        return state, [do.Ack(phase.n, event.eid)]\n    if phase.n in",
        "        return state, []\n    if phase.n in",
    ),
    "a job of another kind waits behind a short one": (
        "    both = own.short and plan.short and",
        "    both = own.short and",
    ),
    "short jobs are claimed for a cell that has not said hello": (
        "        if isinstance(first, Running) and first.since and first.ticket",
        "        if isinstance(first, Running) and first.ticket",
    ),
    "more go behind a job than there is room for": (
        "                room[int(label)] = most - len(slot.then)\n",
        "                room[int(label)] = most\n",
    ),
    "short jobs are claimed for those that run while one waits": (
        "for each in room.values()) or moves.waiting(state):\n",
        "for each in room.values()):\n",
    ),
    "a refused job runs": ("    if ticket.plan.refusal is not None:\n", "    if False:\n"),
}


ROOMS = (backfill, moves, settle, cells, claims, wishes, machine)


def mutated(old: str, new: str):
    """The core's `decide` with one passage replaced, in whichever of its rooms that stands."""
    sources = {room.__name__: Path(room.__file__).read_text() for room in ROOMS}
    homes = [name for name, text in sources.items() if old in text]
    assert homes, f"the core has changed: {old!r} is not in it any more"
    sources[homes[0]] = sources[homes[0]].replace(old, new, 1)
    return _load(sources)


def _load(sources: dict[str, str]):
    """Build the rooms anew, each importing the others' new versions."""
    kept = {name: sys.modules[name] for name in sources}
    package, before = sys.modules["weppd.core"], {}
    try:
        for name, text in sources.items():
            module = types.ModuleType(name)
            exec(compile(text, name, "exec"), module.__dict__)
            sys.modules[name] = module
            before[name] = getattr(package, name.rpartition(".")[2])
            setattr(package, name.rpartition(".")[2], module)
        return module.decide
    finally:
        sys.modules.update(kept)
        for name, old in before.items():
            setattr(package, name.rpartition(".")[2], old)


WALKS = 1500


@pytest.mark.parametrize("name", MUTANTS)
def test_the_property_tests_kill(name):
    """Each of these errors in the core is noticed within a bounded number of random walks."""
    decide = mutated(*MUTANTS[name])
    with pytest.raises((AssertionError, KeyError, StopIteration)):
        any(seeded(seed, 40, decide) is None for seed in range(WALKS))


def test_the_core_as_it_is_survives():
    """What kills a mutant is its error, not the way in which mutants are made."""
    decide = mutated("return state, [do.Cancel(", "return state, [do.Cancel(")
    walk = seeded(7, 400, decide)
    assert set(walk.world.ended) == set(walk.jobs)
