"""`/rq/api/jobstatus`, `jobinfo`, `canceljob` of a real Flask application, before a real weppd."""

from __future__ import annotations

from pathlib import Path

import pytest
import redis

from tests.acceptance.test_cancel import sleepers
from tests.acceptance.web import Site
from tests.waiting import eventually
from weppd.task import enter

FOREIGN = Path(__file__).parent / "foreign"


@pytest.fixture(autouse=True)
def _outside():
    """The application makes a context of its own for the process; tests leave none behind."""
    yield
    enter(None)


@pytest.fixture
def trees(daemon):
    """A daemon with tasks that make trees."""
    daemon.tables["tasks"] = {"modules": ["treetasks", "tasks.noop"]}
    daemon.tables["zygote.light"] = {"env": {"PYTHONPATH": str(FOREIGN)}}
    daemon.tables["cancel"] = {"usr1_grace": 0.5, "term_grace": 0.3}
    (daemon.home / "runs/r").mkdir()
    daemon.start()
    return daemon


@pytest.mark.parametrize("path", ["/rq/api/canceljob/", "/rq/canceljob/"])
def test_the_stop_button_stops_everything(trees, path):
    """A POST ends the whole tree below a dispatcher that is long over."""
    site = Site(trees)
    jid = trees.queue().enqueue("treetasks.plan", "r", 2, 3).id
    eventually(lambda: len(sleepers(trees)) == 2, within=20)
    assert site.page.post(path + jid).json == {"Success": True}
    eventually(lambda: sleepers(trees) == [], within=20)
    eventually(lambda: site.page.get(f"/rq/api/jobstatus/{jid}").json["status"] == "stopped")


def test_a_get_cancels_only_where_it_is_allowed(daemon):
    """Crawlers send GETs: a 405 that says how, unless old pages must be served; HEAD never."""
    jid = daemon.queue().enqueue("tasks.noop.noop").id
    site, old = Site(daemon), Site(daemon, WEPPD_LEGACY_GET_CANCEL=True)
    told = site.page.get(f"/rq/api/canceljob/{jid}")
    assert (told.status_code, told.headers["Allow"], told.json["Success"]) == (405, "POST", False)
    assert old.page.head(f"/rq/api/canceljob/{jid}").status_code == 405
    status = f"/rq/api/jobstatus/{jid}"
    assert site.page.get(status).json["status"] == "queued"
    assert old.page.get(f"/rq/canceljob/{jid}").json == {"Success": True}
    assert site.page.get(status).json["status"] == "canceled"


def test_the_settings_file_may_allow_it(daemon):
    """`[flask] legacy_get_cancel` of the file that WEPPD_CONFIG names counts."""
    daemon.tables["flask"] = {"legacy_get_cancel": True}
    jid = daemon.queue().enqueue("tasks.noop.noop").id
    site = Site(daemon, WEPPD_CONFIG=str(daemon.config))
    assert site.page.get(f"/rq/api/canceljob/{jid}").json == {"Success": True}


def test_who_may_not_cancel_does_not(daemon):
    """The application's hook is asked with the job's id, and its no is a 403."""
    jid = daemon.queue().enqueue("tasks.noop.noop").id
    site = Site(daemon)
    site.refused |= {("cancel", jid), ("look", "secret")}
    assert site.page.post(f"/rq/api/canceljob/{jid}").status_code == 403
    assert daemon.queue().fetch(jid).get_status() == "queued"
    assert site.page.get("/rq/api/jobinfo/secret").status_code == 403
    assert site.page.post("/rq/api/jobinfo", json=[jid, "secret"]).status_code == 403


@pytest.mark.parametrize("shape", ["job_ids", "jobs", "ids", "list", "values", "query"])
def test_many_jobs_are_asked_for_in_any_way_that_pages_have(daemon, shape):
    """The reply has a node for each id, once, and the ids in their order."""
    ids = [daemon.queue().enqueue("tasks.noop.noop").id for _ in range(2)]
    body = {"list": ids, "values": {"a": ids[0], "b": [ids[1]]}, "query": None}
    sent = body.get(shape, {shape: [*ids, ids[0]]})
    query = {"job_id": ids} if shape == "query" else None
    told = Site(daemon).page.post("/rq/api/jobinfo", json=sent, query_string=query).json
    assert told["job_ids"] == ids
    assert [told["jobs"][jid]["status"] for jid in ids] == ["queued", "queued"]


def test_unknown_jobs_are_told_as_such(daemon):
    """No 500 for a job that never was: not_found, or Success false."""
    page = Site(daemon).page
    assert page.get("/rq/api/jobinfo/x").json == {"id": "x", "status": "not_found"}
    assert page.get("/rq/jobstatus/x").json == {"id": "x", "status": "not_found"}
    assert page.post("/rq/api/canceljob/x").json == {"Success": False, "Error": "Job not found"}
    assert page.post("/rq/api/jobinfo", json={}).json["Success"] is False


def test_no_child_is_null(trees):
    """A child that Redis has forgotten is a stub from the run's own record of its jobs."""
    jid = trees.queue().enqueue("treetasks.plan", "r", 2, 0).id
    record = trees.home / "runs/r/_logs/jobs.jsonl"
    eventually(lambda: record.exists() and len(record.read_text().splitlines()) >= 3, within=20)
    page = Site(trees).page
    before = page.get(f"/rq/api/jobinfo/{jid}").json["children"]
    assert [len(before[stage]) for stage in ("0", "1")] == [1, 1]
    with redis.Redis.from_url(trees.url) as connection:
        connection.delete(f"rq:job:{before['0'][0]['id']}")
    after = page.get(f"/rq/api/jobinfo/{jid}").json["children"]
    stub = after["0"][0]
    assert set(stub) == set(after["1"][0])
    assert (stub["id"], stub["status"]) == (before["0"][0]["id"], "finished")
    assert stub["description"] == "treetasks.stage"
    record.unlink()
    gone = page.get(f"/rq/api/jobinfo/{jid}").json["children"]["0"][0]
    assert gone["status"] == "expired"
