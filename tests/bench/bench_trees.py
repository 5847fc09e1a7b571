"""How long a kill takes, from the call to zero survivors: python -m tests.bench.bench_trees [REPS].

Prints p50 and p99 in milliseconds for trees of 10, 100 and 1000 processes. Needs a C compiler.
"""

from __future__ import annotations

import statistics
import sys
import time

from tests.process.lab import compiled, new_mark, start, survivors
from weppd.cell.proctree import Tree, become_subreaper

SHAPES = ("flat", "daemon", "pgrp", "storm")
SIZES = (10, 100, 1000)


def one(shape: str, size: int, program: str) -> tuple[float, int]:
    """Milliseconds from kill to zero survivors, and how many there were nevertheless."""
    mark = new_mark()
    tree = Tree(start(shape, size, mark, program=program))
    began = time.perf_counter()
    tree.kill(30)
    took = (time.perf_counter() - began) * 1e3
    return took, len(survivors(mark))


def main(reps: int) -> None:
    """Print the table."""
    program = compiled()
    if program is None:
        sys.exit("no C compiler")
    become_subreaper()
    for shape in SHAPES:
        for size in SIZES:
            if shape == "storm" and size > 100:
                continue  # hundreds of racing storms leave the bench itself no CPU
            runs = [one(shape, size, program) for _ in range(reps)]
            took = sorted(ms for ms, _ in runs)
            p99 = took[min(len(took) - 1, int(0.99 * len(took)))]
            left = sum(n for _, n in runs)
            print(f"{shape:8}{size:6}  p50 {statistics.median(took):7.1f}  p99 {p99:7.1f}  {left=}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
