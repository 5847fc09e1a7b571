"""A job is found wherever its record is just then: here, or in the store."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from weppd.core.schedule import Plan, Rules, Ticket
from weppd.core.state import Running, State, fresh, replace
from weppd.model import Claim, Job
from weppd.shell.people.diary import Entry
from weppd.shell.people.present import Present
from weppd.shell.people.rolls import Rolls
from weppd.store.nouns import JobView

TICKET = Ticket(Claim("e", Job("j", "low", None, b"")), Plan("f", "light"), "n.1")


class Place:
    """A node that runs `j`, and a store that has its record once `j` is over; `ends` when the
    store is asked first: its end is written between two looks."""

    def __init__(self, ends: bool) -> None:
        self.entries = {"e": Entry(TICKET, 1, 5.0)}
        self.state: State = replace(fresh(Rules(node="n"), 2), jobs={"e": Running(TICKET, 1)})
        self._ends, self._record = ends, cast("JobView | None", None)

    async def job(self, jid: str) -> JobView | None:
        found = self._record
        if self._ends:
            self.state = replace(self.state, jobs={})
            self._record = JobView(id=jid, status="finished", queue="low", function=None)
        return found


class Paths:
    """Where the logs are."""

    jobs = "logs"

    def run_dirs(self, runid: str) -> list[str]:
        return []


@pytest.mark.parametrize("ends", [False, True])
def test_a_job_whose_end_is_written_between_two_looks_is_found(ends: bool) -> None:
    """Its node has forgotten it just when the store has it: it is told of all the same."""
    place: Any = Place(ends)
    present = Present(lambda: place.state, place)
    rolls = Rolls(place, present, place, cast("Any", Paths()), Rules(node="n"), {}, lambda: "")
    told = asyncio.run(rolls.job("j"))
    assert told is not None
    assert told["state"] == ("finished" if ends else "started")
