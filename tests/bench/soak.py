"""Does anything grow? A mixed load for as long as one likes: `make soak`.

    python -m tests.bench.soak [--minutes 30]

Short, long, failing, forking and cancelled jobs, whose records live for half a minute. What each
kind of process holds (private memory, open files) and what Redis holds (memory and keys, but for
the keys that tell a late finish) is looked at every few seconds; the table has the least of the
second and of the last quarter of the time: what is held between the bursts, which whatever leaks
adds to. The first quarter is for caches to fill; what the scribe knows of recent executions is full
from the start.
Exit 1 if anything grew by more than --most per cent.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import shutil
import statistics
import sys
import tempfile
import time
import uuid
from collections import Counter, defaultdict
from pathlib import Path

import psutil
import redis

from tests.acceptance.conftest import ROOT, Daemon
from weppd.cancel_job import cancel_jobs
from weppd.embedded import Embedded
from weppd.scribe import index

OUTSTANDING = 20
TTL_S = 30
SEED = 20
#: (task, arguments, how often): the last argument of `once` is how many trees it leaves.
LOAD = (
    ("tests.chaos.chaostasks.once", (0.0, 0), 10),
    ("tests.chaos.chaostasks.again", (0.3, 0), 4),
    ("tests.chaos.chaostasks.once", (0.2, 4), 2),
    ("tests.chaos.chaostasks.once", ("no number", 0), 2),
    ("tests.chaos.chaostasks.once", (30.0, 4), 1),
)
#: Kept for a week after each execution, so that a finish that comes late is known for one.
KEPT = ("weppd:exec", "weppd:done", "weppd:closed")
#: What may come and go with the load, and is no growth: this many keys, files, MiB.
SLACK = {"keys": 60.0, "files": 4.0, "MiB": 1.0}


class Soak:
    """One weppd and its Redis under load, and what was seen of them."""

    def __init__(self, home: Path, server: Embedded) -> None:
        self.daemon = Daemon(home, server.url(9))
        self.daemon.tables["tasks"]["modules"] = ["tests.chaos.chaostasks"]
        self.daemon.tables["zygote.light"] = {"env": {"PYTHONPATH": str(ROOT)}}
        self.daemon.env = {"PYTHONPATH": str(ROOT)}
        self.server, self.client = server, redis.Redis.from_url(server.url(9))
        self.rng, self.ended = random.Random(SEED), Counter[str]()
        self.seen: dict[tuple[str, str], list[float]] = defaultdict(list)
        self._open: dict[str, bool] = {}

    def feed(self) -> None:
        """Take what has ended off the list, cancel a little, and enqueue as much anew."""
        pipe = self.client.pipeline(transaction=False)
        for jid in self._open:
            pipe.hget(f"rq:job:{jid}", "status")
        for jid, status in zip(list(self._open), pipe.execute(), strict=True):
            word = (status or b"expired").decode()
            if word not in ("queued", "started"):
                self.ended[word] += 1
                del self._open[jid]
        for jid, doomed in list(self._open.items()):
            if doomed and self.rng.random() < 0.2:
                cancel_jobs(jid, self.daemon.url)
        queue = self.daemon.queue()
        while len(self._open) < OUTSTANDING:
            name, words, _ = self.rng.choices(LOAD, [each[2] for each in LOAD])[0]
            job = queue.enqueue(name, f"{self.daemon.home}/ledger", *words, result_ttl=TTL_S,
                                failure_ttl=TTL_S)  # fmt: skip
            self._open[job.id] = words[0] == 30.0 or self.rng.random() < 0.03

    def look(self) -> None:
        """Note what processes and Redis hold now."""
        held: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for process in self.daemon.family():
            with contextlib.suppress(psutil.Error):
                held[_role(process)].append(
                    (process.memory_full_info().uss / 2**20, process.num_fds())
                )
        for role, each in held.items():
            if role:
                self.seen[role, "MiB"].append(max(mib for mib, _ in each))
                self.seen[role, "files"].append(max(files for _, files in each))
        kinds = self.kinds()
        kept = sum(kinds[kind] * self._each(kind) for kind in KEPT)
        memory = self.client.info("memory")
        self.seen["Redis", "MiB"].append((memory["used_memory"] - kept) / 2**20)
        self.seen["Redis", "keys"].append(float(sum(kinds[k] for k in kinds if k not in KEPT)))

    def _each(self, kind: str) -> float:
        """What one key of a kind takes (bytes), by a sample."""
        _, some = self.client.scan(0, match=f"{kind}:*", count=2000)
        used = [self.client.memory_usage(key) or 0 for key in some[:50]]
        return statistics.fmean(used) if used else 0.0

    def kinds(self) -> Counter[str]:
        """How many keys there are of each kind."""
        keys = (key.decode() for key in self.client.scan_iter(count=1000))
        return Counter(":".join(key.split(":")[:2]) for key in keys)


def _role(process: psutil.Process) -> str:
    line = process.cmdline()
    if "weppd.scribe" in line:
        return "scribe"
    if "weppd" in line:
        return "weppd"
    if "weppd.cell" in line:
        return "cells"
    return ""


def growth(values: list[float], unit: str) -> tuple[float, float, float]:
    """The least of the second and the last quarter, and by how much (%) the last is more."""
    quarter = max(1, len(values) // 4)
    early, late = min(values[quarter : 2 * quarter] or values), min(values[-quarter:])
    if late - early <= SLACK[unit]:
        return early, late, 0.0
    return early, late, 100 * (late - early) / max(early, 1e-9)


def _fill(jobs: Path) -> None:
    """An index of as many executions as the scribe remembers, before it starts."""
    jobs.mkdir(parents=True)
    noise = random.Random(SEED)
    rows = [
        {"eid": f"{noise.getrandbits(128):032x}", "job": str(uuid.UUID(int=noise.getrandbits(128)))}
        for _ in range(2 * index.KNOWN - 1)  # with the next one the older half goes
    ]
    path = index.path_for(jobs, time.time())
    path.write_text("".join(json.dumps({**row, "spool": 9}) + "\n" for row in rows))


def main() -> int:
    """Soak, and print the table."""
    parser = argparse.ArgumentParser(prog="tests.bench.soak", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--most", type=float, default=5.0, help="growth (%%) that is none")
    asked = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="ws-"))
    server = Embedded(home / "redis")
    server.start()
    soak = Soak(home, server)
    try:
        _fill(home / "log" / "jobs")
        soak.daemon.start()
        _run(soak, 60 * asked.minutes)
        return _told(soak, asked)
    finally:
        soak.daemon.end()
        soak.client.close()
        server.stop()
        shutil.rmtree(home)


def _run(soak: Soak, seconds: float) -> None:
    began = looked = time.monotonic()
    every = max(1.0, seconds / 200)
    while (now := time.monotonic()) < began + seconds:
        soak.feed()
        if now - looked >= every:
            looked = now
            soak.look()
            done = sum(soak.ended.values())
            print(f"\r{(now - began) / 60:.1f} min, {done} jobs ", end="", file=sys.stderr)
        time.sleep(0.05)
    print(file=sys.stderr)


def _told(soak: Soak, asked: argparse.Namespace) -> int:
    print(f"{asked.minutes:g} minutes, jobs: {dict(soak.ended)}")
    print(f"{'':8} {'':6} {'2nd quarter':>12} {'last quarter':>13} {'growth':>8}")
    worst = 0.0
    for (role, unit), values in sorted(soak.seen.items()):
        early, late, more = growth(values, unit)
        worst = max(worst, more)
        print(f"{role:8} {unit:6} {early:12.1f} {late:13.1f} {more:7.1f}%")
    print("keys:", ", ".join(f"{kind} {n}" for kind, n in soak.kinds().most_common(12)))
    return int(worst > asked.most)


if __name__ == "__main__":
    sys.exit(main())
