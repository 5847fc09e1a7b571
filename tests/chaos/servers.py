"""A Redis that can be killed, and one that takes its place: its replica."""

from __future__ import annotations

import os
import signal
import socket
from contextlib import closing
from pathlib import Path

import redis

from tests.waiting import eventually
from weppd.embedded import Embedded


def free_port() -> int:
    """A TCP port that nobody listens on at this moment."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server(Embedded):
    """A durable Redis that a replica can follow; `follows` is the one that this one copies."""

    def __init__(self, directory: Path, follows: Server | None = None) -> None:
        super().__init__(directory, durable=True)
        self.port, self._follows = free_port(), follows

    def _options(self) -> list[str]:
        more = ["--port", str(self.port), "--bind", "127.0.0.1", "--repl-diskless-sync-delay", "0"]
        # By default what was confirmed may wait two seconds for the file while that is synced.
        more += ["--appendfsync", "always"]
        if self._follows is not None:
            more += ["--replicaof", f"127.0.0.1 {self._follows.port}"]
        return [*super()._options(), *more]

    def kill(self) -> None:
        """SIGKILL; nothing happens where it does not run."""
        if self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)
            self.stop()

    def in_step(self) -> bool:
        """Whether this replica has all that its master had."""
        with redis.Redis.from_url(self.url(9)) as client:
            told = client.info("replication")
            return told.get("master_link_status") == "up" and not told["master_sync_in_progress"]

    def promote(self) -> None:
        """Be a master from now on."""
        with redis.Redis.from_url(self.url(9)) as client:
            client.replicaof("NO", "ONE")
        self._follows = None


def replica_of(master: Server, directory: Path) -> Server:
    """A started replica that is in step."""
    made = Server(directory, master)
    made.start()
    eventually(made.in_step, within=20)
    return made
