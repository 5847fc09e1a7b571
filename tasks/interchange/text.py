"""A report of the engine as blocks of whole lines, however long it is.

::

    head        lines up to the first that begins a row        read once, by the product
    rows        lines, a record each, to the end               blocks of some MB, each for itself

A report that was compressed afterwards, `<name>.gz`, is read as if it was not.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, NoReturn

import numpy as np

from tasks.interchange.decode import Bytes, Ints
from tasks.wepp.files.errors import CutShort, FormatError

BLOCK = 2 << 20
_NEWLINE, _RETURN, _BLANK = b"\n\r "
ROW = re.compile(rb"\s*[-+]?[0-9*]")
"""How a row of a table begins, and no line of its head: with a number."""


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Whole lines of a file, each with its end; `line` is the number of the first, from 1.

    The last line of a file `cut` in its midst has no end there.
    """

    path: Path
    line: int
    data: Bytes
    cut: bool = False

    def fail(self, reason: str, row: int = 0) -> NoReturn:
        """Raise FormatError for the block's line `row`, from 0."""
        raise FormatError(self.path, self.line + row, reason)

    def cut_short(self, reason: str, row: int = 0) -> NoReturn:
        """Raise CutShort for the block's line `row`, from 0."""
        raise CutShort(self.path, self.line + row, reason)

    def line_ends(self) -> Ints:
        """Where each line's end stands in the data."""
        return np.flatnonzero(self.data == _NEWLINE)


@dataclass(slots=True)
class Report:
    """A file that is being read. `begins` tells a row, or a record's first line, from others."""

    path: Path
    begins: re.Pattern[bytes] = ROW
    head: list[str] = field(default_factory=list)
    _file: IO[bytes] | None = None
    _held: bytes = b""

    def __enter__(self) -> Report:
        """Open the file and read its head."""
        found = self.path if self.path.exists() else self.path.with_name(self.path.name + ".gz")
        self.path = found
        file: Any = gzip.open(found, "rb") if found.suffix == ".gz" else open(found, "rb")
        self._file = file
        for line in file:
            if self.begins.match(line):
                self._held = line
                break
            self.head.append(line.decode("latin-1").rstrip())
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        if self._file:
            self._file.close()

    def blocks(
        self, size: int = BLOCK, cut: Callable[[bytes], int] | None = None
    ) -> Iterator[Block]:
        """The rows, in blocks of about `size` bytes that end where `cut` says, or with a line.

        `cut(data)` is where the last record of `data` begins, which may go on behind it.
        """
        assert self._file is not None
        line, held = len(self.head) + 1, self._held
        while True:
            got = self._file.read(size)
            data = held + got
            end = len(data) if not got else (cut or _last_line)(data)
            if end and data[:end].strip():
                yield _block(self.path, line, data[:end])
            if not got:
                return
            line += data.count(b"\n", 0, end)
            held = data[end:]


def _last_line(data: bytes) -> int:
    return data.rfind(b"\n") + 1


def _block(path: Path, line: int, data: bytes) -> Block:
    cut = not data.endswith(b"\n")
    if cut:
        data += b"\n"
    if b"\r" in data:
        data = data.replace(b"\r\n", b" \n")
    return Block(path, line, np.frombuffer(data, dtype=np.uint8), cut)


def find(directory: Path, name: str) -> Path | None:
    """`name` in `directory`, or what it was compressed to; None where neither is."""
    for candidate in (directory / name, directory / f"{name}.gz"):
        if candidate.exists():
            return candidate
    return None
