"""Columns, spans of time and sizes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weppd.ctl import table


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""), (-1, "0.0s"), (0.42, "0.4s"), (9.96, "10.0s"), (12.4, "12s"), (59.6, "1m00s"),
        (185, "3m05s"), (3599.7, "1h00m"), (7620, "2h07m"), (86_399.9, "1d00h"), (356_400, "4d03h"),
    ],
)  # fmt: skip
def test_spans_have_two_units(seconds: float | None, text: str) -> None:
    """No 60s and no 60m: a span that rounds up takes the next unit."""
    assert table.span(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0"),
        (1023, "1023"),
        (1536, "1.5K"),
        (20 << 20, "20M"),
        (3 << 30, "3.0G"),
        (2**41, "2.0T"),
    ],
)
def test_sizes_are_short(count: int, text: str) -> None:
    """Binary units with one letter, a decimal only below ten."""
    assert table.size(count) == text


@given(st.text())
def test_clean_lets_no_control_character_through(text: str) -> None:
    """No escape sequence and no newline of a job reaches the terminal."""
    assert table.clean(text).isprintable()
    assert len(table.clean(text)) == len(text)


words = st.text(alphabet="abc", max_size=60)


@given(st.lists(st.tuples(words, words, words)), st.integers(1, 200))
def test_the_last_column_gives_way(rows: list[tuple[str, str, str]], width: int) -> None:
    """The other columns are whole; the table fits where the last can be made narrow enough."""
    head = ("ONE", "TWO", "THREE")
    lines = table.columns(head, rows, width)
    assert len(lines) == len(rows) + 1
    first, second = (max(len(row[i]) for row in (head, *rows)) for i in (0, 1))
    for row, line in zip(rows, lines[1:], strict=True):
        assert line[:first].rstrip() == row[0]
        assert line[first + 2 : first + 2 + second].rstrip() == row[1]
    assert max(map(len, lines)) <= max(width, first + second + 4 + 8)


def test_a_cut_is_shown() -> None:
    """What was cut ends with two dots, and never gets longer than asked."""
    assert table.cut("abcdef", 6) == "abcdef"
    assert table.cut("abcdef", 5) == "abc.."
    assert table.cut("abcdef", 1) == "."
