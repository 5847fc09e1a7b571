"""What hillsim costs: python -m tests.bench.bench_hillsim [--hillslopes 1000] [--years 30]

Three things, one after the other, with hillsim compiled or interpreted as it is found:

- CPU of a year of each hillslope at hand, all outputs on, input read and files written: the best
  of some runs in one process;
- the start of the program that runs no hillslope: seconds, CPU and peak memory;
- a farm of `--hillslopes` of them (or of those that `--only` names, in turn), their climates and
  rotations repeated for `--years`, through the pool that jobs use: a fork of one prepared process
  for each, two at a time on two cores. Seconds by the clock, of CPU, megabytes written.

The hillslopes are those of `--data`, a folder with runs/p<i>.run and its inputs, or where there is
none the project's own samples. CPU is what to compare where the machine does other work besides.
"""

from __future__ import annotations

import argparse
import io
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

from tasks import hillsim
from tasks.wepp import binary, inputs, pool
from tasks.wepp.files import climate, management, runfile
from tasks.wepp.files.climate import Climate
from tasks.wepp.files.forms import HillslopeRun
from tasks.wepp.samples.hillslopes import write_sample

DATA = Path("../shared/data/wepp")
BEST_OF = 7
INPUTS = ("slp", "sol", "man", "cli")
# A small process starts the program: before it is one, a child counts its parent's memory as its.
LOOK = """
import resource, subprocess, sys, time
began, null = time.perf_counter(), subprocess.DEVNULL
subprocess.run([sys.executable, "-m", "tasks.hillsim"], stdin=null, stdout=null)
use = resource.getrusage(resource.RUSAGE_CHILDREN)
print(time.perf_counter() - began, use.ru_utime + use.ru_stime, use.ru_maxrss / 1024)
"""
ROOT = Path(__file__).resolve().parents[2]


def stems(runs: Path) -> list[str]:
    """The hillslopes of a folder that are simulated through years, by their numbers."""
    found = [path.stem for path in runs.glob("p[0-9]*.run") if _answers(path)]
    return sorted(found, key=lambda stem: int(stem[1:]))


def _answers(path: Path) -> HillslopeRun | None:
    run = runfile.parse(path.read_text(encoding="latin-1"), path)
    return run if isinstance(run, HillslopeRun) else None


def copy(runs: Path, stem: str, into: Path) -> Path:
    """The inputs of a hillslope in a run directory of its own; where its .run file lies."""
    here = into / "wepp" / "runs"
    here.mkdir(parents=True)
    (here.parent / "output").mkdir()
    for path in runs.glob(f"{stem}.*"):
        shutil.copyfile(path, here / path.name)
    return here


def year_ms(here: Path, stem: str, times: int = BEST_OF) -> float:
    """Milliseconds of CPU for a year of a hillslope: the best of some runs."""
    best, years = float("inf"), 1
    for _ in range(times):
        before = time.process_time()
        years = hillsim.run(f"{stem}.run", cwd=here, out=io.StringIO()).years
        best = min(best, time.process_time() - before)
    return 1000.0 * best / years


def start() -> tuple[float, float, float]:
    """Seconds by the clock and of CPU, and peak megabytes, of the program without answers."""
    said = subprocess.run(
        [sys.executable, "-c", LOOK], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    seconds, cpu, peak = map(float, said.split())
    return seconds, cpu, peak


def prolonged(found: Climate, have: int, years: int) -> Climate:
    """A climate of `years` years: its first `have`, which are whole, over again."""
    days, begin = found.days, found.begin_year
    whole = sum(year < begin + have for year in days.year)
    columns = {field.name: getattr(days, field.name)[:whole] for field in fields(days)}
    turns = -(-years // have)
    longer = {name: column * turns for name, column in columns.items()}
    longer["year"] = [year + have * turn for turn in range(turns) for year in columns["year"]]
    count = sum(year < begin + years for year in longer["year"])
    cut = {name: column[:count] for name, column in longer.items()}
    return replace(found, days=type(days)(**cut), years=years, breakpoints=None)


def grow(runs: Path, numbers: list[str], root: Path, hillslopes: int, years: int) -> Path:
    """A run of so many hillslopes and years of these, in turn; where its .run files lie."""
    here = root / "wepp" / "runs"
    here.mkdir(parents=True)
    (here.parent / "output").mkdir()
    for at in range(hillslopes):
        stem, name = numbers[at % len(numbers)], f"p{at + 1}"
        if at < len(numbers):
            _prolong(runs, stem, here, name, years)
        else:
            for suffix in INPUTS:
                os.link(here / f"p{at % len(numbers) + 1}.{suffix}", here / f"{name}.{suffix}")
        text = runfile.dump(runfile.production(at + 1, years))
        (here / f"{name}.run").write_text(text, encoding="latin-1")
    return here


def _prolong(runs: Path, stem: str, here: Path, name: str, years: int) -> None:
    run = _answers(runs / f"{stem}.run")
    assert run is not None
    given = inputs.read(run, runs)
    plan = given.management
    longer = replace(plan, schedule=plan.schedule * -(-years // plan.simulated_years))
    texts = {
        "cli": climate.dump(prolonged(given.climate, run.years, years)),
        "man": management.dump(longer),
    }
    for suffix, text in texts.items():
        (here / f"{name}.{suffix}").write_text(text, encoding="latin-1")
    for suffix, source in (("slp", run.slp), ("sol", run.sol)):
        shutil.copyfile(runs / source, here / f"{name}.{suffix}")


def farm(here: Path, size: int) -> tuple[float, float]:
    """Run all hillslopes that lie there, `size` at a time; seconds by the clock and of CPU."""
    engine = binary.choose({}, binary.HILLSIM)
    binary.warm_up()
    bad: list[str] = []

    def ended(path: Path, code: int, seconds: float) -> None:
        if code:
            bad.append(f"{path}: {path.with_suffix('.err').read_text()[-300:]}")

    began, before = time.perf_counter(), _cpu()
    paths = sorted(here.glob("p*.run"), key=lambda path: int(path.stem[1:]))
    pool.fan_out(paths, size, lambda path: engine.start(path, path.with_suffix(".err")), ended)
    if bad:
        raise SystemExit(bad[0])
    return time.perf_counter() - began, _cpu() - before


def _cpu() -> float:
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(use.ru_utime + use.ru_stime for use in map(resource.getrusage, kinds))


def _written(here: Path) -> tuple[int, float]:
    sizes = [path.stat().st_size for path in (here.parent / "output").iterdir()]
    return len(sizes), sum(sizes) / 1e6


def report(given: argparse.Namespace, root: Path) -> Iterator[str]:
    """The lines that are printed, as they are measured."""
    runs = given.data / "runs"
    if not runs.is_dir():
        runs = write_sample(root / "samples")
    found = stems(runs)
    yield f"hillsim, {'compiled' if hillsim.COMPILED else 'interpreted'}; {runs}"
    for stem in found:
        years = runfile.parse((runs / f"{stem}.run").read_text("latin-1"), stem).years  # type: ignore[union-attr]
        spent = year_ms(copy(runs, stem, root / stem), stem)
        yield f"{stem:>5} {spent:8.2f} ms of CPU for a year, of {years}"
    seconds, cpu, peak = min(start() for _ in range(BEST_OF))
    yield f"start {seconds:8.2f} s, {cpu:.2f} s of CPU, {peak:.0f} MB at most"
    chosen = given.only.split(",") if given.only else [stem[1:] for stem in found]
    count, years, size = given.hillslopes, given.years, len(os.sched_getaffinity(0))
    here = grow(runs, [f"p{number}" for number in chosen], root / "farm", count, years)
    seconds, cpu = farm(here, size)
    files, mega = _written(here)
    yield (
        f"{count} hillslopes of {years} years ({' '.join(chosen)} in turn), {size} at a time: "
        f"{seconds:.1f} s, {cpu:.1f} s of CPU, {1000 * cpu / count / years:.2f} ms a year; "
        f"{files} files, {mega:.0f} MB"
    )


def main() -> None:
    """Measure all of it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--hillslopes", type=int, default=1000)
    parser.add_argument("--years", type=int, default=30)
    parser.add_argument("--only", default="")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--root", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.root) as root:
        for line in report(given, Path(root)):
            print(line, flush=True)


if __name__ == "__main__":
    main()
