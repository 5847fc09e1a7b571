"""Extracts that nobody wants any more go, by age and by what all of them take.

::

    <[data] extracts>/<job id>.tar.gz               an archive: used when it was made, or fetched
                      <job id>/                     one that is being made, or its job was killed
                      .<job id>.tar.gz.<hex>.tmp    the same

The job of an extract looks when it has made its own. What was used within a day is in use, whatever
the rest takes; what is being made within three, for no job of it lasts longer. Nothing else that
may lie in the directory is touched.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

DAY_S = 86_400.0
IN_USE_S, MADE_S = DAY_S, 3 * DAY_S
_NOTED_S = DAY_S / 4
SUFFIX = ".tar.gz"
_TEMPORARY = re.compile(r"\..+\.tar\.gz\.[0-9a-f]{8}\.tmp\Z")
_FIRST = "ron.nodb"


@dataclass(frozen=True, slots=True)
class Kept:
    """An archive that lies there: its bytes, and when it was used last (s since 1970)."""

    path: Path
    size: int
    used: float


def condemned(kept: Sequence[Kept], now: float, days: float, most: float) -> list[Kept]:
    """The archives that are to go: unused for so many days, or too much for `most` bytes in all.

    Those that were used longest ago go first; 0 is no bound.
    """
    found: list[Kept] = []
    total = sum(each.size for each in kept)
    for each in sorted(kept, key=lambda each: (each.used, each.path)):
        old = days > 0 and now - each.used > days * DAY_S
        if now - each.used > IN_USE_S and (old or 0 < most < total):
            found.append(each)
            total -= each.size
    return found


def sweep(directory: Path, now: float, days: float, most: float) -> list[Kept]:
    """Remove what is to go at `now`, as the file server's clock has it; the archives that went.

    OSError for one that cannot be removed.
    """
    for path in _left(directory, now):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    found = condemned(list(archives(directory)), now, days, most)
    for each in found:
        # Another node's job may have looked at the same time.
        each.path.unlink(missing_ok=True)
    return found


def archives(directory: Path) -> Iterator[Kept]:
    """The archives that lie in the directory."""
    for path in directory.glob(f"[!.]*{SUFFIX}"):
        with suppress(FileNotFoundError):
            about = path.stat()
            yield Kept(path, about.st_size, about.st_mtime)


def use(path: Path) -> None:
    """Note that an archive is fetched now; nothing where one may only read it.

    As the time of its last change, for who saves all files reads them too; and not at each request:
    a browser that goes on with a download asks whether the file has changed.
    """
    with suppress(OSError):
        if time.time() - path.stat().st_mtime > _NOTED_S:
            os.utime(path)


def _left(directory: Path, now: float) -> Iterator[Path]:
    """What jobs that were killed have left behind."""
    for path in directory.iterdir():
        ours = _TEMPORARY.match(path.name) if path.is_file() else (path / _FIRST).is_file()
        if ours and now - _touched(path) > MADE_S:
            yield path


def _touched(path: Path) -> float:
    """When anything of a file or directory was written last (s since 1970)."""
    return max(each.lstat().st_mtime for each in (path, *path.rglob("*")))
