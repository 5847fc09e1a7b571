"""A cancel as its caller sees it: `python -m tests.bench.bench_cancels [--times 60]`.

Milliseconds from the request on the admin socket to its answer, which comes when nothing of the job
lives, its locks are free and its temporary files are gone: through weppd, the store and the cell,
with SIGKILL at once ([cancel] graces of 0), for trees of 10, 100 and 1,000 processes. Whether
anything lives is then looked for in /proc.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from tests.acceptance.conftest import ROOT, Daemon
from tests.process.lab import compiled
from tests.waiting import eventually
from weppd.ctl.answers import job_path
from weppd.ctl.client import Client
from weppd.embedded import Embedded

SIZES = (10, 100, 1000)


def main() -> None:
    """Measure, and print a line for each size."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, default=60)
    options = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="wb-"))
    server, daemon = Embedded(home / "redis"), None
    server.start()
    try:
        place = home / "weppd"
        place.mkdir()
        daemon = Daemon(place, server.url(9))
        daemon.tables["tasks"] = {"modules": ["tests.bench.benchtasks"]}
        daemon.tables["zygote.light"] = {"env": {"PYTHONPATH": str(ROOT)}}
        daemon.tables["cancel"] = {"usr1_grace": 0.0, "term_grace": 0.0}
        daemon.start()
        print(f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}, {options.times} cancels each")
        print(f"{'processes':>10}{'p50 ms':>9}{'p99 ms':>9}{'survivors':>11}")
        for size in SIZES:
            took, left = zip(*(cancel(daemon, size) for _ in range(options.times)), strict=True)
            p99 = sorted(took)[min(len(took) - 1, int(0.99 * len(took)))]
            print(f"{size:10}{statistics.median(took):9.1f}{p99:9.1f}{sum(left):11}", flush=True)
        print(f"load {os.getloadavg()[0]:.1f}")
    finally:
        if daemon is not None:
            daemon.end()
        server.stop()
        shutil.rmtree(home)


def cancel(daemon: Daemon, size: int) -> tuple[float, int]:
    """Milliseconds of one cancel, and how many processes lived when it had been answered."""
    mark = daemon.home / "stands"
    mark.unlink(missing_ok=True)
    # The leader is one of them.
    job = daemon.queue().enqueue("tests.bench.benchtasks.grow", compiled(), size - 1, str(mark))
    eventually(mark.exists, within=30)
    client = Client(f"{daemon.home}/admin.sock", 5.0)
    began = time.perf_counter()
    client.ask("POST", job_path(job.id, "/cancel"), {"wait": True})
    took = (time.perf_counter() - began) * 1e3
    return took, sum("nasty" in process.name() for process in daemon.family())


if __name__ == "__main__":
    main()
