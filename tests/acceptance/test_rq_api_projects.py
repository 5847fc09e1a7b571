"""The pages of a run as a whole against a real weppd: copies, archives there and back."""

from __future__ import annotations

import pytest

from tasks.run.prep import RedisPrep
from tasks.wepp.samples.hillslopes import write_sample
from tasks.wepp.samples.watershed import write_watershed
from tests.acceptance.web import Site
from tests.waiting import eventually
from weppd.task import LocalContext, enter

RUN = "/runs/my-run/cfg/rq/api/"


@pytest.fixture
def site(daemon):
    """A site with a run, on a weppd that knows the tasks of whole runs."""
    write_sample(daemon.home / "runs/my/my-run", hillslopes=1, years=1)
    daemon.tables["tasks"]["modules"] = ["tasks.project_rq", "tasks.noop"]
    return Site(daemon)


def press(site: Site, action: str, **sent: object) -> dict[str, object]:
    """What the page is answered."""
    told = site.page.post(RUN + action, json=sent)
    assert told.status_code == 200
    return dict(told.json)


def test_a_run_goes_into_an_archive_and_back_and_to_a_copy(site, daemon):
    """Each by its button; the page follows the job, and finds what was made."""
    daemon.start()
    run = daemon.home / "runs/my/my-run"
    job = press(site, "archive", comment="as it was")["job_id"]
    assert daemon.ends(job)["state"] == "finished", daemon.show(job)
    (archive,) = (run / "archives").glob("my-run.*.zip")
    (run / "wepp/runs/p1.run").unlink()
    job = press(site, "restore-archive", archive_name=archive.name)["job_id"]
    assert daemon.ends(job)["state"] == "finished", daemon.show(job)
    assert (run / "wepp/runs/p1.run").exists()
    told = press(site, "fork", target_runid="other-run", undisturbify=False)
    assert (told["new_runid"], told["undisturbify"]) == ("other-run", False)
    assert daemon.ends(told["job_id"])["state"] == "finished", daemon.show(told["job_id"])
    assert (daemon.home / "runs/ot/other-run/wepp/runs/p1.run").exists()
    assert press(site, "delete-archive", archive_name=archive.name) == {"Success": True}
    assert not archive.exists()


def test_producers_of_production_find_these_tasks_under_their_old_names(site, daemon):
    """`wepppy.rq` is read as `tasks`."""
    daemon.start()
    job = daemon.queue().enqueue("wepppy.rq.project_rq.set_run_readonly_rq", "my-run", True)
    assert daemon.ends(job.id)["state"] == "finished", daemon.show(job.id)
    assert (daemon.home / "runs/my/my-run/READONLY").exists()


@pytest.mark.parametrize(
    ("action", "sent", "says"),
    [
        ("fork", {}, "target_runid: give a name"),
        ("fork", {"target_runid": "../x"}, "letters, digits and _.- name a copy"),
        ("archive", {"comment": "x" * 41}, "comment: 40 characters may be"),
        ("restore-archive", {"archive_name": "no.zip"}, "no archive of this run: there is none"),
        ("delete-archive", {"archive_name": "../../p.zip"}, "no archive of this run"),
    ],
)
def test_what_cannot_be_is_told_before_a_job_is_made(site, daemon, action, sent, says):
    """As pages read it, in one line."""
    told = press(site, action, **sent)
    assert told["Success"] is False
    assert says in told["Error"]
    assert daemon.queue().count == 0


def test_one_archive_is_made_at_a_time_and_only_by_who_may(site, daemon):
    """While a job of it lives another is refused by its id; who may not run may not fork."""
    first = press(site, "archive")["job_id"]
    told = press(site, "archive")
    assert told["Success"] is False
    assert first in told["Error"]
    with site.app.app_context():
        enter(LocalContext(site.weppd.desk.tables))
        assert RedisPrep.getInstanceFromRunID("my-run").get_archive_job_id() == first
    site.refused.add(("run", "my-run"))
    assert site.page.post(RUN + "fork", json={"target_runid": "x"}).status_code == 403
    assert daemon.queue().count == 1


def test_a_batch_runs_every_watershed_of_it(site, daemon):
    """A job for each and one behind them; the page follows the tree. An unknown batch is a 404."""
    daemon.tables["tasks"]["modules"] = ["tasks.batch_rq", "tasks.noop"]
    for leaf in ("a", "b"):
        write_watershed(daemon.home / "batch/alike/runs" / leaf, channels=1, years=1)
    (daemon.home / "batch/alike/runs/b/soils.nodb").unlink()
    daemon.start()
    assert site.page.post("/batch/_/none/rq/api/run-batch").status_code == 404
    job = site.page.post("/batch/_/alike/rq/api/run-batch").json["job_id"]
    status = f"/rq/api/jobstatus/{job}"
    over = ("finished", "failed", "stopped", "canceled")
    eventually(lambda: site.page.get(status).json["status"] in over, within=90)
    tree = site.page.get(f"/rq/api/jobinfo/{job}").json["children"]
    assert [len(tree[stage]) for stage in sorted(tree)] == [2, 1]
    assert tree["1"][0]["result"] == {"success": ["a"], "failed": ["b"]}
    made = daemon.home / "batch/alike/runs/a/wepp/output/interchange/totalwatsed3.parquet"
    assert made.exists()
