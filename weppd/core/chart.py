"""The state table, made by asking the machine itself: `python -m weppd.core.chart [FILE]`.

Every phase of a job and every state of a slot is met with every event that speaks of it, and what
`decide` answers becomes a row. Nothing is written down twice: `make states` puts the tables into
the README of this package, and a test holds that against the machine.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from weppd.core import effects as do
from weppd.core import events as on
from weppd.core.machine import decide
from weppd.core.schedule import Plan, Rules, Ticket
from weppd.core.state import (
    EMPTY,
    Behind,
    Busy,
    Closing,
    Ending,
    Forking,
    Found,
    Idle,
    Phase,
    Recording,
    Retiring,
    Running,
    Slot,
    State,
    Waiting,
    fresh,
)
from weppd.model import Answer, Claim, Job

BEGIN, END = "<!-- states: begin -->\n", "<!-- states: end -->\n"
_RULES = Rules(node="n")
_TICKET = Ticket(Claim("e", Job("j", "default", "m.f", b"")), Plan("m.f", timeout=60), "n.1")
_REFUSED = replace(_TICKET, plan=Plan("m.f", refusal="no such task"))
_ENDING = Ending(_TICKET, 1, _RULES.rungs, "cancel", "by anna")
_IDLE = Idle("light")
#: Where a job may stand, and its slot with it.
PHASES: Mapping[str, tuple[Phase | None, Slot]] = {
    "(unknown)": (None, _IDLE),
    "Waiting": (Waiting(_TICKET), Forking("light")),
    "Running": (Running(_TICKET, 1), Busy("light", "e")),
    "Behind": (Behind(_TICKET, 1), Busy("light", "f", ("e",))),
    "Ending": (_ENDING, Busy("light", "e")),
    "Recording": (Recording(_TICKET, 1), Closing("light", "e")),
}
SLOTS: Mapping[str, Slot] = {
    "Empty": EMPTY,
    "Forking": Forking("light"),
    "Found": Found(),
    "Idle": _IDLE,
    "Busy": Busy("light", "e"),
    "Closing": Closing("light", "e"),
    "Retiring": Retiring("light"),
}


def _over(verdict: str | None) -> on.Over:
    said = on.Verdict(verdict) if verdict else None
    return on.Over(1, "e", said, b"", 0 if verdict else 9, None, "", 1.0, 2.0)


#: What can happen to a job.
JOB_EVENTS: Mapping[str, on.Event] = {
    "Claimed": on.Claimed((_TICKET,), False, 0.0),
    "Claimed, of a task that is refused": on.Claimed((_REFUSED,), False, 0.0),
    "CellHello with the job": on.CellHello(1, "light", _TICKET),
    "GivenBack": on.GivenBack(("e",), 0.0),
    "Began": on.Began("e", 7, 0.0),
    "Over, with a report": _over("finished"),
    "Over, without a word": _over(None),
    "CellGone, the job in its file": on.CellGone(1, "killed", 0.0, frozenset({"e"})),
    "CellGone, no job in its file": on.CellGone(1, "killed", 0.0),
    "CancelAsked": on.CancelAsked("j", _RULES.rungs, "by anna", 0.0),
    "Recorded": on.Recorded("e", Answer.OK),
    "ClassBroken": on.ClassBroken("light", "no module", 0.0),
    "StopAsked detach": on.StopAsked("detach"),
    "StopAsked drain": on.StopAsked("drain"),
    "StopAsked requeue": on.StopAsked("requeue"),
    "StopAsked cancel": on.StopAsked("cancel"),
    "Recovered, lost after it began": on.Recovered((on.Lost(_TICKET, True),), 0.0),
    "Recovered, lost before it began": on.Recovered((on.Lost(_TICKET, False),), 0.0),
    "Recovered, ended and left on disk": on.Recovered(
        (on.Lost(_TICKET, True, _over("finished")),), 0.0
    ),
    "Recovered, held by a living cell": on.Recovered((), 0.0, (on.Held(1, "light", _TICKET),)),
}
#: What can happen to a slot.
SLOT_EVENTS: Mapping[str, on.Event] = {
    "CellFound": on.CellFound(1),
    "CellHello, idle": on.CellHello(1, "light"),
    "CellHello, idle, of an earlier generation": on.CellHello(1, "light", None, stale=True),
    "CellGone": on.CellGone(1, "killed", 0.0),
    "Over": _over("finished"),
    "Recorded": on.Recorded("e", Answer.OK),
    "ClassReady": on.ClassReady("light"),
    "ClassDown": on.ClassDown("light"),
    "ClaimFailed": on.ClaimFailed(),
    "StoreBack": on.StoreBack(),
    "BellRang": on.BellRang(),
    "PauseAsked": on.PauseAsked(),
    "ResumeAsked": on.ResumeAsked(),
}
#: Effects that speak of a job, and those that speak of a slot or of the queues.
_OF_JOBS = (do.Start, do.Cancel, do.Announce, do.Record, do.Ack, do.HandBack)
_OF_SLOTS = (do.Fork, do.Ack, do.Retire, do.Claim, do.ArmBell)


def tables() -> str:
    """Both tables, as Markdown."""
    jobs = _table("a job is", "and becomes", _job_rows())
    slots = _table("a slot is", "and becomes", _slot_rows())
    return f"### Jobs\n\n{jobs}\n### Slots\n\n{slots}"


def _table(is_: str, becomes: str, rows: Iterator[tuple[str, str, str, str]]) -> str:
    lines = [f"| {is_} | when | {becomes} | by order of the machine |", "|---|---|---|---|"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def _job_rows() -> Iterator[tuple[str, str, str, str]]:
    for word, (phase, slot) in PHASES.items():
        before = _state(slot, phase)
        yield from _rows(word, before, JOB_EVENTS, lambda s: _word(s.jobs.get("e")), _OF_JOBS)


def _slot_rows() -> Iterator[tuple[str, str, str, str]]:
    phases: dict[str, Phase] = {"Busy": Running(_TICKET, 1), "Closing": Recording(_TICKET, 1)}
    for word, slot in SLOTS.items():
        before = _state(slot, phases.get(word))
        yield from _rows(word, before, SLOT_EVENTS, lambda s: _word(s.slots[1]), _OF_SLOTS)


def _rows(
    word: str,
    before: State,
    events: Mapping[str, on.Event],
    read: Callable[[State], str],
    shown: tuple[type, ...],
) -> Iterator[tuple[str, str, str, str]]:
    """A row for each change or order, with all events that bring it; the others are one row."""
    found: dict[tuple[str, str], list[str]] = {}
    for name, event in events.items():
        after, orders = decide(before, event)
        said = ", ".join(type(order).__name__ for order in orders if isinstance(order, shown))
        found.setdefault((read(after), said), []).append(name)
    others = found.pop((word, ""), None)
    for (becomes, said), names in found.items():
        yield word, "; ".join(names), becomes, said or "(nothing)"
    if others:
        yield word, "anything else", word, "(nothing)"


def _state(slot: Slot, phase: Phase | None) -> State:
    """A daemon with one slot that is open, recovered and asked the store a moment ago."""
    jobs = {} if phase is None else {"e": phase}
    known = replace(fresh(_RULES, 1), ready=frozenset({"light"}), recovered=True, claiming=True)
    return replace(known, slots={1: slot}, jobs=jobs)


def _word(value: Phase | Slot | None) -> str:
    return "(unknown)" if value is None else type(value).__name__


def rewritten(page: str) -> str:
    """A page with the tables between its marks made anew; ValueError where it has no marks."""
    head, _, rest = page.partition(BEGIN)
    _, mark, tail = rest.partition(END)
    if not mark:
        raise ValueError(f"no place for the tables: {BEGIN!r} … {END!r}")
    return f"{head}{BEGIN}\n{tables()}\n{END}{tail}"


if __name__ == "__main__":
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("README.md")
    path.write_text(rewritten(path.read_text(encoding="utf-8")), encoding="utf-8")
