"""Files that are there whole or not at all, on file systems that answer late.

A file is written beside its place under a name of its own, brought to disk, and renamed over it.
Whoever has the old one open, or a hard link to it, keeps the old one.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def replacing(path: Path, mode: str = "wb") -> Iterator[IO[bytes]]:
    """Open a new file that takes the place of `path` when the block ends well.

    When it ends in an exception the place is as it was, and nothing is left beside it.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    file = open(beside, mode)  # noqa: SIM115 - closing has a meaning of its own
    try:
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
        finally:
            _close(file)
        beside.replace(path)
    except OSError as error:
        if error.filename is None:
            # A full disk says only that it is full.
            error.filename = str(path)
        raise
    finally:
        beside.unlink(missing_ok=True)
    sync_directory(path.parent)


def _close(file: IO[bytes]) -> None:
    """Close a file; what was brought to disk is there, whatever NFS says of the handle (ESTALE)."""
    try:
        file.close()
    except OSError as error:
        if error.errno != errno.ESTALE:
            raise


def replace_text(path: Path, text: str) -> None:
    """Make `text` the content of `path`, in UTF-8."""
    replace_bytes(path, text.encode("utf-8"))


def replace_bytes(path: Path, data: bytes) -> None:
    """Make `data` the content of `path`."""
    with replacing(path) as file:
        file.write(data)


def sync_directory(path: Path) -> None:
    """Bring the names in a directory to disk; file systems that know no such thing are left be."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(handle)
