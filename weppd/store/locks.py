"""Locks that jobs hold, in the format that WEPPcloud's programs share.

A lock is a key `nodb-lock:<run>:<file>` of the locks' database, set if absent and with a lifetime;
its value is JSON with `token`, `owner`, `acquired_at`, `expires_at` and `ttl`. Whoever has the
token may remove it. weppd enters each lock of a job in the job's account, renews it with the
heartbeat, and lets it go in the same step that writes down the job's end.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock that a job wants or holds. `ttl` in seconds; `db` None is the locks' database."""

    key: str
    token: str
    owner: str
    ttl: int
    db: int | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """The answer to a wish: `word` is "taken", "held" (by `holder`) or "fenced" (the execution
    that asks is not the job's any more)."""

    word: str
    holder: str = ""


def read(fields: Mapping[str, Any]) -> Lock:
    """The lock that a job's question names. KeyError, TypeError or ValueError if it names none."""
    db = fields.get("db")
    return Lock(
        key=str(fields["key"]),
        token=str(fields["token"]),
        owner=str(fields["owner"]),
        ttl=int(fields["ttl"]),
        db=None if db is None else int(db),
    )


def value(lock: Lock, now: float) -> str:
    """What stands at the lock's key from now on, `now` in seconds since the epoch."""
    taken = round(now, 3)
    return json.dumps(
        {
            "token": lock.token,
            "owner": lock.owner,
            "acquired_at": taken,
            "expires_at": taken + lock.ttl,
            "ttl": lock.ttl,
        }
    )


def parse(text: bytes) -> dict[str, Any]:
    """What stands at a lock's key, empty where it is no lock of ours or anybody's."""
    try:
        said = json.loads(text)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def holder(text: bytes) -> str:
    """Who holds the lock whose value this is, for people."""
    said = parse(text)
    return str(said.get("owner") or "somebody whose name is not in it")
