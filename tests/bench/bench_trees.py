"""How trees end: who survives, who else is hit, how long it takes. `make bench-trees`

Two tables, of the code that a cell runs:

* every shape of `tests/process/nasty.c`, each so many times, by SIGKILL at once and by the whole
  ladder, by walking the tree and by its control group; in a pid namespace with few numbers, beside
  strangers who get the numbers of the dead (`tests.bench.town`). The last rows are what a plain
  recipe does there: list the descendants, then kill each by its number.
* milliseconds from the call to zero survivors, SIGKILL at once, for 10, 100 and 1,000 processes.

Needs Linux, root and a C compiler; the control group needs cgroup v2. The times hold for the load
that the heading names.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

from tests.bench.town import Town
from tests.process.lab import compiled, new_group, new_mark, remove_group, start, survivors
from weppd.cell.tree.group import Group
from weppd.cell.tree.procfs import become_subreaper, children
from weppd.cell.tree.proctree import Tree

SHAPES = {
    "flat": 12, "deep": 12, "daemon": 12, "setsid": 12, "pgrp": 12, "ignoring": 12, "stopped": 12,
    "zombie": 12, "threads": 12, "respawn": 12, "storm": 24, "stormsid": 24, "stormout": 24,
    "chain": 12, "chainsid": 12, "thousand": 1000,
}  # fmt: skip
#: The names of nasty.c, where they are not ours.
NASTY = {"setsid": "daemon", "thousand": "flat"}
METHODS = ("KILL, walk", "KILL, group", "ladder, walk", "ladder, group", "plain recipe")
TIMED = ("flat", "daemon", "pgrp", "storm")
SIZES = (10, 100, 1000)
#: Numbers in the namespace of the first table, beyond those of the tree.
NUMBERS = 150
#: The kernel gives these once, and begins above them when the numbers come round.
_RESERVED = 300
_INSIDE = "WEPPD_BENCH_INSIDE"


def main() -> None:
    """Print both tables, the first from inside a pid namespace of its own."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, default=50, help="trees of each shape and method")
    parser.add_argument("--timed", type=int, default=100, help="trees of each size and method")
    parser.add_argument("--shapes", nargs="*", default=list(SHAPES), choices=list(SHAPES))
    options = parser.parse_args()
    if compiled() is None:
        sys.exit("no C compiler")
    if _INSIDE in os.environ:
        become_subreaper()
        table(options.shapes, options.times)
        return
    print(f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}, Linux {os.uname().release}\n")
    done = _inside()
    if options.timed:
        become_subreaper()
        print(f"\nms to zero survivors, SIGKILL at once, {options.timed} trees each")
        timings(options.timed)
    print(f"\nload {os.getloadavg()[0]:.1f}")
    sys.exit(done)


def _inside() -> int:
    """The first table, from this program in a namespace of its own; 0 if nobody survived."""
    if shutil.which("unshare") is None or os.geteuid():
        print("the first table needs root and unshare(1)")
        return 0
    command = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
    again = [*command, sys.executable, "-m", "tests.bench.bench_trees", *sys.argv[1:]]
    return subprocess.run(again, env={**os.environ, _INSIDE: "1"}, check=False).returncode


# -- survivors and strangers


def table(shapes: list[str], times: int) -> None:
    """Print a line per shape and method; exit code 1 if one of ours left or hit somebody."""
    town, above = Town(), new_group()
    bad = 0
    print(f"{'shape':10}{'method':16}{'trees':>6}{'survivors':>11}{'strangers':>11}{'hit':>5}"
          f"{'p50 ms':>9}{'p99 ms':>9}")  # fmt: skip
    for shape in shapes:
        _few_numbers(SHAPES[shape])
        for method in METHODS:
            if method == "plain recipe" and shape == "thousand":
                continue
            if "group" in method and above is None:
                continue
            left, hit, born, took = _many(shape, method, times, town, above)
            print(f"{shape:10}{method:16}{len(took):6}{left:11}{born:11}{hit:5}"
                  f"{statistics.median(took):9.1f}{_p99(took):9.1f}", flush=True)  # fmt: skip
            bad += (left + hit) * (method != "plain recipe")
    town.end()
    if above is not None:
        remove_group(above)
    sys.exit(1 if bad else 0)


def _few_numbers(size: int) -> None:
    """So few that they come round all the time; the namespace has its own limit (Linux 6.14)."""
    _write("/proc/sys/kernel/pid_max", str(_RESERVED + size + NUMBERS))


def _many(
    shape: str, method: str, times: int, town: Town, above: str | None
) -> tuple[int, int, int, list[float]]:
    """Survivors, strangers hit, strangers that there were, and the milliseconds of each tree."""
    group = Group(f"{above}/tree") if "group" in method else None
    left, took = 0, []
    born, hit = town.born, town.hit
    for _ in range(times):
        mark = new_mark()
        leader = _standing(shape, mark, group)
        tree = Tree(leader, lambda: (town.pid,), group)
        began = time.perf_counter()
        _end(tree, method)
        took.append((time.perf_counter() - began) * 1e3)
        left += len(survivors(mark))
        tree.kill(30)
    # A stranger that was hit shows when its time is over.
    time.sleep(0.05)
    return left, town.hit - hit, town.born - born, took


def _standing(shape: str, mark: str, group: Group | None) -> int:
    """The leader of a tree that stands; on a machine that is too busy for one, of the next."""
    for _ in range(5):
        try:
            size = SHAPES[shape]
            return start(NASTY.get(shape, shape), size, mark, program=compiled(), group=group)
        except AssertionError as late:
            print(f"({late})")
    raise AssertionError(f"{shape}: no tree stands on this machine now")


def _end(tree: Tree, method: str) -> None:
    if method == "plain recipe":
        _by_the_book(tree.leader)
        return
    if method.startswith("ladder"):
        for rung in (signal.SIGUSR1, signal.SIGTERM):
            tree.signal(rung)
            time.sleep(0.002)
            tree.reap()
    undead = tree.kill(30).undead
    assert undead == (), undead


def _by_the_book(leader: int) -> None:
    """What one finds in many programs: list the descendants, kill each by its number."""
    found = [leader]
    for pid in found:
        found += children(pid)
    for pid in found:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    time.sleep(0.02)  # for the killed to die


# -- times


def timings(times: int) -> None:
    """Print p50 and p99 for the shapes that differ in what they cost."""
    above = new_group()
    print(f"{'shape':10}{'processes':>10}{'method':>8}{'p50':>9}{'p99':>9}{'own CPU':>9}")
    for shape in TIMED:
        for size in SIZES:
            if shape == "storm" and size > 100:
                continue  # hundreds of racing storms leave the bench itself no CPU
            for method in ("walk", "group") if above else ("walk",):
                group = Group(f"{above}/tree") if method == "group" else None
                runs = [_one(shape, size, group) for _ in range(times)]
                took = [ms for ms, _ in runs]
                own = statistics.median(ms for _, ms in runs)
                print(f"{shape:10}{size:10}{method:>8}{statistics.median(took):9.1f}"
                      f"{_p99(took):9.1f}{own:9.1f}", flush=True)  # fmt: skip
    if above is not None:
        remove_group(above)


def _one(shape: str, size: int, group: Group | None) -> tuple[float, float]:
    """Milliseconds from the kill to zero survivors, and of CPU that the killer used."""
    mark = new_mark()
    tree = Tree(start(shape, size, mark, program=compiled(), group=group), group=group)
    cpu, began = time.process_time(), time.perf_counter()
    tree.kill(30)
    took = (time.perf_counter() - began) * 1e3, (time.process_time() - cpu) * 1e3
    assert survivors(mark) == []
    return took


def _p99(took: list[float]) -> float:
    return sorted(took)[min(len(took) - 1, int(0.99 * len(took)))]


def _write(path: str, text: str) -> None:
    try:
        Path(path).write_text(text)
    except OSError as error:
        print(f"{path}: {error.strerror}")


if __name__ == "__main__":
    main()
