"""What an execution's end means for its job, case by case."""

from __future__ import annotations

import signal
from dataclasses import replace

import pytest

from weppd.core.events import Over, Verdict
from weppd.core.judge import died, finish, judge
from weppd.core.schedule import Lane, Plan, Rules, Ticket, Traits, doubt, plan
from weppd.model import Claim, Failed, Finished, Job, Retried, Stopped, Usage

RULES = Rules(node="n", alias={"wepppy.rq": "tasks"}, allow=("their.module.*",), cores=8)


def a_ticket(retry_on_crash=False, **job):
    it = Job("j", "default", "m.f", b"", **job)
    return Ticket(Claim("e", it), Plan("m.f", timeout=60, retry_on_crash=retry_on_crash), "n.1")


def an_over(verdict=None, status=0, asked=None, reason="", body=b"", **rest):
    return Over(1, "e", verdict, body, status, asked, reason, 1.0, 2.0, **rest)


@pytest.mark.parametrize(
    ("own", "task", "runid", "turn"),
    [
        (None, None, "r", None),
        (None, "run", "r", "run:r"),
        (None, "run", None, None),
        ("k", "run", "r", "k"),
        ("run", None, "r", "run:r"),
        (None, "dem", None, "dem"),
    ],
)
def test_the_key_whose_turn_a_job_needs(own, task, runid, turn):
    """The job's own key goes before its task's; "run" is its run, and nothing where it has none."""
    job = Job("j", "default", "m.f", b"", lock=own, runid=runid)
    assert plan(job, {"m.f": Traits.read({"lock": task})}, RULES).turn == turn


def test_a_result_wins_over_a_late_cancel():
    """A job that had finished when the cancel reached it has finished."""
    over = an_over(Verdict("finished"), asked="cancel", body=b"r")
    assert judge(a_ticket(), over, 3) == Finished(b"r")


def test_a_failure_under_cancel_is_a_stop():
    """An exception that the cancel's signal caused is not the job's failure."""
    over = an_over(Verdict("failed", "CalledProcessError", "died"), asked="cancel", reason="no")
    assert judge(a_ticket(), over, 3) == Stopped("no")


def test_a_timeout_is_named():
    """A job ended at its deadline failed, and the reason has the seconds."""
    outcome = judge(a_ticket(), an_over(Verdict("cancelled"), asked="timeout"), 3)
    assert isinstance(outcome, Failed)
    assert "timeout of 60 s" in outcome.reason


def test_death_without_a_word_names_the_signal_and_the_peak():
    """A killed process is a failure that says by which signal, and how much memory it had."""
    over = an_over(status=signal.SIGKILL, usage=Usage(peak_bytes=3 * 2**30))
    outcome = judge(a_ticket(), over, 3)
    assert isinstance(outcome, Failed)
    assert "worker lost: killed by SIGKILL" in outcome.reason
    assert "3072 MiB" in outcome.reason


def test_out_of_memory_is_named():
    """The kernel's kill is told apart from anybody else's."""
    outcome = judge(a_ticket(), an_over(status=9, oom=True), 3)
    assert "out of memory" in outcome.reason


@pytest.mark.parametrize(("left", "delay"), [(3, 10), (2, 20), (1, 30)])
def test_retries_take_the_intervals_in_order(left, delay):
    """With Retry(max=3, interval=[10, 20, 30]) the waits are 10, 20 and 30 seconds."""
    ticket = a_ticket(retries_left=left, retry_intervals=(10, 20, 30))
    outcome = judge(ticket, an_over(Verdict("failed", "E", "x")), 3)
    assert isinstance(outcome, Retried)
    assert outcome.delay_s == delay


def test_a_single_interval_holds_for_every_retry():
    """Retry(max=3, interval=7) waits seven seconds each time."""
    for left in (3, 2, 1):
        ticket = a_ticket(retries_left=left, retry_intervals=(7,))
        assert judge(ticket, an_over(Verdict("failed", "E", "x")), 3).delay_s == 7


def test_a_crash_is_retried_only_where_the_task_says_so_and_three_times_at_most():
    """A body that dies again and again is set aside with its history."""
    assert isinstance(died(a_ticket(), "gone", 3), Failed)
    assert isinstance(died(a_ticket(True, crashes=0), "gone", 3), Retried)
    last = died(a_ticket(True, crashes=2, losses=("killed", "ended")), "gone", 3)
    assert isinstance(last, Failed)
    assert last.reason == "set aside: its worker was lost 3 times; the last time: gone"
    assert last.traceback.splitlines()[1:] == ["  1. killed", "  2. ended", "  3. gone"]


def test_a_plan_applies_the_alias_before_anything_else():
    """wepppy.rq.x is looked up as tasks.x."""
    job = Job("j", "default", "wepppy.rq.wepp_rq.run", b"")
    assert plan(job, {"tasks.wepp_rq.run": Traits()}, RULES).function == "tasks.wepp_rq.run"


def test_an_allowed_function_needs_no_registry():
    """[security] allow admits functions that are no tasks."""
    job = Job("j", "default", "their.module.f", b"")
    assert plan(job, {}, RULES).refusal is None
    assert plan(Job("j", "default", "their.other.f", b""), {}, RULES).refusal is not None


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        ("tasks.wepp_rq.run_wepp", "; did you mean tasks.wepp_rq.run_wepp_rq?"),
        ("tasks.wepp_rq.build", "; did you mean tasks.landuse_rq.build or tasks.soils_rq.build?"),
        ("ours.nothing", " admits it"),
    ],
)
def test_what_was_meant_is_named(asked: str, hint: str) -> None:
    """One of the same name in another module, or of one like it; nothing is guessed wildly."""
    names = "tasks.wepp_rq.run_wepp_rq", "tasks.soils_rq.build", "tasks.landuse_rq.build"
    assert doubt(asked, {name: Traits() for name in names}, RULES).endswith(hint)


def test_a_function_is_doubted_where_its_job_would_be_refused() -> None:
    """Under its alias, too; not one that is allowed, nor any while no task is known."""
    known = {"tasks.wepp_rq.run": Traits()}
    for name in ("tasks.wepp_rq.run", "wepppy.rq.wepp_rq.run"):
        assert doubt(name, known, RULES) == ""
    assert "unknown task 'their.other.f'" in doubt("their.other.f", known, RULES)
    assert doubt("their.other.f", {}, RULES) == ""
    (allowed,) = RULES.allow
    assert doubt(allowed.replace("*", "f"), known, RULES) == ""


@pytest.mark.parametrize(
    ("asked", "minimum", "given"),
    [(None, None, 43_200), (180, None, 180), (180, 3600, 3600), (7200, 3600, 7200), (-1, 10, None)],
)
def test_timeouts(asked, minimum, given):
    """The job's own, else the default; a task may raise a short one; -1 is none."""
    traits = {"m.f": Traits(min_timeout=minimum)}
    assert plan(Job("j", "d", "m.f", b"", timeout=asked), traits, RULES).timeout == given


@pytest.mark.parametrize(("cpus", "given"), [("0", 0), ("1", 1), ("all", 8)])
def test_cpus(cpus, given):
    """0 for dispatchers, "all" for fan-outs."""
    assert plan(Job("j", "d", "m.f", b"", cpus=cpus), {"m.f": Traits()}, RULES).cpus == given


def test_a_job_that_no_host_can_hold_is_refused_by_name():
    """More CPUs or memory than any node offers: the job fails, and says what it asked for."""
    wide = plan(Job("j", "d", "m.f", b"", cpus="99"), {"m.f": Traits()}, RULES)
    assert (
        wide.refusal == "job j asks for 99 CPUs: this node offers 8 CPUs, and no other offers more"
    )
    rules = replace(RULES, memory=4 << 30)
    much = plan(Job("j", "d", "m.f", b"", memory="8G"), {"m.f": Traits()}, rules)
    assert "asks for 8192 MiB of memory: this node offers 4096 MiB" in much.refusal
    assert plan(Job("j", "d", "m.f", b"", memory="8G"), {"m.f": Traits()}, RULES).refusal is None


@pytest.mark.parametrize(
    ("job", "lane", "task", "claims"),
    [
        ({}, {}, {}, (1, 0)),
        ({}, {}, {"cpus": "4", "memory": "1G"}, (4, 1 << 30)),
        ({}, {"cpus": "2", "memory": "2G"}, {"cpus": "4"}, (2, 2 << 30)),
        ({"cpus": "0"}, {"cpus": "2"}, {"cpus": "4", "memory": "3M"}, (0, 3 << 20)),
    ],
)
def test_claims_come_from_the_job_its_queue_or_its_task(job, lane, task, claims):
    """The nearest word counts, each of CPUs and memory by itself."""
    rules = replace(RULES, lanes={"d": Lane(**lane)})
    made = plan(Job("j", "d", "m.f", b"", **job), {"m.f": Traits(**task)}, rules)
    assert (made.cpus, made.memory) == claims


@pytest.mark.parametrize(
    ("kind", "asked", "unheard"),
    [
        ("finished", None, False),
        ("finished", "timeout", False),
        ("failed", None, False),
        ("failed", "timeout", False),
        ("cancelled", "cancel", False),
        ("cancelled", "timeout", True),
        ("cancelled", "shutdown", True),
        (None, None, True),
        (None, "cancel", True),
        (None, "timeout", True),
    ],
)
def test_who_tells_the_page(kind, asked, unheard):
    """A task tells what it raises, and of a cancel; it knows of no timeout, and no kill."""
    over = an_over(Verdict(kind, "E", "why") if kind else None, asked=asked, pid=7, status=9)
    assert finish(a_ticket(), over, judge(a_ticket(), over, 3)).unheard is unheard
