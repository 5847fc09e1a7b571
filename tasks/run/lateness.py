"""Files that are there, and are not seen yet: network file systems remember what they saw.

What one host wrote, another may not see, or see as empty, until its memory of the directory is
over: 30 s by default on NFS (acdirmin). On such file systems a file that is missed is looked for
again for a while; on others what is not there is not there.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

PATIENCE_S = 35.0
_AGAIN_S = 0.5
_MOUNTS = Path("/proc/self/mountinfo")
_NETWORK = ("nfs", "nfs4", "cifs", "smb3", "ceph", "glusterfs", "lustre", "9p", "afs")


def missing(path: Path, patience_s: float = PATIENCE_S) -> str | None:
    """Why a file cannot be read ("is empty", "cannot be read: …"); None where it can.

    On a network file system it is looked for again, for `patience_s` seconds.
    """
    until = None
    while (trouble := _trouble(path)) is not None:
        now = time.monotonic()
        if until is None:
            until = now + (patience_s if on_network(path) else 0.0)
        if now >= until:
            return trouble
        time.sleep(_AGAIN_S)
    return None


def on_network(path: Path) -> bool:
    """Whether a path lies on a file system of another host, as far as the mounts tell."""
    try:
        lines = _MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    best, kind = "", ""
    for line in lines:
        before, _, after = line.partition(" - ")
        place = before.split()[4].encode().decode("unicode_escape")
        if path.absolute().is_relative_to(place) and len(place) >= len(best):
            best, kind = place, after.split()[0]
    return kind in _NETWORK


def _trouble(path: Path) -> str | None:
    try:
        # Opening asks the file's server; a bare stat may be answered from memory.
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return None if os.read(fd, 1) else "is empty"
        finally:
            os.close(fd)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
