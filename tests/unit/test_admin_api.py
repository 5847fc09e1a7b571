"""What each verb of the admin API asks of the daemon, and how it answers; without a socket."""

from __future__ import annotations

import asyncio
import json
import re
from http import HTTPStatus
from typing import Any

import pytest

from tests.unit.admin_house import READER, ROOT, STRANGER, FakeHouse, a_job
from weppd.admin import Caller, Right, api
from weppd.errors import Refused, RunError, StoreAway, UnknownTask


class Answer:
    """A response as it went out."""

    def __init__(self, messages: list[dict[str, Any]]) -> None:
        self.status: int = messages[0]["status"]
        self.headers = {k.decode(): v.decode() for k, v in messages[0]["headers"]}
        self.body = b"".join(m.get("body", b"") for m in messages[1:])

    @property
    def data(self) -> Any:
        return json.loads(self.body)


def ask(
    house: FakeHouse,
    method: str,
    target: str,
    body: Any = b"",
    who: Caller = ROOT,
    headers: list[tuple[bytes, bytes]] | None = None,
) -> Answer:
    """One request to the application; a body that is no bytes is sent as JSON."""
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    return asyncio.run(_ask(house, method, target, sent, who, headers or []))


async def _ask(
    house: FakeHouse,
    method: str,
    target: str,
    body: bytes,
    who: Caller,
    headers: list[tuple[bytes, bytes]],
) -> Answer:
    path, _, query = target.partition("?")
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": headers,
        "state": {"caller": who},
    }
    parts = [body[:10], body[10:]]
    messages: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if parts:
            return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}
        return await asyncio.Event().wait()  # type: ignore[return-value]

    async def send(message: Any) -> None:
        messages.append(message)

    await api.app(house, asyncio.Event())(scope, receive, send)
    return Answer(messages)


def test_status_fills_in_what_the_daemon_left_out() -> None:
    """A client can rely on every key of the answer being there."""
    told = ask(FakeHouse(), "GET", "/v1/status").data
    assert told["slots"][0]["phase"] == "idle"
    assert told["queues"]["high"] == {
        "queued": 3, "started": 0, "deferred": 0, "scheduled": 0,
        "finished": 0, "failed": 0, "canceled": 0, "paused": False,
    }  # fmt: skip
    assert told["store"]["state"] == "up"


def test_jobs_come_in_pages() -> None:
    """`next` leads from page to page, and is null on the last one."""
    house = FakeHouse(*(a_job(f"j{i}") for i in range(3)))
    first = ask(house, "GET", "/v1/jobs?limit=2").data
    assert ([job["id"] for job in first["jobs"]], first["next"]) == (["j0", "j1"], 2)
    last = ask(house, "GET", "/v1/jobs?limit=2&offset=2&state=started").data
    assert ([job["id"] for job in last["jobs"]], last["next"]) == (["j2"], None)
    assert house.asked[-1] == ("jobs", ("started", 2, 2))


def test_times_may_be_rqs_iso_texts() -> None:
    """RQ writes times as naive UTC texts; the API tells seconds since the epoch."""
    house = FakeHouse(a_job("j", started_at="1970-01-01T00:01:00.5Z", ended_at=""))
    told = ask(house, "GET", "/v1/jobs/j").data
    assert (told["started_at"], told["ended_at"]) == (60.5, None)


def test_cancel_passes_grace_and_caller_and_tells_the_rungs() -> None:
    """The answer says how many processes ended at which signal, and that none is left."""
    house = FakeHouse(a_job("j"))
    told = ask(house, "POST", "/v1/jobs/j/cancel", {"grace": 1.5, "reason": "wrong run"}).data
    assert house.asked == [("cancel", ("j", 1.5, True, 0, "wrong run"))]
    assert (told["job"], told["was"], told["state"]) == ("j", "started", "stopped")
    assert (told["rungs"], told["survivors"]) == ({"USR1": 2, "KILL": 1}, 0)


def test_cancel_takes_no_body_for_the_defaults() -> None:
    """`curl -X POST …/cancel` cancels as configured, and waits."""
    house = FakeHouse(a_job("j"))
    assert ask(house, "POST", "/v1/jobs/j/cancel").status == 200
    assert house.asked == [("cancel", ("j", None, True, 0, ""))]


def test_enqueue_hands_everything_on_and_says_where_the_job_is() -> None:
    """Function, arguments and options arrive as they were sent; the answer is 201 with a place."""
    house = FakeHouse()
    body = {
        "function": "tasks.wepp_rq.run_hillslope_rq",
        "args": ["r", 7],
        "kwargs": {"wepp_bin": None},
    }
    answer = ask(house, "POST", "/v1/jobs", {**body, "queue": "high", "timeout": 60, "cpus": "all"})
    assert (answer.status, answer.headers["location"]) == (201, "/v1/jobs/job0")
    assert answer.data == {"id": "job0", "queue": "high", "doubt": ""}
    function, args, kwargs, queue, more = house.asked[0][1]
    assert (function, args, kwargs, queue) == (*body.values(), "high")
    assert (more["timeout"], more["cpus"], more["at_front"]) == (60, "all", False)


def test_a_log_is_plain_text() -> None:
    """The log's bytes go out as they are."""
    house = FakeHouse()
    house.lines["j"] = [b"one\n", b"two\n"]
    answer = ask(house, "GET", "/v1/jobs/j/log?canonical=1")
    assert answer.body == b"one\ntwo\n"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert (house.asked, house.followers) == ([("log", ("j", True, False))], 0)


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/v1/jobs/none"),
        ("POST", "/v1/jobs/none/cancel"),
        ("GET", "/v1/jobs/none/log"),
        ("GET", "/v1/jobs/%0a"),
    ],
)
def test_an_unknown_job_is_404_everywhere(method: str, target: str) -> None:
    """Every verb that names a job says the same of one that is not there."""
    answer = ask(FakeHouse(), method, target)
    assert (answer.status, answer.data["type"]) == (404, "no-such-job")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [
        (Refused("job j: not now"), 409, "refused"),
        (UnknownTask("a.b: no such task"), 422, "bad-job"),
        (RunError("run ../x: leaves the roots"), 422, "bad-run"),
        (StoreAway("redis does not answer"), 503, "store-away"),
    ],
)
def test_a_refusal_carries_the_daemons_own_words(fault: Exception, status: int, kind: str) -> None:
    """Each error raised on purpose has its status and its type, and the message is untouched."""
    house = FakeHouse()
    house.fault = fault
    told = ask(house, "GET", "/v1/status")
    assert (told.status, told.data["type"], told.data["detail"]) == (status, kind, str(fault))


def test_a_fault_of_ours_is_a_500_that_tells_nothing() -> None:
    """A traceback goes to the log and not to the caller."""
    house = FakeHouse()
    house.fault = KeyError("secret")
    with pytest.raises(KeyError):
        ask(house, "GET", "/v1/status")


@pytest.mark.parametrize(
    ("method", "target", "body", "field"),
    [
        ("GET", "/v1/jobs?state=broken", b"", "state"),
        ("GET", "/v1/jobs?limit=0", b"", "limit"),
        ("GET", "/v1/jobs?stat=queued", b"", "stat"),
        ("GET", "/v1/jobs/j/log?follow=perhaps", b"", "follow"),
        ("POST", "/v1/jobs/j/cancel", {"grace": -1}, "grace"),
        ("POST", "/v1/jobs/j/cancel", {"grase": 1}, "grase"),
        ("POST", "/v1/jobs", {"function": "os"}, "function"),
        ("POST", "/v1/jobs", {"function": "a.b", "args": {}}, "args"),
        ("POST", "/v1/jobs", {}, "function"),
        ("POST", "/v1/jobs", b"{", ""),
    ],
)
def test_bad_input_is_named_by_its_field(method: str, target: str, body: Any, field: str) -> None:
    """A wrong or misspelt field is a 422 that names it, and the daemon is not asked."""
    house = FakeHouse(a_job("j"))
    answer = ask(house, method, target, body)
    assert (answer.status, answer.data["type"]) == (422, "bad-request")
    assert [each["field"] for each in answer.data["errors"]] == [field]
    assert house.asked == []


def test_a_body_has_a_largest_size() -> None:
    """More than a MiB is refused while it arrives."""
    answer = ask(FakeHouse(), "POST", "/v1/jobs", b" " * (api.MAX_BODY + 1))
    assert (answer.status, answer.data["title"]) == (413, HTTPStatus(413).phrase)


def test_no_such_route_and_no_such_method_are_problems_too() -> None:
    """A client that parses every error as problem details is never surprised."""
    assert ask(FakeHouse(), "GET", "/v2").data["type"] == "no-such-route"
    answer = ask(FakeHouse(), "DELETE", "/v1/status")
    assert (answer.status, answer.data["type"]) == (405, "no-such-method")


@pytest.mark.parametrize(("method", "path", "need"), [each[:3] for each in api.VERBS])
def test_every_verb_needs_its_right(method: str, path: str, need: Right) -> None:
    """A stranger is told the node's health and nothing else; a reader changes nothing."""
    for who in (STRANGER, READER):
        house = FakeHouse(a_job("j"))
        house.lines["j"] = []
        house.closed.set()
        target = path.replace("{jid}", "j").replace("{name:path}", "j")
        answer = ask(house, method, target, b"", who)
        if who.right < need:
            assert (answer.status, answer.data["type"], house.asked) == (403, "not-allowed", [])
            assert f"pid {who.pid} of uid {who.uid}" in answer.data["detail"]
        else:
            assert answer.status == 200


def test_each_change_is_logged_with_who_did_it(caplog: pytest.LogCaptureFixture) -> None:
    """The daemon's log has uid and pid of each change, on one line whatever the reason says."""
    with caplog.at_level("INFO", logger="weppd.admin"):
        ask(FakeHouse(a_job("j")), "POST", "/v1/jobs/j/cancel", {"reason": "a\nb"})
    (record,) = caplog.records
    assert record.getMessage() == ("action=cancel uid=0 pid=1 job='j' grace=None reason='a\\nb'")


def test_a_tree_is_asked_for_by_any_run_id() -> None:
    """Run ids of batches have colons, semicolons and slashes; the tree comes with all its keys."""
    house = FakeHouse(a_job("batch;;b;;r/1"))
    told = ask(house, "GET", "/v1/tree/batch;;b;;r/1?all=1").data
    assert house.asked == [("tree", ("batch;;b;;r/1", True))]
    (root,) = told["jobs"]
    assert (root["more"], root["children"][0]["children"]) == ({"queued": 3}, [])
    assert ask(house, "GET", "/v1/tree/" + "x" * 301).data["type"] == "no-such-job"


def test_pause_and_resume_take_queues_or_none() -> None:
    """Which queues is the caller's word, and none is all; the answer says which are paused."""
    house = FakeHouse()
    assert ask(house, "POST", "/v1/pause", {"queues": ["low"]}).data["paused"] == ["low"]
    ask(house, "POST", "/v1/resume")
    assert house.asked == [("pause", (["low"], 0)), ("resume", ([], 0))]
    assert ask(house, "POST", "/v1/pause", {"queues": [""]}).status == 422


def test_retry_says_what_goes_round_again() -> None:
    """The job, and how many others wait for it again."""
    told = ask(FakeHouse(a_job("j", "failed")), "POST", "/v1/jobs/j/retry").data
    assert told == {"job": "j", "retried": ["j"], "woken": 2}


def test_a_lock_is_taken_away_by_its_name_and_who_did_it_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Locks come with all their keys; one that nobody holds is a 404 of its own kind."""
    house = FakeHouse()
    held = ask(house, "GET", "/v1/locks?run=my-run").data["locks"]
    assert [(lock["job"], lock["lives"]) for lock in held] == [("j1", True), (None, None)]
    with caplog.at_level("INFO", logger="weppd.admin"):
        done = ask(house, "POST", "/v1/unlock", {"lock": "my-run:soils.nodb", "force": True})
    assert done.data == {"lock": "my-run:soils.nodb", "owner": "web1:12", "job": None}
    assert caplog.messages == ["action=unlock uid=0 pid=1 lock='my-run:soils.nodb' force=True"]
    gone = ask(house, "POST", "/v1/unlock", {"lock": "my-run:no.nodb"})
    assert (gone.status, gone.data["type"]) == (404, "no-such-lock")
    assert ask(house, "POST", "/v1/unlock", {}).status == 422


def test_readiness_names_what_is_missing() -> None:
    """A balancer learns by the status whether to send work, a person by the lines why not."""
    house = FakeHouse()
    assert ask(house, "GET", "/readyz", who=STRANGER).data == {"ready": True, "problems": []}
    house.problems = ["store: connection refused"]
    answer = ask(house, "GET", "/readyz", who=STRANGER)
    assert (answer.status, answer.data["problems"]) == (503, ["store: connection refused"])


@pytest.mark.parametrize("way", ["header", "query"])
def test_events_go_on_after_the_last_one_that_was_seen(way: str) -> None:
    """Server-sent events have an id each, and begin behind the id that the caller names."""
    house = FakeHouse()
    house.closed.set()
    target = "/v1/events" + ("?after=life-6" if way == "query" else "")
    headers = [(b"last-event-id", b"life-6")] if way == "header" else []
    answer = ask(house, "GET", target, headers=headers)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert house.asked == [("events", "life-6")]
    assert answer.body.decode() == (
        ': weppd\n\nid: life-7\nevent: started\ndata: {"job": "j"}\n\n: still here\n\n'
    )


def test_the_description_has_every_verb_with_its_models() -> None:
    """A program that reads /openapi.json finds each route, what it takes, and how errors look."""
    told = ask(FakeHouse(), "GET", "/openapi.json", who=STRANGER).data
    described = {(path, method.upper()) for path, ways in told["paths"].items() for method in ways}
    assert described == {(each.path.replace(":path", ""), each.method) for each in api.VERBS}
    cancel = told["paths"]["/v1/jobs/{jid}/cancel"]["post"]
    assert cancel["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith(
        "/CancelBody"
    )
    text = json.dumps(told)
    for name in set(re.findall(r"#/components/schemas/(\w+)", text)):
        assert name in told["components"]["schemas"], name
