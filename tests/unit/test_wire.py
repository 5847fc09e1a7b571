"""Job hashes: RQ's bytes read and written."""

from __future__ import annotations

import json
import pickle
import zlib
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from weppd.model import Callback, Job
from weppd.store.nouns import JobSpec, Retry
from weppd.store.twin.shelf import as_bytes
from weppd.store.wire import decode, deflated, encode, rehash, stamp

GOLDEN = Path(__file__).parent.parent / "golden"
TASK = "tasks.wepp_rq.run_hillslope_rq"
AT = 1764040680.123456
FULL = JobSpec(
    TASK,
    ("my-run", 7),
    {"wepp_bin": "hillsim"},
    timeout=180,
    result_ttl=600,
    failure_ttl=900,
    ttl=3600,
    description="by hand",
    meta={"runid": "my-run", "n": 3},
    on_success=Callback("mod.good", 10),
    on_failure=Callback("mod.bad"),
    retry=Retry(2, (10, 60)),
)


def golden(version: str, name: str) -> dict[bytes, bytes]:
    """A hash as that rq wrote it."""
    jobs = json.loads((GOLDEN / f"wire_rq{version}.json").read_text())["jobs"]
    return {key.encode(): value.encode("latin-1") for key, value in jobs[name].items()}


def readable(fields: dict[bytes, bytes]) -> dict[bytes, Any]:
    """The hash with its payload inflated: two zlibs need not agree on every byte."""
    return {**fields, b"data": zlib.decompress(fields[b"data"])}


@pytest.mark.parametrize("version", ["2", "3"])
@pytest.mark.parametrize(
    ("name", "spec"),
    [
        ("plain", JobSpec(TASK, ("my-run", 7), {"wepp_bin": "hillsim"})),
        ("full", FULL),
        ("json", JobSpec(TASK, ("my-run",), serializer="json")),
    ],
)
def test_a_job_is_written_as_rq_writes_it(version: str, name: str, spec: JobSpec) -> None:
    """Field for field, byte for byte, the hash of a new job is rq's own."""
    ours = as_bytes({**encode(spec, f"job-{name}", AT), "status": "created"})
    ours[b"enqueued_at"] = stamp(AT).encode()
    theirs = golden(version, name)
    if name == "plain":
        # rq's queue fills 180 s in; a job of ours without a timeout leaves it to the node.
        theirs.pop(b"timeout", None)
    assert readable(ours) == readable(theirs)


@pytest.mark.parametrize("version", ["2", "3"])
def test_a_job_of_rq_is_read_whole(version: str) -> None:
    """Function, run id, lifetimes, retries and callbacks of an rq job arrive."""
    job = decode("job-full", golden(version, "full"), "default")
    assert (job.function, job.runid, job.problem) == (TASK, "my-run", None)
    assert (job.timeout, job.result_ttl, job.failure_ttl, job.ttl) == (180, 600, 900, 3600)
    assert (job.retries_left, job.retry_intervals) == (2, (10, 60))
    assert job.on_success == Callback("mod.good", 10)
    assert job.on_failure == Callback("mod.bad", 60)
    assert job.on_stopped is None


def test_an_absent_number_stays_absent() -> None:
    """No timeout and no lifetimes in the hash are None, so that the node's settings decide."""
    job = decode("j", as_bytes(encode(JobSpec(TASK), "j", AT)), "default")
    assert (job.timeout, job.result_ttl, job.failure_ttl, job.ttl) == (None, None, None, None)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("timeout", "soon", "field timeout holds b'soon', not a number"),
        ("retry_intervals", "[1,", "field retry_intervals holds"),
        ("data", b"rubbish", "data is no pickle"),
        ("data", b"", "data is no pickle"),
        ("data", pickle.dumps("no call"), "data is no call"),
        ("data", b'["f", null', "data is no JSON of a call"),
    ],
)
def test_a_broken_field_is_named_and_does_not_stop_the_claim(
    field: str, value: str | bytes, words: str
) -> None:
    """The job is decoded all the same, with the problem in one line."""
    job = decode("j", as_bytes({**encode(JobSpec(TASK), "j", AT), field: value}), "default")
    assert job.problem is not None
    assert words in job.problem
    assert "\n" not in job.problem


@pytest.mark.parametrize("spec", [FULL, JobSpec(TASK, cpus="all", place="2.1", parent="p")])
def test_a_job_survives_being_written_anew(spec: JobSpec) -> None:
    """What a claim keeps is enough to re-create the job: decode of rehash is the same job."""
    job: Job = decode("j", as_bytes(encode(spec, "j", AT)), "default")
    assert decode("j", as_bytes(rehash(job)), "default") == job


def test_a_payload_of_the_producers_own_is_kept() -> None:
    """`data` given as bytes is stored, compressed, and described from what can be read of it."""
    raw = pickle.dumps((TASK, None, ("my-run", 7), {"wepp_bin": None}))
    fields = encode(JobSpec(TASK, data=raw), "j", AT)
    assert isinstance(fields["data"], bytes)
    assert zlib.decompress(fields["data"]) == raw
    assert fields["description"] == f"{TASK}('my-run', 7, wepp_bin=None)"


def test_a_long_argument_is_cut_in_the_description() -> None:
    """Descriptions stay readable, as rq's: 75 characters of an argument, then dots."""
    fields = encode(JobSpec(TASK, ("x" * 500,)), "j", AT)
    assert fields["description"] == f"{TASK}('{'x' * 74}...)"


def test_a_moment_is_written_as_rq_reads_it() -> None:
    """UTC with microseconds and a Z; no moment is an empty string."""
    assert stamp(AT) == "2025-11-25T03:18:00.123456Z"
    assert stamp(0) == ""


@pytest.mark.parametrize(
    "at", [AT, 1764040680.0, 1764040679.9999995, 0.5, 1648224862.1490545, -1.25]
)
def test_stamps_are_the_ones_of_rq(at):
    """A moment is written to the microsecond as RQ writes it, carried over the second where due."""
    rq = datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert stamp(at) == rq


def test_no_moment_is_an_empty_stamp():
    """What has not happened yet is empty, as RQ has it."""
    assert stamp(0.0) == ""


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 70_000])
def test_a_payload_of_any_size_is_zlib_to_its_readers(size):
    """What is short is not compressed, and yet what zlib takes, with its check."""
    plain = bytes(n * n % 251 for n in range(size))
    packed = deflated(plain)
    assert zlib.decompress(packed) == plain
    assert packed[:1] == b"\x78"
    assert len(packed) <= max(len(plain) + 11, len(zlib.compress(plain)))
