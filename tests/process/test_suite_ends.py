"""How the suite itself ends: what its tests have started does not outlive it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.waiting import eventually

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
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-p", "no:cacheprovider"]
    with open(tmp_path / "said", "wb") as said:
        run = subprocess.Popen(
            [*argv, f"--rootdir={tmp_path}", "-c", "/dev/null", str(tmp_path)],
            cwd=ROOT,
            stdout=said,
        )
        eventually(lambda: (tmp_path / "begun").exists() or run.poll() is not None, within=60)
        run.terminate()
        code = run.wait(60)
    assert code == 143, (tmp_path / "said").read_text()
    assert (tmp_path / "ended").exists()
