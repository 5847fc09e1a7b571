"""The scribe's account: how far each source has been read, in a file that only grows.

::

    {"undo": {path: size before}}                        a batch is about to be appended
    {"done": {source: bytes consumed}, "gone": [source]} it was; these sources are finished with

One short write for each step, so that a busy scribe does not replace a file twenty times a second.
A scribe that finds an `undo` without its `done` was killed in the middle of a batch.
"""

from __future__ import annotations

import errno
import json
import logging
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

log = logging.getLogger("weppd.scribe")
MOST = 1 << 18


class Journal:
    """The offsets by source, and what a killed scribe left half done (`undo`)."""

    def __init__(self, path: Path) -> None:
        self.offsets: dict[str, int] = {}
        self.undo: dict[str, int] = {}
        self._path = path
        self._fd = -1
        self._size, self._most = 0, MOST
        self._torn = self._whole = self._blamed = False
        self._read()

    def intend(self, sizes: Mapping[str, int]) -> bool:
        """Put down the sizes that files have before a batch; False where the disk is full."""
        if self._whole:
            self._whole = not self._put({"done": self.offsets, "whole": True})
        return not self._whole and self._put({"undo": dict(sizes)})

    def done(self, offsets: Mapping[str, int], gone: Iterable[str] = ()) -> None:
        """The batch is written: move the offsets, and forget the sources that are `gone`."""
        self.offsets.update(offsets)
        for source in gone:
            self.offsets.pop(source, None)
        if self._size > self._most:
            self._compact()
        elif self._whole:
            self._whole = not self._put({"done": self.offsets, "whole": True})
        else:
            self._whole = not self._put({"done": dict(offsets), "gone": list(gone)})

    def _read(self) -> None:
        try:
            lines = self._path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return
        for line in lines:
            try:
                said = json.loads(line)
            except ValueError:
                # The blank end, or a line that a full disk cut short: it never counted.
                continue
            self._take(said)
        self._size = MOST + 1

    def _take(self, said: dict[str, Any]) -> None:
        self.undo = said.get("undo", {})
        if said.get("whole"):
            self.offsets = {}
        self.offsets.update(said.get("done", {}))
        for source in said.get("gone", ()):
            self.offsets.pop(source, None)

    def _put(self, step: Mapping[str, Any]) -> bool:
        line = json.dumps(step, separators=(",", ":")).encode() + b"\n"
        try:
            if self._fd < 0:
                self._fd = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
            written = os.write(self._fd, b"\n" + line if self._torn else line)
        except OSError as error:
            self._blame(error.errno or 0)
            return False
        self._size += written
        self._torn = written < len(line)
        if self._torn:
            self._blame(errno.ENOSPC)
        return not self._torn

    def _compact(self) -> None:
        """Begin a new file with what still holds; the old one serves on where there is no room."""
        fresh = self._path.with_suffix(".new")
        line = json.dumps({"done": self.offsets, "whole": True}, separators=(",", ":"))
        try:
            fresh.write_bytes(line.encode() + b"\n")
            fresh.replace(self._path)
        except OSError as error:
            self._blame(error.errno or 0)
            self._whole = not self._put({"done": self.offsets, "whole": True})
            return
        if self._fd >= 0:
            os.close(self._fd)
        self._fd, self._size, self._torn, self._whole = -1, len(line) + 1, False, False
        self._most = max(MOST, 4 * self._size)

    def _blame(self, code: int) -> None:
        if not self._blamed:
            self._blamed = True
            log.warning("action=journal path=%s problem=%r", self._path, os.strerror(code))
