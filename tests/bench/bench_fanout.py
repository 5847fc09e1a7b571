"""What a fan-out of many hillslopes costs beside its engines: memory and CPU of weppd's processes.

    python -m tests.bench.bench_fanout [HILLSLOPES]

A real weppd runs them in one job. The engine is a shell script that copies outputs made before, so
that nearly all of the time is the fan-out's own. CPU seconds are what counts: they do not depend on
what else the machine does. Memory is the share of each process (PSS), engines left out.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path

import psutil

from tests.acceptance.conftest import PIPELINE, Daemon
from tests.bench.measures import farm
from tests.unit import fake_wepp
from tests.unit.test_complete import ENRICHMENT, pass_text
from tests.unit.test_wepp_rq import REPORT

#: Seconds of CPU that hillsim, compiled, takes for a hillslope of thirty years, as a program.
ENGINE_S = 0.21
LOOK_S = 0.25
SCRIPT = """#!/bin/sh
while read line; do case $line in
*pass.dat) cp {made}/pass $line;; *loss.dat) cp {made}/loss $line;; *ebe.dat) cp {made}/ebe $line;;
esac; done
echo " WEPP COMPLETED HILLSLOPE SIMULATION SUCCESSFULLY"
"""
#: MiB and CPU seconds by process.
Seen = dict[psutil.Process, tuple[float, float]]


def main(hillslopes: int) -> None:
    """Run them, and print what it took."""
    home = Path(tempfile.mkdtemp(prefix="fan-"))
    with farm.embedded() as redis:
        daemon = Daemon(home, redis)
        daemon.tables["tasks"]["modules"] += PIPELINE
        daemon.tables["wepp"]["default_bin"] = "wepp_250915"
        try:
            _install(home)
            fake_wepp.prepare_run(home / "runs", how=dict.fromkeys(range(1, hillslopes + 1), "ok"))
            daemon.start()
            for what in ("all of them", "none, for all are done"):
                _measure(daemon, hillslopes, what)
        finally:
            daemon.end()
            shutil.rmtree(home)


def _measure(daemon: Daemon, hillslopes: int, what: str) -> None:
    before, began = _seen(daemon), time.monotonic()
    job = daemon.queue().enqueue("tasks.wepp_rq._run_hillslopes_rq", "my-run").id
    most: Seen = {}
    last = before
    used = {process: cpu for process, (_, cpu) in before.items()}
    while not farm.over(daemon, job):
        now = _seen(daemon)
        used |= {process: cpu for process, (_, cpu) in now.items()}
        # A process that is about to become an engine has its parent's memory, and not for long.
        steady = {process: both for process, both in now.items() if process in last}
        most, last = max(most, steady, key=_mib), now
        time.sleep(LOOK_S)
    wall = time.monotonic() - began
    cpu = sum(used.values()) - sum(cpu for _, cpu in before.values())
    each = cpu / hillslopes
    shares = ", ".join(f"{mib:.0f}" for mib, _ in sorted(most.values(), reverse=True))
    print(
        f"{hillslopes} hillslopes, {what}: {wall:.1f} s wall, {cpu:.1f} s CPU of weppd's processes,"
        f" {1000 * each:.2f} ms each ({100 * each / ENGINE_S:.2f} % of an engine's {ENGINE_S} s);"
        f" at most {_mib(most):.0f} MiB: {shares} ({_mib(before):.0f} before)"
    )


def _seen(daemon: Daemon) -> Seen:
    """Every process of weppd's but the engines, and what is about to become one."""
    found: Seen = {}
    for process in daemon.family():
        try:
            if process.name().startswith("python") and not process.cwd().endswith("wepp/runs"):
                mib = process.memory_full_info().pss / 2**20
                found[process] = mib, sum(process.cpu_times()[:2])
        except psutil.Error:  # it has ended since
            continue
    return found


def _mib(seen: Seen) -> float:
    return sum(mib for mib, _ in seen.values())


def _install(home: Path) -> None:
    made = home / "made"
    made.mkdir()
    for name, text in (("pass", pass_text(2)), ("loss", REPORT + ENRICHMENT), ("ebe", "head\n")):
        (made / name).write_text(text)
    engine = home / "bin" / "wepp_250915"
    engine.write_text(SCRIPT.replace("{made}", str(made)))
    engine.chmod(0o755)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
