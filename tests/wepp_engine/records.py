"""Records of a text file as Fortran's READ takes them: list-directed, by columns, one by one.

List-directed (Fortran 77, 13.6; as gfortran has it): values stand between blanks, tabs, commas or
ends of lines; two commas with nothing between leave a variable as it was, `3*` leaves three and
`3*0.5` gives three; a slash ends the list, and leaves the rest as they were; a text may stand in
quotes, doubled ones being one, and without them ends at a separator, a slash too. A list that is
not full goes on in the next record; what is behind the last value in its record is nobody's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

_BLANK, _SEPARATOR = " \t", " \t,/;"
_REAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eEdDqQ][+-]?\d+|[+-]\d+)?\Z")
_INTEGER = re.compile(r"[+-]?\d+\Z")
_NO_NUMBERS = {"inf", "infinity", "nan"}


class Stopped(Exception):
    """Where an engine stops, or dies: file, line (0 where none is at fault) and reason."""

    def __init__(self, path: Path, line: int, why: str) -> None:
        super().__init__(f"{path.name}:{line}: {why}")
        self.path, self.line, self.why = path, line, why


@dataclass(frozen=True)
class Text:
    """A variable of so many characters."""

    width: int


class File:
    """A unit connected to a file: its records, and which was read last."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_file():
            raise Stopped(path, 0, "File does not exist")
        self.records = path.read_bytes().decode("latin-1").replace("\r\n", "\n").split("\n")
        if not self.records[-1]:
            self.records.pop()
        self.line = 0

    def stop(self, why: str) -> NoReturn:
        """End the engine at the record read last."""
        raise Stopped(self.path, self.line, why)

    def record(self) -> str:
        """The next record."""
        if self.line == len(self.records):
            self.stop("End of file")
        self.line += 1
        return self.records[self.line - 1]

    def skip_comments(self) -> None:
        """Pass over what is blank in its first 80 columns, or has `#` as first mark there."""
        while True:
            head = self.record()[:80].lstrip(" ")
            if head and not head.startswith("#"):
                self.line -= 1
                return

    def text(self, width: int) -> str:
        """The first `width` columns of the next record."""
        return self.record()[:width]

    def reals(self, count: int) -> list[float]:
        """A list of so many reals, none of which is left out."""
        return self.full(*[float] * count)

    def integer(self) -> int:
        """A list of one whole number."""
        return int(self.full(int)[0])

    def full(self, *kinds: type | Text) -> list[Any]:
        """As `read`, of which no value may be left out: the variable would keep what it had."""
        found = self.read(*kinds)
        if None in found:
            self.stop(f"value {found.index(None) + 1} of {len(kinds)} is left out")
        return found

    def read(self, *kinds: type | Text) -> list[Any]:
        """A list-directed READ of these variables; None where one keeps the value it had."""
        found: list[Any] = []
        values = self._values(kinds)
        while len(found) < len(kinds):
            found.append(next(values))
        return found

    def _values(self, kinds: tuple[type | Text, ...]) -> Iterator[Any]:
        """The values one after the other; for ever nothing, after a slash."""
        place, scan = 0, _Scan(self)
        while scan.find():
            times, rest = scan.repeats()
            value = scan.value(kinds[place]) if rest else None
            scan.separate()
            for _ in range(times):
                yield value
                place += 1
        while True:
            yield None


class _Scan:
    """One list-directed READ under way: the record it is in and the column it has come to."""

    def __init__(self, file: File) -> None:
        self.file = file
        self.record, self.at, self.parted = file.record(), 0, False

    def find(self) -> bool:
        """Go to the next value, over records; False at a slash."""
        while not self._rest().strip(_BLANK):
            self.record, self.at = self.file.record(), 0
            # An end of record and the comma that begins the next are one separator.
            if not self.parted:
                self.separate()
        self._blanks()
        return self._mark() != "/"

    def repeats(self) -> tuple[int, bool]:
        """How often the next value stands, and whether there is one."""
        if self._mark() in ",;":
            return 1, False
        counted = re.match(r"(\d+)\*", self._rest())
        if not counted:
            return 1, True
        self.at += counted.end()
        if int(counted[1]) == 0:
            self.file.stop("Zero repeat count")
        return int(counted[1]), self._mark() not in (*_SEPARATOR, "")

    def value(self, kind: type | Text) -> Any:
        """The next value, for a variable of this kind."""
        if isinstance(kind, Text):
            found = self._quoted() if self._mark() in "'\"" else self._word()
            return found[: kind.width]
        word = self._word()
        if kind is int:
            return int(self._spelt(_INTEGER, word, "integer"))
        if word.lstrip("+-").lower() in _NO_NUMBERS:
            return float(word)
        mantissa = self._spelt(_REAL, word, "real number")
        sign = re.sub(r"[dDqQ]", "e", mantissa)
        return float(re.sub(r"(?<=[\d.])([+-]\d+)\Z", r"e\1", sign))

    def separate(self) -> None:
        """Pass over what separates a value from the next: blanks and one comma."""
        self._blanks()
        self.parted = self._mark() in (",", ";")
        if self.parted:
            self.at += 1

    def _spelt(self, spelling: re.Pattern[str], word: str, what: str) -> str:
        if not spelling.match(word):
            self.file.stop(f"Bad {what}: {word!r}")
        return word

    def _word(self) -> str:
        end = self.at
        while end < len(self.record) and self.record[end] not in _SEPARATOR:
            end += 1
        word, self.at = self.record[self.at : end], end
        return word

    def _quoted(self) -> str:
        quote, text = self._mark(), ""
        self.at += 1
        while True:
            end = self.record.find(quote, self.at)
            if end < 0:
                text += self._rest()
                self.record, self.at = self.file.record(), 0
                continue
            text += self.record[self.at : end]
            self.at = end + 1
            if self._mark() != quote:
                break
            text += quote
            self.at += 1
        if self._mark() not in (*_SEPARATOR, ""):
            self.file.stop("Invalid string input")
        return text

    def _rest(self) -> str:
        return self.record[self.at :]

    def _mark(self) -> str:
        return self.record[self.at : self.at + 1]

    def _blanks(self) -> None:
        while self._mark() and self._mark() in _BLANK:
            self.at += 1
