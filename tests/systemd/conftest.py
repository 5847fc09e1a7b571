"""One host with a systemd, a Redis and an installed weppd, shared by the tests of this folder."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.systemd.host import Host, missing
from tests.waiting import eventually
from weppd.embedded import find_server

SOCKET = "/run/redis/redis.sock"
CONFIG = f"""
[daemon]
name = "node"
slots = 2
[redis]
url = "unix://{SOCKET}?db=9"
connect_timeout_s = 1.0
call_timeout_s = 1.0
[cancel]
usr1_grace = 1.0
term_grace = 1.0
[run]
roots = ["/srv/runs"]
batch_root = ""
"""
PRODUCER = f"""
import sys
from weppd.client import Queue
queue = Queue("default", connection="unix://{SOCKET}?db=9")
print(queue.enqueue(sys.argv[1], *map(float, sys.argv[2:])).id)
"""


class Node:
    """The host, as its operator sees it."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.run, self.show, self.path = host.run, host.show, host.path

    def systemctl(self, *words: str, timeout: float = 60) -> str:
        """systemctl, which must not fail."""
        return self.run("systemctl", *words, timeout=timeout)

    def up(self) -> int:
        """Start weppd, wait until it runs jobs; its pid."""
        self.systemctl("start", "weppd")
        return eventually(self.serves, within=20, every=0.05)

    def serves(self) -> int:
        """weppd's pid once it is up and a class of cells is ready, else 0."""
        done = self.host.tried("weppdctl", "status", "--json")
        told = json.loads(done.stdout) if done.returncode == 0 else {"zygotes": []}
        return told["pid"] if any(z["state"] == "ready" for z in told["zygotes"]) else 0

    def enqueue(self, function: str, *args: float) -> str:
        """Enqueue as another program of another user does; the job's id."""
        other = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        return self.run(*other, sys.executable, "-c", PRODUCER, function, *map(str, args))

    def job(self, jid: str) -> dict[str, Any]:
        """The job, as weppdctl shows it."""
        return json.loads(self.run("weppdctl", "show", jid, "--json"))

    def in_state(self, jid: str, state: str, within: float = 20) -> dict[str, Any]:
        """The job once it is in `state`."""
        eventually(lambda: self.job(jid)["state"] == state, within=within, every=0.05)
        return self.job(jid)

    def sleepers(self) -> list[str]:
        """The pids of all processes of jobs."""
        asked = "pgrep -f '^weppd: job|^sleep ' || true"
        return self.run("sh", "-c", asked).split()

    def journal(self, *matches: str) -> list[dict[str, Any]]:
        """weppd's journal."""
        self.run("journalctl", "--sync")
        lines = self.run("journalctl", "-u", "weppd", "-o", "json", "--no-pager", *matches)
        return [json.loads(line) for line in lines.splitlines()]

    def drop_in(self, name: str, text: str) -> None:
        """What `systemctl edit` would write; an empty text takes it away."""
        place = self.path(f"/etc/systemd/system/weppd.service.d/{name}.conf")
        if text:
            place.write_text(text)
        else:
            place.unlink()
        self.systemctl("daemon-reload")


@pytest.fixture(scope="session")
def node() -> Iterator[Node]:
    """A host on which weppd is installed for www-data, as in production, and not started."""
    reason = missing() or ("" if find_server() else "no Redis server here to run in the host")
    if reason:
        pytest.skip(reason)
    host = Host()
    try:
        furnish(host)
        weppd = f"{sys.prefix}/bin/weppd"
        host.run(weppd, "install-service", "--user", "www-data", "--group", "www-data")
        yield Node(host)
    finally:
        host.stop()


def furnish(host: Host) -> None:
    """Give a host a Redis, a root of runs, and settings for weppd."""
    host.run("mkdir", "-p", "/srv/runs", "/run/redis", "/etc/weppd")
    host.run("chown", "www-data:www-data", "/srv/runs", "/run/redis")
    host.path("/etc/weppd/weppd.toml").write_text(CONFIG)
    redis = "--unixsocketperm 777 --port 0 --appendonly no --dir /run/redis".split()
    redis += ["--save", "", "--unixsocket", SOCKET]
    host.run("systemd-run", "--unit=test-redis", str(find_server()), *redis)
