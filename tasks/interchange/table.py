"""Rows of numbers, from the lines of a block: by the columns of a Fortran edit, or by blanks."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from tasks.interchange import decode
from tasks.interchange.decode import BadRow, Bytes, Floats, Ints, Words
from tasks.interchange.text import Block
from tasks.wepp.files.errors import FormatError

Places = tuple[tuple[int, int], ...]
_EDIT = re.compile(r"(\d+)x|(\d*)\((.*?)\)|(\d*)[ife](\d+)")
_BLANK = 32


def places(edit: str) -> Places:
    """Where the numbers of a row in a Fortran edit stand, (start, end), blanks before included.

    >>> places("1x,i4,2(1x,f7.2),f6.3")
    ((0, 5), (5, 13), (13, 21), (21, 27))
    """
    found, start, at = [], 0, 0
    for blanks, width in _parts(edit):
        at += blanks + width
        if width:
            found.append((start, at))
            start = at
    return tuple(found)


def _parts(edit: str) -> list[tuple[int, int]]:
    """The blanks and the number of each part of an edit, by their widths."""
    parts: list[tuple[int, int]] = []
    for blanks, times, inner, count, width in _EDIT.findall(edit):
        if blanks:
            parts.append((int(blanks), 0))
        elif inner:
            parts += _parts(inner) * int(times or 1)
        else:
            parts += [(0, int(width))] * int(count or 1)
    return parts


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Rows of equally many numbers, which are decoded column by column when asked for."""

    block: Block
    count: int  # numbers in a row
    _columns: Bytes | Words
    _places: Places = ()
    _lines: Ints | None = None  # of each row, where not every line is one

    def __len__(self) -> int:
        if isinstance(self._columns, Words):
            return len(self._columns) // self.count
        return int(self._columns.shape[1])

    def numbers(self, column: int) -> Floats:
        """Column `column` of the rows; FormatError names the line of what is no number."""
        try:
            return decode.numbers(self._cells(column))
        except BadRow as error:
            self.fail(error)

    def integers(self, column: int) -> Ints:
        """Column `column` of the rows, whole numbers."""
        try:
            return decode.integers(self._cells(column))
        except BadRow as error:
            self.fail(error)

    def _cells(self, column: int) -> Bytes:
        if isinstance(self._columns, Words):
            return self._columns.cells(slice(column, None, self.count))
        start, end = self._places[column]
        return self._columns[start:end]

    def fail(self, error: BadRow) -> NoReturn:
        """Raise FormatError for the line of the row that `error` is about."""
        line = error.index if self._lines is None else int(self._lines[error.index])
        self.block.fail(str(error), line)


def fixed(block: Block, where: Places) -> Table | None:
    """The lines of `block` as rows in fixed columns; None where their length is another."""
    width, data = where[-1][1], block.data
    step = int(np.argmax(data == 10)) + 1
    if step <= width or len(data) % step:
        return None
    lines = data.reshape(-1, step)
    if not (lines[:, -1] == 10).all() or (lines[:, :-1] == 10).any():
        return None
    if (lines[:, width:-1] != _BLANK).any():
        return None
    return Table(block, len(where), np.ascontiguousarray(lines[:, :width].T), where)


def free(block: Block, counts: Collection[int], what: str) -> Table:
    """The lines of `block` as rows of numbers by blanks, of one of `counts`; empty lines are none.

    FormatError for the line that has another count, CutShort where the file was cut in it.
    """
    ends, found = block.line_ends(), decode.words(block.data)
    per_line = np.diff(np.searchsorted(found.starts, ends), prepend=0)
    rows = np.flatnonzero(per_line)
    count = int(per_line[rows[0]]) if len(rows) else min(counts)
    wrong = rows[(per_line[rows] != count) | (count not in counts)]
    if len(wrong):
        line = int(wrong[0])
        wanted = " or ".join(map(str, sorted(counts)))
        reason = f"{what} has {wanted} values, found {per_line[line]}"
        if line == rows[-1] and block.cut:
            block.cut_short(reason, line)
        block.fail(reason, line)
    return Table(block, count, found, (), rows)


def parted(block: Block, counts: Collection[int], where: Places, what: str) -> Table:
    """As `free`; rows whose numbers touch are cut at the places `where`, if they are so long."""
    try:
        return free(block, counts, what)
    except FormatError:
        if (cut := fixed(block, where)) is not None:
            return cut
        raise
