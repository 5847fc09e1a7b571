"""What a page's panel reads while a task runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tasks.run.directory import ReadOnlyRun
from tasks.run.frame import framed
from tasks.run.prep import RedisPrep
from tasks.run.progress import Progress, clockwise
from tasks.run.status import Panel
from tasks.run.steps import TaskEnum
from tests.unit.recording import RecordingContext
from weppd.task import Cancelled, current, task, using


@task()
@framed("wepp", trigger="WEPP_RUN_TASK_COMPLETED")
def measured_rq(runid: str, wepp_id: int = 7, wepp_bin: str | None = None) -> tuple[bool, float]:
    """A task that takes 1.5 s by its own word."""
    return True, 1.5


@task()
@framed("wepp")
def broken_rq(runid: str) -> None:
    """A task that fails with a message of two lines."""
    raise OSError("no space\nleft")


@task()
@framed("wepp")
def cancelled_rq(runid: str) -> None:
    """A task that somebody cancels."""
    raise Cancelled


@task()
@framed("soils", trigger="SOILS_BUILD_TASK_COMPLETED", step=TaskEnum.build_soils)
def soils_rq(runid: str, fail: bool = False) -> None:
    """A task that is a step of the run; it notes whether the step counts as done meanwhile."""
    current().log(str(RedisPrep.getInstanceFromRunID(runid)["build_soils"]))
    if fail:
        raise OSError("no space")


@pytest.fixture
def ctx(tmp_path: Path):
    with using(RecordingContext(tmp_path)) as context:
        yield context


def test_a_task_says_started_completed_trigger_in_this_order(ctx):
    """A page that refreshes on TRIGGER finds the task complete, with its status and seconds."""
    assert measured_rq("my-run", wepp_id=7) == (True, 1.5)
    assert ctx.messages == [
        ("my-run:wepp", "rq:j1 STARTED   measured_rq(my-run, wepp_id=7)"),
        ("my-run:wepp", "rq:j1 COMPLETED measured_rq(my-run, wepp_id=7) -> (True, 1.50)"),
        ("my-run:wepp", "rq:j1 TRIGGER   wepp WEPP_RUN_TASK_COMPLETED"),
    ]


def test_a_failing_task_says_why_and_still_fails(ctx):
    """The exception reaches the page as one line of JSON, the run's log, and the job."""
    with pytest.raises(OSError, match="no space"):
        broken_rq("my-run")
    assert ctx.words() == ["STARTED", "EXCEPTION", "EXCEPTION_JSON"]
    assert ctx.lines == [(None, "OSError: no space\nleft", True)]
    payload = json.loads(ctx.messages[-1][1].split(maxsplit=2)[2])
    assert payload["type"] == "OSError"
    assert payload["message"] == "no space\nleft"


def test_a_cancelled_task_is_no_exception_on_the_panel(ctx):
    """A cancel passes through the frame and is told as a status."""
    with pytest.raises(Cancelled):
        cancelled_rq("my-run")
    assert ctx.words() == ["STARTED", "STATUS"]


def test_a_wrong_argument_is_a_type_error_before_anything_is_said(ctx):
    """A producer's wrong keyword fails the job as Python would say it, and no panel hears of it."""
    with pytest.raises(TypeError, match="hillslope"):
        measured_rq("my-run", hillslope=7)
    assert ctx.messages == []


def test_progress_tells_the_panel_five_times_a_second_and_the_last_one_always(ctx):
    """A hundred hillslopes in one second make at most six lines, the last of them 100/100."""
    now = iter(n / 100 for n in range(1000))
    progress = Progress(Panel(ctx, "r", "wepp"), 100, "hillslopes", clock=lambda: next(now))
    for _ in range(100):
        progress.step()
    assert len(ctx.messages) <= 6
    assert ctx.messages[-1] == ("r:wepp", "rq:j1 STATUS    100/100 hillslopes, done")
    assert ctx.steps[49] == (50, 100, "ETA 0:00")
    assert len(ctx.steps) == 100


def test_durations_read_like_a_clock():
    """An hour is written with its hours, half a minute without."""
    assert [clockwise(s) for s in (0.2, 31, 3600)] == ["0:00", "0:31", "1:00:00"]


def test_a_steps_stamp_is_gone_while_it_works_and_there_before_the_trigger(
    tmp_path: Path, redis_url: str
):
    """A page that refreshes on the trigger finds the ledger new; a failure leaves it not done."""
    (tmp_path / "my-run").mkdir()
    with using(RecordingContext(tmp_path, redis=redis_url)) as ctx:
        prep = RedisPrep.getInstanceFromRunID("my-run")
        told: list[tuple[str, int | None]] = []
        ctx.status = lambda channel, text: told.append((text.split()[1], prep["build_soils"]))
        prep.timestamp(TaskEnum.build_soils)
        soils_rq("my-run")
        assert ctx.lines == [(None, "None", False)]
        assert [word for word, stamp in told if stamp] == ["STARTED", "COMPLETED", "TRIGGER"]
        with pytest.raises(OSError, match="no space"):
            soils_rq("my-run", fail=True)
        assert told[-1] == ("EXCEPTION_JSON", None)


def test_a_refused_press_on_a_marked_run_leaves_its_step_done(tmp_path: Path, redis_url: str):
    """READONLY means that nothing changes, the ledger's stamp neither; the panel hears why."""
    wd = tmp_path / "my-run"
    wd.mkdir()
    with using(RecordingContext(tmp_path, redis=redis_url)) as ctx:
        prep = RedisPrep.getInstanceFromRunID("my-run")
        stamp = prep.timestamp(TaskEnum.build_soils)
        (wd / "READONLY").touch()
        with pytest.raises(ReadOnlyRun, match="marked READONLY"):
            soils_rq("my-run")
        assert prep["build_soils"] == stamp
        assert ctx.words() == ["STARTED", "EXCEPTION", "EXCEPTION_JSON"]
