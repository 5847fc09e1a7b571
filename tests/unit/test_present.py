"""What a node tells of its own jobs where the store knows nothing of them."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from weppd.admin.models import JobDetail, JobRow
from weppd.core.schedule import Plan, Rules, Ticket
from weppd.core.state import Behind, Phase, Recording, Running, State, Waiting, fresh, replace
from weppd.limits import Limit
from weppd.model import Claim, Job
from weppd.shell.people.diary import Entry
from weppd.shell.people.present import Present
from weppd.store import Store

BROUGHT = Ticket(Claim("e", Job("j", "low", None, b"", runid="r")), Plan("f", "light"), "n.2")


class Diary:
    """The entry of one execution."""

    def __init__(self, phase: Phase, pid: int, progress: dict[str, Any]) -> None:
        ticket = phase.ticket
        self.entries = {ticket.eid: Entry(ticket, 1, 5.0, pid=pid, progress=progress)}


def present(*phases: Phase, pid: int = 0, **progress: Any) -> Present:
    """What a node has to show that has these jobs."""
    state: State = replace(fresh(Rules(node="n"), 2), jobs={p.ticket.eid: p for p in phases})
    diary: Any = Diary(phases[0], pid, progress)
    return Present(lambda: state, diary)


def told(phase: Phase, pid: int = 0, **progress: Any) -> JobDetail | None:
    """What the admin API answers for `j`, which stands there."""
    shown = present(phase, pid=pid, **progress).shown("j")
    return None if shown is None else JobDetail.model_validate(shown)


def test_a_job_that_a_cell_brought_is_known_as_its_cell_knows_it() -> None:
    """What nobody told is empty: neither when it began nor what it may use. Its worker is
    the one under whose name it was claimed, in whichever slot it is."""
    job = told(Running(BROUGHT, 1), pid=77)
    assert job is not None
    assert (job.state, job.phase, job.worker, job.pid) == ("started", "running", "n.2", 77)
    assert (job.function, job.queue, job.runid) == ("f", "low", "r")
    assert (job.started_at, job.timeout, job.cpus, job.limits) == (None, None, None, {})
    assert "no record" in job.note


def test_a_job_that_was_claimed_here_has_all_that_its_claim_said() -> None:
    """Its function, run, time limit, limits and progress are those that it runs with."""
    plan = Plan("m.f", timeout=60, cpus=2, limits={"cpu.weight": Limit(5, "5", "job")})
    claimed = Job("j", "high", "m.f", b"", runid="r")
    job = told(Running(Ticket(Claim("e", claimed), plan, "n.1"), 1, 50.0), done=1, total=4)
    assert job is not None
    assert job.progress is not None
    assert (job.function, job.runid, job.queue, job.started_at) == ("m.f", "r", "high", 50.0)
    assert (job.cpus, job.timeout, job.limits["cpu.weight"].value) == (2, 60, "5")
    assert job.progress.total == 4


def test_a_job_that_has_not_begun_is_queued() -> None:
    """One that waits for a slot, and one that is behind another."""
    for phase in (Waiting(BROUGHT), Behind(BROUGHT, 1)):
        job = told(phase)
        assert job is not None
        assert (job.state, job.phase) == ("queued", "claimed")


def test_a_job_that_is_over_is_told_of_until_its_end_is_recorded() -> None:
    """Its end is on the way to the store, which has the word from then on."""
    job = told(Recording(BROUGHT, 1))
    assert job is not None
    assert (job.state, job.phase) == ("started", "recording")
    assert present(Running(BROUGHT, 1)).shown("another") is None


def test_what_is_here_is_listed_without_the_store() -> None:
    """What has begun before what waits; of a run or below a job, what bears its name."""
    job = Job("w", "low", None, b"", runid="r2", parent="p")
    waits = Waiting(Ticket(Claim("e2", job), Plan("f", "light"), "n.1"))
    over = Recording(Ticket(Claim("e4", Job("o", "low", None, b"")), Plan("f", "light"), "n.1"), 3)
    here = present(waits, Running(BROUGHT, 1), over)
    assert [row["id"] for row in here.rows(None)] == ["j", "o", "w"]
    assert [row["id"] for row in here.rows("queued")] == ["w"]
    kin = {name: [row["id"] for row in here.kin(name)] for name in ("j", "r", "p", "r2", "o", "x")}
    assert kin == {"j": ["j"], "r": ["j"], "p": ["w"], "r2": ["w"], "o": ["o"], "x": []}


class Records:
    """A store that has a record of some jobs."""

    def __init__(self, *known: str) -> None:
        self._known = known

    async def job(self, jid: str) -> str | None:
        return jid if jid in self._known else None


def test_strays_are_the_jobs_here_that_the_store_does_not_know() -> None:
    """By state, like any list; what it knows is not among them."""
    waits = Waiting(Ticket(Claim("e2", Job("w", "low", None, b"")), Plan("f", "light"), "n.1"))
    known = Running(Ticket(Claim("e3", Job("k", "low", None, b"")), Plan("f", "light"), "n.1"), 2)
    over = Recording(Ticket(Claim("e4", Job("o", "low", None, b"")), Plan("f", "light"), "n.1"), 3)
    here, store = present(Running(BROUGHT, 1), waits, known, over), cast("Store", Records("k"))
    by_state = {None: ["j", "w", "o"], "started": ["j", "o"], "queued": ["w"], "failed": []}
    for state, jids in by_state.items():
        rows = asyncio.run(here.strays(store, state))
        assert [row["id"] for row in rows] == jids
        assert all("no record" in JobRow.model_validate(row).note for row in rows)
