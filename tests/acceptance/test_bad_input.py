"""Whatever a producer or a run directory brings: one clear line, and the daemon carries on."""

from __future__ import annotations

import bz2
import os
import pickle
import pickletools
import shutil
import tempfile
import uuid
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from tasks.wepp.samples.hillslopes import write_sample
from tests.acceptance.conftest import PIPELINE, Daemon
from weppd.embedded import Embedded


@pytest.fixture(scope="module")
def house(redis_server: Embedded) -> Iterator[Daemon]:
    """One daemon for all of this module's rubbish, which it has to live through."""
    with redis.Redis.from_url(redis_server.url(9)) as connection:
        connection.flushall()
    daemon = Daemon(Path(tempfile.mkdtemp(prefix="wd-")), redis_server.url(9))
    daemon.tables["tasks"]["modules"] += PIPELINE
    daemon.start()
    yield daemon
    daemon.end()
    shutil.rmtree(daemon.home)


@pytest.fixture
def run(house) -> Path:
    """A sample run of one hillslope and one year, new for each test."""
    path = house.home / "runs" / f"run-{uuid.uuid4().hex[:8]}"
    write_sample(path, hillslopes=1, years=1)
    return path


def failure(daemon, jid: str) -> str:
    """The one line with which a job failed, once the daemon has shown that it carries on."""
    shown = daemon.ends(jid)
    assert shown["state"] == "failed"
    assert shown["error"].strip()
    assert len(shown["error"].splitlines()) == 1
    good = daemon.queue().enqueue("tasks.noop.sleep", 0.0)
    assert daemon.ends(good.id)["state"] == "finished"
    assert daemon.process.poll() is None
    return shown["error"]


def raw(daemon, **fields: bytes | str) -> str:
    """Put a job on the queue by hand, with these fields in its hash; its id."""
    jid = uuid.uuid4().hex
    with redis.Redis.from_url(daemon.url) as connection:
        created = {"created_at": "2026-01-01T00:00:00.000000Z", "origin": "default"}
        connection.hset(f"rq:job:{jid}", mapping={**created, **fields})
        connection.sadd("rq:queues", "rq:queue:default")
        connection.rpush("rq:queue:default", jid)
    return jid


class _Touch:
    """What a payload would hold to have a program run."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


_GOOD = pickle.dumps(("tasks.noop.noop", None, (1,), {}))
#: Makers of data fields that are no allowed pickle, by what is wrong with them; what is run would
#: leave a mark. Made where they are wanted: the bomb takes seconds.
PAYLOADS: dict[str, Callable[[Path], bytes]] = {
    "empty": lambda mark: b"",
    "garbage": lambda mark: b"\x00\xff\xfegarbage",
    "compressed garbage": lambda mark: zlib.compress(b"\x80\x05garbage"),
    "cut": lambda mark: zlib.compress(_GOOD)[:-9],
    "cut inside": lambda mark: zlib.compress(_GOOD[:-5]),
    "not four": lambda mark: _packed("tasks.noop.noop"),
    "a name that is no text": lambda mark: _packed(7, None, (), {}),
    "kwargs that are none": lambda mark: _packed("tasks.noop.noop", None, (), 7),
    "another compression": lambda mark: bz2.compress(_GOOD),
    "runs a program": lambda mark: _packed("tasks.noop.noop", None, (_Touch(mark),), {}),
    "runs it for its name": lambda mark: _packed(_Touch(mark), None, (), {}),
    "runs it as instance": lambda mark: _packed("noop", _Touch(mark), (), {}),
    "a dotted global": lambda mark: zlib.compress(
        b"\x80\x04\x8c\x0ftasks.noop.noopN\x8c\x0atasks.noop\x8c\x09time.time\x93)R\x85}t."
    ),
    "deep": lambda mark: zlib.compress(b"(" * 100_000 + b"."),
    "a bomb": lambda mark: zlib.compress(b"\x00" * (300 << 20), 9),
    "json": lambda mark: zlib.compress(b'["tasks.noop.noop", null, [1], {}'),
}


def _packed(*call: object) -> bytes:
    return zlib.compress(pickle.dumps(call))


@pytest.mark.parametrize("kind", PAYLOADS)
def test_a_payload_that_is_no_allowed_pickle(house, kind):
    """Each fails with one line that speaks of its payload, runs nothing, and costs no daemon."""
    mark = house.home / "owned"
    error = failure(house, raw(house, data=PAYLOADS[kind](mark)))
    assert not mark.exists()
    assert any(word in error.lower() for word in ("payload", "data", "unknown task")), error


def test_a_job_without_data_or_without_a_hash_is_passed_by(house):
    """An id whose hash is gone, or that never had a payload, does not hold the queue up."""
    with redis.Redis.from_url(house.url) as connection:
        connection.rpush("rq:queue:default", "ghost", "bad id with spaces", "\xff\xfe")
        connection.hset("rq:job:hollow", "status", "queued")
        connection.rpush("rq:queue:default", "hollow")
    good = house.queue().enqueue("tasks.noop.sleep", 0.0)
    assert house.ends(good.id)["state"] == "finished"
    assert house.process.poll() is None


@pytest.mark.parametrize(
    "field", ["timeout", "result_ttl", "retries_left", "retry_intervals", "meta"]
)
def test_a_field_that_makes_no_sense_costs_its_own_job_alone(house, field):
    """A hash with rubbish in one field runs or fails by itself; the next job runs."""
    data = zlib.compress(pickle.dumps(("tasks.noop.noop", None, (1,), {})))
    jid = raw(house, data=data, **{field: b"\xffrubbish"})
    assert house.ends(jid)["state"] in ("finished", "failed")
    good = house.queue().enqueue("tasks.noop.sleep", 0.0)
    assert house.ends(good.id)["state"] == "finished"
    assert house.process.poll() is None


@pytest.mark.parametrize(
    "runid", ["..", "/", "", ".", "a/b", "../my-run", "/etc", "a\nb", "a\0b", 7, None]
)
@pytest.mark.parametrize("task", ["run_wepp_rq", "run_hillslope_rq", "_run_hillslopes_rq"])
def test_a_bad_run_id_is_named(house, task, runid):
    """A run id that is empty or would leave the roots fails by name, whatever the task."""
    args = (runid, 1) if task == "run_hillslope_rq" else (runid,)
    error = failure(house, house.queue().enqueue(f"tasks.wepp_rq.{task}", *args).id)
    if runid is None:
        assert "belongs to no run" in error
    else:
        assert f"run id {runid!r}" in error


@pytest.mark.parametrize("task", ["run_wepp_rq", "run_hillslope_rq", "_run_hillslopes_rq"])
def test_a_missing_run_directory_is_named(house, task):
    """A run that is nowhere fails by its id and the places where it was looked for."""
    args = ("lost-run", 1) if task == "run_hillslope_rq" else ("lost-run",)
    error = failure(house, house.queue().enqueue(f"tasks.wepp_rq.{task}", *args).id)
    assert "lost-run" in error
    assert f"{house.home}/runs" in error


INPUTS = ["p1.slp", "p1.sol", "p1.man", "p1.cli", "p1.run"]


def hillslope(daemon, run: Path) -> str:
    """The failure of hillslope 1, run by the embedded engine."""
    call = ("tasks.wepp_rq.run_hillslope_rq", run.name, 1)
    return failure(daemon, daemon.queue().enqueue(*call, wepp_bin="hillsim").id)


@pytest.mark.parametrize("name", INPUTS)
def test_a_missing_input_is_named(house, run, name):
    """Without one of its files a hillslope fails by its number and the file's name."""
    next(run.rglob(name)).unlink()
    error = hillslope(house, run)
    assert name in error


@pytest.mark.parametrize("how", ["empty", "binary", "cut", "directory"])
@pytest.mark.parametrize("name", INPUTS)
def test_a_broken_input_is_named(house, run, name, how):
    """With a file that is empty, cut, binary or a directory it fails by name as well."""
    path = next(run.rglob(name))
    text = path.read_bytes()
    path.unlink()
    if how == "directory":
        path.mkdir()
    else:
        kinds = {"empty": b"", "binary": b"\x00\xff" * 500, "cut": text[: len(text) // 2]}
        path.write_bytes(kinds[how])
    error = hillslope(house, run)
    assert "hillslope 1" in error or name in error, error


@pytest.mark.parametrize("wepp_bin", ["wepp_000000", "../bin/sh", "/bin/sh", "a b", "x;reboot", 7])
def test_an_unknown_executable_is_named(house, run, wepp_bin):
    """A wepp_bin that is not in bin_dir, or no name at all, is an error and never hillsim."""
    call = ("tasks.wepp_rq.run_hillslope_rq", run.name, 1)
    error = failure(house, house.queue().enqueue(*call, wepp_bin=wepp_bin).id)
    assert str(wepp_bin) in error


def test_the_payloads_are_what_they_are_called():
    """Of the bad payloads, the one with a dotted global is a whole pickle, as an attacker's."""
    data = zlib.decompress(PAYLOADS["a dotted global"](Path("/")))
    assert [op.name for op, _, _ in pickletools.genops(data)][-1] == "STOP"
