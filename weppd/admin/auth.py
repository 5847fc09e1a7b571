"""Who is at the other end of the admin socket, and what that process may do.

The kernel says who connected: SO_PEERCRED gives pid, uid and primary gid, SO_PEERGROUPS the other
groups (socket(7)), both as they were when the caller connected. Group names are looked up once, at
the start: a name service that hangs must not hang the loop.
"""

from __future__ import annotations

import ctypes
import grp
import os
import socket
import struct
from collections.abc import Collection
from dataclasses import dataclass, replace

from weppd.admin import Caller, Right
from weppd.cell.tree import procfs

# Not in the socket module; the number is the same on all architectures but parisc and sparc.
SO_PEERGROUPS = 59
_MAX_GROUPS = 65536  # NGROUPS_MAX
_MAX_DEPTH = 4096
_LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Rules:
    """Who may do what: the daemon's own uid, and the groups that may change and read."""

    uid: int
    admin_gid: int | None = None
    read_gid: int | None = None


def rules(admin_group: str | None, read_group: str | None) -> tuple[Rules, list[str]]:
    """The rules for the running process, and a line for each group that this host does not know.

    An unknown group opens nothing: the rules then simply have no such group.
    """
    problems: list[str] = []
    found: list[int | None] = []
    for key, name in (("admin_group", admin_group), ("read_group", read_group)):
        gid = _gid(name)
        found.append(gid)
        if name and gid is None:
            problems.append(f"security.{key}: no group {name!r} on this host; nobody is in it")
    return Rules(os.geteuid(), *found), problems


def _gid(name: str | None) -> int | None:
    if not name:
        return None
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        return None


def peer(sock: socket.socket) -> Caller:
    """The process that connected to `sock`, with no right yet; OSError where it is no local peer.

    `pid` is 0 for a caller in a pid namespace that this process cannot see.
    """
    pid, uid, gid = struct.unpack("iII", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return Caller(pid, uid, gid, frozenset(_peer_groups(sock)))


def _peer_groups(sock: socket.socket) -> list[int]:
    # Not socket.getsockopt(), which takes 1,024 bytes at most: that is 256 groups.
    groups = (ctypes.c_uint32 * _MAX_GROUPS)()
    size = ctypes.c_uint32(ctypes.sizeof(groups))
    if _LIBC.getsockopt(
        sock.fileno(), socket.SOL_SOCKET, SO_PEERGROUPS, groups, ctypes.byref(size)
    ):
        error = ctypes.get_errno()
        raise OSError(error, f"getsockopt(SO_PEERGROUPS): {os.strerror(error)}")
    return groups[: size.value // 4]


def admit(caller: Caller, rules: Rules, keepers: Collection[int]) -> Caller:
    """The caller with its right filled in.

    Root, the daemon's uid and the admin group may change, but inside a job they may only read: jobs
    have the daemon's uid, and must not end each other by it. The read group may read, and others
    may nothing.
    """
    return replace(caller, right=_right(caller, rules, keepers))


def _right(caller: Caller, rules: Rules, keepers: Collection[int]) -> Right:
    gids = caller.groups | {caller.gid}
    ours = caller.uid in (0, rules.uid)
    if ours or rules.admin_gid in gids:
        return Right.READ if inside(caller.pid, keepers) else Right.CHANGE
    return Right.READ if rules.read_gid in gids else Right.NOTHING


def inside(pid: int, keepers: Collection[int]) -> bool:
    """Whether `pid` is a keeper or below one. One that cannot be told is taken as inside.

    Orphans of a job are adopted by its cell, and by the zygote when that is gone, so that the walk
    up from any process of a job meets a keeper.
    """
    for _ in range(_MAX_DEPTH):
        if pid in keepers:
            return True
        if pid == 1:
            return False
        member = procfs.stat(pid)
        if member is None:
            return True
        if member.ppid == 0:
            return False
        pid = member.ppid
    return True
