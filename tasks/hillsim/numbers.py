"""Sums that are the same everywhere, and numbers as text by table."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final, final

from tasks.wepp.files.fortran import fixed, integer, scientific

_CENTS: Final = 65536
_UNSURE: Final = 1e-6
_TEXTS: Final[list[str]] = [""] * _CENTS
_WIDEST: Final = 8
_COUNTED: Final = 4096
# By width: the texts of whole numbers from 0 on.
_WHOLES: Final[list[str]] = [""] * (_WIDEST * _COUNTED)
_PER_DECADE: Final = 1.0 / math.log(10.0)
_DECADES: Final = 60
# Ten to the power of the place, from −60 on, and how an edit tells of it: E-59 for 1e-60.
_TENS: Final = [float(f"1e{power}") for power in range(-_DECADES, _DECADES + 5)]
_TAILS: Final = [f"E{power + 1:+03d}" for power in range(-_DECADES, _DECADES)]
_NOTHING: Final = "0.00000E+00"
_EXACTLY_NOTHING: Final = "  0.0000000E+00"
_PARTS: Final = [f".{count:03d}" for count in range(1000)]
# By width: what f<width>.3 surely has room for, as its whole part has a text.
_THOUSANDS: Final = [0.0] * 6 + [99.0, 999.0] + [4095.0] * 8
_ZERO: Final = "   0.00"
_AT_ONCE: Final = 200
# By width: a zero of thousandths.
_NONE: Final = [f"{0.0:{width}.3f}" for width in range(len(_THOUSANDS))]


def summed(values: list[float]) -> float:
    """The sum, added from left to right: `sum` itself compensates from Python 3.12 on."""
    found = 0.0
    for value in values:
        found += value
    return found


def whole(value: int, width: int) -> str:
    """`value` in the edit i<width>; the texts of what is under 4096 are made once."""
    if not (0 <= value < _COUNTED and width < _WIDEST):
        return integer(value, width)
    place = width * _COUNTED + value
    text = _WHOLES[place]
    if not text:
        text = integer(value, width)
        _WHOLES[place] = text
    return text


def scaled(value: float) -> str:
    """`value` in the edit e11.5; a zero has no sign."""
    if value == 0.0:
        return _NOTHING
    return _scientific(value, 5) or scientific(value, 11)


def exact(value: float) -> str:
    """`value` in the edit e15.7; a zero has no sign."""
    if value == 0.0:
        return _EXACTLY_NOTHING
    usual = _scientific(value, 7)
    return "  " + usual if usual else scientific(value, 15, 7)


def _scientific(value: float, digits: int) -> str:
    """A mantissa of so many digits, as a whole number, and the exponent; nothing if unsure.

    Unsure is what lies within 1e-6 of a half of the last digit, or is no usual number.
    """
    if not 1e-50 < value < 1e50:
        return ""
    power = math.floor(math.log(value) * _PER_DECADE)
    scaled = value * _TENS[_DECADES + digits - 1 - power] + 0.5
    count = int(scaled)
    over = scaled - count
    text = str(count)
    if len(text) != digits or over < _UNSURE or over > 1.0 - _UNSURE:
        return ""
    return "0." + text + _TAILS[_DECADES + power]


def thousandths(value: float, width: int) -> str:
    """`value` in the edit f<width>.3, 6 wide or more, by the whole number of its thousandths.

    A product that is not within 1e-6 of a half is rounded as the value itself would be; a zero has
    no sign.
    """
    if value == 0.0:
        return _NONE[width]
    if 0.0 < value < _THOUSANDS[width]:
        parts = value * 1000.0 + 0.5
        count = int(parts)
        over = parts - count
        if _UNSURE <= over <= 1.0 - _UNSURE:
            return whole(count // 1000, width - 4) + _PARTS[count % 1000]
    return fixed(value, width, 3)


@final
class Rows:
    """The lines of a table as it grows, kept as bytes of many lines each.

    Line by line a table of years would be written to memory and read again; some hundred lines are
    still in a processor's cache when they become one.
    """

    def __init__(self, head: Iterable[str]) -> None:
        self._lines: list[str] = list(head)
        self._pieces: list[bytes] = []

    def add(self, line: str) -> None:
        """The next line."""
        self._lines.append(line)
        if len(self._lines) >= _AT_ONCE:
            self._fold()

    def pieces(self) -> list[bytes]:
        """All lines so far, each with its end."""
        self._fold()
        return self._pieces

    def _fold(self) -> None:
        if self._lines:
            text = "\n".join(self._lines) + "\n"
            self._pieces.append(text.encode("latin-1", "replace"))
            self._lines.clear()


def prepare() -> None:
    """Make the texts of what is under 327.68, so that forks of this process share them."""
    for count in range(_CENTS // 2):
        hundredths(count / 100.0)


def hundredths(value: float) -> str:
    """`value` in the edit f7.2; the texts of what is under 655.36 are made once, a zero's unsigned.

    A product that is not within 1e-6 of a half is rounded as the value itself would be.
    """
    if value == 0.0:
        return _ZERO
    cents = value * 100.0 + 0.5
    if not 0.5 <= cents < _CENTS or value < 0.0:
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
