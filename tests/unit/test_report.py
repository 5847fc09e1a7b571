"""The run's own record: one line for each execution, whatever happens to the scribe."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import eventually
from weppd.model import Claim, Finish, Finished, Job, Usage
from weppd.scribe import report
from weppd.scribe.desk import Desk
from weppd.shell.people.facts import exit_code, facts


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run's directory."""
    path = tmp_path / "runs" / "r1"
    path.mkdir(parents=True)
    return path


def a_desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path, lambda job, eid: None)


def one(desk: Desk, tmp_path: Path, run: Path, eid: str, outcome: str = "finished") -> None:
    """An execution of job j1, told from its beginning to its end."""
    spool, log = str(tmp_path / "j1.out"), str(tmp_path / "j1.log")
    opened = {"eid": eid, "job": "j1", "spool": spool, "log": log, "run_dirs": [str(run)]}
    desk.open({**opened, "place": "2.1", "label": "f", "function": "m.f", "attempt": 1})
    closed = {"eid": eid, "job": "j1", "outcome": outcome, "seconds": 1.5, "reason": ""}
    desk.close({**closed, "facts": {"rc": 0, "peak_bytes": 7, "user_s": 0.1, "started_at": 0.25}})


def lines(run: Path) -> list[dict[str, Any]]:
    """The run's record."""
    text = (run / "_logs" / "jobs.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


def test_each_execution_that_ended_is_a_line(tmp_path: Path, run: Path) -> None:
    """Both attempts of a job that was tried twice, with what they used, and no file is left."""
    desk = a_desk(tmp_path)
    one(desk, tmp_path, run, "e1", "retry")
    assert desk.settle(10)
    one(desk, tmp_path, run, "e2")
    assert desk.settle(10)
    first, second = lines(run)
    assert (first["eid"], first["status"], second["status"]) == ("e1", "retry", "finished")
    assert (second["job"], second["place"], second["rc"]) == ("j1", "2.1", 0)
    assert (second["peak_bytes"], second["seconds"]) == (7, 1.5)
    assert second["started_at"] == "1970-01-01T00:00:00.250Z"
    assert list(tmp_path.glob("*.report")) == []


def test_a_job_that_is_tried_again_has_each_line_of_its_log_once(tmp_path: Path, run: Path) -> None:
    """The second attempt goes on in the run's log where the first one stopped."""
    desk = a_desk(tmp_path)
    for eid, outcome in (("e1", "retry"), ("e2", "finished")):
        one(desk, tmp_path, run, eid, outcome)
        assert desk.settle(10)
    words = (run / "rq.log").read_text().split()
    assert [words.count(word) for word in ("began", "ended")] == [2, 2]


@pytest.mark.parametrize("written", [False, True])
def test_a_line_that_waits_is_written_by_the_next_scribe_once(
    tmp_path: Path, run: Path, written: bool
) -> None:
    """A scribe killed before, or just after, it wrote the line leaves no gap and no double."""
    waiting = report.path_for(tmp_path, "e1")
    content = report.pack((str(run),), {"eid": "e1", "job": "j1"}, {"outcome": "finished"})
    if written:
        (run / "_logs").mkdir()
        (run / "_logs" / "jobs.jsonl").write_bytes(content.splitlines(keepends=True)[1])
        account = f"runs-{str(run.parent).strip('/').replace('/', '+')[-150:]}.journal"
        state = {"done": {f"{waiting}\n{run}": len(content)}}
        (tmp_path / account).write_text(json.dumps(state))
    waiting.write_bytes(content)
    assert a_desk(tmp_path).settle(10)
    assert [line["eid"] for line in lines(run)] == ["e1"]
    eventually(lambda: not waiting.exists())


def test_a_report_that_was_cut_short_is_thrown_away(tmp_path: Path) -> None:
    """A scribe killed in the middle of writing it down will be told the end again."""
    path = report.path_for(tmp_path, "e1")
    path.write_bytes(b'["/ru')
    assert a_desk(tmp_path).settle(10)
    assert not path.exists()


def test_the_facts_of_an_end_are_plain_values() -> None:
    """What weppd tells the scribe of an end is JSON, with the exit code as Python has it."""
    job = Job("j1", "low", "m.f", b"", runid="r1", enqueued_at="then")
    usage = Usage(1.23456, 0.5, 1024, 3)
    told = facts(Finish(Claim("e1", job), Finished(), "n.1", 5.0, 6.0, 7, usage, wait_status=256))
    assert json.loads(json.dumps(told)) == told
    assert (told["rc"], told["user_s"], told["queue"], told["worker"]) == (1, 1.235, "low", "n.1")
    assert (exit_code(9), exit_code(None)) == (-9, None)
