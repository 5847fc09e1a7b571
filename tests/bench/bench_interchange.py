"""How fast reports become tables, and in how much memory: python -m tests.bench.bench_interchange

Four hillslopes are simulated by hillsim and stand, by hard links, for as many as are wanted; a
master pass file of all of them stands for the network's. Prints, for each part, seconds of CPU and
of clock and the peak of resident memory; each part runs in a process of its own. Leaves with 1
where the hillslopes' tables are made of less than 25 MB of text per second of CPU, or a part needs
more than 300 MB. With --threads above 1, blocks are decoded side by side.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

KINDS = ("pass", "ebe", "element", "soil", "wat", "loss")
SIMULATED = 4
MASTER = "pass_pw0.txt"
_HEAD = """GENERAL SIMULATION INFORMATION

 2010.100   --> VERSION NUMBER
 {n}   --> NUMBER OF UNIQUE HILLSLOPES IN WATERSHED
 {years}   --> WATERSHED MAXIMUM SIMULATION TIME (YEARS)
     1   --> BEGINNING YEAR OF WATERSHED CLIMATE FILE

"""
WANTED_MB_S, WANTED_MB = 25.0, 300.0


def prepare(root: Path, hillslopes: int, years: int) -> None:
    """A run of `hillslopes` hillslopes in `root`, of which a few are simulated."""
    import io

    from tasks import hillsim
    from tasks.run.directory import RunDirectory
    from tasks.wepp.samples.hillslopes import write_sample

    run = RunDirectory(root)
    write_sample(root, hillslopes=SIMULATED, years=years)
    for number in run.hillslopes():
        hillsim.run(run.run_file(number), run.runs, io.StringIO())
    for number in range(SIMULATED + 1, hillslopes + 1):
        like = (number - 1) % SIMULATED + 1
        for suffix in ("run", "slp"):
            os.link(run.runs / f"p{like}.{suffix}", run.runs / f"p{number}.{suffix}")
        for kind in KINDS:
            os.link(run.output / f"H{like}.{kind}.dat", run.output / f"H{number}.{kind}.dat")


def merge(root: Path, hillslopes: int) -> None:
    """The master pass file that the engine would make of the hillslopes' pass files."""
    from tasks.wepp.files import passfile
    from tasks.wepp.files.fortran import scientific

    output = root / "wepp" / "output"
    files = [passfile.read(output / f"H{n}.pass.dat") for n in range(1, SIMULATED + 1)]

    def line(values: list[tuple[float, ...]]) -> str:
        few = [" ".join(scientific(value, 11) for value in one) for one in values]
        return " ".join(few[n % SIMULATED] for n in range(hillslopes)) + "\n"

    with open(output / MASTER, "w", encoding="latin-1") as file:
        file.write(_HEAD.format(n=hillslopes, years=files[0].years))
        for n in range(hillslopes):
            file.write(
                f"HILLSLOPE{n + 1:5d}   p{n + 1}.cli  .2E-5 .1E-4 .3E-4 .3E-3 .2E-3  .1E+05\n"
            )
        file.write("\n")
        for days in zip(*(one.days for one in files), strict=True):
            kind = "EVENT" if any(isinstance(day, passfile.Event) for day in days) else "SUBEVENT"
            if all(isinstance(day, passfile.NoEvent) for day in days):
                kind = "NO EVENT"
            file.write(f"{kind:<10}{days[0].year:5d} {days[0].julian:5d}\n")
            for values in zip(*(_values(day, kind) for day in days), strict=True):
                file.write(line(list(values)))


def _values(day: object, kind: str) -> list[tuple[float, ...]]:
    """The measures of one hillslope's day, as a record of this kind has them."""
    from tasks.wepp.files.passfile import Event, Subevent

    lateral = (day.lateral_m, day.lateral_m3) if isinstance(day, Event | Subevent) else (0.0, 0.0)
    if kind != "EVENT":
        return [(value,) for value in lateral] if kind == "SUBEVENT" else []
    if not isinstance(day, Event):
        return [
            *((0.0,),) * 5,
            *((value,) for value in lateral),
            *((0.0,),) * 3,
            *((0.0,) * 5,) * 2,
        ]
    first = (day.duration_s, day.concentration_h, day.alpha, day.runoff_m, day.runoff_m3)
    last = (day.peak_m3_s, day.detached_kg, day.deposited_kg)
    return [*((v,) for v in (*first, *lateral, *last)), day.sediment_kg_m3, day.fractions]


def convert(root: Path, part: str, threads: int) -> None:
    """What one process does: one part of the conversion."""
    from tasks import interchange
    from tasks.interchange import calendar, network
    from tasks.run.directory import RunDirectory

    run = RunDirectory(root)
    if part == "hillslopes":
        interchange.hillslopes(run, threads=threads)
    elif part == "network":
        dates = calendar.of_run(root, run.output)
        network.events(run.output / MASTER, run.interchange, dates)
    elif part == "totalwatsed3":
        interchange.totalwatsed3(run)
    else:
        interchange.hydrograph(run.output)
        interchange.sediment(run.output)
        interchange.documentation(run.output)


def measured(root: Path, part: str, threads: int) -> tuple[float, float, float]:
    """Seconds of CPU, seconds of clock, and peak megabytes of a process that does `part`."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "tests.bench.bench_interchange", "--part", part]
    process = subprocess.Popen([*command, "--root", str(root), "--threads", str(threads)])
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{part} ended with {process.returncode}")
    clock = time.perf_counter() - began
    return usage.ru_utime + usage.ru_stime, clock, _megabytes(usage)


def _megabytes(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss / 1024.0


def text_of(root: Path) -> float:
    """Megabytes of text that the hillslopes' tables are made of."""
    output = root / "wepp" / "output"
    paths = [path for kind in KINDS for path in output.glob(f"H*.{kind}.dat")]
    return sum(path.stat().st_size for path in paths) / 1e6


def main() -> int:
    """Measure all parts; 1 where the hillslopes are slower or larger than is wanted."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--hillslopes", type=int, default=1000)
    parser.add_argument("--years", type=int, default=30)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--part")
    parser.add_argument("--root", type=Path)
    given = parser.parse_args()
    if given.part:
        convert(given.root, given.part, given.threads)
        return 0
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        prepare(root, given.hillslopes, given.years)
        merge(root, given.hillslopes)
        sizes = {"hillslopes": text_of(root)}
        sizes["network"] = (root / "wepp" / "output" / MASTER).stat().st_size / 1e6
        print(f"{given.hillslopes} hillslopes, {given.years} years")
        good = True
        for part in ("hillslopes", "network", "totalwatsed3", "pictures"):
            cpu, clock, peak = measured(root, part, given.threads)
            line = f"{part:<13}{cpu:7.1f} s CPU {clock:7.1f} s clock {peak:5.0f} MB peak"
            if text := sizes.get(part):
                line += f"  {text:6.0f} MB of text, {text / cpu:5.1f} MB/s per CPU"
            print(line, flush=True)
            good = good and peak <= WANTED_MB
            good = good and (part != "hillslopes" or sizes[part] / cpu >= WANTED_MB_S)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
