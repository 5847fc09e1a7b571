"""What may run before a wide job that waits: decided from states written by hand."""

from __future__ import annotations

import pytest

from weppd.core import effects as do
from weppd.core import events as on
from weppd.core.machine import decide
from weppd.core.schedule import Plan, Rules, Ticket
from weppd.core.state import Busy, Idle, Running, State, Waiting
from weppd.model import Answer, Claim, Job

NOW = 10_000.0
RULES = Rules(cores=4, memory=8 << 30)


def a_ticket(name: str, cpus: int, expect_s: float | None = None, memory: int = 0) -> Ticket:
    """A claimed job."""
    job = Job(name, "default", "m.f", b"", cpus=str(cpus), expect_s=expect_s)
    return Ticket(Claim(f"e-{name}", job), Plan("m.f", cpus=cpus, memory=memory), f"n.{name}")


def a_state(*phases: Running | Waiting, slots: int = 4) -> State:
    """An open node of four CPUs on which these jobs run or wait."""
    busy = {p.n: Busy("light", p.ticket.eid) for p in phases if isinstance(p, Running)}
    cells = {n: busy.get(n, Idle("light")) for n in range(1, slots + 1)}
    jobs = {phase.ticket.eid: phase for phase in phases}
    ready = frozenset({"light"})
    return State(RULES, cells, 4, jobs, ready=ready, recovered=True, at=NOW, dry=True)


def ordered(state: State) -> list[do.Claim]:
    """The claims that the machine orders at the next event."""
    _, effects = decide(state, on.ResumeAsked())
    return [effect for effect in effects if isinstance(effect, do.Claim)]


def test_a_gap_of_known_length_is_offered() -> None:
    """Two CPUs are free for the 90 s that the running job still needs: such a job is asked for."""
    running = Running(a_ticket("1", 2, expect_s=100.0), 1, since=NOW - 9)
    state = a_state(running, Waiting(a_ticket("2", 4)))
    assert ordered(state) == [do.Claim((3,), do.Gap(90.0, 2, 8 << 30))]


@pytest.mark.parametrize(
    ("expect_s", "since"),
    [(None, NOW - 9), (100.0, 0.0), (5.0, NOW - 9), (9.5, NOW - 9)],
    ids=["says nothing", "adopted", "longer than it said", "nearly over"],
)
def test_without_a_known_gap_nothing_goes_first(expect_s: float | None, since: float) -> None:
    """Where nobody knows how long the wide job waits, nothing keeps it from its CPUs."""
    running = Running(a_ticket("1", 2, expect_s), 1, since)
    assert ordered(a_state(running, Waiting(a_ticket("2", 4)))) == []


def test_the_gap_ends_when_enough_have_ended() -> None:
    """Of two running jobs the first end is enough: the gap is up to that."""
    short = Running(a_ticket("1", 1, expect_s=31.0), 1, since=NOW)
    long = Running(a_ticket("2", 1, expect_s=3600.0), 2, since=NOW)
    (claim,) = ordered(a_state(short, long, Waiting(a_ticket("3", 3))))
    assert claim.gap == do.Gap(30.0, 2, 8 << 30)


def test_what_fits_the_gap_starts_and_the_wide_job_still_comes_next() -> None:
    """The job that was claimed for the gap starts; the end of the other one starts the wide job."""
    running = Running(a_ticket("1", 2, expect_s=101.0), 1, since=NOW)
    state = a_state(running, Waiting(a_ticket("2", 4)))
    state, _ = decide(state, on.ResumeAsked())
    got = on.Claimed((a_ticket("3", 2, expect_s=50.0),), False, NOW, gap=True)
    state, effects = decide(state, got)
    assert [effect.ticket.job.id for effect in effects if isinstance(effect, do.Start)] == ["3"]
    assert [type(state.jobs[eid]).__name__ for eid in ("e-2", "e-3")] == ["Waiting", "Running"]
    verdict, begun = on.Verdict("finished", none=True), []
    for n, name in ((1, "1"), (2, "3")):
        assert begun == []
        over = on.Over(n, f"e-{name}", verdict, b"", 0, None, "", NOW, NOW + 60)
        state, effects = decide(state, over)
        begun += [effect.ticket.job.id for effect in effects if isinstance(effect, do.Start)]
    assert begun == ["2"]


def test_what_says_nothing_stays_behind_the_wide_job() -> None:
    """Claimed together with the wide job, it waits though there is room: order is order."""
    running = Running(a_ticket("1", 2, expect_s=101.0), 1, since=NOW)
    state = a_state(running, Waiting(a_ticket("2", 4)), Waiting(a_ticket("3", 1)))
    _, effects = decide(state, on.ResumeAsked())
    assert [effect for effect in effects if isinstance(effect, do.Start)] == []


def test_a_lean_queue_is_asked_again_when_a_job_has_ended() -> None:
    """A claim for the gap that brought nothing is not repeated until something changes."""
    running = Running(a_ticket("1", 1, expect_s=101.0), 1, since=NOW)
    other = Running(a_ticket("4", 1, expect_s=101.0), 2, since=NOW)
    state = a_state(running, other, Waiting(a_ticket("2", 4)), slots=5)
    state, _ = decide(state, on.ResumeAsked())
    state, effects = decide(state, on.Claimed((), True, NOW, gap=True))
    assert effects == []
    verdict = on.Verdict("finished", none=True)
    over = on.Over(1, "e-1", verdict, b"", 0, None, "", NOW, NOW + 1)
    state, _ = decide(state, over)
    _, effects = decide(state, on.Recorded("e-1", Answer.OK))
    assert any(isinstance(effect, do.Claim) and effect.gap for effect in effects)


def test_memory_makes_a_job_wait_as_cpus_do() -> None:
    """A job that claims more memory than is free waits; one behind it does not overtake it."""
    running = Running(a_ticket("1", 1, memory=6 << 30), 1, since=NOW)
    wide, small = a_ticket("2", 1, memory=4 << 30), a_ticket("3", 1)
    state = a_state(running, Waiting(wide), Waiting(small))
    _, effects = decide(state, on.ResumeAsked())
    assert [effect for effect in effects if isinstance(effect, do.Start)] == []
