from __future__ import annotations

import math

import pytest

from tasks.wepp.files import fortran


@pytest.mark.parametrize(
    ("value", "width", "decimals", "text"),
    [
        (3.14159, 7, 2, "   3.14"),
        (143.0, 5, 0, " 143."),
        (0.25, 3, 2, ".25"),
        (-0.25, 4, 2, "-.25"),
        (-0.0, 5, 2, "-0.00"),
        (12345.678, 7, 2, "*******"),
        (math.nan, 7, 2, "    NaN"),
        (math.inf, 7, 2, "*******"),
    ],
)
def test_fixed_point_columns(value: float, width: int, decimals: int, text: str) -> None:
    """f<w>.<d>: right-justified, the zero dropped where it does not fit, stars on overflow."""
    assert fortran.fixed(value, width, decimals) == text


@pytest.mark.parametrize(
    ("value", "width", "text"),
    [
        (12.345, 11, "0.12345E+02"),
        (1050.0, 10, ".10500E+04"),
        (-12.345, 11, "-.12345E+02"),
        (0.0, 11, "0.00000E+00"),
        (2e-6, 11, "0.20000E-05"),
        (0.999999, 11, "0.10000E+01"),
        (1e-120, 11, "0.10000-119"),
        (-1.0, 10, "**********"),
    ],
)
def test_exponent_columns(value: float, width: int, text: str) -> None:
    """e<w>.5: a mantissa below 1, two digits of exponent, Fortran's spelling of three."""
    assert fortran.scientific(value, width) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", 1.0), ("2.", 2.0), (".5", 0.5), ("-1.d-4", -1e-4), ("1E3", 1e3), ("0.1-120", 1e-121)],
)
def test_numbers_as_list_directed_read_takes_them(text: str, value: float) -> None:
    """Fortran's spellings of a number are read, its double-precision exponent too."""
    assert fortran.number(text) == value


@pytest.mark.parametrize("text", ["nan", "inf", "1_0", "0x1", "", "1e", "."])
def test_what_fortran_does_not_read_is_no_number(text: str) -> None:
    """Spellings that only Python knows are refused."""
    with pytest.raises(ValueError, match="is no number"):
        fortran.number(text)


def test_an_overflowed_column_is_not_a_number() -> None:
    """Stars read as NaN and a blank column as 0, as Fortran reads it."""
    assert math.isnan(fortran.column(" **** "))
    assert fortran.column("   ") == 0.0
