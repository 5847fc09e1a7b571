"""Many numbers at once: columns of characters in, arrays of numbers out.

A *cell* is one number as Fortran wrote it, flush right in a field of fixed width. Cells of one
column are held as a matrix of bytes, a row for each place of the field, a column for each cell::

    cells[0]   ' '  '1'  ' '         three cells of f5.2:  1.25, 11.50, -.30
    cells[1]   '1'  '1'  '-'
    cells[2]   '.'  '.'  '.'
    …

The point, and the E of an exponent, stand at the same place in almost every cell of a column: these
are read all together, to the bits that Python's `float` gives. Whatever looks otherwise (stars of
an overflow, an exponent without its E, blanks, NaN) is read one by one, by
`tasks.wepp.files.fortran`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tasks.wepp.files import fortran

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_BLANK, _PLUS, _MINUS, _POINT, _ZERO = b" +-.0"
_EXACT = 22  # the powers of ten up to this one are exact in a float64
_POWERS = np.array([float(10**power) for power in range(_EXACT + 1)])
_MOST_DIGITS = 15  # so many digits of a mantissa are exact


class BadRow(ValueError):
    """What stands at `index` of a column cannot be what it should be."""

    def __init__(self, index: int, reason: str) -> None:
        self.index = index
        super().__init__(reason)


class NoNumber(BadRow):
    """The cell at `index` spells no number."""

    def __init__(self, index: int, text: str) -> None:
        super().__init__(index, f"{text!r} is no number")


@dataclass(frozen=True, slots=True)
class _Shape:
    """Where the parts of a cell stand: whole digits before `point`, decimals before `exponent`."""

    point: int
    exponent: int
    width: int


def numbers(cells: Bytes) -> Floats:
    """The numbers in `cells`, shape (width, n); stars are NaN, blanks 0. NoNumber."""
    count = cells.shape[1]
    if not count:
        return np.empty(0)
    digits = cells - _ZERO
    digit = digits < 10
    shape = _shape(cells[:, :1])
    odd = _odd(cells, digit, shape)
    if np.count_nonzero(odd) * 2 > count:
        shape = _shape(cells)
        odd = _odd(cells, digit, shape)
    digits *= digit
    values = _values(cells, digits, shape, odd)
    if odd.any():
        _one_by_one(cells, np.flatnonzero(odd), values)
    return values


def integers(cells: Bytes) -> Ints:
    """The whole numbers in `cells`; NoNumber where one is not whole."""
    values = numbers(cells)
    wrong = ~(values == np.floor(values))
    if wrong.any():
        at = int(np.argmax(wrong))
        raise NoNumber(at, _text(cells, at))
    return values.astype(np.int64)


def _shape(cells: Bytes) -> _Shape:
    """Where the parts stand in most of the cells."""
    width = len(cells)
    points = (cells == _POINT).sum(axis=1)
    point = int(points.argmax()) if points.any() else width
    lower = cells | 0x20
    letters = ((lower == ord("e")) | (lower == ord("d"))).sum(axis=1)
    letters[: point + 1] = letters[-1] = 0
    return _Shape(point, int(letters.argmax()) if letters.any() else width, width)


def _odd(cells: Bytes, digit: Flags, shape: _Shape) -> Flags:
    """Which cells are anything but blanks, a sign, digits, point, digits and exponent."""
    head, sign = cells[: shape.point], (cells == _MINUS) | (cells == _PLUS)
    odd: Flags = ~(digit[: shape.point] | sign[: shape.point] | (head == _BLANK)).all(axis=0)
    inner = slice(0, max(0, shape.point - 1))
    follows = digit[1 : shape.point]
    odd |= ((digit[inner] | sign[inner]) & ~follows).any(axis=0)
    if shape.point < shape.width:
        odd |= cells[shape.point] != _POINT
        odd |= ~digit[shape.point + 1 : shape.exponent].all(axis=0)
    if shape.exponent - shape.point <= 1:
        odd |= ~digit[shape.point - 1] if shape.point else True
    if shape.exponent < shape.width:
        mark, power = cells[shape.exponent] | 0x20, shape.exponent + 1
        odd |= (mark != ord("e")) & (mark != ord("d"))
        odd |= ~(digit[power] | (sign[power] if power + 1 < shape.width else False))
        odd |= ~digit[power + 1 :].all(axis=0)
    return odd


def _values(cells: Bytes, digits: Bytes, shape: _Shape, odd: Flags) -> Floats:
    whole, decimals = digits[: shape.point], digits[shape.point + 1 : shape.exponent]
    values: Floats = _sum(np.concatenate((whole, decimals)) if len(decimals) else whole, odd)
    if shape.exponent < shape.width:
        power = _sum(digits[shape.exponent + 1 :], odd)
        negative = cells[shape.exponent + 1] == _MINUS
        scale = np.where(negative, -power, power) - len(decimals)
        scale[values == 0.0] = 0
        odd |= np.abs(scale) > _EXACT
        factor = _POWERS[np.minimum(np.abs(scale), _EXACT).astype(np.int64)]
        values = np.where(scale < 0, values / factor, values * factor)
    elif len(decimals) > _EXACT:
        odd |= True
    elif len(decimals):
        values = values / _POWERS[len(decimals)]
    minus = (cells[: shape.point] == _MINUS).any(axis=0)
    if minus.any():
        np.negative(values, out=values, where=minus)
    return values


def _sum(digits: Bytes, odd: Flags) -> Floats:
    """The whole numbers that rows of digits spell; those of too many digits are odd."""
    if len(digits) > _MOST_DIGITS:
        odd |= digits[:-_MOST_DIGITS].any(axis=0)
        digits = digits[-_MOST_DIGITS:]
    kind: Any = np.int32 if len(digits) <= 9 else np.int64
    total: npt.NDArray[Any] = np.zeros(digits.shape[1], dtype=kind)
    for row in digits:
        total *= 10
        total += row
    return total.astype(np.float64)


def _one_by_one(cells: Bytes, which: Ints, values: Floats) -> None:
    known: dict[bytes, float] = {}
    texts = np.ascontiguousarray(cells[:, which].T)
    for index, row in zip(which, texts, strict=True):
        spelt = row.tobytes()
        if spelt not in known:
            try:
                known[spelt] = fortran.column(spelt.decode("latin-1"))
            except ValueError:
                raise NoNumber(int(index), spelt.decode("latin-1").strip()) from None
        values[index] = known[spelt]


def _text(cells: Bytes, index: int) -> str:
    text: Any = cells[:, index].tobytes()
    return str(text.decode("latin-1")).strip()


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """What stands between blanks in a text, by where each word starts and ends."""

    text: Bytes
    starts: Ints
    ends: Ints

    def __len__(self) -> int:
        return len(self.starts)

    def cells(self, which: Any) -> Bytes:
        """The words at the indices `which`, as cells."""
        starts, ends = self.starts[which], self.ends[which]
        width = int((ends - starts).max()) if len(starts) else 1
        cells = np.full((width, len(starts)), _BLANK, dtype=np.uint8)
        for place in range(width):
            at = ends - (width - place)
            np.copyto(cells[place], self.text[np.maximum(at, 0)], where=at >= starts)
        return cells


def words(text: Bytes) -> Words:
    """The words of `text`; every byte up to the blank is one."""
    blank = text <= _BLANK
    edges = np.flatnonzero(blank[1:] != blank[:-1]) + 1
    if len(text) and not blank[0]:
        edges = np.concatenate(([0], edges))
    if len(edges) % 2:
        edges = np.concatenate((edges, [len(text)]))
    return Words(text, edges[0::2], edges[1::2])
