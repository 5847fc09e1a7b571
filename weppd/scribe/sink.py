"""Appending to many files so that a scribe that is killed neither loses nor doubles a line.

::

    state file = {"offsets": {source: bytes consumed}, "undo": {path: size before}}

Before a batch is appended, the sizes of all its files are put down as `undo`; afterwards the new
offsets are, and no undo. A scribe that finds an `undo` at its start cuts the files back to these
sizes and does the batch again: it is the only writer of each of them.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path

log = logging.getLogger("weppd.scribe")


class Sink:
    """Files that grow together with the offsets of their sources."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self.offsets: dict[str, int] = {}
        self._blamed: set[str] = set()
        self._recover()

    def _recover(self) -> None:
        try:
            said = json.loads(self._state.read_bytes())
        except FileNotFoundError:
            return
        self.offsets = {str(k): int(v) for k, v in said["offsets"].items()}
        for path, size in said["undo"].items():
            if Path(path).exists() and Path(path).stat().st_size > size:
                os.truncate(path, size)
        self._put_down({})

    def append(self, texts: Mapping[Path, bytes], offsets: Mapping[str, int]) -> None:
        """Append to each file and move the offsets, all or nothing as far as a crash can see.

        A file that cannot be written (a full disk, a directory that is gone) is left out with one
        warning; its source's offset moves all the same: a log never holds up a job.
        """
        self._put_down({str(path): _size(path) for path in texts})
        for path, text in texts.items():
            self._append(path, text)
        self.offsets.update(offsets)
        self._put_down({})

    def forget(self, source: str) -> None:
        """A source that is finished with."""
        self.offsets.pop(source, None)

    def _append(self, path: Path, text: bytes) -> None:
        try:
            with path.open("ab", buffering=0) as file:
                self._write(file.fileno(), text, path)
        except OSError as error:
            self._blame(path, f"{error.strerror}: lines are left out of it")

    def _write(self, fd: int, text: bytes, path: Path) -> None:
        if os.fstat(fd).st_size and not _ends_whole(path):
            text = b"\n" + text
        written = os.write(fd, text)
        if written < len(text):
            self._blame(path, f"only {written} of {len(text)} bytes could be written")

    def _blame(self, path: Path, problem: str) -> None:
        if str(path) not in self._blamed:
            self._blamed.add(str(path))
            log.warning("action=log path=%s problem=%r", path, problem)

    def _put_down(self, undo: Mapping[str, int]) -> None:
        fresh = self._state.with_suffix(".new")
        try:
            fresh.write_text(json.dumps({"offsets": self.offsets, "undo": undo}))
            fresh.replace(self._state)
        except OSError as error:
            self._blame(self._state, error.strerror or "cannot be written")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _ends_whole(path: Path) -> bool:
    """Whether the file's last line is whole: after a full disk it may not be."""
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
