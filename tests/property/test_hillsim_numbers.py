"""Numbers as hillsim's tables have them are those of the Fortran edits, whichever way they go."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tasks.hillsim import numbers
from tasks.wepp.files.fortran import fixed, integer, scientific

reals = st.floats(allow_nan=True, allow_infinity=True) | st.floats(-1e-3, 700.0)
halves = st.integers(0, 140_000).map(lambda count: count / 200.0)


@settings(max_examples=500, deadline=None)
@given(reals | halves)
@example(0.125)
@example(0.005)
@example(-0.0)
@example(655.36)
def test_hundredths_by_table_are_rounded_as_the_number_itself(value: float) -> None:
    """f7.2, ties and all that is no number included; only a zero loses its sign."""
    assert numbers.hundredths(value) == fixed(value + 0.0, 7, 2)
    assert numbers.hundredths(value) == fixed(value + 0.0, 7, 2)


@settings(max_examples=300, deadline=None)
@given(reals)
@example(0.0)
@example(-0.0)
@example(9.99996e-100)
def test_scaled_numbers_are_the_edit(value: float) -> None:
    """e11.5, zero, which has no sign, and what is no number included."""
    assert numbers.scaled(value) == scientific(value + 0.0, 11)


@settings(max_examples=300, deadline=None)
@given(reals)
@example(0.0)
@example(-0.0)
@example(9.9999995e-3)
def test_exact_numbers_are_the_edit(value: float) -> None:
    """e15.7, zero, which has no sign, and what is no number included."""
    assert numbers.exact(value) == scientific(value + 0.0, 15, 7)


@settings(max_examples=500, deadline=None)
@given(reals | halves.map(lambda value: value / 10.0), st.integers(6, 8))
@example(0.0005, 8)
@example(-0.0, 7)
@example(99.9995, 6)
@example(999.9996, 7)
@example(4095.9996, 8)
def test_thousandths_are_the_edit(value: float, width: int) -> None:
    """f6.3 to f8.3, ties, zero, which has no sign, what has no room and is no number included."""
    assert numbers.thousandths(value, width) == fixed(value + 0.0, width, 3)


@given(st.integers(-200_000, 200_000))
def test_whole_numbers_are_the_edit(value: int) -> None:
    """i5, with what does not fit as stars."""
    assert numbers.whole(value, 5) == integer(value, 5)
