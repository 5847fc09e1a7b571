"""A guard beside each pytest: what its tests started ends with it, however that ends.

Fixtures do not run in a worker of pytest-xdist that is killed: its controller does so 10 s after it
is told to end, and a shell, a machine short of memory or a stopped CI may. Daemons and zygotes of
weppd outlive their parents by design. They are known by a mark in their environment.

The guard has a session and an environment of its own, so that no signal for the tests is one for
it. Standard library only: it is run by its path, without site.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

MARK = "TESTS_MARK"
PATIENCE_S = 30.0


def keep(directory: str) -> None:
    """Mark what this process starts from now on; all that ends with it, and `directory` goes."""
    mark = os.environ[MARK] = uuid.uuid4().hex
    words = [sys.executable, "-I", "-S", __file__, str(os.getpid()), mark, directory]
    guard = subprocess.Popen(
        words,
        env={},
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert guard.stdout is not None
    with guard.stdout as ready:
        assert ready.read(1) == b"+", "the guard of the tests did not start"
    guard.returncode = 0  # it outlives us: nobody is to wait for it


def worn() -> dict[str, str]:
    """The mark, for an environment that is made anew; nothing where there is no guard."""
    return {MARK: os.environ[MARK]} if MARK in os.environ else {}


def _watch(pid: int, mark: str, directory: str) -> None:
    """Wait until `pid` has ended; end what it has left."""
    watched = os.pidfd_open(pid)
    os.write(1, b"+")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    select.select([watched], [], [])
    word, deadline = f"{MARK}={mark}".encode(), time.monotonic() + PATIENCE_S
    # Until two looks found nobody: one that was killed may just have started another.
    nobody = 0
    while nobody < 2 and time.monotonic() < deadline:
        nobody = 0 if _ended(word) else nobody + 1
        time.sleep(0.01)
    for mount in _mounts(directory):
        subprocess.run(["umount", "-l", mount], check=False)
    shutil.rmtree(directory, ignore_errors=True)


def _ended(word: bytes) -> int:
    """Kill all that have this word in their environment; how many there were."""
    return sum(_killed(int(name), word) for name in os.listdir("/proc") if name.isdecimal())


def _killed(pid: int, word: bytes) -> bool:
    try:
        process = os.pidfd_open(pid)
    except OSError:  # gone
        return False
    try:
        found = word in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        if found:
            signal.pidfd_send_signal(process, signal.SIGKILL)
    except OSError:  # gone meanwhile, or another user's
        return False
    finally:
        os.close(process)
    return found


def _mounts(directory: str) -> list[str]:
    places = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return [place for place in reversed(places) if place.startswith(f"{directory}/")]


if __name__ == "__main__":
    _watch(int(sys.argv[1]), sys.argv[2], sys.argv[3])
