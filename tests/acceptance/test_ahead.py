"""Short jobs that a slot takes several at a time: each runs once, is cancelled, comes back."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.acceptance.conftest import ROOT, Daemon
from tests.waiting import eventually
from weppd.client import Job
from weppd.shell.host import premises

TASKS = "tests.acceptance.shorttasks"


@pytest.fixture
def ahead(daemon: Daemon) -> Daemon:
    """A daemon whose slots take eight short jobs at a time."""
    daemon.tables["queues"] = {"prefetch": 8}
    daemon.tables["tasks"] = {"modules": [TASKS]}
    daemon.tables["zygote.light"] = {"env": {"PYTHONPATH": str(ROOT)}}
    return daemon


def notes(ahead: Daemon, numbers: range) -> list[Job]:
    """A job for each number, which writes it down."""
    calls = [(f"{TASKS}.note", f"{ahead.home}/notes", number) for number in numbers]
    return ahead.queue().enqueue_many(calls)


def written(ahead: Daemon) -> list[int]:
    """What the jobs wrote down so far."""
    path = ahead.home / "notes"
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def stopped_cell(ahead: Daemon) -> int:
    """Have the only cell stand still; its pid."""
    (file,) = eventually(lambda: [f for f in files(ahead) if f.locked], within=15)
    os.kill(file.holder, signal.SIGSTOP)
    return file.holder


def files(ahead: Daemon) -> list[premises.CellFile]:
    """What the cells' files say."""
    return premises.cell_files(ahead.home / "run" / "cells")


def all_given(ahead: Daemon, jobs: list[Job]) -> None:
    """Wait until the daemon has given all these jobs to the cell that stands still."""
    eventually(lambda: all(f"action=start job={job.id}" in ahead.stderr for job in jobs), within=15)


def test_many_short_jobs_run_once_each(ahead):
    """Every one of them, and every end is on record."""
    ahead.start()
    jobs = notes(ahead, range(60))
    assert [job.result(timeout=60) for job in jobs] == [None] * 60
    assert sorted(written(ahead)) == list(range(60))


def test_no_short_job_waits_for_one_that_is_long_after_all(ahead):
    """What was behind it goes back to the queue, and another slot runs it meanwhile."""
    release = ahead.home / "release"
    long = ahead.queue().enqueue(f"{TASKS}.hold", str(release))
    jobs = notes(ahead, range(12))
    ahead.start()
    assert [job.result(timeout=60) for job in jobs] == [None] * 12
    assert sorted(written(ahead)) == list(range(12))
    assert long.get_status() == "started"
    Path(release).touch()
    assert ahead.ends(long.id)["state"] == "finished"


def behind_a_stopped_cell(ahead: Daemon, count: int) -> tuple[int, list[Job]]:
    """One slot, whose cell stands still, and so many jobs that it has all been given."""
    ahead.tables["daemon"]["slots"] = 1
    ahead.start()
    cell = stopped_cell(ahead)
    jobs = notes(ahead, range(count))
    all_given(ahead, jobs)
    return cell, jobs


def test_a_job_that_waits_behind_another_is_cancelled_unrun(ahead):
    """It is canceled, as one that never left its queue; the others run."""
    cell, jobs = behind_a_stopped_cell(ahead, 4)
    assert jobs[2].cancel("not wanted") == "running"
    eventually(lambda: "action=cancel eid=" in ahead.stderr, within=15)
    os.kill(cell, signal.SIGCONT)
    assert [ahead.ends(job.id)["state"] for job in jobs] == [
        *("finished", "finished", "canceled", "finished")
    ]
    assert sorted(written(ahead)) == [0, 1, 3]


def test_what_a_killed_cell_had_ahead_runs_in_the_next(ahead):
    """None of it had begun, so it goes back to the queue's head, and each runs once."""
    cell, jobs = behind_a_stopped_cell(ahead, 6)
    os.kill(cell, signal.SIGKILL)
    assert [job.result(timeout=60) for job in jobs] == [None] * 6
    assert sorted(written(ahead)) == list(range(6))


def test_a_restart_of_weppd_loses_none_of_what_a_cell_has_ahead(ahead):
    """The cell runs it while weppd is away, and the next weppd records every end."""
    cell, jobs = behind_a_stopped_cell(ahead, 6)
    ahead.kill()
    os.kill(cell, signal.SIGCONT)
    eventually(lambda: len(written(ahead)) == 6, within=15)
    ahead.start()
    assert [job.result(timeout=60) for job in jobs] == [None] * 6
    assert sorted(written(ahead)) == list(range(6))
