"""Sums that are the same everywhere."""

from __future__ import annotations

from collections.abc import Iterable


def summed(values: Iterable[float]) -> float:
    """The sum, added from left to right: `sum` itself compensates from Python 3.12 on."""
    found = 0.0
    for value in values:
        found += value
    return found
