"""A farm of hillslopes under weppd and under `xargs -P 2`, in many small turns. `make bench-farm`

    python -m tests.bench.bench_farm [--rounds 12] [--farm 40 30] [--few 2]

One weppd runs all the time, as it does where it is used. In each round both run a farm of a few
hillslopes and one of more, side by side in time: weppd, xargs, xargs, weppd, and the other way
round in the next. A machine whose speed swings within minutes slows both of a pair. Printed are
medians over the rounds, with the bounds of 95 % of a bootstrap's: the ratio at the larger size, and
what weppd takes more, once for a job and for each hillslope.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from tasks.wepp.samples.hillslopes import write_sample
from tests.acceptance.conftest import Daemon
from tests.bench import house, paired
from tests.bench.measures import farm

WEPPD, XARGS = "weppd", "xargs"
FIGURES = ("seconds", "cpu_s")
#: By tool and size what each round took.
Found = dict[tuple[str, int], list[dict[str, Any]]]


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=12)
    size = {"type": int, "nargs": 2, "metavar": ("HILLSLOPES", "YEARS")}
    parser.add_argument("--farm", default=(40, 30), help="the larger farm", **size)
    parser.add_argument("--few", type=int, default=2, help="hillslopes of the smaller farm")
    options = parser.parse_args()
    many, years = options.farm
    house.keep()
    load = os.getloadavg()[0]
    found = measured((options.few, many), years, options.rounds)
    print(
        f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} CPUs, load {load:.1f} before and"
        f" {os.getloadavg()[0]:.1f} behind it; {options.rounds} rounds of {options.few} and {many}"
        f" hillslopes of {years} years\n"
    )
    print("\n".join(table(found, (options.few, many))))


def measured(sizes: tuple[int, int], years: int, rounds: int) -> Found:
    """Each tool at each size, in turns; RuntimeError where an output is missing."""
    found: Found = defaultdict(list)
    with farm.embedded() as url, farm.prepared(1, 1, url) as (daemon, _):
        try:
            daemon.start()
            for number in range(rounds):
                for tool, size in _turns(sizes, number):
                    one = _once(daemon, tool, size, years)
                    found[tool, size].append(one)
                    took = f"{one['seconds']:.2f} s, {one['cpu_s']:.2f} s of CPU"
                    print(f"round {number + 1}: {tool}, {size}: {took}", file=sys.stderr)
        finally:
            daemon.end()
    return found


def _turns(sizes: tuple[int, int], number: int) -> list[tuple[str, int]]:
    """Both of a pair side by side, who is first by turns."""
    tools = (WEPPD, XARGS) if number % 2 == 0 else (XARGS, WEPPD)
    few, many = sizes
    return [*((tool, few) for tool in tools), *((tool, many) for tool in reversed(tools))]


def _once(daemon: Daemon, tool: str, hillslopes: int, years: int) -> dict[str, Any]:
    run = Path(tempfile.mkdtemp(prefix="turn-", dir=daemon.home / "runs"))
    write_sample(run, hillslopes=hillslopes, years=years)
    try:
        if tool == WEPPD:
            took = farm.by_weppd(daemon, run)
        else:
            took = farm.by_shell(tool, daemon, run, hillslopes)
    finally:
        # The run's log may still be written to.
        shutil.rmtree(run / "wepp")
    if took["outputs"] != hillslopes:
        raise RuntimeError(f"{tool} left {took['outputs']} loss reports of {hillslopes}")
    return took


def table(found: Found, sizes: tuple[int, int]) -> list[str]:
    """The lines of the table: by the clock, and by CPU."""
    many = sizes[1]
    columns = [_column(found, figure, sizes) for figure in FIGURES]
    names = (
        f"{many} hillslopes: weppd to xargs",
        "weppd more, once for a job, ms",
        "weppd more, for each hillslope, ms",
        f"xargs, for each of {many} hillslopes, ms",
    )
    rows = zip(names, *columns, strict=True)
    return ["| | by the clock | CPU |", "|---|---|---|", *(f"| {' | '.join(r)} |" for r in rows)]


def _column(found: Found, figure: str, sizes: tuple[int, int]) -> list[str]:
    taken = {key: [one[figure] for one in runs] for key, runs in found.items()}
    few, many = (
        [1e3 * (a - b) for a, b in zip(taken[WEPPD, n], taken[XARGS, n], strict=True)]
        for n in sizes
    )
    fixed, each = paired.fixed_and_each(few, many, sizes)
    ours, theirs = taken[WEPPD, sizes[1]], taken[XARGS, sizes[1]]
    slope = paired.interval([1e3 * value / sizes[1] for value in theirs])
    return [
        _shown(paired.ratios(ours, theirs), 3), _shown(fixed, 0), _shown(each, 1), _shown(slope, 0)
    ]  # fmt: skip


def _shown(found: tuple[float, float, float], digits: int) -> str:
    middle, low, high = (f"{value:.{digits}f}" for value in found)
    return f"{middle} ({low}–{high})"


if __name__ == "__main__":
    main()
