"""Redis behind Sentinel: the master that it names is used, and a failover is followed."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.waiting import eventually
from weppd.client import Queue

FOREIGN = Path(__file__).parent / "foreign"
SERVER = shutil.which("redis-server")
pytestmark = pytest.mark.skipif(SERVER is None, reason="redis-server is needed for Sentinel")


def a_port() -> int:
    """A free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


class Watched:
    """A master, a replica and a sentinel that watches them."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.ports = {name: a_port() for name in ("master", "replica", "sentinel")}
        self._programs: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def url(self) -> str:
        """The address; its first sentinel is not there."""
        return f"redis+sentinel://127.0.0.1:1,127.0.0.1:{self.ports['sentinel']}/weppcloud/9"

    def start(self) -> None:
        """Start all three; returns when the sentinel knows the replica."""
        self._run("master")
        self._run("replica", "--replicaof", "127.0.0.1", str(self.ports["master"]))
        watch = f"sentinel monitor weppcloud 127.0.0.1 {self.ports['master']} 1"
        patience = "sentinel down-after-milliseconds weppcloud 2000"
        config = self.home / "sentinel.conf"
        config.write_text(f"{watch}\n{patience}\nsentinel failover-timeout weppcloud 5000\n")
        self._run("sentinel", before=[str(config), "--sentinel"])
        eventually(self._knows_the_replica, within=60, every=0.2)

    def _run(self, name: str, *more: str, before: list[str] | None = None) -> None:
        words = ["--port", str(self.ports[name]), "--bind", "127.0.0.1", "--dir", str(self.home)]
        words += ["--save", ""] if name != "sentinel" else []
        command = [str(SERVER), *(before or []), *words, *more]
        self._programs[name] = subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def _knows_the_replica(self) -> bool:
        try:
            with redis.Redis(port=self.ports["sentinel"]) as sentinel:
                (replica,) = sentinel.sentinel_slaves("weppcloud")
                return bool(replica["master-link-status"] == "ok")
        except (redis.ConnectionError, redis.ResponseError, ValueError):
            return False

    def kill(self, name: str) -> None:
        """SIGKILL."""
        self._programs[name].kill()
        self._programs[name].wait()

    def end(self) -> None:
        """End what still runs."""
        for name in self._programs:
            self.kill(name)


@pytest.fixture
def watched() -> Iterator[Watched]:
    """A store behind Sentinel."""
    home = Path(tempfile.mkdtemp(prefix="ws-"))
    made = Watched(home)
    try:
        made.start()
        yield made
    finally:
        made.end()
        shutil.rmtree(home)


def test_a_failover_is_followed(watched, make_daemon):
    """Jobs run by the master that Sentinel names; when it dies, by the next one, the same weppd.

    A task that asks rq for its job gets it from there, too.
    """
    daemon = make_daemon()
    daemon.url = daemon.tables["redis"]["url"] = watched.url
    daemon.tables["zygote.light"] = {"env": {"PYTHONPATH": str(FOREIGN)}}
    daemon.tables["security"] = {"allow": ["oldtasks.*"]}
    daemon.start()
    queue = Queue("default", connection=watched.url)
    assert daemon.ends(queue.enqueue("tasks.noop.noop").id)["state"] == "finished"
    said = daemon.ends(queue.enqueue("oldtasks.note", "my-run", "hello").id)
    assert "'my-run', 'hello'" in said["result"], said
    watched.kill("master")
    eventually(lambda: _enqueues(queue), within=90, every=0.5)
    job = queue.enqueue("tasks.noop.noop")
    assert daemon.ends(job.id, within=60)["state"] == "finished"
    with redis.Redis(port=watched.ports["replica"], db=9) as now:
        assert now.hget(f"rq:job:{job.id}", "status") == b"finished"


def _enqueues(queue: Queue) -> bool:
    try:
        queue.enqueue("tasks.noop.noop")
    except (redis.ConnectionError, redis.ReadOnlyError, redis.sentinel.MasterNotFoundError):
        return False
    return True
