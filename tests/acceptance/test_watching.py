"""What a program sees of a real weppd: events, numbers, readiness, the API's description."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from tests.waiting import eventually


class Unix(http.client.HTTPConnection):
    """HTTP on a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("weppd", timeout=30)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def get(daemon, target: str) -> tuple[int, bytes]:
    """Status and body of one answer."""
    with closing(Unix(f"{daemon.home}/admin.sock")) as connection:
        connection.request("GET", target)
        answer = connection.getresponse()
        return answer.status, answer.read()


@contextmanager
def events(daemon, after: str = "") -> Iterator[Iterator[tuple[str, str, dict[str, Any]]]]:
    """The events (id, kind, facts) that weppd tells, from the moment of the call."""
    with closing(Unix(f"{daemon.home}/admin.sock")) as connection:
        headers = {"Last-Event-ID": after} if after else {}
        connection.request("GET", "/v1/events", headers=headers)
        answer = connection.getresponse()
        assert answer.status == 200
        yield _read(answer)


def _read(answer: http.client.HTTPResponse) -> Iterator[tuple[str, str, dict[str, Any]]]:
    fields: dict[str, str] = {}
    while line := answer.readline():
        key, _, value = line.decode().rstrip("\n").partition(": ")
        if key:
            fields[key] = value
        elif "event" in fields:
            yield fields["id"], fields["event"], json.loads(fields["data"])
            fields = {}


def until(told: Iterator[Any], kind: str, job: str) -> list[tuple[str, str]]:
    """(id, kind) of the job's events up to that one."""
    seen = []
    for number, what, facts in told:
        if facts.get("job") == job:
            seen.append((number, what))
            if what == kind:
                return seen
    raise AssertionError(seen)


def test_events_are_heard_and_are_replayed(daemon):
    """A listener hears a job's course as it happens; one that comes back gets what it missed."""
    daemon.start()
    with events(daemon) as told:
        first = daemon.queue().enqueue("tasks.noop.noop").id
        heard = until(told, "ended", first)
    assert [kind for _, kind in heard] == ["started", "ended"]
    second = daemon.queue().enqueue("tasks.noop.noop").id
    daemon.ends(second)
    with events(daemon, heard[0][0]) as told:
        assert [kind for _, kind in until(told, "ended", first)] == ["ended"]
        assert [kind for _, kind in until(told, "ended", second)] == ["started", "ended"]
    daemon.kill()
    daemon.start()
    with events(daemon, heard[-1][0]) as told:
        assert next(told)[1] == "reset"


def test_the_numbers_are_those_of_the_jobs(daemon):
    """What ran is counted by outcome, what waits by queue."""
    daemon.start()
    daemon.ends(daemon.queue().enqueue("tasks.noop.noop").id)
    daemon.ends(daemon.queue().enqueue("os.getpid").id)
    daemon.ctl("pause", "low")
    daemon.queue("low").enqueue("tasks.noop.noop")
    status, body = get(daemon, "/metrics")
    lines = body.decode().splitlines()
    assert status == 200
    for line in (
        'weppd_jobs_total{outcome="finished"} 1.0',
        'weppd_jobs_total{outcome="failed"} 1.0',
        'weppd_queue_jobs{queue="low",state="queued"} 1.0',
        'weppd_queue_paused{queue="low"} 1.0',
        "weppd_slots 2.0",
        "weppd_redis_up 1.0",
        "weppd_job_wait_seconds_count 1.0",
    ):
        assert line in lines, line


def test_readiness_is_whether_a_job_would_be_taken(daemon):
    """Ready when all is there; a drained weppd lives but is not ready, and says why."""
    daemon.start()
    eventually(lambda: get(daemon, "/readyz") == (200, b'{"ready":true,"problems":[]}'), within=20)
    daemon.ctl("drain")
    status, body = get(daemon, "/readyz")
    assert (status, json.loads(body)["problems"]) == (503, ["weppd is paused"])
    assert get(daemon, "/healthz")[0] == 200


def test_without_redis_it_is_alive_and_not_ready(daemon):
    """No restart helps against a Redis that is away: healthy, not ready, with the reason."""
    daemon.tables["redis"]["url"] = "redis://127.0.0.1:1/9"
    daemon.start(wait=False)
    eventually(lambda: daemon.ctl("status")[0] == 0, within=30)
    eventually(lambda: b"127.0.0.1:1" in get(daemon, "/readyz")[1], within=30)
    assert get(daemon, "/readyz")[0] == 503
    assert get(daemon, "/healthz")[0] == 200
    assert b"weppd_redis_up 0.0" in get(daemon, "/metrics")[1]
