"""The state table in the core's README is what the machine does."""

from __future__ import annotations

from typing import get_args

from tests.arch.source import ROOT
from weppd.core import chart
from weppd.core.events import Event
from weppd.core.state import Phase, Slot

PAGE = ROOT / "weppd/core/README.md"


def test_the_table_is_up_to_date() -> None:
    """`make states` would change nothing."""
    page = PAGE.read_text()
    assert chart.rewritten(page) == page, "run `make states`"


def test_the_table_has_every_phase_slot_and_event() -> None:
    """What the machine can be in, or hear of, is in the table."""
    asked = {type(event) for event in (*chart.JOB_EVENTS.values(), *chart.SLOT_EVENTS.values())}
    assert asked == set(get_args(Event))
    phases = {type(phase) for phase, _ in chart.PHASES.values()} - {type(None)}
    assert phases == set(get_args(Phase))
    assert {type(slot) for slot in chart.SLOTS.values()} == set(get_args(Slot))
