"""Numbers decoded many at a time are the numbers that one at a time gives."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.interchange import decode
from tasks.interchange.decode import NoNumber
from tasks.interchange.table import places
from tasks.wepp.files import fortran


def cells(texts: list[str]) -> decode.Bytes:
    width = max(map(len, texts))
    raw = "".join(text.rjust(width) for text in texts).encode("latin-1")
    return np.ascontiguousarray(np.frombuffer(raw, np.uint8).reshape(-1, width).T)


def same(found: float, wanted: float) -> bool:
    if math.isnan(wanted):
        return math.isnan(found)
    return found == wanted and math.copysign(1, found) == math.copysign(1, wanted)


@st.composite
def columns(draw: st.DrawFn) -> list[str]:
    """A column of an f, e or i edit, with a few cells that came from elsewhere."""
    kind, width = draw(st.sampled_from("fei")), draw(st.integers(5, 16))
    decimals = draw(st.integers(0, width - 3))
    number = st.floats(-1e12, 1e12) | st.floats(-99, 99) | st.sampled_from([0.0, -0.0, 1e-120])
    values = draw(st.lists(number, min_size=1, max_size=30))
    if kind == "f":
        texts = [fortran.fixed(value, width, decimals) for value in values]
    elif kind == "e":
        texts = [fortran.scientific(value, width, max(1, width - 7)) for value in values]
    else:
        texts = [fortran.integer(int(value), width) for value in values]
    strange = ["", "****", "NaN", "1.23-101", "-4.5+102", ".5", "7.", "1.d-4", "+3", "-.25E+01"]
    for odd in draw(st.lists(st.sampled_from(strange), max_size=4)):
        texts.insert(draw(st.integers(0, len(texts))), odd)
    return texts


@given(columns())
def test_a_column_is_read_as_each_cell_alone(texts: list[str]) -> None:
    """Whatever a column holds, every cell gives the very bits of the reader of single numbers."""
    found = decode.numbers(cells(texts))
    wanted = [fortran.column(text) for text in texts]
    assert [(a, b) for a, b in zip(found.tolist(), wanted, strict=True) if not same(a, b)] == []


@given(st.lists(st.text("0123456789.-+eED *", min_size=1, max_size=7), min_size=1, max_size=9))
def test_what_is_no_number_is_named(texts: list[str]) -> None:
    """A cell that spells nothing is an error with its place; no other cell is."""

    def alone(text: str) -> float | None:
        try:
            return fortran.column(text)
        except ValueError:
            return None

    wanted = [alone(text) for text in texts]
    if None not in wanted:
        found = decode.numbers(cells(texts)).tolist()
        assert all(same(a, b) for a, b in zip(found, wanted, strict=True) if b is not None)
        return
    with pytest.raises(NoNumber) as error:
        decode.numbers(cells(texts))
    assert wanted[error.value.index] is None


@pytest.mark.parametrize("text", ["1-", "1 2", "1.2.3", "--1", "1.2E", "1.2E+", "E+01", ".", "-"])
def test_a_cell_among_good_ones_that_is_no_number(text: str) -> None:
    """One bad cell in a thousand good ones of its shape does not pass as a number."""
    shape = "1.20E+01" if "E" in text else "1.2"
    column = [shape] * 500 + [text] + [shape] * 500
    with pytest.raises(NoNumber) as error:
        decode.numbers(cells(column))
    assert error.value.index == 500


@pytest.mark.parametrize("text", [".", ".E+01", "E+01", "-.E+01", "+", "-", "D-1"])
def test_a_column_of_nothing_but_such_cells(text: str) -> None:
    """A column whose every cell is alike is not taken for numbers by its shape."""
    with pytest.raises(NoNumber):
        decode.numbers(cells([text] * 5))


def test_words_are_what_stands_between_blanks() -> None:
    """Words are found at both ends of a text and over line ends, flush right in their cells."""
    found = decode.words(np.frombuffer(b"12  3.5\n-7 x", np.uint8))
    assert [bytes(column).decode() for column in found.cells(slice(None)).T] == [
        " 12", "3.5", " -7", "  x",
    ]  # fmt: skip
    assert len(decode.words(np.frombuffer(b"", np.uint8))) == 0


def test_whole_numbers_must_be_whole() -> None:
    """An id of 1.5 is an error, 2.0 is 2."""
    assert decode.integers(cells(["1", "2.0"])).tolist() == [1, 2]
    with pytest.raises(NoNumber, match=r"'1\.5' is no number"):
        decode.integers(cells(["1", "1.5"]))


def test_an_edit_says_where_the_numbers_stand() -> None:
    """Repeated groups, blanks before a number, and numbers that touch."""
    assert places("2(1x,i4),f6.3,2x,e15.7") == ((0, 5), (5, 10), (10, 16), (16, 33))
