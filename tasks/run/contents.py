"""What a file holds, read once for all that is asked of it: its ends, its digest, its text.

Outputs of a fan-out are looked at and told for the run's ledger: each is read, and named, once.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

#: A file of up to so many bytes is compared by its content, a larger one by its size.
COMPARED = 1 << 22
#: Bytes of a file's beginning and of its end that are kept.
HEAD, TAIL = 1 << 14, 4096
#: Bytes that are read at a time: what a core keeps near it.
_PART = 1 << 16


@dataclass(frozen=True, slots=True)
class Content:
    """A file as it was read: `size` in bytes; `sha` is empty for a file that is not compared.

    `head` and `tail` are its first `HEAD` bytes and its last `TAIL`, or all of it where that was
    kept or is not longer.
    """

    path: Path
    size: int
    sha: str
    head: bytes
    tail: bytes

    @property
    def measure(self) -> tuple[int, str]:
        """The file as a ledger has it: its size, and its digest if it is compared by that."""
        return self.size, self.sha

    def text(self) -> bytes:
        """All of it; read again where it was not kept. OSError."""
        return self.head if len(self.head) == self.size else self.path.read_bytes()


def read(path: Path, *, keep: bool = False) -> Content:
    """Read the file at `path`; with `keep` all of its text stays in memory. OSError."""
    with open(path, "rb", 0) as file:
        size = os.fstat(file.fileno()).st_size
        if keep or size <= HEAD:
            text = file.readall()
            sha = hashlib.sha256(text).hexdigest() if len(text) <= COMPARED else ""
            return Content(path, len(text), sha, text, text)
        if size > COMPARED:
            return Content(path, size, "", file.read(HEAD), _tail(file, size))
        return _compared(path, file)


def sha256(path: Path) -> bytes:
    """The SHA-256 of all of the file at `path`. OSError."""
    sha = hashlib.sha256()
    with open(path, "rb", 0) as file:
        for part in _parts(file):
            sha.update(part)
    return sha.digest()


def _compared(path: Path, file: FileIO) -> Content:
    sha, size, head = hashlib.sha256(), 0, b""
    for part in _parts(file):
        head = head or bytes(part[:HEAD])
        size += len(part)
        sha.update(part)
    return Content(path, size, sha.hexdigest(), head, _tail(file, size))


def _tail(file: FileIO, size: int) -> bytes:
    return os.pread(file.fileno(), TAIL, max(0, size - TAIL))


def _parts(file: FileIO) -> Iterator[memoryview]:
    """What is in a file, one part after the other in the same place."""
    part = memoryview(bytearray(_PART))
    while count := file.readinto(part):
        yield part[:count]
