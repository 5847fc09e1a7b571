"""The records of pass files, of one hillslope or of all: a day each, over one line or many.

::

    EVENT     │SUBEVENT  │NO EVENT       what kind of day, 8 characters and two blanks
    year  day                            two whole numbers
    values                               by blanks, over as many lines as they need

How many values a record has tells the build that wrote it; their names, in order, are `names`'.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
import pyarrow as pa

from tasks.interchange import decode
from tasks.interchange.columns import floats
from tasks.interchange.decode import BadRow, Bytes, Floats, Ints, Words
from tasks.interchange.text import Block

CLASSES = 5
LABELS = ("EVENT", "SUBEVENT", "NO EVENT")
BEGINS = re.compile(rb"EVENT |SUBEVENT|NO EVENT")
MEASURES = floats(
    ("dur", "s", "Duration of the storm"),
    ("tcs", "h", "Time of concentration of overland flow"),
    ("oalpha", "", "Alpha of overland flow"),
    ("runoff", "m", "Runoff"),
    ("runvol", "m^3", "Runoff"),
    ("sbrunf", "m", "Lateral flow below the surface"),
    ("sbrunv", "m^3", "Lateral flow below the surface"),
    ("drainq", "m/day", "Drainage by tiles"),
    ("drrunv", "m^3", "Drainage by tiles"),
    ("peakro", "m^3/s", "Peak runoff"),
    ("tdet", "kg", "Soil detached"),
    ("tdep", "kg", "Soil deposited"),
    *((f"sedcon_{n}", "kg/m^3", f"Sediment of class {n} in the runoff") for n in range(1, 6)),
    *((f"frcflw_{n}", "", f"Share of class {n} in the sediment") for n in range(1, 6)),
    ("gwbfv", "m^3", "Baseflow from groundwater; 0 where the engine does not tell it"),
    ("gwdsv", "m^3", "Deep seepage from groundwater; 0 where the engine does not tell it"),
)
_DRAINAGE, _GROUND = ("drainq", "drrunv"), ("gwbfv", "gwdsv")
_LATERAL = ("sbrunf", "sbrunv")
_LABEL_WIDTH = 8


def names(label: str, per_hillslope: int) -> tuple[str, ...] | None:
    """The names of the values of a record, by their number; None where no build writes so many."""
    event = tuple(column.name for column in MEASURES)
    options = {
        "EVENT": (
            tuple(name for name in event if name not in _DRAINAGE + _GROUND),
            tuple(name for name in event if name not in _GROUND),
            event,
        ),
        "SUBEVENT": (_LATERAL, _LATERAL + _DRAINAGE, _LATERAL + _DRAINAGE + _GROUND),
        "NO EVENT": ((), _GROUND),
    }
    return next((found for found in options[label] if len(found) == per_hillslope), None)


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Records of one kind with equally many values; `which` are their places among all."""

    label: str
    which: Ints
    values: Floats  # shape (records, values of each)


@dataclass(frozen=True, slots=True, eq=False)
class Records:
    """The records of a block, in order."""

    block: Block
    _words: Words
    _kind: Ints  # places in LABELS
    _first: Ints  # the word each begins with, its year
    _count: Ints  # words of each

    def __len__(self) -> int:
        return len(self._kind)

    @property
    def label(self) -> pa.Array:
        """What kind each record is."""
        kinds = pa.array(self._kind.astype(np.int8))
        return pa.DictionaryArray.from_arrays(kinds, list(LABELS)).cast(pa.string())

    def year(self) -> Ints:
        """The year of each, as the file has it. FormatError."""
        return self._integers(0)

    def julian(self) -> Ints:
        """The day of the year of each. FormatError."""
        return self._integers(1)

    def groups(self) -> Iterator[Group]:
        """The values, of records that are alike together. FormatError."""
        alike = self._kind * (int(self._count.max()) + 1) + self._count
        for one in np.unique(alike):
            which = np.flatnonzero(alike == one)
            count = int(self._count[which[0]]) - 2
            places = self._first[which][:, np.newaxis] + np.arange(2, count + 2)
            values = self._numbers(places.ravel()).reshape(len(which), count)
            yield Group(LABELS[int(self._kind[which[0]])], which, values)

    def fail(self, error: BadRow) -> NoReturn:
        """Raise FormatError for the first line of the record that `error` is about."""
        self.block.fail(str(error), self._line(int(self._first[error.index])))

    def refuse(self, group: Group) -> NoReturn:
        """Raise FormatError, or CutShort where the file was cut, for a group no build writes."""
        found, last = int(group.which[-1]), len(self) - 1
        reason = f"{group.label} with {group.values.shape[1]} values is no record of a pass file"
        line = self._line(int(self._first[found]))
        if found == last and self.block.cut:
            self.block.cut_short(reason, line)
        self.block.fail(reason, line)

    def _integers(self, place: int) -> Ints:
        if (self._count < 2).any():
            short = int(np.argmax(self._count < 2))
            self.block.cut_short(f"a record needs year and day of the year ({short + 1}.)")
        try:
            return decode.integers(self._words.cells(self._first + place))
        except BadRow as error:
            self.fail(error)

    def _numbers(self, places: Ints) -> Floats:
        if not len(places):
            return np.empty(0)
        try:
            return decode.numbers(self._words.cells(places))
        except BadRow as error:
            self.block.fail(str(error), self._line(int(places[error.index])))

    def _line(self, word: int) -> int:
        ends = self.block.line_ends()
        if word >= len(self._words):
            return len(ends) - 1
        return int(np.searchsorted(ends, self._words.starts[word]))


def records(block: Block) -> Records:
    """The records that `block` holds; FormatError where it does not begin with one."""
    ends = block.line_ends()
    starts = np.concatenate(([0], ends[:-1] + 1))
    first = block.data[starts]
    kind = np.select([first == ord(label[0]) for label in LABELS], [0, 1, 2], default=-1)
    labelled = np.flatnonzero(kind >= 0)
    if not len(labelled) or labelled[0] != 0:
        block.fail("a record of a pass file begins with EVENT, SUBEVENT or NO EVENT")
    data = _unlabelled(block, starts[labelled], kind[labelled])
    found = decode.words(data)
    begin = np.searchsorted(found.starts, starts[labelled])
    count = np.diff(begin, append=len(found))
    return Records(block, found, kind[labelled], begin, count)


def _unlabelled(block: Block, starts: Ints, kind: Ints) -> Bytes:
    """The block's data with blanks in place of the labels, which are checked."""
    data = block.data.copy()
    places = starts[:, np.newaxis] + np.arange(_LABEL_WIDTH)
    wanted = np.array([list(label.ljust(_LABEL_WIDTH).encode()) for label in LABELS], np.uint8)
    wrong = (data[np.minimum(places, len(data) - 1)] != wanted[kind]).any(axis=1)
    if wrong.any():
        line = int(np.searchsorted(block.line_ends(), starts[int(np.argmax(wrong))]))
        block.fail("a record of a pass file begins with EVENT, SUBEVENT or NO EVENT", line)
    data[places] = 32
    return data


def last_record(data: bytes) -> int:
    """Where the last record in `data` begins, which may go on behind it; 0 if there is no other."""
    at = max(data.rfind(b"\n" + mark) for mark in (b"EVENT", b"SUBEVENT", b"NO EVENT"))
    return at + 1
