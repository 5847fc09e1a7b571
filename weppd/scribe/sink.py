"""Appending to many files so that a scribe that is killed neither loses nor doubles a line.

Before a batch is appended, the sizes of all its files are put down in the journal as `undo`;
afterwards the new offsets of its sources are. A scribe that finds an `undo` at its start cuts the
files back to these sizes and does the batch again: it is the only writer of each of them.
"""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from weppd.scribe.journal import Journal

log = logging.getLogger("weppd.scribe")
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW


@dataclass(slots=True)
class Piece:
    """What is appended to one file, and how far its sources have been read with it."""

    text: bytes = b""
    offsets: dict[str, int] = field(default_factory=dict)


class Sink:
    """Files that grow together with the offsets of their sources."""

    def __init__(self, state: Path) -> None:
        self._journal = Journal(state)
        self._blamed: set[str] = set()
        self._owed: set[Path] = set()
        self._recover()

    @property
    def offsets(self) -> dict[str, int]:
        """How far each source has been read."""
        return self._journal.offsets

    @property
    def trouble(self) -> str:
        """What a disk has no room for, since it last had some; empty where nothing is owed."""
        owed = sorted(map(str, self._owed))
        more = f" and {len(owed) - 1} more" if len(owed) > 1 else ""
        return f"{owed[0]}{more}: the disk is full, its lines wait until it is not" if owed else ""

    def _recover(self) -> None:
        for path, size in self._journal.undo.items():
            try:
                if Path(path).stat().st_size > size:
                    os.truncate(path, size)
            except OSError as error:
                self._blame(Path(path), f"a half batch stays in it: {error.strerror}")
        if self._journal.undo:
            self._journal.done({})

    def append(self, pieces: Mapping[Path, Piece], gone: Iterable[str] = ()) -> frozenset[Path]:
        """Append each piece and move its sources' offsets, or neither, whatever is killed when.

        Returns the files for which the disk is full: try these again later. One that cannot be
        written for another reason (its directory is gone) is left out with one warning, and the
        offsets move all the same: a log never holds up a job. `gone` are sources to forget.
        """
        if not self._journal.intend({str(p): _size(p) for p, each in pieces.items() if each.text}):
            self._owed.update(path for path, each in pieces.items() if each.text)
            return frozenset(pieces)
        full = frozenset(
            path for path, each in pieces.items() if each.text and not self._append(path, each.text)
        )
        moved: dict[str, int] = {}
        for path, each in pieces.items():
            if path not in full:
                moved |= each.offsets
        self._journal.done(moved, gone)
        return full

    def add(self, path: Path, text: bytes) -> bool:
        """Append to a file whose reader can tell doubles; False where the disk is full."""
        return self._append(path, text)

    def forget(self, sources: Iterable[str]) -> None:
        """These sources are finished with."""
        known = [source for source in sources if source in self.offsets]
        if known:
            self._journal.done({}, known)

    def _append(self, path: Path, text: bytes) -> bool:
        try:
            with os.fdopen(os.open(path, FLAGS, 0o644), "ab", buffering=0) as file:
                self._write(file.fileno(), text, path)
        except OSError as error:
            retry = error.errno in FULL
            then = "it will be tried again" if retry else "lines are left out of it"
            self._blame(path, f"{error.strerror}: {then}")
            (self._owed.add if retry else self._owed.discard)(path)
            return not retry
        self._owed.discard(path)
        return True

    def _write(self, fd: int, text: bytes, path: Path) -> None:
        """All of the text or nothing of it. OSError."""
        size = os.fstat(fd).st_size
        if size and not _ends_whole(path, size):
            # A power failure, or another hand, cut the last line short.
            text = b"\n" + text
        left = memoryview(text)
        try:
            while left:
                left = left[os.write(fd, left) :]
        except OSError:
            os.ftruncate(fd, size)
            raise

    def _blame(self, path: Path, problem: str) -> None:
        if str(path) not in self._blamed:
            self._blamed.add(str(path))
            log.warning("action=log path=%s problem=%r", path, problem)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _ends_whole(path: Path, size: int) -> bool:
    with path.open("rb", buffering=0) as file:
        file.seek(size - 1)
        return file.read(1) == b"\n"
