"""The records of a WEPP input file, read one after the other as the engines' READ statements do.

::

    # a line that begins with `#` is skipped before a record, and so is a blank one
    1 0.5 3     n numbers, by blanks or commas, may go on in the next lines;
    7 # note    what stands after the n-th on its line is nobody's
    a name      a line of text
                a raw line: taken whatever it holds, also when blank or `#…`
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import NoReturn

from tasks.wepp.files import fortran
from tasks.wepp.files.errors import CutShort, FormatError

_DIGITS = 9
_TOKEN = re.compile(r"""(?:'[^']*')+|(?:"[^"]*")+|[^\s,'"]+""")


class Records:
    """A cursor over the lines of one file. Errors carry the file and the line last taken.

    Every reading method takes `what`, the record's name in errors, and raises CutShort at the end
    of the file and FormatError where the record is something else.
    """

    def __init__(self, text: str, path: str | Path) -> None:
        self.path = path
        self._lines = lines_of(text)
        self.line = 0

    def fail(self, reason: str, line: int | None = None) -> NoReturn:
        """Raise FormatError for the line last taken, or for another."""
        raise FormatError(self.path, self.line if line is None else line, reason)

    def numbers(self, count: int, what: str) -> tuple[float, ...]:
        """The next `count` numbers."""
        return tuple(self._number(token, what) for token in self.tokens(count, what))

    def number(self, what: str) -> float:
        """A record of one number."""
        return self.numbers(1, what)[0]

    def integer(self, what: str) -> int:
        """A record of one whole number, which may be written `2.0`."""
        self._skip()
        if self.line < len(self._lines):
            # Nearly all of them are digits; what follows on the line is dropped.
            word = self._lines[self.line].split(None, 1)[0]
            if word.isdecimal() and len(word) <= _DIGITS:
                self.line += 1
                return int(word)
        return self._whole(self.number(what), what)

    def spelt(self, count: int, what: str) -> tuple[str, ...]:
        """The next `count` words, of which the first is a whole number, written without a point.

        Engines die of `2.0` where they want a whole number: so it must be in a file that they get
        as it is.
        """
        words = self.tokens(count, what)
        if not words[0].isdecimal() or len(words[0]) > _DIGITS:
            self.fail(f"{what}: a whole number without a point is wanted, found {words[0]!r}")
        return words

    def integers(self, count: int, what: str) -> tuple[int, ...]:
        """The next `count` whole numbers."""
        return tuple(self._whole(value, what) for value in self.numbers(count, what))

    def tokens(self, count: int, what: str) -> tuple[str, ...]:
        """The next `count` words, a quoted text being one; what follows on the line is dropped."""
        self._skip()
        found: list[str] = []
        while len(found) < count:
            found += _words(self.raw(what if not found else f"the rest of {what}"))
        return tuple(found[:count])

    def text(self, what: str) -> str:
        """The next line that is neither blank nor a comment, without blanks around it."""
        self._skip()
        return self.raw(what).strip()

    def raw(self, what: str) -> str:
        """The next line as it stands."""
        if self.line == len(self._lines):
            raise CutShort(self.path, self.line, f"the file ends where {what} must follow")
        self.line += 1
        return self._lines[self.line - 1]

    def rest(self) -> list[str]:
        """The lines that are left, none of which is taken."""
        return self._lines[self.line :]

    def parse(self, token: str, what: str) -> float:
        """The number that one of `tokens` spells."""
        return self._number(token, what)

    def ended(self) -> bool:
        """Whether nothing but blank lines and comments is left."""
        self._skip()
        return self.line == len(self._lines)

    def end(self) -> None:
        """FormatError where something is left."""
        if not self.ended():
            left = self.raw("the end").strip()
            self.fail(f"the file must end here, found {left!r}")

    def _skip(self) -> None:
        while self.line < len(self._lines):
            bare = self._lines[self.line].strip()
            if bare and not bare.startswith("#"):
                return
            self.line += 1

    def _number(self, token: str, what: str) -> float:
        try:
            return fortran.number(token)
        except ValueError:
            self.fail(f"{what} wanted, found {token!r}")

    def _whole(self, value: float, what: str) -> int:
        if value != math.floor(value):
            self.fail(f"{what} must be a whole number, found {value:g}")
        return int(value)


def lines_of(text: str) -> list[str]:
    """The lines of a file, which end as editors and engines end them.

    `splitlines` would end them at form feeds and at what cp1252 has for an ellipsis as well.
    """
    found = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not found[-1]:
        found.pop()
    return found


def read_text(path: str | Path) -> str:
    """The text of a WEPP file: latin-1, either line end. OSError where it cannot be read."""
    return Path(path).read_text(encoding="latin-1")


def _words(line: str) -> list[str]:
    # Most lines have neither quotes nor remarks.
    if "'" not in line and '"' not in line and "#" not in line:
        return line.replace(",", " ").split()
    words: list[str] = []
    for word in _TOKEN.findall(line):
        if word.startswith("#"):
            break
        words.append(word)
    return words
