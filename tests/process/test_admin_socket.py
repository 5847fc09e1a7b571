"""The admin API on a real Unix socket, with real callers."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.unit.admin_house import FakeHouse, a_job
from weppd.admin import auth, door, server
from weppd.errors import AlreadyRunning, SettingsError

GET = "GET {} HTTP/1.1\r\nHost: weppd\r\nConnection: close\r\n\r\n"
POST = "POST {} HTTP/1.1\r\nHost: weppd\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@asynccontextmanager
async def served(house: FakeHouse, path: Path) -> AsyncIterator[None]:
    rules = auth.Rules(uid=os.geteuid())
    async with server.serving(house, door.listen(path), rules):
        yield


async def talk(path: Path, request: str) -> str:
    """Everything that the server says to one raw request."""
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(request.encode())
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return answer.decode()


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.01)


def run(scene: Awaitable[None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(30):
            await scene

    asyncio.run(bounded())


def test_anybody_may_connect_and_the_socket_answers(tmp_path: Path) -> None:
    """The socket has mode 0666, answers, and leaves no file beside it."""
    path = tmp_path / "admin.sock"

    async def scene() -> None:
        async with served(FakeHouse(), path):
            assert stat.S_IMODE(path.stat().st_mode) == 0o666
            assert (await talk(path, GET.format("/v1/status"))).startswith("HTTP/1.1 200 OK")
        assert os.listdir(tmp_path) == ["admin.sock"]

    run(scene())


def test_the_daemons_uid_may_change_unless_inside_a_job(tmp_path: Path) -> None:
    """The same process is let through, and is refused once one of its ancestors is a cell."""
    path, house = tmp_path / "admin.sock", FakeHouse(a_job("j"), a_job("k"))

    async def scene() -> None:
        async with served(house, path):
            assert "200 OK" in await talk(path, POST.format("/v1/jobs/j/cancel"))
            house.inside = {os.getpid()}
            refused = await talk(path, POST.format("/v1/jobs/k/cancel"))
            assert "403 Forbidden" in refused
            assert "inside a job" in refused
            assert "200 OK" in await talk(path, GET.format("/v1/jobs/k"))
        assert house.store["k"]["state"] == "started"

    run(scene())


def test_a_process_deep_in_a_job_is_known_as_such(tmp_path: Path) -> None:
    """A grandchild of the cell, in a session of its own, may still not cancel."""
    path, house = tmp_path / "admin.sock", FakeHouse(a_job("j"))
    asker = (
        "import socket,sys; s=socket.socket(socket.AF_UNIX); s.settimeout(10);"
        f"s.connect({str(path)!r}); s.sendall({POST.format('/v1/jobs/j/cancel')!r}.encode());"
        "print(s.recv(99).decode().split()[1]); sys.stdin.read()"
    )

    async def scene() -> None:
        async with served(house, path):
            shell = await asyncio.create_subprocess_exec(
                "sh", "-c", 'read go; setsid "$0" -c "$1"', sys.executable, asker,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )  # fmt: skip
            house.inside = {shell.pid}
            out, _ = await asyncio.wait_for(shell.communicate(b"go\n"), 20)
            assert out.strip() == b"403"

    run(scene())


def test_a_stop_answers_who_waits_and_closes(tmp_path: Path) -> None:
    """A cancel that still waits is told that weppd is stopping; a follower's stream ends."""
    path, house = tmp_path / "admin.sock", FakeHouse(a_job("j"))
    house.hold, house.lines["j"] = asyncio.Event(), [b"line\n"]

    async def scene() -> None:
        async with served(house, path):
            waiting = asyncio.create_task(talk(path, POST.format("/v1/jobs/j/cancel")))
            following = asyncio.create_task(talk(path, GET.format("/v1/jobs/j/log?follow=1")))
            await eventually(lambda: len(house.asked) == 2 and house.followers == 1)
        assert '"type":"stopping"' in await waiting
        assert "line\n" in await following
        assert house.followers == 0
        with pytest.raises(ConnectionRefusedError):
            await talk(path, GET.format("/healthz"))

    run(scene())


def test_a_follower_who_hangs_up_is_let_go(tmp_path: Path) -> None:
    """The daemon stops reading a log for a caller who is gone."""
    path, house = tmp_path / "admin.sock", FakeHouse()
    house.lines["j"] = [b"line\n"]

    async def scene() -> None:
        async with served(house, path):
            reader, writer = await asyncio.open_unix_connection(path)
            writer.write(GET.format("/v1/jobs/j/log?follow=1").encode())
            await asyncio.wait_for(reader.readuntil(b"line\n"), 10)
            assert house.followers == 1
            writer.close()
            await eventually(lambda: house.followers == 0)

    run(scene())


def test_a_fault_is_a_500_and_the_server_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An unexpected error tells the caller nothing, the log everything, and harms nobody else."""
    path, house = tmp_path / "admin.sock", FakeHouse()
    house.fault = KeyError("a secret")

    async def scene() -> None:
        async with served(house, path):
            answer = await talk(path, GET.format("/v1/status"))
            assert "500 Internal Server Error" in answer
            assert "application/problem+json" in answer
            assert "secret" not in answer
            house.fault = None
            assert "200 OK" in await talk(path, GET.format("/v1/status"))

    run(scene())
    assert "a secret" in caplog.text


def test_signals_stay_with_the_daemon(tmp_path: Path) -> None:
    """Serving changes no signal handler, and so SIGTERM is weppd's to handle."""
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    seen: list[object] = []

    async def scene() -> None:
        # asyncio.run has a SIGINT handler of its own while it runs: compare inside.
        inside = signal.getsignal(signal.SIGINT)
        async with served(FakeHouse(), tmp_path / "admin.sock"):
            seen.append(signal.getsignal(signal.SIGTERM))
            assert signal.getsignal(signal.SIGINT) == inside

    run(scene())
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)] == before
    assert seen == before[1:]


def test_a_dead_socket_is_replaced_and_a_live_one_is_not(tmp_path: Path) -> None:
    """What kill -9 left does not hinder the next start; a second daemon cannot steal the name."""
    path = tmp_path / "admin.sock"
    door.listen(path).close()
    alive = door.listen(path)
    with pytest.raises(AlreadyRunning, match=r"admin\.sock: another process listens"):
        door.listen(path)
    alive.close()
    door.unbind(path)
    door.unbind(path)
    assert not path.exists()


@pytest.mark.parametrize(
    ("name", "says"),
    [("x" * 120, "longer than"), ("no/such/dir/a.sock", "its directory is not there")],
)
def test_a_socket_that_cannot_be_bound_is_the_settings_error(
    tmp_path: Path, name: str, says: str
) -> None:
    """The message names the key and the path."""
    with pytest.raises(SettingsError, match=f"daemon.admin_socket: .*{name[-8:]}: {says}"):
        door.listen(tmp_path / name)


def test_rubbish_on_the_socket_harms_nobody(tmp_path: Path) -> None:
    """Bytes that are no HTTP get a 400, a half request gets nothing, and others are served."""
    path = tmp_path / "admin.sock"

    async def scene() -> None:
        async with served(FakeHouse(), path):
            half, _ = await asyncio.open_unix_connection(path), None
            half[1].write(b"GET /v1/sta")
            assert (await talk(path, "\x00\xff\r\n\r\n")).startswith("HTTP/1.1 400")
            with socket.socket(socket.AF_UNIX) as gone:
                gone.connect(str(path))
            assert "200 OK" in await talk(path, GET.format("/healthz"))
            half[1].close()

    run(scene())
