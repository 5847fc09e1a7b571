"""`python -m tests.chaos [--times 100] [--seed N] [--fault NAME …]`: all of it, and the ledger."""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import time
from collections.abc import Iterable
from statistics import median

from tests.chaos.faults import FAULTS, unavailable
from tests.chaos.ledger import Score
from tests.chaos.run import round_of
from tests.chaos.world import World

HEAD = (
    "fault                     rounds faults   jobs bodies  lost doubled untrue survivors locks"
    "  serves s (p50, max)  late"
)
AT_ONCE = 5


def main() -> int:
    """Run the faults asked for; 1 if any job was lost, doubled, told wrongly or left something."""
    asked = _arguments()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(1))
    print(f"seed {asked.seed}", flush=True)
    world = World(asked.seed)
    try:
        world.daemon.start()
        print(HEAD, flush=True)
        scores = _all(world, asked.fault or list(FAULTS), asked.times, 60 * asked.minutes)
        if not all(score.faultless for score in scores.values()):
            (log := sys.stderr).write(world.daemon.stderr[-20_000:] if asked.log else "")
            log.flush()
    finally:
        world.close()
    print(f"\n{os.cpu_count()} CPUs, load averages {_loads(scores.values())}\n{HEAD}")
    for name, score in scores.items():
        print(row(name, score))
    print(row("all", total(scores.values())))
    return 0 if all(score.faultless for score in scores.values()) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--times", type=int, default=100, help="how often each fault is done")
    parser.add_argument("--minutes", type=float, default=90, help="for all of it, at most")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(32))
    parser.add_argument("--fault", action="append", choices=list(FAULTS))
    parser.add_argument("--log", action="store_true", help="show weppd's log where it failed")
    return parser.parse_args()


def _all(world: World, names: list[str], times: int, within_s: float) -> dict[str, Score]:
    """Each fault so often, or until its share of the time is over."""
    began, scores = time.monotonic(), {}
    for number, name in enumerate(names, 1):
        if why := unavailable(world, name):
            print(f"{name:25} not done: {why}", flush=True)
            continue
        scores[name] = _all_of(world, name, times, began + within_s * number / len(names))
    return scores


def _all_of(world: World, name: str, times: int, until: float) -> Score:
    score = Score()
    while score.faults < times and time.monotonic() < until:
        score.take(round_of(world, name, min(AT_ONCE, times - score.faults)))
        _progress(row(name, score))
        if score.wrong:
            print("\n".join(f"    {line}" for line in ["", *score.wrong]), flush=True)
            break
    if sys.stdout.isatty():
        print(flush=True)
    return score


def _loads(scores: Iterable[Score]) -> str:
    """The machine's load after each round: how much else there was to do, beside the load here."""
    loads = sorted(each for score in scores for each in score.loads) or [float("nan")]
    return f"{loads[0]:.1f} to {loads[-1]:.1f}, median {median(loads):.1f}"


def _progress(line: str) -> None:
    """The line as it is now: in place of the last one on a terminal."""
    print(f"\r{line}" if sys.stdout.isatty() else line, end="" if sys.stdout.isatty() else "\n")
    sys.stdout.flush()


def total(scores: Iterable[Score]) -> Score:
    """All ledgers as one."""
    whole = Score()
    for score in scores:
        rounds = whole.rounds + score.rounds
        whole.take(score)
        whole.rounds = rounds
    return whole


def row(name: str, score: Score) -> str:
    """One line of the ledger."""
    counts = [len(each) for each in (score.lost, score.doubled, score.untrue, score.survivors)]
    serves = sorted(score.serves) or [float("nan")]
    return (
        f"{name:25} {score.rounds:6} {score.faults:6} {score.jobs:6} {score.bodies:6}"
        f" {counts[0]:5} {counts[1]:7} {counts[2]:6} {counts[3]:9} {len(score.locks):5}"
        f"  {f'{median(serves):.2f}, {serves[-1]:.2f}':19} {len(score.late):5}"
    )


if __name__ == "__main__":
    sys.exit(main())
