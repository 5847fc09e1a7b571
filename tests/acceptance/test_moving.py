"""Coming from RQ, and going back to it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import redis
from rq import Queue, SimpleWorker

from tasks.wepp.samples.watershed import write_watershed
from tests.acceptance.conftest import ENV, PIPELINE
from tests.waiting import eventually


def test_start_worker_becomes_weppd(daemon):
    """A program that called the seed's start_worker() is weppd from then on, by the same pid."""
    call = f"import weppd; weppd.start_worker({str(daemon.config)!r}); print('came back')"
    env = {**ENV, "TEST_MARK": daemon.mark}
    with open(daemon.home / "stderr", "ab") as log:
        daemon.process = subprocess.Popen([sys.executable, "-c", call], env=env, stderr=log)
    eventually(lambda: daemon.ctl("status")[0] == 0, within=60)
    assert json.loads(daemon.ctl("status", "--json")[1])["pid"] == daemon.process.pid
    job = daemon.queue().enqueue("tasks.noop.noop")
    assert daemon.ends(job.id)["state"] == "finished"
    assert daemon.stop() == 0


def test_what_is_handed_back_is_rqs(daemon):
    """Jobs that ran go back to the head of their queue, nothing of ours stays on RQ's lists, and
    RQ's own worker takes them from there."""
    daemon.tables["security"] = {"allow": ["time.sleep", "os.getpid"]}
    daemon.start()
    with redis.Redis.from_url(daemon.url) as connection:
        queue = Queue("default", connection=connection)
        running = [queue.enqueue("time.sleep", 600 + n) for n in range(2)]
        eventually(lambda: all(daemon.state(job.id) == "started" for job in running), within=30)
        waiting = queue.enqueue("os.getpid")
        connection.zadd("rq:wip:default", {"nobody:0123": float("inf")})
        code, out, err = daemon.ctl("drain", "--handback", "--json")
        assert code == 0, err
        answer = json.loads(out)
        assert (answer["mood"], answer["running"], answer["scrubbed"]) == ("paused", 0, 1)
        assert connection.zcard("rq:wip:default") == 0
        assert sorted(queue.job_ids) == sorted([*(job.id for job in running), waiting.id])
        assert [job.get_status(refresh=True) for job in running] == ["queued", "queued"]
        assert daemon.stop() == 0
        for job in running:
            queue.remove(job)
        worker = SimpleWorker([queue], connection=connection)
        before = {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)}
        worker.work(burst=True)
        # RQ's worker takes them for itself, and keeps them: the suite would be deaf to its end.
        for number, handler in before.items():
            signal.signal(number, handler)
        assert waiting.get_status(refresh=True) == "finished"


#: What production's dispatcher has enqueued of a run, and what each waits for.
PRODUCTION = {
    "_prep_slopes_rq": [],
    "_prep_managements_rq": [],
    "_prep_soils_rq": [],
    "_prep_climates_rq": [],
    "_prep_remaining_rq": [f"_prep_{k}_rq" for k in ("slopes", "managements", "soils", "climates")],
    "_run_hillslopes_rq": ["_prep_remaining_rq"],
    "_prep_watershed_rq": ["_run_hillslopes_rq"],
    "_build_hillslope_interchange_rq": ["_run_hillslopes_rq"],
    "_build_totalwatsed3_rq": ["_build_hillslope_interchange_rq"],
    "run_watershed_rq": ["_prep_watershed_rq"],
    "_post_run_cleanup_out_rq": ["run_watershed_rq"],
    "_run_hillslope_watbal_rq": ["run_watershed_rq"],
    "_post_make_loss_grid_rq": ["run_watershed_rq"],
    "_post_watershed_interchange_rq": ["_post_run_cleanup_out_rq"],
    "_analyze_return_periods_rq": ["_post_watershed_interchange_rq", "_build_totalwatsed3_rq"],
}


def test_a_pipeline_of_production_that_is_on_its_way_is_run_to_its_end(daemon):
    """Under production's names, with rq's own dependencies: every job finishes."""
    write_watershed(daemon.home / "runs" / "my-run", channels=1, years=1)
    daemon.tables["tasks"]["modules"] += PIPELINE
    with redis.Redis.from_url(daemon.url) as connection:
        queue, jobs = Queue("default", connection=connection), {}
        for name, after in PRODUCTION.items():
            called, behind = f"wepppy.rq.wepp_rq.{name}", [jobs[each] for each in after]
            jobs[name] = queue.enqueue(called, "my-run", job_timeout=43200, depends_on=behind)
        last = queue.enqueue(
            "wepppy.rq.wepp_rq._log_complete_rq", "my-run", depends_on=list(jobs.values())
        )
        told = daemon.ctl("doctor", "--adopt-rq", "--config", str(daemon.config))[1]
        assert "16 looked at: 16 pickle" in told
        assert "FAIL rq payloads" not in told
        daemon.start()
        assert daemon.ends(last.id, within=300)["state"] == "finished", daemon.show(last.id)
        assert {job.get_status(refresh=True) for job in jobs.values()} == {"finished"}
        # rq's own 180 s for the last one are raised to a task's hours.
        assert daemon.show(last.id)["timeout"] == 43_200
