"""`POST /runs/<runid>/<config>/rq/api/…` of a real Flask application, before a real weppd."""

from __future__ import annotations

import json

import pytest
import redis

from tasks.omni.documents import Omni
from tasks.run import underway
from tasks.run.messenger import replay
from tasks.run.prep import RedisPrep
from tasks.run.steps import TaskEnum
from tasks.web.runs import ABSENT, BUTTONS
from tasks.wepp.samples.hillslopes import write_sample
from tests.acceptance.conftest import PIPELINE
from tests.acceptance.web import Site
from tests.waiting import eventually
from weppd.settings_tables import Tasks
from weppd.task import LocalContext, enter

RUN = "/runs/my-run/disturbed9002/rq/api/"


@pytest.fixture(autouse=True)
def _outside():
    """The application makes a context of its own for the process; tests leave none behind."""
    yield
    enter(None)


@pytest.fixture
def site(daemon):
    """A site whose runs have a sample run."""
    daemon.tables["tasks"]["modules"] += PIPELINE
    write_sample(daemon.home / "runs/my/my-run", hillslopes=2, years=1)
    return Site(daemon)


def ledger(site) -> RedisPrep:
    """The run's ledger, as the site reads it."""
    with site.app.app_context():
        enter(LocalContext(site.weppd.desk.tables))
        return RedisPrep.getInstanceFromRunID("my-run")


def called(daemon, jid: str) -> str:
    """The function that a job calls."""
    return daemon.queue().fetch(jid).view().function


def test_a_press_runs_the_model_and_the_page_can_follow_it(site, daemon):
    """The reply names the job; its tree runs to the end; the run's ledger has job and stamp."""
    prep = ledger(site)
    prep.timestamp(TaskEnum.run_omni_scenarios)
    daemon.start()
    form = {"wepp_bin": "hillsim", "clip_soils": "on", "n": "7", "clean": ""}
    told = site.page.post(RUN + "run_wepp_noprep", data=form)
    assert (told.status_code, told.json["Success"]) == (200, True)
    jid = told.json["job_id"]
    assert set(told.json) == {"Success", "job_id"}
    sent = {"wepp_bin": "hillsim", "clip_soils": True, "n": 7, "clean": ""}
    assert site.kept == [("my-run", "run_wepp_noprep", sent)]
    assert prep.get_rq_job_id("run_wepp_noprep_rq") == jid
    assert prep[str(TaskEnum.run_omni_scenarios)] is None
    status = f"/rq/api/jobstatus/{jid}"
    over = ("finished", "failed", "stopped", "canceled")
    eventually(lambda: site.page.get(status).json["status"] in over, within=90)
    assert site.page.get(status).json["status"] == "finished", daemon.ctl("tree", jid)[1]
    assert site.page.get(status).json["runid"] == "my-run"
    tree = site.page.get(f"/rq/api/jobinfo/{jid}").json
    assert {child["status"] for stage in tree["children"].values() for child in stage} == {
        "finished"
    }
    assert prep[str(TaskEnum.run_wepp_hillslopes)] is not None


def test_a_second_press_is_the_same_job(site):
    """Two clicks make one pipeline; nothing runs twice in the same directory."""
    first, second = (site.page.post(RUN + "run_wepp", json={}).json for _ in range(2))
    assert first == second


def test_a_press_while_a_run_is_under_way_is_that_run(site, daemon):
    """Of whichever button: the page follows what runs, and what is done of it stays stamped."""
    prep = ledger(site)
    underway.note(prep, "the-launch", "the-end")
    prep.timestamp(TaskEnum.run_wepp_hillslopes)
    with redis.Redis.from_url(daemon.url) as queues:
        queues.hset("rq:job:the-end", "status", "deferred")
        for button in ("run_wepp", "run_wepp_watershed"):
            assert site.page.post(RUN + button, json={}).json["job_id"] == "the-launch"
        assert prep[str(TaskEnum.run_wepp_hillslopes)] is not None
        assert daemon.queue().count == 0
        queues.hset("rq:job:the-end", "status", "failed")
    assert site.page.post(RUN + "run_wepp", json={}).json["job_id"] != "the-launch"
    assert prep[str(TaskEnum.run_wepp_hillslopes)] is None


def test_a_launch_behind_what_is_built_when_the_model_is_over_waits_for_that(site, daemon):
    """Who changes the soils of a run that is under way, and runs it, wants it with those soils."""
    prep = ledger(site)
    underway.note(prep, "the-launch", "the-end")
    prep.set_rq_job_id("build_soils_rq", "the-soils")
    with redis.Redis.from_url(daemon.url) as queues:
        for job in ("the-end", "the-soils"):
            queues.hset(f"rq:job:{job}", mapping={"status": "deferred", "origin": "default"})
        first, second = (site.page.post(RUN + "run_wepp", json={}).json for _ in range(2))
        queues.hset("rq:job:the-end", "status", "finished")
    assert first == second
    launch = daemon.queue().fetch(first["job_id"])
    assert (launch.get_status(), launch.view().depends_on) == ("deferred", ("the-soils",))
    (told,) = replay("my-run:wepp")[-1:]
    assert "run_wepp_rq(my-run) waits for build_soils_rq (job the-soils)" in told.text


def test_a_batch_template_keeps_its_inputs_and_runs_nothing(site, daemon):
    """`_base` of a batch is no run: what the page sent is kept, no job is made."""
    (daemon.home / "batch/b/_base").mkdir(parents=True)
    told = site.page.post("/runs/batch;;b;;_base/cfg/rq/api/run_wepp", json={"a": 1})
    assert (told.json["Success"], "job_id" in told.json) == (True, False)
    assert site.kept == [("batch;;b;;_base", "run_wepp", {"a": 1})]
    assert daemon.queue().count == 0


def test_scenarios_and_contrasts_are_kept_and_each_button_has_its_own_task(site, daemon):
    """In omni.nodb, a form's list as JSON; a field that was not sent stays; stamps are taken."""
    prep, omni = ledger(site), lambda: Omni.load(daemon.home / "runs/my/my-run")
    prep.timestamp(TaskEnum.run_omni_scenarios)
    prep.timestamp(TaskEnum.run_omni_contrasts)
    told = site.page.post(RUN + "run_omni", data={"scenarios": '[{"type": "uniform_low"}]'})
    assert prep.get_rq_job_id("run_omni_rq") == told.json["job_id"]
    assert called(daemon, told.json["job_id"]).endswith("run_omni_scenarios_rq")
    assert prep[str(TaskEnum.run_omni_scenarios)] is None
    assert prep[str(TaskEnum.run_omni_contrasts)]
    pair = {"control_scenario": "undisturbed", "contrast_scenario": "uniform_low"}
    sent = {"contrast_pairs": [pair], "contrast_objective": "Sediment_Yield_t"}
    told = site.page.post(RUN + "run_omni_contrasts", json=sent)
    assert called(daemon, told.json["job_id"]).endswith("run_omni_contrasts_rq")
    assert prep[str(TaskEnum.run_omni_contrasts)] is None
    assert [scenario.name for scenario in omni().scenarios] == ["uniform_low"]
    assert omni().contrast_objective == "Sediment_Yield_t"
    (daemon.home / "runs/my/my-run/READONLY").touch()
    told = site.page.post(RUN + "run_omni", json={"scenarios": []})
    assert "is marked READONLY" in told.json["Error"]


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("/runs/no-run/cfg/rq/api/run_wepp", {}, "run 'no-run' has no directory"),
        ("/runs/..%2f..%2fetc/cfg/rq/api/run_wepp", {}, ""),
        ("/runs/..;;omni;;x/cfg/rq/api/run_wepp", {}, "are refused"),
        (RUN + "run_wepp", {"clip": "bad"}, "clip: neither on nor off"),
        (RUN + "run_wepp", [1], "the body is no JSON object"),
        (RUN + "run_omni", {"scenarios": "[{"}, "scenarios is not JSON"),
        (RUN + "run_omni", {"scenarios": [{"type": "flood"}]}, "scenarios.0.type: Input should"),
        (RUN + "run_omni_contrasts", {"contrast_share": 2}, "contrast_share: Input should be less"),
    ],
)
def test_what_is_wrong_is_told_as_pages_read_it(site, daemon, path, body, says):
    """Status 200 and Success false with one line, or no such route; and no job is made."""
    told = site.page.post(path, json=body)
    if says:
        assert (told.status_code, told.json["Success"]) == (200, False)
        assert says in told.json["Error"]
    else:
        assert told.status_code == 404
    assert daemon.queue().count == 0


def test_the_application_decides_who_may(site, daemon):
    """What the hook refuses is a 403, and nothing was touched."""
    site.refused.add(("run", "my-run"))
    told = site.page.post(RUN + "run_wepp", json={})
    assert (told.status_code, told.json["Success"]) == (403, False)
    assert (site.kept, daemon.queue().count) == ([], 0)


def test_hello_world_goes_all_the_way(site, daemon):
    """The trivial button is enqueued and finishes: page, Redis, weppd and back."""
    daemon.start()
    told = site.page.post(RUN + "hello_world")
    assert daemon.ends(told.json["job_id"])["state"] == "finished"


@pytest.mark.parametrize("action", ABSENT)
def test_a_button_of_a_task_that_is_not_here_says_so(site, daemon, action):
    """By the task's name and what one can do; no job is made, and a site's own page is no 404."""
    told = site.page.post(RUN + action, json={"fire_date": "8 4"})
    assert (told.status_code, told.json["Success"]) == (200, False)
    assert f"{ABSENT[action].rpartition('.')[2]} is no task of weppd" in told.json["Error"]
    assert daemon.queue().count == 0


def test_every_button_has_a_task(daemon):
    """A button without a task would enqueue what no weppd admits."""
    daemon.tables["tasks"]["modules"] = list(Tasks().modules)
    daemon.start()
    for button in BUTTONS:
        code, out, err = daemon.ctl("enqueue", "--wait", "--json", button.function, "no-run")
        assert code in (0, 1), err
        assert "unknown task" not in (json.loads(out)["error"] or "")
