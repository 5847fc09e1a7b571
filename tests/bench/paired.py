"""What pairs of measurements say: the median, and how far another draw of the pairs may move it."""

from __future__ import annotations

import random
import statistics
from collections.abc import Sequence

DRAWS = 2000
#: The share of all draws that an interval holds.
_HELD = 0.95


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """The median, and the bounds between which 95 % of medians of drawn values lie (bootstrap).

    The draws are the same each time.

    >>> interval([1.0, 1.0, 1.0])
    (1.0, 1.0, 1.0)
    """
    chance = random.Random(len(values))
    drawn = sorted(statistics.median(chance.choices(values, k=len(values))) for _ in range(DRAWS))
    outside = int(DRAWS * (1 - _HELD) / 2)
    return statistics.median(values), drawn[outside], drawn[-1 - outside]


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, float, float]:
    """The interval of ours to theirs, pair by pair."""
    return interval([one / other for one, other in zip(ours, theirs, strict=True)])


def fixed_and_each(
    few: Sequence[float], many: Sequence[float], sizes: tuple[int, int]
) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """What differences at two sizes say: the part that is there once, and that of each thing.

    `few` and `many` are what one side takes more than the other, round by round, at `sizes`.

    >>> fixed_and_each([1.2, 1.2], [2.0, 2.0], (2, 10))
    ((1.0, 1.0, 1.0), (0.1, 0.1, 0.1))
    """
    small, large = sizes
    each = [(b - a) / (large - small) for a, b in zip(few, many, strict=True)]
    fixed = [a - small * one for a, one in zip(few, each, strict=True)]
    return interval(fixed), interval(each)
