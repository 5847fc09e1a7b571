"""The machine, in cases that a walk through the world does not come to."""

from __future__ import annotations

import dataclasses

import pytest

from weppd.core import effects as do
from weppd.core import events as on
from weppd.core.machine import decide
from weppd.core.schedule import Rules
from weppd.core.state import Mood, fresh, replace


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
