"""What the page of a run hears of a job that could not tell, and while nobody passed it on."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from tests.acceptance.conftest import ROOT
from tests.waiting import eventually


@pytest.fixture
def site(daemon):
    """A started daemon of two runs' tasks, with short graces."""
    daemon.tables["tasks"] = {"modules": ["tests.acceptance.paneltasks"]}
    daemon.tables["zygote.light"] = {"env": {"PYTHONPATH": str(ROOT)}}
    daemon.tables["cancel"] = {"usr1_grace": 0.3, "term_grace": 0.2}
    for runid in ("my-run", "other"):
        (daemon.home / "runs" / runid).mkdir()
    daemon.start()
    return daemon


def begun(site, task: str, **options) -> tuple[str, int]:
    """A job of the task that waits for its end, and its process."""
    mark = site.home / f"{task}.mark"
    called = f"tests.acceptance.paneltasks.{task}"
    job = site.queue().enqueue(called, "my-run", str(mark), **options)
    return job.id, int(eventually(lambda: mark.exists() and mark.read_text(), within=20))


def heard(site, runid: str = "my-run") -> list[str]:
    """What is kept of the run's panel, oldest first."""
    with redis.Redis.from_url(
        site.url, decode_responses=True, single_connection_client=True
    ) as client:
        client.select(2)
        return [fields["text"] for _, fields in client.xrange(f"weppd:said:{runid}:wepp")]


def by_sigkill(site) -> tuple[str, str, str]:
    """A process that somebody shoots."""
    job, pid = begun(site, "wait")
    os.kill(pid, signal.SIGKILL)
    return job, "wait", "WorkerLost"


def by_its_cell(site) -> tuple[str, str, str]:
    """The process that watches it is shot, and it with that."""
    job, _ = begun(site, "wait")
    (cell,) = [s["pid"] for s in json.loads(site.ctl("status", "--json")[1])["slots"] if s["job"]]
    os.kill(cell, signal.SIGKILL)
    return job, "wait", "WorkerLost"


def by_its_timeout(site) -> tuple[str, str, str]:
    """It hears SIGUSR1, and cannot know why."""
    job, _ = begun(site, "wait", timeout=1)
    return job, "wait", "JobTimeout"


def by_a_timeout_that_it_does_not_hear(site) -> tuple[str, str, str]:
    """Only SIGKILL ends it."""
    job, _ = begun(site, "deaf", timeout=1)
    return job, "deaf", "JobTimeout"


@pytest.mark.parametrize(
    "end", [by_sigkill, by_its_cell, by_its_timeout, by_a_timeout_that_it_does_not_hear]
)
def test_the_panel_hears_why_a_job_failed_that_could_not_tell(site, end: Callable) -> None:
    """EXCEPTION and EXCEPTION_JSON with the reason that the job itself has, once."""
    job, task, kind = end(site)
    error = site.ends(job)["error"]
    assert error.startswith(("worker lost", "timed out"))
    told = [text for text in heard(site) if "EXCEPTION" in text]
    assert [text.split(None, 2)[:2] for text in told] == [
        [f"rq:{job}", "EXCEPTION"],
        [f"rq:{job}", "EXCEPTION_JSON"],
    ]
    fields = json.loads(told[1].split(None, 2)[2])
    assert fields == {"type": kind, "message": error, "call": f"{task}(my-run)"}


def test_the_panel_hears_of_a_cancel_that_the_task_does_not(site) -> None:
    """It is told as one that hears it tells it."""
    job, _ = begun(site, "deaf")
    assert site.ctl("cancel", job)[0] == 0
    assert heard(site)[-1] == f"rq:{job} STATUS    deaf(my-run) -> cancelled"


def test_what_is_said_while_there_is_no_weppd_is_heard_when_there_is_one(site) -> None:
    """In its order, with the end of the job that said it, which ran through the restart."""
    go: Path = site.home / "go"
    job = site.queue().enqueue("tests.acceptance.paneltasks.count", "other", str(go), 20)
    eventually(lambda: site.state(job.id) == "started", within=20)
    assert site.stop() == 0
    go.touch()
    eventually(lambda: Path(f"{go}.said").exists(), within=20)
    site.start()
    assert site.ends(job.id)["state"] == "finished"
    words = [f"word {number}" for number in range(20)]
    eventually(lambda: len(heard(site, "other")) == 22, within=20)
    called = f"count(other, go={go}, words=20)"
    assert heard(site, "other") == [
        f"rq:{job.id} STARTED   {called}",
        *words,
        f"rq:{job.id} COMPLETED {called}",
    ]
