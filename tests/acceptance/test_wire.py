"""What stands in Redis and what is heard there, by anyone who knows RQ's keys."""

from __future__ import annotations

import contextlib
import json
import pickle
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
import redis
import rq
from rq.job import Dependency, Job

from tests.acceptance.conftest import ENV
from tests.acceptance.test_rq_tasks import FOREIGN
from tests.waiting import eventually

MEMORY = Path("/sys/fs/cgroup/memory")


@pytest.fixture
def house(daemon):
    """A started daemon that knows the foreign tasks, and grants short notice."""
    _with_foreign_tasks(daemon)
    daemon.start()
    return daemon


def _with_foreign_tasks(daemon):
    daemon.tables["zygote.light"] = {"env": {"PYTHONPATH": str(FOREIGN)}}
    daemon.tables["tasks"]["modules"] = ["newtasks", "tasks.noop", "tasks.wepp_rq"]
    daemon.tables["security"] = {"allow": ["oldtasks.*"]}
    daemon.tables["cancel"] = {"usr1_grace": 0.2, "term_grace": 0.2}


@pytest.fixture
def server(redis_url):
    """A client of the jobs' database."""
    with redis.Redis.from_url(redis_url) as connection:
        yield connection


@pytest.fixture
def queue(server):
    """The real rq's queue."""
    return rq.Queue("default", connection=server)


@contextlib.contextmanager
def listening(server, *channels):
    """Gather what is published; yields a function that waits for a text and returns all."""
    heard: list[tuple[float, str]] = []
    with server.pubsub(ignore_subscribe_messages=True) as ear:
        ear.subscribe(*channels)
        eventually(lambda: ear.get_message(timeout=0.1) is None and ear.subscribed, within=5)

        def until(enough, within=20):
            def more():
                while message := ear.get_message(timeout=0.05):
                    heard.append((time.monotonic(), message["data"].decode()))
                return enough([text for _, text in heard])

            eventually(more, within=within)
            return heard

        yield until


def events_of(server, queue, call, *words):
    """The lifecycle events of one job, once all of `words` have been heard."""
    with listening(server, "my-run:rq") as until:
        job = queue.enqueue(*call)
        told = until(lambda texts: all(any(w in t for t in texts) for w in words))
    events = [json.loads(text) for _, text in told]
    assert {event["job"] for event in events} == {job.id}
    return [event["status"] for event in events]


def test_a_page_hears_of_its_run_s_jobs(house, server, queue):
    """<runid>:rq gets started and success; started, failed and exception of a job that raises."""
    assert events_of(server, queue, ("oldtasks.slow", "my-run", 0.3), "success") == [
        "started",
        "success",
    ]
    seen = events_of(server, queue, ("oldtasks.broken", "my-run"), "failed", "exception")
    assert seen[0] == "started"
    assert sorted(seen[1:]) == ["exception", "failed"]


def test_the_shortest_job_of_a_run_is_told_of_in_order(house, server, queue):
    """Of 100 jobs that end at once, each has its run and pid in meta, and started comes first."""
    with listening(server, "my-run:rq") as until:
        jobs = [queue.enqueue("newtasks.nothing", "my-run") for _ in range(100)]
        told = until(lambda texts: sum("success" in text for text in texts) == 100, within=60)
    words = {}
    for _, text in told:
        event = json.loads(text)
        words.setdefault(event["job"], []).append(event["status"])
    assert [words[job.id] for job in jobs] == [["started", "success"]] * 100
    metas = [Job.fetch(job.id, connection=server).meta for job in jobs]
    assert [meta.get("runid") for meta in metas] == ["my-run"] * 100
    assert all(meta["pid"] > 0 for meta in metas)


KINDS = {
    "raise": (("oldtasks.broken", "my-run"), "LookupError: no culvert in my-run"),
    "kill": (("oldtasks.die", "my-run", "kill"), "killed by SIGKILL that weppd did not send"),
    "exit": (("oldtasks.die", "my-run", "exit"), "exited with code 7"),
    "timeout": (("newtasks.brief", "my-run"), "its timeout of 1 s"),
    "lost cell": (("newtasks.end_cell", "my-run"), "worker lost"),
    "no task": (("oldtasks.nothing", "my-run"), "no task is called oldtasks.nothing"),
    "no class": (("newtasks.homeless", "my-run"), "[zygote.nowhere]"),
    "unknown": (("elsewhere.nothing", "my-run"), "unknown task 'elsewhere.nothing'"),
    "arguments": (("oldtasks.slow", "my-run"), "does not take these arguments"),
    "system exit": (("oldtasks.leave", "my-run", 5), "SystemExit: 5"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_meta_has_pid_runid_and_exc_string_of_every_failure(house, server, queue, kind):
    """However a job fails, rq's meta names its run and says why; pid where it had a process."""
    call, says = KINDS[kind]
    options = {"job_timeout": 1} if kind == "timeout" else {}
    job = queue.enqueue(*call, meta={"mine": 1}, **options)
    assert house.ends(job.id)["state"] == "failed"
    seen = Job.fetch(job.id, connection=server)
    assert says in seen.meta["exc_string"]
    assert says in seen.latest_result().exc_string
    assert seen.meta["mine"] == 1
    assert seen.meta["runid"] == "my-run"
    if kind not in ("no class", "unknown"):
        assert seen.meta["pid"] > 0
    good = queue.enqueue("oldtasks.add", 1)
    assert house.ends(good.id)["state"] == "finished"


@pytest.fixture
def group(tmp_path):
    """A memory control group of 64 MiB; skips where none can be made."""
    path = MEMORY / f"wd-{tmp_path.name}"
    try:
        path.mkdir()
        (path / "memory.limit_in_bytes").write_text(str(64 << 20))
    except OSError as error:
        pytest.skip(f"no memory control group can be made here: {error}")
    yield path

    def gone():
        with contextlib.suppress(OSError):
            path.rmdir()
        return not path.exists()

    eventually(gone, within=10)


def test_a_job_that_the_kernel_killed_for_memory_says_so(house, server, queue, group):
    """A real out-of-memory kill of the job: meta and the failure name it, and the peak."""
    job = queue.enqueue("newtasks.hoard", "my-run", str(group))
    shown = house.ends(job.id)
    assert shown["state"] == "failed"
    assert "out of memory" in shown["error"]
    seen = Job.fetch(job.id, connection=server)
    assert "killed by the kernel, out of memory; peak memory" in seen.meta["exc_string"]
    assert seen.meta["pid"] > 0
    assert seen.meta["runid"] == "my-run"


def test_progress_is_told_five_times_a_second_at_most(house, server, queue):
    """200 steps in about two seconds change the job's record a dozen times; the last one stays."""
    job = queue.enqueue("newtasks.count", "my-run", 200, 0.01)
    seen = set()

    def over():
        seen.add(server.hget(job.key, "weppd_progress"))
        return job.get_status(refresh=True) == "finished"

    eventually(over, within=30, every=0.005)
    began, ended = job.started_at, Job.fetch(job.id, connection=server).ended_at
    job.refresh()
    span = (ended - (job.started_at or began)).total_seconds()
    assert 3 <= len(seen - {None}) <= span * 5 + 3
    last = json.loads(server.hget(job.key, "weppd_progress"))
    assert (last["done"], last["total"], last["eta_s"]) == (200, 200, 0.0)
    assert house.show(job.id)["progress"]["done"] == 200


def test_two_daemons_share_the_work(make_daemon, server, queue):
    """Two weppd of different names on one Redis both work, and each job runs once."""
    pair = [make_daemon(), make_daemon()]
    for name, daemon in zip(("east", "west"), pair, strict=True):
        _with_foreign_tasks(daemon)
        daemon.tables["daemon"]["name"] = name
        daemon.start()
    eventually(lambda: len(rq.Worker.all(connection=server)) == 4, within=20)
    jobs = [queue.enqueue("oldtasks.slow", f"run-{n}", 0.2) for n in range(24)]
    eventually(lambda: all(j.get_status(refresh=True) == "finished" for j in jobs), within=60)
    by = Counter(Job.fetch(j.id, connection=server).worker_name.split(".")[0] for j in jobs)
    assert set(by) == {"east", "west"}
    assert all(len(j.results()) == 1 for j in jobs)
    assert pair[0].stop() == 0
    eventually(lambda: {w.name for w in rq.Worker.all(connection=server)} == {"west.1", "west.2"})
    last = queue.enqueue("oldtasks.add", 1)
    assert pair[1].ends(last.id)["state"] == "finished"


def test_rq_s_later_is_later(house, server, queue):
    """enqueue_in waits for its time and then runs, without any rq scheduler."""
    job = queue.enqueue_in(timedelta(seconds=2.5), "oldtasks.add", 1, 2)
    assert job.get_status() == "scheduled"
    assert house.state(job.id) == "scheduled"
    assert house.ends(job.id)["state"] == "finished"
    seen = Job.fetch(job.id, connection=server)
    # rq cuts the fraction of the due second off.
    assert (seen.ended_at - seen.created_at).total_seconds() >= 1.5


def test_rq_s_depends_on_is_kept(house, server, queue):
    """A dependent runs after its parents; one that allows failure runs after a failed one too."""
    first = queue.enqueue("oldtasks.slow", "my-run", 0.5)
    second = queue.enqueue("oldtasks.add", 1, depends_on=first)
    assert second.get_status() == "deferred"
    assert house.ends(second.id)["state"] == "finished"
    one, two = (Job.fetch(j.id, connection=server) for j in (first, second))
    assert one.ended_at <= two.started_at
    bad = queue.enqueue("oldtasks.broken", "my-run")
    brave = queue.enqueue("oldtasks.add", 1, depends_on=Dependency([bad], allow_failure=True))
    assert house.ends(brave.id)["state"] == "finished"


def test_rq_s_suspend_holds_the_queues(house, server):
    """While `rq suspend` holds, nothing starts, `status` says why, and so does a `resume` that
    changes nothing about it; `rq resume` lets it go on."""
    command = [str(Path(sys.executable).parent / "rq"), "suspend", "-u", house.url]
    subprocess.run(command, env=ENV, check=True, capture_output=True, timeout=30)
    job = house.queue().enqueue("oldtasks.add", 1)
    other = house.queue("high").enqueue("oldtasks.add", 1)
    eventually(lambda: _beats(server) >= 2, within=30)
    assert house.state(job.id) == house.state(other.id) == "queued"
    eventually(lambda: "problem: `rq suspend` holds" in house.ctl("status")[1], within=15)
    code, _, err = house.ctl("resume")
    assert (code, "`rq suspend` holds all workers" in err) == (0, True), err
    command[1] = "resume"
    subprocess.run(command, env=ENV, check=True, capture_output=True, timeout=30)
    assert house.ends(job.id)["state"] == "finished"
    assert house.ends(other.id)["state"] == "finished"
    eventually(lambda: "rq suspend" not in house.ctl("status")[1], within=15)


_seen: set[bytes] = set()


def _beats(server) -> int:
    """How many different heartbeats of the first worker have been seen."""
    _seen.add(server.hget("rq:worker:node.1", "last_heartbeat"))
    return len(_seen - {None})


def test_rq_s_cancel_delete_and_requeue_mean_what_they_say(house, server, queue):
    """Job.cancel of a running job ends it; requeue of a failed one runs it again."""
    job = queue.enqueue("oldtasks.slow", "my-run", 600)
    eventually(lambda: job.get_status(refresh=True) == "started", within=10)
    job.cancel()
    eventually(lambda: "running" not in _phases(house), within=20)
    assert house.state(job.id) == "canceled"
    bad = queue.enqueue("oldtasks.broken", "my-run")
    house.ends(bad.id)
    Job.fetch(bad.id, connection=server).requeue()
    eventually(lambda: len(bad.results()) == 2, within=10)
    gone = queue.enqueue("oldtasks.slow", "my-run", 600)
    eventually(lambda: gone.get_status(refresh=True) == "started", within=10)
    gone.delete()
    eventually(lambda: "running" not in _phases(house), within=20)
    assert not server.exists(gone.key)


def _phases(daemon) -> set[str]:
    _, out, _ = daemon.ctl("status", "--json")
    return {"running" for slot in json.loads(out)["slots"] if slot.get("job")}


def test_a_prefix_of_one_s_own(make_daemon, server):
    """With RQ_KEY_PREFIX another word stands before all of RQ's keys, and nothing under `rq:`."""
    daemon = make_daemon()
    daemon.env["RQ_KEY_PREFIX"] = "farm"
    daemon.start()
    from weppd.client import Queue

    job = Queue("default", connection=daemon.url, prefix="farm").enqueue("tasks.noop.sleep", 0.3)
    assert daemon.ends(job.id)["state"] == "finished"
    assert server.exists(f"farm:job:{job.id}")
    assert pickle.loads(server.hget(f"farm:job:{job.id}", "meta"))["pid"] > 0
    assert list(server.scan_iter("rq:*")) == []


def test_the_client_imports_neither_rq_nor_the_tasks():
    """A producer that imports weppd.client has loaded no rq and no task module."""
    script = "import sys, weppd.client; print(sorted({n.split('.')[0] for n in sys.modules}))"
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, env=ENV, capture_output=True, text=True, timeout=30, check=True)
    loaded = json.loads(done.stdout.replace("'", '"'))
    assert {"weppd", "redis"} <= set(loaded)
    assert not {"rq", "tasks", "numpy", "starlette"} & set(loaded)
