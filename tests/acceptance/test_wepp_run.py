"""A WEPP run through a real weppd, with a stand-in for the executable."""

from __future__ import annotations

from pathlib import Path

import pytest
import redis
import rq

from tasks.run.directory import RunDirectory
from tasks.wepp import hillslopes
from tasks.wepp.samples.hillslopes import write_sample
from tests.acceptance.conftest import PIPELINE
from tests.unit import fake_wepp
from tests.unit.test_complete import ENRICHMENT
from tests.unit.test_wepp_rq import REPORT
from tests.waiting import eventually
from weppd.settings_redis import with_db


@pytest.fixture
def house(daemon):
    """A started daemon whose default executable is the stand-in."""
    fake_wepp.install(daemon.home / "bin", loss=REPORT + ENRICHMENT)
    daemon.tables["wepp"]["default_bin"] = "wepp_250915"
    daemon.tables["tasks"]["modules"] += PIPELINE
    daemon.start()
    return daemon


def a_run(daemon, how: dict[int, str]) -> RunDirectory:
    """A prepared run called my-run."""
    return RunDirectory(fake_wepp.prepare_run(daemon.home / "runs", how=how))


def test_a_run_goes_from_the_queue_to_its_table_and_tells_the_page(house):
    """Twelve hillslopes end in a table; the page hears production's words for it."""
    run = RunDirectory(house.home / "runs" / "my-run")
    write_sample(run.root, hillslopes=12, years=1)
    listener = redis.Redis.from_url(house.url).pubsub(ignore_subscribe_messages=True)
    listener.subscribe("my-run:wepp")
    job = house.queue().enqueue("tasks.wepp_rq.run_wepp_noprep_rq", "my-run", wepp_bin="hillsim")
    final = job.result(timeout=30)
    house.queue().fetch(final).result(timeout=60)
    assert [row.wepp_id for row in hillslopes.read(run.hillslope_table)] == list(range(1, 13))
    heard = _heard_until(listener, "TRIGGER")
    assert heard[0] == f"rq:{job.id} STARTED   run_wepp_noprep_rq(my-run, wepp_bin=hillsim)"
    assert (
        f"rq:{job.id} ENQUEUED  run_wepp_noprep_rq(my-run) -> awaiting final job {final}" in heard
    )
    assert heard[-1] == f"rq:{final} TRIGGER   wepp WEPP_RUN_TASK_COMPLETED"
    work = house.queue().fetch(house.show(job.id)["children"]["jobs:1,func:_run_hillslopes_rq"])
    assert work.progress["done"] == work.progress["total"] == 12
    with redis.Redis.from_url(house.url) as connection:
        assert rq.job.Job.fetch(work.id, connection=connection).meta["progress"] == work.progress
    with redis.Redis.from_url(with_db(house.url, 2), decode_responses=True) as client:
        kept = [fields["text"] for _, fields in client.xrange("weppd:said:my-run:wepp")]
    assert kept[-len(heard) :] == heard
    listener.close()


def _heard_until(listener, word: str) -> list[str]:
    heard: list[str] = []

    def more() -> bool:
        while message := listener.get_message(timeout=0.1):
            heard.append(message["data"].decode())
        return any(word in text for text in heard)

    eventually(more, within=20)
    return heard


def test_a_failed_hillslope_is_one_clear_line_and_the_daemon_carries_on(house):
    """Which hillslope, exit code, last words and the log's path; then the next job runs."""
    run = a_run(house, {1: "ok", 2: "exit2"})
    bad = house.queue().enqueue("tasks.wepp_rq._run_hillslopes_rq", "my-run")
    good = house.queue().enqueue("tasks.wepp_rq.run_hillslope_rq", "my-run", 1)
    error = house.ends(bad.id)["error"]
    assert "hillslope 2 failed with wepp_250915: exit code 2" in error
    assert "Fortran runtime error: End of file" in error
    assert str(run.err_file(2)) in error
    assert house.ends(good.id)["state"] == "finished"


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("no-such-run", 1), "run 'no-such-run' has no directory"),
        (("../my-run", 1), "run id '../my-run'"),
        (("", 1), "is empty"),
        (("my-run", 9), "p9.run does not exist"),
        (("my-run", 1, "wepp_000000"), "'wepp_000000' is not in"),
        (("my-run", 1, "../bin/sh"), "is no name of an executable"),
    ],
)
def test_bad_input_fails_the_job_by_name(house, args, says):
    """Run id, directory, hillslope, executable: each failure names the thing in its one line."""
    a_run(house, {1: "ok"})
    job = house.queue().enqueue("tasks.wepp_rq.run_hillslope_rq", *args)
    shown = house.ends(job.id)
    assert shown["state"] == "failed"
    assert says in shown["error"]
    assert "\n" not in shown["error"]


def test_a_cancel_ends_every_executable_of_the_pool(house):
    """weppdctl cancel returns when no process of the fan-out lives, and what waited is canceled."""
    run = a_run(house, dict.fromkeys(range(1, 7), "hang"))
    job = house.queue().enqueue("tasks.wepp_rq.run_wepp_noprep_rq", "my-run")
    final = job.result(timeout=30)
    work = house.show(job.id)["children"]["jobs:1,func:_run_hillslopes_rq"]
    started = eventually(lambda: list(run.runs.glob("pid.*")), within=20)
    code, out, err = house.ctl("cancel", work)
    assert code == 0, err
    assert "nothing of it lives" in out
    assert house.state(work) == "stopped"
    for path in started:
        assert not Path("/proc", path.name.removeprefix("pid.")).exists()
    eventually(lambda: house.state(final) == "canceled", within=20)


def test_the_quick_start_of_production_runs_as_it_is(house):
    """q.enqueue of wepppy.rq.wepp_rq.run_watershed_rq with wepp_bin='wepp_250915'."""
    run = a_run(house, {7: "ok"})
    fake_wepp.add_network(run.root)
    queue = house.queue()
    queue.enqueue("wepppy.rq.wepp_rq.run_hillslope_rq", "my-run", 7).result(timeout=30)
    fake_wepp.install_network(house.home / "bin")
    job = queue.enqueue("wepppy.rq.wepp_rq.run_watershed_rq", "my-run", wepp_bin="wepp_250915")
    done, seconds = job.result(timeout=30)
    assert done is True
    assert seconds > 0


def test_rq_s_own_queue_runs_the_embedded_engine_where_it_is_named(house):
    """A producer with rq asks for hillsim by name and reads (True, seconds) with rq's Job."""
    write_sample(house.home / "runs" / "my-run", hillslopes=7, years=1)
    connection = redis.Redis.from_url(house.url)
    function = "tasks.wepp_rq.run_hillslope_rq"
    job = rq.Queue("default", connection=connection).enqueue(
        function, "my-run", 7, wepp_bin="hillsim"
    )
    assert house.ends(job.id)["state"] == "finished"
    done, seconds = job.return_value(refresh=True)
    assert done is True
    assert seconds > 0
    assert "engine=hillsim" in (house.home / "runs/my-run/wepp/runs/p7.err").read_text()
    connection.close()


def test_canonical_logs_do_not_depend_on_the_number_of_slots(make_daemon):
    """The same inputs with 1 and with 4 slots: byte-identical canonical logs of the whole tree."""
    texts = []
    for slots in (1, 4):
        daemon = make_daemon()
        daemon.tables["daemon"]["slots"] = slots
        daemon.tables["tasks"]["modules"] += PIPELINE
        write_sample(daemon.home / "runs" / "my-run", hillslopes=12, years=1)
        daemon.start()
        job = daemon.queue().enqueue("tasks.wepp_rq.run_wepp_noprep_rq", "my-run")
        daemon.queue().fetch(job.result(timeout=30)).result(timeout=60)
        texts.append(eventually(lambda d=daemon, j=job: _canonical(d, j.id), within=20))
        assert daemon.stop() == 0
    assert texts[0] == texts[1]


def _canonical(daemon, jid: str) -> str | None:
    """The canonical log of the job's tree, once its last line is written."""
    code, out, err = daemon.ctl("logs", "--canonical", jid)
    assert code == 0, err
    return out if "WEPP run complete" in out and "h0012" in out else None
