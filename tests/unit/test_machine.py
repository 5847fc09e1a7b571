"""The machine, in cases that a walk through the world does not come to."""

from __future__ import annotations

import dataclasses

import pytest

from weppd.core import effects as do
from weppd.core import events as on
from weppd.core.machine import decide
from weppd.core.schedule import Plan, Rules, Ticket
from weppd.core.state import Mood, State, fresh, replace
from weppd.model import Answer, Claim, Job


def test_a_stopped_daemon_forks_nothing_more() -> None:
    """Cells that leave while weppd says goodbye are not replaced: nobody would tell them to go."""
    state = fresh(Rules(), 1)
    orders: list[do.Effect] = []
    for event in (
        on.ClassReady("light"),
        on.Recovered((), 0.0),
        on.CellHello(1, "light"),
        on.StopAsked("detach"),
        on.Claimed((), True, 0.0),
        on.CellGone(1, "retired", 0.0),
    ):
        state, more = decide(state, event)
        orders += more
    assert state.mood is Mood.STOPPED
    assert [each for each in orders if isinstance(each, do.Fork)] == [do.Fork(1, "light")]


def test_a_state_takes_no_field_that_it_has_not() -> None:
    """A slip in a decision is an error where it is made, not a fact that nobody reads."""
    state = fresh(Rules(), 1)
    assert replace(state, dry=True) == dataclasses.replace(state, dry=True)
    with pytest.raises(TypeError, match="no fields"):
        replace(state, drie=True)


def _ticket(number: int, label: int = 1) -> Ticket:
    job = Job(f"j{number}", "default", "m.f", b"")
    return Ticket(Claim(f"e{number}", job), Plan("m.f", short=True), f"node.{label}")


def _over(number: int) -> on.Over:
    return on.Over(1, f"e{number}", on.Verdict("finished"), b"", 0, None, "", 1.0, 2.0, pid=7)


def _claims(orders: list[do.Effect]) -> list[do.Claim]:
    return [each for each in orders if isinstance(each, do.Claim)]


def _with_a_bundle() -> State:
    """One slot with a short job, and four behind it."""
    state = fresh(Rules(prefetch=5), 1)
    ready = on.ClassReady("light"), on.Recovered((), 1.0), on.CellHello(1, "light")
    state, orders = decide(state, *ready)
    assert [each.labels for each in _claims(orders)] == [(1,)]
    tickets = tuple(_ticket(number) for number in range(5))
    state, orders = decide(state, on.Claimed(tickets, False, 1.0))
    assert _claims(orders) == []
    return state


def test_a_cell_that_is_half_through_its_short_jobs_gets_more_before_it_needs_them() -> None:
    """As many as make the bundle whole, so that no slot waits for its next job."""
    state, orders = decide(_with_a_bundle(), _over(0))
    assert _claims(orders) == []
    state, orders = decide(state, _over(1))
    assert [(each.labels, each.behind) for each in _claims(orders)] == [((), (1, 1))]
    more = tuple(_ticket(number) for number in (5, 6))
    _, orders = decide(state, on.Claimed(more, False, 2.0, behind=True))
    starts = [each for each in orders if isinstance(each, do.Start)]
    assert [(each.ticket.eid, each.behind) for each in starts] == [("e5", True), ("e6", True)]


def test_no_more_short_jobs_are_looked_for_once_there_were_too_few() -> None:
    """What is at the head of the queue then is for the next slot that is free; no bell is hung."""
    state, _ = decide(_with_a_bundle(), _over(0), _over(1))
    state, orders = decide(state, on.Claimed((_ticket(5),), True, 2.0, behind=True))
    assert [each for each in orders if isinstance(each, do.ArmBell)] == []
    state, orders = decide(state, _over(2), _over(3))
    assert _claims(orders) == []
    ends = [on.Recorded(f"e{number}", Answer.OK) for number in (0, 1, 2, 3)]
    state, orders = decide(state, *ends, _over(4), _over(5), on.Recorded("e4", Answer.OK))
    assert [each.labels for each in _claims(orders)] == [(1,)]


def test_behind_a_job_that_is_slow_after_all_nothing_is_put_again() -> None:
    """What was behind it went back to the queue, and would at once again."""
    state, _ = decide(_with_a_bundle(), on.GivenBack(("e1", "e2", "e3", "e4"), 2.0))
    _, orders = decide(state, on.Began("e0", 7, 2.0))
    assert _claims(orders) == []


@pytest.mark.parametrize("posted", [True, False])
def test_an_end_has_the_queues_looked_at_unless_a_claim_is_posted_there(posted: bool) -> None:
    """One that is posted is made as the next job comes, also one that this end released."""
    hellos = on.CellHello(1, "light"), on.CellHello(2, "light")
    ready = on.ClassReady("light"), on.Recovered((), 1.0), *hellos
    state, _ = decide(fresh(Rules(), 2), *ready)
    state, _ = decide(state, on.Claimed((_ticket(0),), False, 1.0))
    state, _ = decide(state, on.Claimed((), True, 1.0, posted=posted))
    state, orders = decide(state, _over(0))
    assert _claims(orders) == []
    _, orders = decide(state, on.Recorded("e0", Answer.OK))
    assert len(_claims(orders)) == (0 if posted else 1)


def test_what_a_paused_node_gets_all_the_same_goes_back() -> None:
    """A claim that was under way, or that a bell carried out: the jobs keep their places."""
    state, _ = decide(fresh(Rules(), 1), on.ClassReady("light"), on.Recovered((), 1.0))
    state, _ = decide(state, on.PauseAsked(False))
    state, orders = decide(state, on.Claimed((_ticket(1),), False, 1.0))
    assert do.HandBack((_ticket(1),)) in orders
    assert state.jobs == {}
