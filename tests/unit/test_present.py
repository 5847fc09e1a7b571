"""What a node tells of its own jobs where the store knows nothing of them."""

from __future__ import annotations

from typing import Any

from weppd.admin.models import JobDetail
from weppd.core.schedule import Plan, Rules, Ticket
from weppd.core.state import Behind, Phase, Recording, Running, State, Waiting, fresh, replace
from weppd.limits import Limit
from weppd.model import Claim, Job
from weppd.shell.people.diary import Entry
from weppd.shell.people.present import Present

BROUGHT = Ticket(Claim("e", Job("j", "low", None, b"", runid="r")), Plan("f", "light"), "n.2")


class Diary:
    """The entry of one execution."""

    def __init__(self, phase: Phase, pid: int, progress: dict[str, Any]) -> None:
        ticket = phase.ticket
        self.entries = {ticket.eid: Entry(ticket, 1, 5.0, pid=pid, progress=progress)}


def told(phase: Phase, pid: int = 0, **progress: Any) -> JobDetail | None:
    """What the admin API answers for `j`, which stands there."""
    state: State = replace(fresh(Rules(node="n"), 2), jobs={phase.ticket.eid: phase})
    diary: Any = Diary(phase, pid, progress)
    shown = Present(lambda: state, diary).shown("j")
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


def test_a_job_that_is_over_is_not_told_of() -> None:
    """Its end is on the way to the store, which has the word from then on."""
    assert told(Recording(BROUGHT, 1)) is None
