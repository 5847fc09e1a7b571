"""Scribes that wait for their turn to write."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

from tests.waiting import eventually


def a_scribe(home: Path, parent: int) -> subprocess.Popen[bytes]:
    """A scribe whose weppd has this pid, and that nobody answers."""
    paths = ["--jobs", str(home), "--cells", str(home), "--local", str(home)]
    argv = [sys.executable, "-m", "weppd.scribe", "--socket", f"{home}/none.sock", *paths]
    return subprocess.Popen([*argv, "--parent", str(parent)], stderr=subprocess.DEVNULL)


def test_a_scribe_that_waits_ends_with_its_weppd(tmp_path: Path) -> None:
    """The next weppd has one of its own: an orphan that never wrote a line has nothing to do."""
    with (tmp_path / "scribe.lock").open("w") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        nobody = subprocess.Popen(["true"])
        nobody.wait()
        assert a_scribe(tmp_path, nobody.pid).wait(30) == 0


def test_a_scribe_whose_weppd_lives_waits_for_its_turn(tmp_path: Path) -> None:
    """It begins to write when the one before it has ended."""
    lock = (tmp_path / "scribe.lock").open("w")
    fcntl.lockf(lock, fcntl.LOCK_EX)
    scribe = a_scribe(tmp_path, os.getpid())
    try:
        lock.close()

        def taken() -> bool:
            with (tmp_path / "scribe.lock").open("w") as again:
                try:
                    fcntl.lockf(again, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return True
            return False

        eventually(taken, within=30)
        assert scribe.poll() is None
    finally:
        scribe.kill()
        scribe.wait()
