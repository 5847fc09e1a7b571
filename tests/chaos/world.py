"""A weppd with a Redis of its own under load: what a fault is done to, and what is looked at."""

from __future__ import annotations

import json
import os
import random
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import psutil
import redis

from tests.acceptance.conftest import ROOT, Daemon
from tests.chaos.chaostasks import LOCKS
from tests.chaos.clock import Clock
from tests.chaos.cutter import Cutter
from tests.chaos.disks import Disks
from tests.chaos.ledger import Record, records
from tests.chaos.servers import Server, replica_of
from tests.waiting import PATIENCE, eventually
from weppd.client import Queue
from weppd.shell.host import premises

OUTSTANDING = 10
#: (seconds, processes, how often): short, long and forking jobs.
SHAPES = ((0.0, 0, 6), (0.15, 0, 4), (0.1, 4, 2), (1.2, 0, 1), (1.0, 4, 1))


@dataclass(frozen=True)
class Cell:
    """A cell as its file shows it; `ended` are jobs whose outcomes it still has to tell."""

    n: int
    pid: int
    job: str | None
    leader: int | None
    lives: bool
    ended: frozenset[str] = frozenset()

    @property
    def forker(self) -> int:
        """The first of its two children, while it has one: it forks the others. Else 0.

        A cell whose forker died while a job runs gets another when that is over: until then the
        first is the job, in a session of its own.
        """
        with suppress(OSError):
            listed = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
            if len(listed) > 1 and os.getsid(int(listed[0])) == os.getsid(self.pid):
                return int(listed[0])
        return 0


class World:
    """One daemon, one durable Redis, a line between them that can be cut, and a ledger file."""

    def __init__(self, seed: int, slots: int = 4) -> None:
        # A Unix socket's path must be short.
        self.home = Path(tempfile.mkdtemp(prefix="wc-"))
        self.rng, self.servers = random.Random(seed), 0
        self.clock = Clock(self.home)
        self.redis = self._served(Server(self.home / "r0"))
        self.line = Cutter(self.redis.socket, self.home / "line.sock")
        self.daemon = Daemon(self.home, f"unix://{self.line.here}?db=9")
        self.daemon.tables["daemon"]["slots"] = slots
        # A machine that stands still for half a minute, for others' work, is none of the faults.
        self.daemon.tables["node"] = {"lease_s": 600.0}
        self.daemon.tables["tasks"]["modules"] = ["tests.chaos.chaostasks"]
        # All of them call themselves short, and many are: what waits behind a long one goes back.
        self.daemon.tables["queues"] = {"prefetch": 4}
        self.daemon.tables["zygote.light"] = {"env": {"PYTHONPATH": str(ROOT)}}
        self.daemon.tables["zygote.light"]["env"] |= self.clock.env
        self.daemon.env = {**self.clock.env, "PYTHONPATH": str(ROOT)}
        self.ledger = self.home / "ledger"
        self.client = redis.Redis.from_url(self.redis.url(9))
        #: What the store had of a job before it was emptied; and whether it forgot anything.
        self.archive: dict[str, Record] = {}
        self.forgot = False
        #: What was untrue that only the fault could see.
        self.complaints: list[str] = []
        self.disks = Disks(self.home)
        self.load = Load(self)

    def close(self) -> None:
        """End everything, whatever state it is in."""
        self.load.stop()
        self.daemon.end()
        self.disks.close()
        self.client.close()
        self.line.close()
        self.redis.stop()
        shutil.rmtree(self.home)

    def _served(self, server: Server) -> Server:
        """Start a server on the clock of this world."""
        with patch.dict(os.environ, self.clock.env):
            server.start()
        return server

    def restart_redis(self) -> None:
        """SIGKILL of the server, and a start with its append-only file."""
        self.redis.kill()
        self._served(self.redis)

    def fail_over(self) -> None:
        """SIGKILL of the server while a replica follows; the replica takes its place."""
        self.servers += 1
        with patch.dict(os.environ, self.clock.env):
            heir = replica_of(self.redis, self.home / f"r{self.servers}")
        time.sleep(self.rng.uniform(0, 0.3))
        self.redis.kill()
        heir.promote()
        self.line.server, old, self.redis = heir.socket, self.redis, heir
        self.client = redis.Redis.from_url(self.redis.url(9))
        shutil.rmtree(old.directory)

    # -- what there is

    def files(self) -> list[Cell]:
        """What the cells' files say, whether their cells live or not."""
        found = []
        for file in premises.cell_files(self.home / "run" / "cells"):
            with suppress(ValueError):
                said = json.loads((self.home / "run" / "cells" / str(file.n)).read_text())
                ended = frozenset(job for _, job in said.get("over", ()))
                facts = said["pid"], said["job"], said["leader"]
                found.append(Cell(file.n, *facts, file.locked, ended))
        return found

    def cells(self) -> list[Cell]:
        """The cells that live."""
        return [cell for cell in self.files() if cell.lives]

    def zygotes(self) -> list[psutil.Process]:
        """The zygotes that live: not the cells, which share their command line."""
        cells = {cell.pid for cell in self.cells()}
        family = self.daemon.family()
        like = [p for p in family if _runs(p, "weppd.cell") and p.pid not in cells]
        return [p for p in like if _parent(p) not in cells | {q.pid for q in like}]

    def survivors(self) -> list[str]:
        """Processes of this daemon that belong to nothing that lives now."""
        cells = {cell.pid for cell in self.cells()}
        warm = set()
        for pid in cells:
            with suppress(psutil.NoSuchProcess):
                warm |= {p.pid for p in psutil.Process(pid).children()[:2]}  # and the forker
        known = cells | warm | self._guardians()
        return [_shown(p) for p in self.daemon.family() if p.pid not in known]

    def _guardians(self) -> set[int]:
        weppd = self.daemon.process.pid
        with suppress(psutil.NoSuchProcess):
            return {weppd} | {p.pid for p in psutil.Process(weppd).children()}
        return {weppd}

    def record(self, jid: str) -> Record | None:
        """What the store has of a job."""
        return records(self.client, [jid])[jid]

    def locks(self) -> list[str]:
        """Locks, and accounts of locks, of jobs; for when no job runs."""
        with redis.Redis.from_url(self.redis.url(0)) as taken:
            keys = list(taken.scan_iter(f"{LOCKS}*"))
        return [key.decode() for key in (*keys, *self.client.scan_iter("weppd:held:*"))]

    def remains(self) -> list[str]:
        """Files of jobs that are over: cell files without a cell, temporary directories."""
        cells = self.home / "run" / "cells"
        dead = [f for f in premises.cell_files(cells) if not f.locked and f.eid]
        tmp = list((self.home / "state" / "tmp").iterdir())
        kept = list((self.home / "state" / "outbox").iterdir())
        kept += (self.home / "state" / "bequests").iterdir()
        return [f"cell file {f}" for f in dead] + [f"left {p}" for p in (*tmp, *kept)]


class Load:
    """A producer that keeps a few jobs of all shapes on the queues while it runs."""

    def __init__(self, world: World) -> None:
        self.jids: dict[str, bool] = {}
        self.unsure: set[str] = set()
        self._world = world
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to produce, with an empty list of jobs."""
        self.jids, self.unsure = {}, set()
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Produce no more."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(20)

    def _run(self) -> None:
        rng = random.Random(self._world.rng.random())
        server = self._world.redis
        client = redis.Redis.from_url(server.url(9))
        while not self._stopping.wait(0.02):
            if server is not self._world.redis:
                client.close()
                server = self._world.redis
                client = redis.Redis.from_url(server.url(9))
            with suppress(redis.RedisError):
                if sum(client.llen(f"rq:queue:{q}") for q in ("high", "default")) < OUTSTANDING:
                    self._put(rng, client)
        client.close()

    def _put(self, rng: random.Random, client: redis.Redis) -> None:
        seconds, processes, _ = rng.choices(SHAPES, [each[2] for each in SHAPES])[0]
        name = rng.choice(("once", "once", "again"))
        queue = Queue(rng.choice(("high", "default")), connection=client)
        jid = f"{name}-{rng.getrandbits(48):012x}"
        self.jids[jid] = name == "again"
        self.unsure.add(jid)
        args = (str(self._world.ledger), seconds, processes)
        queue.enqueue(f"tests.chaos.chaostasks.{name}", *args, job_id=jid)
        self.unsure.discard(jid)


def _runs(process: psutil.Process, module: str) -> bool:
    with suppress(psutil.Error):
        return module in process.cmdline()
    return False


def _parent(process: psutil.Process) -> int:
    with suppress(psutil.Error):
        return process.ppid()
    return 0


def _shown(process: psutil.Process) -> str:
    with suppress(psutil.Error):
        return f"{process.pid} of {process.ppid()}: {' '.join(process.cmdline())[:100]}"
    return f"{process.pid}: gone meanwhile"


def wait_for(what: Callable[[], object], within: float) -> bool:
    """Whether `what` came to be true within so many seconds."""
    with suppress(AssertionError):
        eventually(what, within=within / PATIENCE, every=0.05)
        return True
    return False


def kill(pid: int) -> None:
    """SIGKILL, for one that may have gone already."""
    with suppress(ProcessLookupError):
        os.kill(pid, 9)


def now() -> float:
    """The clock of the ledger file."""
    return time.monotonic()
