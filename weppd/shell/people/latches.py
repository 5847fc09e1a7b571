"""The locks of documents as an operator sees them: who holds each, whether he lives, and a way out.

A job's lock goes with the job, however that ends. What stays behind is another program's: a web
app or a worker of RQ's that was killed leaves its lock for up to six hours.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from weppd.admin import NoSuchLock
from weppd.cell.tree import procfs
from weppd.errors import Refused
from weppd.store import Store
from weppd.store.locks import PREFIX, Standing

#: By so much a process may seem to begin after it took a lock: clocks are set.
_SLACK_S = 5.0


class Latches:
    """The locks that stand in a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def locks(self, run: str) -> Sequence[Mapping[str, Any]]:
        """The locks of a run, or of all runs: `models.LockRow`."""
        return [_row(lock) for lock in await self._store.held(run)]

    async def unlock(self, name: str, force: bool) -> Mapping[str, Any]:
        """Take a lock away whose holder is gone, or with `force` any: `models.Unlocked`.

        NoSuchLock; Refused where the holder lives, or cannot be seen from here.
        """
        key = PREFIX + name.removeprefix(PREFIX)
        run = key.removeprefix(PREFIX).partition(":")[0]
        found = [lock for lock in await self._store.held(run) if lock.key == key]
        if not found:
            raise NoSuchLock(name)
        (lock,) = found
        if not force and (why := _against(lock)):
            raise Refused(f"lock {_name(lock)} {why}")
        if not await self._store.free(lock.key, lock.token):
            raise Refused(f"lock {_name(lock)} was let go of, or taken by another: look again")
        return {"lock": _name(lock), "owner": lock.owner, "job": lock.job or None}


def _against(lock: Standing) -> str:
    """Why a lock is not to be taken away, empty where nothing speaks against it."""
    if lock.job:
        return f"is held by job {lock.job}, which runs: end that, or use --force"
    match lives(lock):
        case True:
            return f"is held by process {lock.owner}, which lives: end it, or use --force"
        case None:
            return f"is held by {lock.owner}, not to be seen from here: if it is gone, use --force"
    return ""


def lives(lock: Standing) -> bool | None:
    """Whether the holder of a lock lives; None where that cannot be seen from this host.

    A process with the number of the holder that began after the lock was taken is another one.
    """
    if lock.job:
        return True
    host, _, pid = lock.owner.rpartition(":")
    if host != os.uname().nodename or not pid.isdecimal():
        return None
    began = _began(int(pid))
    return began is not None and (not lock.since or began <= lock.since + _SLACK_S)


def _began(pid: int) -> float | None:
    """When a process of this host began (s since the epoch); None where there is none."""
    ticks = procfs.start_time(pid)
    if ticks is None or not Path(f"/proc/{pid}").exists():
        return None
    up = ticks / os.sysconf("SC_CLK_TCK")
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + up


def _name(lock: Standing) -> str:
    return lock.key.removeprefix(PREFIX)


def _row(lock: Standing) -> dict[str, Any]:
    run, _, file = _name(lock).partition(":")
    return {
        "lock": _name(lock),
        "run": run,
        "file": file,
        "owner": lock.owner,
        "job": lock.job or None,
        "lives": lives(lock),
        "since": lock.since or None,
        "expires_s": lock.expires_s,
    }
