"""Sums that are the same everywhere, and numbers as text by table."""

from __future__ import annotations

import math
from typing import Final

from tasks.wepp.files.fortran import EXPONENTS, fixed, integer, scientific

_CENTS: Final = 65536
_UNSURE: Final = 1e-6
_EXPONENTS: Final = EXPONENTS
_TEXTS: Final[list[str]] = [""] * _CENTS


def summed(values: list[float]) -> float:
    """The sum, added from left to right: `sum` itself compensates from Python 3.12 on."""
    found = 0.0
    for value in values:
        found += value
    return found


def whole(value: int, width: int) -> str:
    """`value` in the edit i<width>."""
    text = str(value)
    return text.rjust(width) if len(text) <= width else integer(value, width)


def scaled(value: float) -> str:
    """`value` in the edit e11.5."""
    usual = f"{value:.4e}"
    tail = _EXPONENTS.get(usual[-4:])
    if tail is None or value <= 0.0:
        return scientific(value, 11)
    return "0." + usual[0] + usual[2:6] + tail


def prepare() -> None:
    """Make the texts of what is under 327.68, so that forks of this process share them."""
    for count in range(_CENTS // 2):
        hundredths(count / 100.0)


def hundredths(value: float) -> str:
    """`value` in the edit f7.2; the texts of what is under 655.36 are made once.

    A product that is not within 1e-6 of a half is rounded as the value itself would be.
    """
    cents = value * 100.0 + 0.5
    if not 0.5 <= cents < _CENTS or math.copysign(1.0, value) < 0.0:
        return fixed(value, 7, 2)
    count = int(cents)
    over = cents - count
    if over < _UNSURE or over > 1.0 - _UNSURE:
        return fixed(value, 7, 2)
    text = _TEXTS[count]
    if not text:
        text = fixed(value, 7, 2)
        _TEXTS[count] = text
    return text
