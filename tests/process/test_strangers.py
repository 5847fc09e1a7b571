"""Trees that are ended where the numbers of the dead go to strangers at once."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.town import Town
from tests.process.lab import compiled, eventually, in_subreaper
from weppd.cell.tree import procfs

pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")


def test_a_stranger_that_is_signalled_is_noticed() -> None:
    """The crowd counts its own, and one of them that was killed or stopped from outside."""

    @in_subreaper
    def hitting() -> None:
        town = Town()
        for number in (signal.SIGKILL, signal.SIGSTOP):
            before = town.hit

            def hit(signum: int = number, count: int = before) -> bool:
                for pid in procfs.children(town.pid):
                    with contextlib.suppress(ProcessLookupError):  # they come and go
                        os.kill(pid, signum)
                return town.hit > count

            eventually(hit)
        assert town.born >= town.hit
        town.end()

    hitting()


def test_no_stranger_with_a_dead_member_s_number_is_hit() -> None:
    """With 150 numbers to spare, beside strangers who come and go, trees end without survivors."""
    if os.geteuid() or compiled() is None:
        pytest.skip("a pid namespace with few numbers needs root, the trees a C compiler")
    command = [sys.executable, "-m", "tests.bench.bench_trees", "--times", "2", "--timed", "0"]
    done = subprocess.run(
        [*command, "--shapes", "daemon", "pgrp", "chainsid"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line for line in done.stdout.splitlines() if "walk" in line or "group" in line]
    assert len(rows) >= 6
