"""Numbers as Fortran's edit descriptors write them, and as its list-directed READ takes them.

::

    fixed(3.14159, 7, 2)      f7.2     "   3.14"     fixed(143, 5, 0)   f5.0   " 143."
    scientific(12.345, 11)    e11.5    "0.12345E+02"; narrower: e10.5 ".12345E+02"
    integer(42, 5)            i5       "   42"

A number that does not fit its width is written as stars; a number of one digit less than its width
loses the zero before the point. Reading takes `1.d-4` and `0.1-120` as Fortran does. A text stands
in quotes there, of which two are one: without them it would end at a blank, a comma or a slash.
"""

from __future__ import annotations

import math
import re

# What Python and Fortran write of an exponent: the one has the point after the first digit.
EXPONENTS = {f"e{power:+03d}": f"E{power + 1:+03d}" for power in range(-98, 98)}
_SPELLING = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+))(?:[edED]([-+]?\d+)|([-+]\d+))?\Z")


def fixed(value: float, width: int, decimals: int) -> str:
    """`value` in the edit f<width>.<decimals>."""
    usual = f"{value:{width}.{decimals}f}"
    # Nearly all numbers of an output file fit; what does not, and no number, goes the long way.
    if decimals and len(usual) == width and usual[-1].isdigit():
        return usual
    if not math.isfinite(value):
        return _not_finite(value, width)
    text = f"{value:.{decimals}f}" + ("." if decimals == 0 else "")
    return _fit(text, width)


def scientific(value: float, width: int, digits: int = 5) -> str:
    """`value` in the edit e<width>.<digits>: mantissa 0.1 to 1, exponent of two digits."""
    usual = f"{value:.{digits - 1}e}"
    tail = EXPONENTS.get(usual[-4:])
    # As in `fixed`: positive, of two digits in the exponent, and as wide as it should be.
    if tail is not None and value > 0.0 and width >= digits + 6:
        return f"0.{usual[0]}{usual[2:-4]}{tail}".rjust(width)
    if not math.isfinite(value):
        return _not_finite(value, width)
    mantissa, exponent = f"{abs(value):.{digits - 1}e}".split("e")
    power = int(exponent) + 1 if value else 0
    tail = f"E{power:+03d}" if abs(power) < 100 else f"{power:+04d}"
    sign = "-" if math.copysign(1.0, value) < 0 else ""
    return _fit(f"{sign}0.{mantissa.replace('.', '')}{tail}", width)


def integer(value: int, width: int) -> str:
    """`value` in the edit i<width>."""
    text = str(value)
    return text.rjust(width) if len(text) <= width else _fit(text, width)


def number(text: str) -> float:
    """The number that `text` spells in Fortran; ValueError where it is none, or too large."""
    match = _SPELLING.match(text)
    if not match:
        raise ValueError(f"{text!r} is no number")
    found = float(f"{match[1]}e{match[2] or match[3] or 0}")
    if not math.isfinite(found):
        raise ValueError(f"{text!r} is too large")
    return found


def column(text: str) -> float:
    """The number in one fixed column: stars are an overflow (NaN), no mark but blanks is 0."""
    bare = text.strip()
    if not bare:
        return 0.0
    if bare.startswith("*") or bare.lower() == "nan":
        return math.nan
    return number(bare)


def quoted(text: str) -> str:
    """`text` as a list-directed READ takes it whole."""
    return "'" + text.replace("'", "''") + "'"


def bare(word: str) -> str:
    """The text that `word` stands for in a list, with quotes or without."""
    mark = word[:1]
    if len(word) > 1 and mark in ("'", '"') and word[-1] == mark:
        word = word[1:-1].replace(mark * 2, mark)
    return word.strip()


def _fit(text: str, width: int) -> str:
    if len(text) <= width:
        return text.rjust(width)
    if len(text) == width + 1:
        text = re.sub(r"^(-?)0\.(?=\d)", r"\1.", text)
    return text if len(text) <= width else "*" * width


def _not_finite(value: float, width: int) -> str:
    text = "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    return text.rjust(width) if len(text) <= width else "*" * width
