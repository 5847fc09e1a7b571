"""How weppdctl shows the daemon's answers to people: compared with reviewed texts.

`GOLDEN=write pytest tests/unit/test_ctl_render.py` writes them anew, to be read as a diff.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from weppd.admin import models
from weppd.ctl import render, screen, trees

GOLDEN = Path(__file__).parents[1] / "golden" / "ctl"
NOW = 1_750_000_000.0
ID = "7c9e6679-7425-40de-944b-e07fc1f9{:04d}"
TASK = "tasks.wepp_rq.run_hillslopes_rq"


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def told(model: type[BaseModel], **facts: Any) -> dict[str, Any]:
    """An answer as it comes over the wire, with every key that the models fill in."""
    return model.model_validate(facts).model_dump(mode="json")


def golden(name: str, text: str) -> str:
    """What is kept under this name; GOLDEN=write keeps `text` there. No line is over 80 columns."""
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("GOLDEN") == "write":
        path.write_text(text + "\n")
    kept = path.read_text()
    assert max(map(len, kept.splitlines())) <= 80
    return kept.removesuffix("\n")


def busy(number: int, **more: Any) -> dict[str, Any]:
    slot = {"name": f"node-a.{number}", "phase": "running", "job": ID.format(number)}
    return {**slot, "function": TASK, "since": NOW - 60 * number**3, **more}


def test_status_of_a_busy_node() -> None:
    """A busy node in 80 columns: who runs what since when, and how far it is."""
    slots = [
        busy(1, runid="mdobre-awesome-run", progress={"done": 12, "total": 48}),
        busy(7, label="run_hillslopes_rq", phase="ending"),
        busy(30),
        {"name": "node-a.31"},
    ]
    queues = {"high": {}, "default": {"queued": 1_234_567, "started": 3}, "low": {"failed": 12}}
    data = told(
        models.Status, name="node-a", version="0.1.0", pid=4242, since=NOW - 90_061, slots=slots,
        queues=queues,
    )  # fmt: skip
    text = render.status(data, NOW)
    assert text == golden("status-busy", text)


def test_status_says_why_a_slot_is_idle() -> None:
    """A job that was taken and waits for room is named, with what it waits for."""
    wide = {"job": ID.format(9), "function": TASK, "runid": "mdobre-awesome-run", "cpus": 8}
    data = told(
        models.Status,
        name="node-a",
        slots=[busy(1), {"name": "node-a.2"}],
        claimed=[{**wide, "memory": 3 << 30}],
    )
    lines = render.status(data, NOW).splitlines()
    (at,) = (n for n, line in enumerate(lines) if line.startswith("taken "))
    assert " ".join(lines[at : at + 2]).split() == [
        *("taken", ID.format(9), "waits", "for", "8", "CPUs", "and", "3.0G", "of", "memory:"),
        *(TASK.rpartition(".")[2], "mdobre-awesome-run"),
    ]
    assert all(len(line) <= 80 for line in lines)


def test_status_while_the_store_is_away() -> None:
    """Without Redis the node still says what it runs, since when Redis is away, and what waits."""
    data = told(
        models.Status,
        name="node-a",
        mood="draining",
        slots=[{"name": "node-a.1"}],
        store={"state": "away", "since": NOW - 75, "detail": "connection refused", "outbox": 1},
        zygotes=[{"name": "wepp", "problems": ["tasks.wepp_rq: No module named 'numpy'"]}],
        problems=["run.roots: /geodata is not there\x1b[2J"],
    )
    text = render.status(data, NOW)
    assert text == golden("status-away", text)


def test_jobs_in_80_columns() -> None:
    """Ids are whole, whatever else must be cut; the last line says how to go on."""
    rows = [
        {"id": ID.format(1), "state": "queued", "function": TASK, "enqueued_at": NOW - 4.26},
        {
            "id": ID.format(2), "state": "started", "function": TASK, "label": "2.1",
            "runid": "mdobre-awesome-run", "started_at": NOW - 4000,
            "progress": {"done": 47, "total": 48},
        },
        {
            "id": ID.format(3), "state": "failed", "function": TASK, "started_at": NOW - 900,
            "ended_at": NOW - 800, "error": "hillslope 7: wepp exited with code 1",
        },
        {"id": "short", "state": "scheduled", "function": None, "created_at": NOW - 400_000},
    ]  # fmt: skip
    text = render.jobs(told(models.Jobs, jobs=rows, next=50), NOW)
    assert text == golden("jobs", text)


def test_a_job_that_the_store_forgot_is_named_below_the_list() -> None:
    """In lines that are no wider than the others."""
    rows = [{"id": ID.format(1), "state": "started", "note": "the store has no record of it"}]
    lines = render.jobs(told(models.Jobs, jobs=rows), NOW).splitlines()
    said = f"note job {ID.format(1)}: the store has no record of it"
    assert " ".join(" ".join(lines[2:]).split()) == said
    assert all(len(line) <= 80 for line in lines)


def test_no_jobs() -> None:
    """An empty list says so in words."""
    assert render.jobs(told(models.Jobs, jobs=[]), NOW) == "no jobs"
    away = told(models.Jobs, jobs=[], note="the store is away")
    assert render.jobs(away, NOW).splitlines() == ["no jobs", "note       the store is away"]


def test_a_running_job() -> None:
    """What is known while it runs; what is not known has no line."""
    data = told(
        models.JobDetail, id=ID.format(1), state="started", phase="running", function=TASK,
        runid="mdobre-awesome-run", place="2.1", label="hillslopes", queue="default", pid=977,
        worker="node-a.3", enqueued_at=NOW - 70, started_at=NOW - 60, timeout=43_200, cpus="all",
        progress={"done": 12, "total": 48, "eta_s": 180.4, "note": "h0013"}, retries_left=2,
        log="/var/log/weppd/jobs/1.log",
    )  # fmt: skip
    text = render.job(data, NOW)
    assert text == golden("show-running", text)


def test_a_failed_job() -> None:
    """The error comes first, the usage of its whole tree and the traceback follow."""
    data = told(
        models.JobDetail, id=ID.format(1), state="failed", function=TASK, queue="default",
        error="EngineFailed: hillslope 7: wepp exited with code 1", enqueued_at=NOW - 3700,
        started_at=NOW - 3600, ended_at=NOW - 1800.5, crashes=1, left_behind=3,
        rungs={"USR1": 2, "TERM": 0, "KILL": 1}, traceback="Traceback:\n  File \"x\"\nEngineFailed",
        usage={"user_s": 3723.4, "system_s": 12.3, "peak_bytes": 3 << 29, "processes": 49},
    )  # fmt: skip
    text = render.job(data, NOW)
    assert text == golden("show-failed", text)


def test_what_is_long_goes_on_below() -> None:
    """A job fits 80 columns, whatever it said; nothing of it is lost."""
    words = f"{TASK}('mdobre-awesome-run;;omni;;a_scenario', {'x' * 90!r})"
    data = told(models.JobDetail, id=ID.format(1), state="finished", phase="finished")
    text = render.job(data | {"description": words, "error": "no " * 60}, NOW)
    assert max(map(len, text.splitlines())) == 80
    assert "".join(words.split()) in "".join(text.split())
    assert "state      finished\n" in text


@pytest.mark.parametrize(
    ("facts", "line"),
    [
        (
            {"state": "stopped", "was": "started", "rungs": {"USR1": 1}, "seconds": 0.42},
            "job j: stopped; 1 process ended in 0.4s: 1 at SIGUSR1; nothing of it lives",
        ),
        (
            {"state": "stopped", "rungs": {"SIGUSR1": 12, "TERM": 0, "KILL": 2}},
            "job j: stopped; 14 processes ended: 12 at SIGUSR1, 2 at SIGKILL; nothing of it lives",
        ),
        (
            {"state": "canceled", "was": "queued"},
            "job j: canceled; no process of it lives",
        ),
        (
            {"state": "finished", "was": "finished"},
            "job j: was finished already; nothing to cancel",
        ),
        (
            {"state": "started", "waited": False},
            "job j: the cancel is under way; `weppdctl show j` tells when it is over",
        ),
        (
            {"state": "started", "was": "started"},
            "job j: the cancel is under way; `weppdctl show j` tells when it is over",
        ),
        (
            {"state": "canceled", "was": "canceled"},
            "job j: canceled; no process of it lives",
        ),
        (
            {"state": "started", "survivors": 1, "undead": [77]},
            "job j: 1 process still lives (pid 77: the kernel does not let go of it yet)",
        ),
        ({"state": "started", "survivors": 2}, "job j: 2 processes still live"),
    ],
)
def test_what_a_cancel_did(facts: dict[str, Any], line: str) -> None:
    """One line says what ended at which signal, or why nothing did."""
    assert render.cancelled(told(models.Cancelled, job="j", **facts)) == line


def test_the_end_of_a_job_that_was_waited_for() -> None:
    """State, time and error in one line."""
    data = told(models.JobDetail, id="j", state="failed", started_at=5, ended_at=17, error="why")
    assert render.ended(data) == "job j: failed after 12s: why"


def test_paint_colours_the_state_and_moves_nothing() -> None:
    """Colours do not shift the columns that follow."""
    rows = [{"id": "j", "state": "failed", "function": "a.b"}, {"id": "k", "state": "queued"}]
    data = told(models.Jobs, jobs=rows)
    painted = render.jobs(data, NOW, paint=lambda text, word: f"<{word}>{text}</>")
    assert "<failed>failed</>" in painted
    bare = painted.replace("<failed>", "").replace("<queued>", "").replace("</>", "")
    assert bare == render.jobs(data, NOW)


def test_queues() -> None:
    """Who waits for how long, which queue is paused, and which nobody here serves."""
    rows = [
        {"name": "high", "served": True, "queued": 3, "oldest_at": NOW - 7500},
        {"name": "default", "served": True, "paused": True, "queued": 41, "started": 2},
        {"name": "a-batch-of-somebody-else", "finished": 120_000, "failed": 7},
    ]
    text = render.queues(told(models.Queues, queues=rows), NOW)
    assert text == golden("queues", text)


def test_the_tree_of_a_run() -> None:
    """States, times, progress, the failed step's last line, and how many are not drawn."""

    def hill(number: int, state: str, **more: Any) -> dict[str, Any]:
        return {"id": f"h{number}", "state": state, "name": f"run_hillslope_rq {number}", **more}

    hills = [
        hill(7, "failed", error="tasks.wepp.errors.EngineFailed: p7: no marker in the output " * 2),
        hill(
            8, "started", started_at=NOW - 3, progress={"done": 12, "total": 100, "note": "yr 12"}
        ),
    ]
    stages = [
        {"id": "p", "state": "finished", "name": "prep_rq", "started_at": NOW - 90,
         "ended_at": NOW - 60},
        {"id": "s", "state": "finished", "name": "run_hillslopes_rq", "started_at": NOW - 60,
         "ended_at": NOW - 59, "children": hills, "more": {"finished": 900, "queued": 92}},
        {"id": "w", "state": "deferred", "name": "run_watershed_rq"},
        {"id": "x", "state": "expired", "name": "old"},
    ]  # fmt: skip
    root = {
        "id": ID.format(1), "state": "finished", "name": "run_wepp_rq", "started_at": NOW - 100,
        "ended_at": NOW - 99, "children": stages,
    }  # fmt: skip
    text = trees.tree(told(models.Tree, name="my-run", jobs=[root]), NOW)
    assert text == golden("tree", text)


def test_a_retry_is_told_in_a_line() -> None:
    """One job, or those below one that finished; and what waits for them again."""
    one = told(models.Retried, job="j", retried=["j"], woken=1)
    many = told(models.Retried, job="j", retried=["a", "b"], woken=12)
    assert render.retried(one) == "job j: on its queue again; 1 job waits for that again"
    assert render.retried(many) == (
        "job j: 2 jobs below it on their queues again; 12 jobs wait for that again"
    )


def test_the_live_screen() -> None:
    """80 columns, exactly the terminal's height, the chosen job marked and in sight."""
    slots = [
        busy(n, runid="my-run", progress={"done": n, "total": 40, "eta_s": 95.0},
             limits={"cpu.max": "150%"})
        for n in range(1, 30)
    ]  # fmt: skip
    data = told(
        models.Status, name="node-a", since=NOW - 90_061, slots=[*slots, {"name": "node-a.30"}],
        queues={"high": {}, "low": {"queued": 41, "paused": True}}, problems=["one"],
    )  # fmt: skip
    uses = {f"node-a.{n}": screen.Use(0.1 * n, n << 24, 3) for n in range(1, 30)}
    lines = screen.screen(data, uses, NOW, 80, 12, chosen=20)
    assert len(lines) == 12
    assert sum(line.startswith(">") for line in lines) == 1
    text = "\n".join(lines)
    assert text == golden("top", text)
    idle = screen.screen(told(models.Status, name="n"), {}, NOW, 80, 6)
    assert (len(idle), idle[3]) == (6, "no job runs")
