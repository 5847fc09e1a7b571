"""What once ended weppd, and ends it no more."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.waiting import eventually


def test_sigusr1_ends_no_weppd_that_is_still_starting(daemon):
    """SIGUSR1 is harmless before anything heavy is imported, and from then on."""
    daemon.start(wait=False)
    pid = daemon.process.pid
    eventually(lambda: _ignores_usr1(pid), within=20, every=0.0005)
    loaded = Path(f"/proc/{pid}/maps").read_text()
    while not daemon_answers(daemon):
        os.kill(pid, signal.SIGUSR1)
    assert "pydantic_core" not in loaded
    assert daemon.process.poll() is None


def daemon_answers(daemon) -> bool:
    """Whether it has come up; asked of its socket alone, which is quick."""
    assert daemon.process.poll() is None, f"it ended with {daemon.process.returncode}"
    return (daemon.home / "admin.sock").exists() and daemon.serves()


def _ignores_usr1(pid: int) -> bool:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    ignored = next(line for line in lines if line.startswith("SigIgn:"))
    return bool(int(ignored.split()[1], 16) >> (signal.SIGUSR1 - 1) & 1)
