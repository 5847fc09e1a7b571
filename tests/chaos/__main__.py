"""`python -m tests.chaos [--times 100] [--seed N] [--fault NAME …]`: all of it, and the ledger."""

from __future__ import annotations

import argparse
import random
import sys
from statistics import median

from tests.chaos.faults import FAULTS
from tests.chaos.ledger import Score
from tests.chaos.run import round_of
from tests.chaos.world import World

HEAD = "fault                     rounds faults   jobs bodies  lost doubled untrue survivors"
AT_ONCE = 5


def main() -> int:
    """Run the faults asked for; 1 if any job was lost, doubled, told wrongly or left something."""
    asked = _arguments()
    print(f"seed {asked.seed}", flush=True)
    world = World(asked.seed)
    try:
        world.daemon.start()
        scores = {name: _all_of(world, name, asked.times) for name in asked.fault or FAULTS}
        if not all(score.faultless for score in scores.values()):
            (log := sys.stderr).write(world.daemon.stderr[-20_000:] if asked.log else "")
            log.flush()
    finally:
        world.close()
    print(HEAD + "  serves s (p50, max)")
    for name, score in scores.items():
        print(row(name, score))
    return 0 if all(score.faultless for score in scores.values()) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--times", type=int, default=100, help="how often each fault is done")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(32))
    parser.add_argument("--fault", action="append", choices=list(FAULTS))
    parser.add_argument("--log", action="store_true", help="show weppd's log where it failed")
    return parser.parse_args()


def _all_of(world: World, name: str, times: int) -> Score:
    score = Score()
    while score.faults < times:
        score.take(round_of(world, name, min(AT_ONCE, times - score.faults)))
        print(row(name, score), flush=True)
        wrong = (*score.lost, *score.doubled, *score.untrue, *score.survivors)
        if wrong:
            print("\n".join(f"    {line}" for line in wrong), flush=True)
            break
    return score


def row(name: str, score: Score) -> str:
    """One line of the ledger."""
    counts = (len(score.lost), len(score.doubled), len(score.untrue), len(score.survivors))
    serves = sorted(score.serves) or [float("nan")]
    return (
        f"{name:25} {score.rounds:6} {score.faults:6} {score.jobs:6} {score.bodies:6}"
        f" {counts[0]:5} {counts[1]:7} {counts[2]:6} {counts[3]:9}"
        f"  {median(serves):.2f}, {serves[-1]:.2f}"
    )


if __name__ == "__main__":
    sys.exit(main())
