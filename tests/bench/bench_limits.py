"""How well a CPU quota holds: weppd, the kernel's own quota and cpulimit, side by side.

    python -m tests.bench.bench_limits [--seconds 10] [--only signals,kernel] [--quick]

For each method, shape, size and target: a tree starts, has three seconds to settle, and is measured
over a window by its cpu.stat, the account that the kernel keeps of it. Errors are relative to the
target, or to what the tree used under the kernel's quota where it cannot reach that. Needs root, a
mounted cgroup v2 for the accounts, and for the reference a cgroup v1 with `cpu`. Writes
bench/limits.{md,json,png}.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.bench import burners, limits_report
from tests.process.fakeweppd import FakeWeppd, eventually
from tests.process.lab import new_group, remove_group

HERE = Path(__file__).parent
V1 = Path("/sys/fs/cgroup/cpu")
METHODS = ("signals", "freezer", "kernel", "cpulimit")
SHAPES, SIZES = ("busy", "forking"), (1, 4, 16, 64)
TARGETS = (0.10, 0.25, 0.50, 1.00, 1.50)
JOBS = (
    (1, "busy", 0.10), (16, "busy", 0.10), (64, "busy", 0.025), (16, "forking", 0.10),
)  # fmt: skip
SETTLE_S = 3.0
#: Trees are measured ahead of whatever else the machine does (sched(7), autogroup).
NICE = -19
CPUS = os.cpu_count() or 1


class Account:
    """The CPU time of a control group, as the kernel counts it; the dead included."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._fd = os.open(f"{path}/cpu.stat", os.O_RDONLY)

    def seconds(self) -> float:
        """CPU seconds so far."""
        return int(os.pread(self._fd, 64, 0).split()[1]) / 1e6


def cpu_of(pid: int) -> float:
    """The CPU seconds of one process."""
    return time.clock_gettime_ns(~pid << 3 | 2) / 1e9


class Farm:
    """Cells of a zygote, in a delegated group or in none, and the accounts of their jobs."""

    def __init__(self, kernel: bool, count: int) -> None:
        self.above = new_group()
        assert self.above is not None, "no cgroup v2 can be made here: be root"
        self.weppd = FakeWeppd(Path(tempfile.mkdtemp(prefix="wl-")))
        self.weppd.spawn(extra={"PYTHONPATH": str(HERE)})
        if kernel:
            Path(f"{self.above}/cgroup.procs").write_text(str(self.weppd.zygote.pid))
        self.weppd.set_up(modules=["tasks.noop"], allow=["burners.*"])
        self.cells = [self.weppd.fork(n)["pid"] for n in range(1, count + 1)]
        self.accounts = [Account(self._group(kernel, n, pid)) for n, pid in enumerate(self.cells)]
        self._outside = [] if kernel else [account.path for account in self.accounts]

    def _group(self, kernel: bool, n: int, pid: int) -> str:
        path = f"{self.above}/weppd-cell-{pid}" if kernel else f"{self.above}/job{n}"
        os.makedirs(path, exist_ok=True)
        return path

    def start(
        self, n: int, shape: str, size: int, more: tuple[str, ...] = (), limits: Any = None
    ) -> str:
        """A burning job in cell `n`, from 0; its execution id."""
        groups = (*self._outside[n : n + 1], *more)
        job = ("burners.burn", shape, size, groups, NICE)
        eid: str = self.weppd.start(*job, n=n + 1, limits=limits or {}, slots=len(self.cells))
        return eid

    def settled(self, n: int) -> None:
        """Wait until the job of a cell burns, and some time more."""
        began = self.accounts[n].seconds()
        eventually(lambda: self.accounts[n].seconds() > began + 0.02, "it burns", within=60)
        time.sleep(SETTLE_S)

    def end(self, n: int, eid: str) -> dict[str, Any]:
        """End the job of a cell and free the cell."""
        self.weppd.cancel(eid, ["KILL", 0], n=n + 1)
        over: dict[str, Any] = self.weppd.wait("over", within=60, eid=eid)
        self.weppd.cell_peer(n + 1).send({"kind": "ack", "eid": eid})
        return over

    def close(self) -> None:
        """End all of it."""
        for pid in (self.weppd.zygote.pid, *self.cells):
            # A cell whose job nobody has acknowledged would wait for a weppd.
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        Path(f"{self.above}/cgroup.kill").write_text("1")
        self.weppd.zygote.wait()
        self.weppd.go_away()
        remove_group(str(self.above))


def window(account: Account, pids: list[int], seconds: float) -> tuple[float, float]:
    """CPUs that a tree used in a window, and what these processes used meanwhile, in CPUs."""
    began, own, at = account.seconds(), sum(map(cpu_of, pids)), time.monotonic()
    time.sleep(seconds)
    passed = time.monotonic() - at
    return (account.seconds() - began) / passed, (sum(map(cpu_of, pids)) - own) / passed


def by_weppd(farm: Farm, shape: str, size: int, target: float, seconds: float) -> dict[str, float]:
    """Under a cell's quota."""
    eid = farm.start(0, shape, size, limits={"cpu.max": target})
    farm.settled(0)
    got, own = window(farm.accounts[0], farm.cells, seconds)
    farm.end(0, eid)
    return {"got": got, "own": own}


def by_kernel(farm: Farm, shape: str, size: int, target: float, seconds: float) -> dict[str, float]:
    """Under the kernel's quota (cgroup v1, cpu.cfs_quota_us), weighed as one of root's tasks."""
    group = V1 / "weppd-bench"
    group.mkdir(exist_ok=True)
    (group / "cpu.cfs_period_us").write_text("100000")
    (group / "cpu.cfs_quota_us").write_text(str(round(target * 100_000)))
    (group / "cpu.shares").write_text("102400")
    eid = farm.start(0, shape, size, (str(group),))
    farm.settled(0)
    got, own = window(farm.accounts[0], farm.cells, seconds)
    farm.end(0, eid)
    group.rmdir()
    return {"got": got, "own": own}


def by_cpulimit(
    farm: Farm, shape: str, size: int, target: float, seconds: float
) -> dict[str, float]:
    """Under cpulimit, told to watch the children too.

    It forks a watcher for each child and leaves them behind: a group holds and ends them all.
    """
    eid = farm.start(0, shape, size)
    leader = farm.weppd.wait("began", eid=eid)["pid"]
    group = f"{farm.above}/cpulimit"
    os.makedirs(group, exist_ok=True)
    watchers = Account(group)
    command = (
        f"echo 0 > {group}/cgroup.procs; exec cpulimit -m -q -l {target * 100:.0f} -p {leader}"
    )
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    limiter = subprocess.Popen(["sh", "-c", command], **quiet)
    farm.settled(0)
    before, at = watchers.seconds(), time.monotonic()
    got, _ = window(farm.accounts[0], [], seconds)
    own = (watchers.seconds() - before) / (time.monotonic() - at)
    crashed = (limiter.poll() or 0) < 0  # 2.8 does, once it has met a tree that forks
    Path(f"{group}/cgroup.kill").write_text("1")
    limiter.wait()
    farm.end(0, eid)
    return {"got": got, "own": own, "crashed": crashed}


RUNS: dict[str, Callable[..., dict[str, float]]] = {
    "signals": by_weppd,
    "freezer": by_weppd,
    "kernel": by_kernel,
    "cpulimit": by_cpulimit,
}


@contextmanager
def farms(methods: list[str], count: int = 1) -> Iterator[dict[str, Farm]]:
    """A farm for each method."""
    made = {name: Farm(name == "freezer", count) for name in methods}
    try:
        yield made
    finally:
        for farm in made.values():
            farm.close()


def errors(methods: list[str], seconds: float, grid: list[Any]) -> list[dict[str, Any]]:
    """The grid, methods in turn within each cell of it, so that a busy minute hits them alike."""
    rows = []
    with farms(methods) as made:
        for shape, size, target in grid:
            for name in methods:
                if name == "cpulimit" and (target not in (0.25, 1.0) or size > 4):
                    continue  # it is no better elsewhere, and takes the machine with it
                measured = RUNS[name](made[name], shape, size, target, seconds)
                row = {"method": name, "shape": shape, "size": size, "target": target, **measured}
                row["load"] = os.getloadavg()[0]
                rows.append(row)
                print(json.dumps(row), flush=True)
    return rows


def many(name: str, count: int, shape: str, target: float, seconds: float) -> dict[str, Any]:
    """So many limited jobs at once: what each got, and what all cells together used for it."""
    with farms([name], count) as made:
        farm = made[name]
        idle = sum(map(cpu_of, farm.cells))
        time.sleep(2)
        idle = (sum(map(cpu_of, farm.cells)) - idle) / 2
        for n in range(count):
            farm.start(n, shape, 1, limits={"cpu.max": target})
        for n in range(count):
            eventually(lambda n=n: farm.accounts[n].seconds() > 0.05, "it burns", within=90)
        time.sleep(SETTLE_S)
        began = [account.seconds() for account in farm.accounts]
        own, at = sum(map(cpu_of, farm.cells)), time.monotonic()
        time.sleep(seconds)
        passed = time.monotonic() - at
        own = (sum(map(cpu_of, farm.cells)) - own) / passed
        got = [(a.seconds() - b) / passed for a, b in zip(farm.accounts, began, strict=True)]
    off = [abs(each / target - 1) for each in got]
    row = {
        "method": name, "jobs": count, "shape": shape, "target": target, "own": own, "idle": idle,
        "mean_error": statistics.fmean(off), "worst": max(off), "load": os.getloadavg()[0],
    }  # fmt: skip
    print(json.dumps(row), flush=True)
    return row


def course(name: str, target: float, seconds: float) -> list[tuple[float, float]]:
    """CPU over time of four busy processes: (seconds, CPUs) every 50 ms, from their start."""
    points = []
    with farms([name]) as made:
        farm = made[name]
        if name == "kernel":
            group = V1 / "weppd-bench"
            group.mkdir(exist_ok=True)
            (group / "cpu.cfs_quota_us").write_text(str(round(target * 100_000)))
            (group / "cpu.shares").write_text("102400")
            eid = farm.start(0, "busy", 4, (str(group),))
        else:
            eid = farm.start(0, "busy", 4, limits={"cpu.max": target})
        began, last, used = time.monotonic(), time.monotonic(), farm.accounts[0].seconds()
        while last - began < seconds:
            time.sleep(0.05)
            now, total = time.monotonic(), farm.accounts[0].seconds()
            points.append((now - began, (total - used) / (now - last)))
            last, used = now, total
        farm.end(0, eid)
        if name == "kernel":
            (V1 / "weppd-bench").rmdir()
    return points


def main() -> None:
    """Measure what was asked for, and write the report."""
    parser = argparse.ArgumentParser(description="how well a CPU quota holds")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--only", default="")
    parser.add_argument("--quick", action="store_true", help="a small part of the grid")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that all farms are closed
    methods = asked.only.split(",") if asked.only else list(METHODS)
    if not shutil.which("cpulimit") or not V1.exists():
        missing = {"cpulimit": shutil.which("cpulimit"), "kernel": V1.exists()}
        methods = [name for name in methods if missing.get(name, True)]
    grid = [(shape, size, target) for shape in SHAPES for size in SIZES for target in TARGETS]
    if asked.quick:
        grid = [(shape, 4, target) for shape in SHAPES for target in (0.25, 1.0)]
    own = [name for name in methods if name in ("signals", "freezer")]
    found: dict[str, Any] = {
        "began": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()), "cpus": CPUS,
        "kernel": os.uname().release, "seconds": asked.seconds,
    }  # fmt: skip
    found["jobs"] = [many(name, *jobs, asked.seconds) for name in own for jobs in JOBS]
    shown = [name for name in ("signals", "freezer", "kernel") if name in methods]
    found["course"] = {name: course(name, 0.5, asked.seconds) for name in shown}
    found["errors"] = errors(methods, asked.seconds, grid)
    limits_report.write(Path("bench"), found)


if __name__ == "__main__":
    assert burners
    main()
