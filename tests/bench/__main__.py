"""weppd beside what else one could use, on one machine, one Redis, in one run: `make bench`.

    python -m tests.bench [--only rq,weppd] [--tests drain,latency] [--times 3] [--small]

Writes bench.json and bench.md to --out, and prints the tables. Each peer is installed at its pinned
version in an environment of its own below .bench; a figure that could not be had is a reason.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bench import house, report
from tests.bench.house import Server
from tests.bench.measures import cost, farm, flow, trouble
from tests.bench.peers import Peer, chosen

Measure = Callable[[Peer, Server], dict[str, Any]]


def measures(asked: argparse.Namespace) -> dict[str, tuple[Measure, Callable[[Peer], bool], bool]]:
    """Every test by its name: what it does, whom it fits, whether it is repeated."""
    small, jobs, samples, calm = asked.small, asked.jobs, asked.samples, asked.calm
    if small:
        jobs, samples, calm = min(jobs, 200), min(samples, 20), min(calm, 2.0)
    wait = 20.0 if small else 60.0

    def everybody(peer: Peer) -> bool:
        return not peer.preloads and peer.family != "farm"

    def heavy(peer: Peer) -> bool:
        return peer.preloads or peer.name == "rq"

    def main(peer: Peer) -> bool:
        others = "rq-pool", "rq-simple", "weppd-reused", "weppd-short", "weppd-ahead"
        return everybody(peer) and peer.name not in others

    few, slopes, years = jobs // 20, *((4, 1) if small else asked.farm)

    def farmed(peer: Peer, server: Server) -> dict[str, Any]:
        tool = {"farm-xargs": "xargs", "farm-parallel": "parallel"}.get(peer.name)
        return farm.shells(tool, slopes, years) if tool else farm.weppd(slopes, years)

    return {
        "drain": (lambda p, s: flow.drain(p, s, jobs), everybody, True),
        "drain-heavy": (
            lambda p, s: flow.drain(p, s, jobs if p.preloads else few, "heavy"), heavy, True,
        ),
        "enqueue": (lambda p, s: flow.enqueue(p, s, jobs), main, True),
        "latency": (lambda p, s: flow.latency(p, s, samples), everybody, True),
        "cancel": (lambda p, s: trouble.cancel(p, s, 0), main, False),
        "cancel-sessions": (lambda p, s: trouble.cancel(p, s, 2), main, False),
        "crash-job": (lambda p, s: trouble.crash(p, s, "job", wait), main, False),
        "crash-parent": (lambda p, s: trouble.crash(p, s, "parent", wait), main, False),
        "crash-all": (lambda p, s: trouble.crash(p, s, "all", wait), main, False),
        "idle-2": (lambda p, s: cost.idle(p, s, 2, calm), _idle, False),
        "idle-16": (lambda p, s: cost.idle(p, s, 16, calm), _idle, False),
        "depth-10": (lambda p, s: cost.depth(p, s, 10, jobs // 4), _ours, True),
        "depth-10000": (lambda p, s: cost.depth(p, s, 10_000, jobs // 4), _ours, True),
        "depth-1000000": (lambda p, s: cost.depth(p, s, 1_000_000, jobs // 4), _ours, True),
        "farm": (farmed, lambda p: p.family == "farm" or _ours(p), True),
    }  # fmt: skip


def _idle(peer: Peer) -> bool:
    return peer.name in ("weppd-preload", "rq-preload-pool", "celery", "huey", "taskiq")


def _ours(peer: Peer) -> bool:
    return peer.name == "weppd"


def main() -> None:
    """Measure what was asked for, and write it down."""
    parser = argparse.ArgumentParser(prog="tests.bench", description=__doc__.splitlines()[0])
    parser.add_argument("--only", default=os.environ.get("ONLY", ""), help="peers, by commas")
    parser.add_argument("--tests", default=os.environ.get("TESTS", ""), help="tests, by commas")
    parser.add_argument("--times", type=int, default=3, help="how often what is repeated runs")
    parser.add_argument("--jobs", type=int, default=10_000, help="of a drain")
    parser.add_argument("--samples", type=int, default=500, help="of a latency")
    parser.add_argument("--calm", type=float, default=60.0, help="seconds of idling")
    size = {"type": int, "nargs": 2, "metavar": ("HILLSLOPES", "YEARS")}
    parser.add_argument("--farm", default=(200, 30), help="the size of a farm", **size)
    parser.add_argument("--small", action="store_true", help="few jobs: to try the harness")
    parser.add_argument("--out", type=Path, default=Path("bench"))
    options = parser.parse_args()
    every = measures(options)
    wanted = [name for name in options.tests.split(",") if name] or list(every)
    if wrong := [name for name in wanted if name not in every]:
        sys.exit(f"no test {', '.join(wrong)}: there are {', '.join(every)}")
    house.keep()
    found = [run for name in wanted for run in _measure(name, every[name], options)]
    options.out.mkdir(parents=True, exist_ok=True)
    sizes = {"jobs": options.jobs, "samples": options.samples, "calm_s": options.calm}
    whole = {"machine": _machine(), "small": options.small, **sizes, "runs": found}
    (options.out / "bench.json").write_text(json.dumps(whole, indent=1) + "\n")
    text = report.markdown(whole)
    (options.out / "bench.md").write_text(text)
    print(text)


def _measure(
    name: str, test: tuple[Measure, Callable[[Peer], bool], bool], options: argparse.Namespace
) -> list[dict[str, Any]]:
    """One test for all peers that it fits, in turns, so that a busy minute hits none alone."""
    measure, fits, repeated = test
    peers = [peer for peer in chosen(options.only) if fits(peer)]
    runs: dict[str, list[dict[str, Any]]] = {peer.name: [] for peer in peers}
    failed: dict[str, str] = {}
    for turn in range(options.times if repeated and not options.small else 1):
        for peer in peers:
            if peer.name not in failed:
                print(f"{name} {peer.name} {turn + 1}", file=sys.stderr)
                try:
                    runs[peer.name].append(_once(measure, peer))
                except RuntimeError as error:
                    failed[peer.name] = str(error)
    return [_summary(name, peer, runs[peer.name], failed.get(peer.name)) for peer in peers]


def _once(measure: Measure, peer: Peer) -> dict[str, Any]:
    home = Path(tempfile.mkdtemp(prefix="wb-"))
    server = Server(home)
    try:
        before = os.getloadavg()[0]
        return {**measure(peer, server), "load_before": before}
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


def _summary(
    test: str, peer: Peer, runs: list[dict[str, Any]], failed: str | None
) -> dict[str, Any]:
    """Medians, with the least and the most of each figure."""
    figures: dict[str, Any] = {}
    for key in runs[0] if runs else ():
        values = [run[key] for run in runs if run[key] is not None]
        if values and all(type(value) in (int, float) for value in values):
            figures[key] = [statistics.median(values), min(values), max(values)]
        else:
            figures[key] = runs[-1][key]
    versions = list(peer.wanted) or ["this tree"]
    return {"test": test, "peer": peer.name, "versions": versions, "fresh": peer.fresh,
            "note": peer.note, "runs": len(runs), "failed": failed, **figures}  # fmt: skip


def _machine() -> dict[str, Any]:
    model = [
        line for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line
    ]
    return {
        "date": time.strftime("%Y-%m-%d"),
        "cpus": os.cpu_count(),
        "model": model[0].partition(":")[2].strip() if model else platform.machine(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load": os.getloadavg(),
    }


if __name__ == "__main__":
    main()
