"""Where measuring happens: environments, one Redis on loopback, deployments, their processes."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import redis

from tests import guard
from tests.bench.apps.body import MARK
from tests.bench.peers import APPS, ROOT, SCIENCE, Peer, Place
from weppd.embedded import find_server

READY_S = 60.0
STALL_S = 60.0
OURS = ("-e", f"{ROOT}[tasks]", "-c", str(ROOT / "requirements-dev.lock"))


class Server:
    """A Redis on a loopback port, without persistence, as the baseline had it."""

    def __init__(self, home: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/9"
        server = find_server()
        if server is None:
            sys.exit("no Redis server here")
        options = f"--port {self.port} --bind 127.0.0.1 --appendonly no --daemonize no"
        # A title of its own would be written over its environment, by which the guard knows it.
        untitled = ["--set-proc-title", "no"]
        argv = [str(server), *options.split(), "--save", "", "--dir", str(home), *untitled]
        self.process = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
        self.client = redis.Redis.from_url(self.url)
        until(self._answers, READY_S, "Redis answers")

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.ConnectionError:
            return False

    def stop(self) -> None:
        """End it."""
        self.client.close()
        self.process.kill()
        self.process.wait()


def environment(peer: Peer) -> Path:
    """The `bin` of the peer's virtual environment, built when it is not there yet.

    Whoever comes while another process builds it waits for that: one at a time, by a file's lock.
    """
    wanted = [*(peer.wanted or OURS), *SCIENCE]
    known = [sys.version, *wanted]
    if not peer.wanted:  # of this tree: what it wants is in its project file
        known.append((ROOT / "pyproject.toml").read_text())
    digest = hashlib.sha256(" ".join(known).encode()).hexdigest()[:12]
    home = ROOT / ".bench" / f"{peer.family}-{digest}"
    home.parent.mkdir(exist_ok=True)
    with open(f"{home}.lock", "w") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        if not (home / "ready").exists():
            what = ", ".join(peer.wanted) or "this tree"
            print(f"installing {peer.family}: {what}", file=sys.stderr)
            _build(home, wanted)
    return home / "bin"


def _build(home: Path, wanted: list[str]) -> None:
    """An environment with these packages, marked once it is whole."""
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(home)], check=True)
    pip = [str(home / "bin/python"), "-m", "pip", "--disable-pip-version-check", "-q"]
    subprocess.run([*pip, "install", *wanted], check=True)
    (home / "ready").touch()


def keep() -> None:
    """What a bench starts and writes from now on goes with it, however it ends."""
    tempfile.tempdir = tempfile.mkdtemp(prefix="w")
    guard.keep(tempfile.tempdir)


class Deployment:
    """A peer's workers, marked by their environment so that none of them can hide."""

    def __init__(self, peer: Peer, server: Server, slots: int = 2) -> None:
        self.peer, self.server, self.slots = peer, server, slots
        self.home = Path(tempfile.mkdtemp(prefix="wb-"))
        self.place = Place(environment(peer), self.home, server.url)
        self.log = self.home / "marks"
        self._mark = uuid.uuid4().hex
        self._started: list[subprocess.Popen[bytes]] = []
        server.client.flushall()

    @property
    def env(self) -> dict[str, str]:
        """The environment of its processes and of its producers."""
        path = f"{self.place.bin}:{os.environ.get('PATH', '')}"
        own = {"BENCH_URL": self.server.url, "PYTHONPATH": str(APPS), "PATH": path}
        return {**own, **guard.worn(), "HOME": str(self.home), "LANG": "C.UTF-8"}

    def start(self) -> None:
        """Start the workers, and return once they do jobs."""
        env = {**self.env, "BENCH_MARK": self._mark}
        with open(self.home / "words", "ab") as words:
            for argv in self.peer.commands(self.place, self.slots):
                self._started.append(
                    subprocess.Popen(argv, env=env, cwd=APPS, stdout=words, stderr=words)
                )

    def warm(self) -> None:
        """Have a few jobs done, so that what happens once has happened."""
        first = self.home / "warm"
        for number in range(2 * self.slots):
            self.produce("enqueue", "mark", "1", str(first), str(number))
        until(lambda: self._ready(first), READY_S, f"{self.peer.name} is ready")

    def _ready(self, first: Path) -> bool:
        if any(each.poll() is not None for each in self._started):
            words = (self.home / "words").read_text(errors="replace").strip()
            raise RuntimeError(f"{self.peer.name} did not come up: {words[-300:]}")
        return len(marks(first)) == 2 * self.slots

    def produce(self, *words: str) -> dict[str, Any]:
        """What the peer's own producer answers, from a process of its own."""
        argv = [f"{self.place.bin}/python", str(APPS / self.peer.app), *words]
        done = subprocess.run(argv, env=self.env, cwd=APPS, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{self.peer.name} {words[0]}: {done.stderr.strip()[-600:]}")
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return answer

    def done(self) -> int:
        """How many marks there are."""
        try:
            return self.log.stat().st_size // MARK.size
        except FileNotFoundError:
            return 0

    def await_done(self, jobs: int, every_s: float = 0.01) -> None:
        """Wait for so many marks; RuntimeError when no more come."""
        seen, since = -1, time.monotonic()
        while (done := self.done()) < jobs:
            if done != seen:
                seen, since = done, time.monotonic()
            if time.monotonic() - since > STALL_S:
                raise RuntimeError(f"{self.peer.name} stands still after {done} of {jobs} jobs")
            time.sleep(every_s)

    def family(self) -> list[psutil.Process]:
        """Its live processes, whoever their parents are."""
        return [each for each in psutil.process_iter() if self._ours(each)]

    def _ours(self, process: psutil.Process) -> bool:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            return process.environ().get("BENCH_MARK") == self._mark
        except psutil.Error:
            return False

    @property
    def begun(self) -> set[int]:
        """The pids of the commands that were started."""
        return {each.pid for each in self._started}

    def status(self) -> str:
        """What the peer says of the only job that is not a warm-up, where it keeps such a thing."""
        for key in self.server.client.scan_iter("rq:job:*"):
            fields = self.server.client.hmget(key, "status", "description")
            if b"doze" in (fields[1] or b""):
                return (fields[0] or b"").decode()
        return ""

    def kill(self, pids: list[int]) -> None:
        """SIGKILL."""
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for each in self._started:
            each.poll()

    def end(self) -> None:
        """End all of it, however often it forks."""
        until = time.monotonic() + 20
        while (left := self.family()) and time.monotonic() < until:
            self.kill([each.pid for each in left])
            time.sleep(0.02)
        for each in self._started:
            each.wait(10)
        shutil.rmtree(self.home, ignore_errors=True)


@contextlib.contextmanager
def running(peer: Peer, server: Server, slots: int = 2) -> Iterator[Deployment]:
    """A deployment that is up and has done its first jobs."""
    made = Deployment(peer, server, slots)
    try:
        made.start()
        made.warm()
        yield made
    finally:
        made.end()


def marks(log: Path) -> list[tuple[int, int]]:
    """All marks so far: number and monotonic time (ns), in the order of their writing."""
    try:
        data = log.read_bytes()
    except FileNotFoundError:
        return []
    return list(MARK.iter_unpack(data[: len(data) // MARK.size * MARK.size]))


def cpu_s(processes: list[psutil.Process]) -> float:
    """CPU seconds of these processes and of the children that they have reaped."""
    total = 0.0
    for each in processes:
        with contextlib.suppress(psutil.Error):
            times = each.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def scheduled_s(processes: list[psutil.Process]) -> float:
    """CPU seconds of these processes' own threads, as the scheduler counts them, in nanoseconds.

    An idle process uses less in half a minute than a few of the ticks by which `cpu_s` counts.
    """
    total = 0
    for each in processes:
        with contextlib.suppress(OSError):
            for thread in Path(f"/proc/{each.pid}/task").iterdir():
                total += int((thread / "schedstat").read_text().split()[0])
    return total / 1e9


def pss_mib(processes: list[psutil.Process]) -> float:
    """Proportional set size of these processes together, MiB."""
    total = 0
    for each in processes:
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{each.pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
    return total / 1024


def until(condition: Any, within_s: float, what: str, every_s: float = 0.01) -> None:
    """Wait for a condition; RuntimeError when it does not come."""
    end = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"not within {within_s:.0f} s: {what}")
        time.sleep(every_s)
