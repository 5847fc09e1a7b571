"""Files put where engines find them: whole or not at all, and left alone where nothing changes."""

from __future__ import annotations

import errno
import os
import re
import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

#: What a file system says that has no hard links, or not between these two places.
_NO_LINKS = {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.EACCES}


def put(path: Path, text: str) -> Path:
    """Make `text` the content of `path`; returns the path.

    Nothing is brought to disk here: the run's ledger finds a file that a power cut spoilt.
    """
    data = text.encode("latin-1", "replace")
    if _has(path, data):
        return path
    _write(path, data)
    return path


def link(path: Path, source: Path) -> Path:
    """Make `path` a hard link to `source`, or a copy where there are none; returns the path."""
    with suppress(FileNotFoundError):
        if path.samefile(source):
            return path
    beside = _beside(path)
    try:
        os.link(source, beside)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        return copy(path, source)
    try:
        beside.replace(path)
    finally:
        # Renaming a link over another of the same file does nothing, and leaves both.
        beside.unlink(missing_ok=True)
    return path


def copy(path: Path, source: Path) -> Path:
    """Make `path` a file of its own with the content of `source`; returns the path."""
    data = source.read_bytes()
    if not _has(path, data):
        _write(path, data)
    return path


def drop_others(directory: Path, suffix: str, wanted: Iterable[int]) -> None:
    """Remove the `p<id><suffix>` of hillslopes that are no more."""
    keep = {f"p{number}{suffix}" for number in wanted}
    ours = re.compile(rf"p[1-9][0-9]*{re.escape(suffix)}\Z")
    for path in list(directory.iterdir()):
        if ours.match(path.name) and path.name not in keep:
            path.unlink(missing_ok=True)


def same(directory: Path, source: Path, names: Iterable[str]) -> None:
    """Have of the files `names` in `directory` those that `source` has, as links to them."""
    for name in names:
        if (source / name).is_file():
            link(directory / name, source / name)
        else:
            (directory / name).unlink(missing_ok=True)


def sweep(directory: Path) -> None:
    """Remove what killed writers left beside the files below `directory`."""
    for path in directory.rglob(".*.tmp"):
        path.unlink(missing_ok=True)


def _write(path: Path, data: bytes) -> None:
    beside = _beside(path)
    try:
        beside.write_bytes(data)
        beside.replace(path)
    except OSError as error:
        # A full disk says only that it is full.
        error.filename = error.filename or str(path)
        raise
    finally:
        beside.unlink(missing_ok=True)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")


def _has(path: Path, data: bytes) -> bool:
    try:
        return path.stat().st_size == len(data) and path.read_bytes() == data
    except FileNotFoundError:
        return False
