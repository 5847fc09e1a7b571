"""What a job finds in its environment, most of which was made before there was a job."""

from __future__ import annotations

import ctypes
import os

import pytest

from weppd.cell.body import surroundings
from weppd.cell.body.environment import Ahead
from weppd.cell.setup import THREADS


@pytest.fixture
def environment():
    """Puts the environment back, as the interpreter and the C library know it."""
    before = dict(os.environ)
    yield
    for name in set(os.environ) - set(before):
        del os.environ[name]
    os.environ.update(before)


def _in_c(name: str) -> str | None:
    """What a program that the process starts would find."""
    getenv = ctypes.CDLL(None).getenv
    getenv.restype = ctypes.c_char_p
    found = getenv(name.encode())
    return None if found is None else found.decode()


@pytest.mark.parametrize("job", ["first", "a" * 300, "hügel"])
def test_job_and_the_programs_it_starts_find_what_was_written_in_place(job, environment, tmp_path):
    """Whatever its name: what does not fit is set as any other variable."""
    ahead = Ahead("1")
    surroundings.prepare({"job": job, "tmp": f"{tmp_path}/own"}, ahead)
    wanted = {"WEPPD_JOB_ID": job, "RQ_JOB_ID": job, "TMPDIR": f"{tmp_path}/own"}
    assert {name: os.environ[name] for name in wanted} == wanted
    assert {name: _in_c(name) for name in wanted} == wanted
    assert (tmp_path / "own").is_dir()


def test_job_that_has_no_directory_finds_the_machine_s_own_or_none(environment):
    """As it was before the room for one was made."""
    for known in ("/machine", "/" + "m" * 400, None):
        os.environ.pop("TMPDIR", None)
        if known:
            os.environ["TMPDIR"] = known
        surroundings.prepare({"job": "first"}, Ahead("1"))
        assert (os.environ.get("TMPDIR"), _in_c("TMPDIR")) == (known, known)
        assert _in_c("WEPPD_JOB_ID") == "first"


def test_environment_is_whole_when_what_was_made_ahead_is_gone(environment, tmp_path):
    """The C library has its strings still: each variable is there once, and can be removed."""
    surroundings.prepare({"job": "first", "tmp": str(tmp_path)}, Ahead("1"))
    junk = [bytes(size) for size in range(1024)]
    names = ("WEPPD_JOB_ID", "RQ_JOB_ID", "TMPDIR")
    assert [_in_c(name) for name in names] == ["first", "first", str(tmp_path)]
    for name in names:
        del os.environ[name]
    assert [_in_c(name) for name in names] == [None, None, None]
    assert len(junk) == 1024


def test_what_was_set_ahead_holds_for_the_first_job_only(environment, tmp_path):
    """The next one in the same process finds its own, whatever the first made of it."""
    surroundings.prepare({"job": "first", "tmp": str(tmp_path)}, Ahead("1"))
    assert (os.environ["WEPPD_CPUS"], os.environ["WEPPD_RUNID"]) == ("1", "")
    os.environ.update(OMP_NUM_THREADS="7", WEPPD_RUNID="another", TMPDIR="elsewhere")
    surroundings.prepare({"job": "second", "tmp": str(tmp_path)})
    names = ("WEPPD_JOB_ID", "OMP_NUM_THREADS", "WEPPD_RUNID", "TMPDIR")
    wanted = ["second", "1", "", str(tmp_path)]
    assert [os.environ[name] for name in names] == wanted
    assert [_in_c(name) for name in names] == wanted


def test_job_of_a_run_with_more_cpus_finds_them_in_its_environment(environment, tmp_path):
    """What was set ahead is for another."""
    start = {"job": "first", "tmp": str(tmp_path), "cpus": 3, "runid": "a-run"}
    surroundings.prepare(start, Ahead("1"))
    assert (os.environ["WEPPD_CPUS"], os.environ["WEPPD_RUNID"]) == ("3", "a-run")
    assert [os.environ[name] for name in THREADS] == ["3"] * len(THREADS)


def test_variables_that_the_settings_give_a_job_come_before_what_is_set_for_all(
    environment, tmp_path
):
    """All but its own directory."""
    given = {"WEPPD_CPUS": "5", "TMPDIR": "elsewhere"}
    surroundings.prepare({"job": "first", "tmp": str(tmp_path), "env": given}, Ahead("1"))
    assert (os.environ["WEPPD_CPUS"], os.environ["TMPDIR"]) == ("5", str(tmp_path))
