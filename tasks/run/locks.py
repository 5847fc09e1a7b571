"""The locks of a run's documents, one holder on all hosts, as the site's own programs take them.

::

    nodb-lock:<runid>:<file below the run>     in database 0, SET NX EX
        {"token", "owner", "acquired_at", "expires_at", "ttl"}

In a job the lock is weppd's: renewed while the job lives, and gone when its end can be seen,
however it ended. Elsewhere (a web app, a shell) it is held by this process and renewed by a thread
of it. Pages read a mirror, `locked:<file>` in the run's hash; a holder that was killed leaves it
"true" until `lock_statuses` is asked.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

import redis

from tasks.run.databases import RedisDB, redis_client
from weppd.task import LOCK_TTL_S, LocalContext, LockHeld, current

PREFIX = "nodb-lock"
#: Held by whoever makes the model's outputs of a run: two at once would write the same files.
WORKING = "runtime-paths/wepp"
#: `@task(lock=…)`: what builds something of a run, or launches its model, is one job at a time, the
#: others behind it in their order.
PER_RUN = "run"
_MIRROR = "locked:"
_POLL_S = 0.1

_RELEASE = """
local held = redis.call('GET', KEYS[1])
if held and cjson.decode(held).token == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""
_RENEW = """
local held = redis.call('GET', KEYS[1])
if held and cjson.decode(held).token == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
  return 1
end
return 0
"""


class NoDbAlreadyLockedError(Exception):
    """Somebody else holds the lock of a document; the message names the document and the holder."""


def lock_key(runid: str, relpath: str) -> str:
    """The key of the lock of the file `relpath` of a run."""
    return f"{PREFIX}:{runid}:{relpath}"


@contextmanager
def locked(
    runid: str, relpath: str, *, wait: float = 0.0, ttl: int = LOCK_TTL_S
) -> Iterator[object]:
    """Hold the lock of `relpath` inside the `with`.

    `wait` is for how long (s) somebody else may still hold it before NoDbAlreadyLockedError.
    """
    key, ctx = lock_key(runid, relpath), current()
    lock: AbstractContextManager[object]
    if isinstance(ctx, LocalContext):
        lock = OwnLock(key, wait, ttl)
    else:
        lock = ctx.lock(key, db=int(RedisDB.LOCK), ttl=ttl, wait=wait)
    with ExitStack() as stack:
        try:
            held = stack.enter_context(lock)
        except LockHeld as error:
            raise NoDbAlreadyLockedError(
                f"{relpath} of {runid} is locked by {owner(runid, relpath) or 'another'}: wait for"
                " it, or clear the lock if its owner is gone"
            ) from error
        _mirror(runid, {relpath: "true"})
        stack.callback(_mirror, runid, {relpath: "false"})
        yield held


def _mirror(runid: str, states: dict[str, str]) -> None:
    if states:
        fields: dict[Any, Any] = {f"{_MIRROR}{name}": state for name, state in states.items()}
        redis_client(RedisDB.LOCK).hset(runid, mapping=fields)


def owner(runid: str, relpath: str) -> str | None:
    """Who holds the lock of `relpath`: `<host>:<pid>`, or None."""
    held: Any = redis_client(RedisDB.LOCK).get(lock_key(runid, relpath))
    return _owner(held) if held else None


def lock_statuses(runid: str) -> dict[str, str]:
    """The files of a run that are locked, each with its holder; the mirror is put right."""
    client: Any = redis_client(RedisDB.LOCK)
    start = f"{PREFIX}:{runid}:"
    found = {key: client.get(key) for key in client.scan_iter(_literal(start) + "*", count=500)}
    held_by = {key.removeprefix(start): _owner(held) for key, held in found.items() if held}
    shown = client.hgetall(runid)
    stale = [n.removeprefix(_MIRROR) for n in shown if n.startswith(_MIRROR) and shown[n] == "true"]
    _mirror(runid, {name: "false" for name in stale if name not in held_by})
    return dict(sorted(held_by.items()))


def clear_locks(runid: str, pup_relpath: str | None = None) -> list[str]:
    """Take away the locks of a run, or of the files below `pup_relpath`; returns whose they were.

    Their holders are not asked: what they go on to write is refused as stale.
    """
    client = redis_client(RedisDB.LOCK)
    names = [n for n in lock_statuses(runid) if not pup_relpath or n.startswith(pup_relpath)]
    return [name for name in names if client.delete(lock_key(runid, name))]


class OwnLock:
    """A lock held by this process; LockHeld where another has it after `wait` seconds."""

    def __init__(self, key: str, wait: float, ttl: int) -> None:
        self._key, self._wait, self._ttl = key, wait, ttl
        self._token = secrets.token_hex(16)
        self._ended = threading.Event()
        self._renewing: threading.Thread | None = None

    def __enter__(self) -> OwnLock:
        client, until = redis_client(RedisDB.LOCK), time.monotonic() + self._wait
        while not client.set(self._key, self._value(), nx=True, ex=self._ttl):
            if time.monotonic() >= until:
                raise LockHeld(f"the lock {self._key} is held")
            time.sleep(_POLL_S)
        self._renewing = threading.Thread(target=self._renew, daemon=True)
        self._renewing.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        redis_client(RedisDB.LOCK).eval(_RELEASE, 1, self._key, self._token)

    def _renew(self) -> None:
        client = redis_client(RedisDB.LOCK)
        while not self._ended.wait(self._ttl / 3):
            try:
                client.eval(_RENEW, 1, self._key, self._token, self._value(), self._ttl)
            except redis.RedisError:
                # Two more tries come before the lock's time is over.
                continue

    def _value(self) -> str:
        now = time.time()
        value = {
            "token": self._token,
            "owner": f"{socket.gethostname()}:{os.getpid()}",
            "acquired_at": now,
            "expires_at": now + self._ttl,
            "ttl": self._ttl,
        }
        return json.dumps(value)


def _owner(held: str) -> str:
    try:
        value: Any = json.loads(held)
    except ValueError:
        return "unknown"
    return str(value.get("owner", "unknown")) if isinstance(value, dict) else "unknown"


def _literal(text: str) -> str:
    """`text` for a pattern of Redis, with nothing of it a wildcard."""
    return "".join(f"\\{c}" if c in "*?[]\\^" else c for c in text)
