"""The spool: the local file that takes all output of a job's tree, until the scribe reads it.

::

    raw output of any process of the tree …
    0x1e {"t":…,"level":…,"item":…,"seq":…,"volatile":…,"text":…} \\n   a line of ctx.log (RFC 7464)

A file and never a pipe: nobody can block or break the job by not reading it. Each record is one
O_APPEND write of the job's own process, or of its cell, so that records of several processes do not
mix. A raw line without an end that stands before a record ends there.
"""

from __future__ import annotations

import os
from json import JSONEncoder
from time import time

from weppd.cell.voice import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_encode = JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC


class Spool:
    """The spool file of one job, which becomes the stdout and stderr of this process.

    Until one is opened, output stays what it was, and the lines of the run's log go to stderr.
    """

    __slots__ = ("_seq", "fd")

    def __init__(self) -> None:
        self._seq: dict[str, int] = {}
        self.fd = 2

    def open(self, path: str | None) -> None:
        """Take the file at `path`, which is made if need be; None or empty: there is none."""
        if not path:
            return
        try:
            self.fd = os.open(path, _FLAGS, 0o640)
        except OSError as error:  # a full disk, or no directory: it never fails a job
            say(f"weppd: no spool, output goes here: {error}")
            return
        os.dup2(self.fd, 1)
        os.dup2(self.fd, 2)

    def record(self, text: str, item: str | None, level: str, volatile: bool) -> None:
        """Append one line of the run's log; `seq` counts the lines of each item from 0.

        OSError where it cannot be written is the caller's to judge: a full disk, for one.
        """
        key = item or ""
        seq = self._seq[key] = self._seq.get(key, -1) + 1
        _write(self.fd, {"level": level, "item": item, "seq": seq, "volatile": volatile}, text)

    def close(self) -> None:
        """Close this process's own descriptor; stdout and stderr stay."""
        if self.fd > 2:
            os.close(self.fd)


def note(path: str | None, text: str) -> None:
    """Append a volatile line to the log of a job of another process; lost if the disk is full."""
    try:
        fd = os.open(path or "", _FLAGS, 0o640)
    except OSError:
        return
    try:
        _write(fd, {"level": "warning", "item": None, "seq": 0, "volatile": True}, text)
    except OSError:
        pass
    finally:
        os.close(fd)


def _write(fd: int, fields: dict[str, Any], text: str) -> None:
    line = _encode({"t": round(time(), 3), **fields, "text": text})
    os.write(fd, b"\x1e" + line.encode("utf-8", "replace") + b"\n")
