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


PREFIX = "nodb-lock:"


@dataclass(frozen=True, slots=True)
class Standing:
    """A lock that stands: who has it since when (s since the epoch, 0 for what does not say), in
    how many seconds it goes by itself, and the job of weppd's that holds it, if one does."""

    key: str
    token: str
    owner: str
    since: float
    expires_s: float
    job: str = ""


def standing(
    key: str, text: bytes, expires_s: float, held: Mapping[tuple[str, str], str]
) -> Standing:
    """A lock with what stands at its key; `held` has the job by key and token: a job's account may
    name a lock that was taken away from it."""
    said = parse(text)
    token = str(said.get("token") or "")
    try:
        since = float(said.get("acquired_at") or 0.0)
    except (TypeError, ValueError):
        since = 0.0
    since = since if 0.0 < since < _NO_TIME else 0.0
    return Standing(key, token, holder(text), since, expires_s, held.get((key, token), ""))


_NO_TIME = 1e12


def pattern(run: str) -> str:
    """The locks of a run, or of all where it is empty, as Redis' SCAN wants them."""
    literal = "".join(f"\\{c}" if c in "*?[]\\^" else c for c in run)
    return f"{PREFIX}{literal}:*" if run else f"{PREFIX}*"


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
