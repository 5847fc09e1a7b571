"""What systemd is told, and the sockets that it hands in."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from weppd import notify
from weppd.core import state as states
from weppd.core.schedule import Rules
from weppd.shell.people.statusline import StatusLine


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    """What listens for notifications."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(tmp_path / "notify"))
        sock.settimeout(5)
        yield sock


def test_each_moment_of_the_service_has_its_words(systemd: socket.socket) -> None:
    """systemd hears that weppd is ready, well, reloading, stopping, and how long that may take."""
    tell = notify.Notifier(systemd.getsockname())
    said = []
    for moment in (tell.ready, tell.watchdog, tell.stopping, tell.reloading):
        moment()
        said.append(systemd.recv(4096).decode())
    tell.more_time(1.5)
    said.append(systemd.recv(4096).decode())
    assert said[:3] == ["READY=1", "WATCHDOG=1", "STOPPING=1"]
    reloading, moment_us = said[3].split("\n")
    assert reloading == "RELOADING=1"
    assert moment_us.removeprefix("MONOTONIC_USEC=").isdecimal()
    assert said[4] == "EXTEND_TIMEOUT_USEC=1500000"


def test_a_status_is_told_once(systemd: socket.socket) -> None:
    """The same line again costs no message."""
    tell = notify.Notifier(systemd.getsockname())
    for text in ("open: 1 running", "open: 1 running", "open: 2 running"):
        tell.status(text)
    assert [systemd.recv(4096) for _ in range(2)] == [
        b"STATUS=open: 1 running",
        b"STATUS=open: 2 running",
    ]


def test_without_systemd_nobody_is_told() -> None:
    """weppd in a terminal notifies nobody, and does not mind."""
    tell = notify.Notifier(None)
    tell.ready()
    assert not tell.listens


def test_a_busy_systemd_stays_the_one_that_is_told(systemd: socket.socket) -> None:
    """A full queue loses a message, and does not silence the service for ever."""
    tell = notify.Notifier(systemd.getsockname())
    for _ in range(2000):
        tell.watchdog()
    assert systemd.recv(4096) == b"WATCHDOG=1"
    assert tell.listens


CHILD = """
import os, sys
os.environ["LISTEN_PID"] = str(os.getpid())
from weppd import notify
sock = notify.handed_in(sys.argv[1], os.environ)
other = notify.handed_in("/elsewhere", os.environ)
notes = [sock.getsockname() if sock else None, other, os.get_inheritable(3)]
notify.keep(os.environ)
print(*notes, os.get_inheritable(3))
"""


def test_a_socket_that_systemd_made_is_used_and_kept(tmp_path: Path) -> None:
    """The admin socket that was handed in is served; jobs never get it, the next weppd does."""
    path = str(tmp_path / "admin.sock")
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(path)
        sock.listen()
        os.set_inheritable(sock.fileno(), True)
        move = f"import os,sys; os.dup2({sock.fileno()}, 3); os.execv(sys.executable, sys.argv[1:])"
        done = subprocess.run(
            [sys.executable, "-c", move, sys.executable, "-c", CHILD, path],
            env={**os.environ, "LISTEN_FDS": "1"},
            close_fds=False,
            capture_output=True,
            text=True,
        )
    assert done.stderr == ""
    assert done.stdout.split() == [path, "None", "False", "True"]


def test_a_strangers_sockets_are_left_alone() -> None:
    """Variables that were meant for another process (another pid) give nothing."""
    assert notify.handed_in("/x", {"LISTEN_PID": "1", "LISTEN_FDS": "1"}) is None
    assert notify.handed_in("/x", {}) is None


def test_a_burst_of_changes_is_one_line_of_status(systemd: socket.socket) -> None:
    """What changes a hundred times in one moment is told once, as it stands then."""

    async def burst() -> None:
        loop = asyncio.get_running_loop()
        state = states.fresh(Rules(), 2)
        line = StatusLine(notify.Notifier(systemd.getsockname()), lambda: state, loop)
        line.queued = 0
        for queued in range(100):
            line.queued = queued
            line.look(state)
        told = await asyncio.wait_for(asyncio.to_thread(systemd.recv, 4096), 10)
        assert told == b"STATUS=open: 0 running, 99 queued, 0 slots idle"
        line.tell()  # nothing has changed
        line.queued = 3
        line.tell()
        assert systemd.recv(4096) == b"STATUS=open: 0 running, 3 queued, 0 slots idle"

    asyncio.run(burst())
