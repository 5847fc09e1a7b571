"""Tasks and producers written for RQ, unchanged, through a real weppd: rq 3.x and rq 2.10."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import redis

from tests.acceptance.conftest import ENV
from tests.waiting import eventually

FOREIGN = Path(__file__).parent / "foreign"
WEEK = 604_800


class Rq:
    """A daemon whose jobs run where an rq is installed, and a producer with the same rq."""

    def __init__(self, daemon, python: Path) -> None:
        self.daemon, self.python = daemon, python
        daemon.tables["zygote.light"] = {"python": str(python), "env": {"PYTHONPATH": str(FOREIGN)}}
        daemon.tables["tasks"]["modules"].append("tasks.wepp_rq")
        daemon.tables["security"] = {"allow": ["oldtasks.*"]}
        daemon.start()
        self.redis = redis.Redis.from_url(daemon.url)

    def tell(self, verb: str, **told):
        """Have the producer do something with its rq."""
        script = [str(self.python), str(FOREIGN / "producer.py"), self.daemon.url, verb]
        command = [*script, json.dumps(told)]
        done = subprocess.run(command, env=ENV, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def enqueue(self, function: str, *args, **options) -> str:
        """Enqueue with the producer's rq."""
        return self.tell("enqueue", function=function, args=args, **options)

    def job(self, jid: str) -> dict:
        """The job as the producer's rq reads it."""
        return self.tell("job", jid=jid)

    def ends(self, function: str, *args, **options) -> dict:
        """Enqueue, wait for the end, and read it with the producer's rq."""
        jid = self.enqueue(function, *args, **options)
        self.daemon.ends(jid)
        return {"id": jid, **self.job(jid)}


@pytest.fixture(params=["3", pytest.param("2", marks=pytest.mark.slow)])
def rq(request, daemon):
    """Both majors of rq, producer and job alike."""
    python = sys.executable if request.param == "3" else request.getfixturevalue("rq2_python")
    made = Rq(daemon, python)
    yield made
    made.redis.close()


def test_started_finished_failed_as_rq_reads_them(rq):
    """Started with its worker; finished with result, times and a week to live; the traceback."""
    gate = rq.daemon.home / "gate"
    jid = rq.enqueue("oldtasks.gated", "my-run", str(gate))
    eventually(lambda: rq.daemon.state(jid) == "started", within=10)
    seen = rq.job(jid)
    assert (seen["status"], seen["started"]) == ("started", True)
    assert seen["worker"] in ("node.1", "node.2")
    gate.touch()
    rq.daemon.ends(jid)
    seen = rq.job(jid)
    assert (seen["status"], seen["value"], seen["ended"]) == ("finished", "my-run", True)
    assert seen["worker"] in ("node.1", "node.2")
    assert WEEK - 60 <= seen["ttl"] <= WEEK
    assert WEEK - 60 <= seen["results_ttl"] <= WEEK
    assert seen["meta"]["runid"] == "my-run"
    seen = rq.ends("oldtasks.broken", "my-run")
    assert (seen["status"], seen["ended"]) == ("failed", True)
    for text in (seen["text"], seen["exc_info"], seen["meta"]["exc_string"]):
        assert text.startswith("Traceback")
        assert "oldtasks.py" in text
        assert text.rstrip().endswith("LookupError: no culvert in my-run")


def test_rq_info_lists_slots_and_counts(rq):
    """The command `rq info` names each slot, its state and queues, and counts what waits."""
    for _ in range(2):
        rq.enqueue("oldtasks.slow", "my-run", 60)
    eventually(lambda: _running(rq.daemon) == 2, within=10)
    for _ in range(3):
        rq.enqueue("oldtasks.add", 1, queue="low")

    def info() -> str:
        command = [str(Path(rq.python).parent / "rq"), "info", "-u", rq.daemon.url]
        done = subprocess.run(command, env=ENV, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout if done.stdout.count("busy") == 2 else ""

    lines = eventually(info, within=20, every=0.2).splitlines()
    (low,) = [line for line in lines if line.startswith("low")]
    assert "3" in low
    workers = [line for line in lines if line.startswith(("node.1", "node.2"))]
    assert len(workers) == 2
    assert all("high, default, low" in line for line in workers)
    assert any(line.startswith("2 workers, ") for line in lines)


def _running(daemon) -> int:
    _, out, _ = daemon.ctl("status", "--json")
    return sum(bool(slot.get("job")) for slot in json.loads(out)["slots"])


def test_the_current_job_and_its_meta(rq):
    """get_current_job is the job itself, and what it saves stands beside weppd's pid and runid."""
    seen = rq.ends("oldtasks.note", "my-run", "bonjour")
    assert seen["value"] == [seen["id"], ["my-run", "bonjour"], "default", True], seen["text"]
    assert seen["meta"]["word"] == "bonjour"
    assert seen["meta"]["runid"] == "my-run"
    assert seen["meta"]["pid"] > 0


def test_a_returned_retry_runs_the_job_again(rq):
    """A task that returns rq.Retry runs again, and its second result counts."""
    assert rq.ends("oldtasks.twice", 3)["value"] == 2


def test_a_returned_retry_that_is_used_up_is_a_failure(rq):
    """A task that never stops asking for another try fails, and the job says why."""
    seen = rq.ends("oldtasks.always", 2)
    assert seen["status"] == "failed"
    assert "more than 2 times" in seen["text"]
    assert rq.redis.get(f"tries:{seen['id']}") == b"3"


def test_retries_of_a_failing_job(rq):
    """A job enqueued with retry=Retry(max=2) succeeds at its third try."""
    seen = rq.ends("oldtasks.third_time", 0, retry=2)
    assert (seen["status"], seen["value"]) == ("finished", 3)
    seen = rq.ends("oldtasks.third_time", 0, retry=1)
    assert seen["status"] == "failed"
    assert "OSError: try 2" in seen["text"]


def test_callbacks_are_called(rq):
    """Success, failure and stopped callbacks of a job are called, each in its case."""
    kinds = ["success", "failure", "stopped"]
    good = rq.ends("oldtasks.add", 1, kwargs={"b": 2}, callbacks=kinds)
    assert rq.redis.get(f"called:{good['id']}") == b"success 3"
    bad = rq.ends("oldtasks.broken", "my-run", callbacks=kinds)
    assert rq.redis.get(f"called:{bad['id']}") == b"failure LookupError no culvert in my-run"
    jid = rq.enqueue("oldtasks.slow", "my-run", 600, callbacks=kinds)
    eventually(lambda: rq.daemon.state(jid) == "started", within=10)
    assert rq.daemon.ctl("cancel", jid)[0] == 0
    assert rq.daemon.ends(jid)["state"] == "stopped"
    assert rq.redis.get(f"called:{jid}") == b"stopped"


def test_a_result_that_cannot_be_kept_is_rq_s_word_for_it(rq):
    """A result that no pickle takes leaves the job finished, with RQ's own sentence."""
    seen = rq.ends("oldtasks.shape")
    assert (seen["status"], seen["value"]) == ("finished", "Unserializable return value")


def test_functions_on_no_list_are_refused(rq):
    """[security] allow admits one module: functions of others, in it or not, are no jobs."""
    for name in ("oldtasks.time.sleep", "os.getcwd", "oldtasks.sys.exit"):
        seen = rq.ends(name)
        assert seen["status"] == "failed"
        assert "unknown task" in seen["text"] or "UnknownTask" in seen["text"], seen["text"]
        assert name in seen["text"]


def test_rq_s_180_seconds_are_raised_for_a_task_that_needs_more(rq):
    """rq writes a timeout of 180 s into each job; a model run gets its own, and the log says so."""
    seen = rq.ends("tasks.wepp_rq.run_hillslope_rq", "no-such-run", 7)
    assert seen["timeout"] == 180
    said = [line for line in rq.daemon.stderr.splitlines() if seen["id"] in line]
    assert any("timeout raised from 180 s to 43200 s" in line for line in said)


def test_a_job_without_a_timeout_gets_the_operator_s(rq):
    """A job whose hash carries no timeout ends at [jobs] timeout; one that carries -1 does not."""
    assert rq.daemon.stop() == 0
    rq.daemon.tables["jobs"] = {"timeout": 1}
    rq.daemon.tables["cancel"] = {"usr1_grace": 0.2, "term_grace": 0.2}
    bare, endless = (rq.enqueue("oldtasks.slow", "my-run", s) for s in (600, 2))
    rq.redis.hdel(f"rq:job:{bare}", "timeout")
    rq.redis.hset(f"rq:job:{endless}", "timeout", -1)
    rq.daemon.start()
    seen = rq.daemon.ends(bare)
    assert seen["state"] == "failed"
    assert "its timeout of 1 s" in seen["error"]
    assert "its timeout of 1 s" in rq.job(bare)["meta"]["exc_string"]
    assert rq.daemon.ends(endless)["state"] == "finished"
