"""The store's scripts for callers that wait: producers and web processes, over redis-py.

A command is never sent twice behind the caller's back; connection errors are redis-py's own.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, Protocol

import redis
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError
from redis.retry import Retry
from redis.sentinel import Sentinel

from weppd.errors import StoreError
from weppd.settings_redis import Sentinels, from_surroundings, sentinels
from weppd.store.scripts import source
from weppd.store.trees import Script

Given = redis.Redis | str | None


class Walk(Protocol):
    """A walk of `weppd.store.trees`."""

    def calls(self) -> list[Script]:
        """The calls of the next trip."""

    def took(self, replies: Sequence[Any]) -> None:
        """Take their replies."""


def key_prefix() -> str:
    """RQ's key prefix, as the surroundings have it."""
    return os.environ.get("RQ_KEY_PREFIX") or "rq"


def connect(given: Given) -> redis.Redis:
    """A connection that answers in bytes and sends nothing twice.

    `given` is one to take after (RQ's database), an address, or None for REDIS_URL, RQ_REDIS_URL
    or REDIS_HOST and its kin.
    """
    resend = Retry(NoBackoff(), 0)
    if given is None or isinstance(given, str):
        url = given or from_surroundings(os.environ)[0]
        if watched := sentinels(url):
            return _master(watched, resend)
        return redis.Redis.from_url(url, retry=resend)
    pool = given.connection_pool
    if type(pool) not in (redis.ConnectionPool, redis.BlockingConnectionPool):
        if pool.connection_kwargs.get("decode_responses"):
            raise StoreError("the connection decodes its replies: give one that answers in bytes")
        return given
    kwargs = {**pool.connection_kwargs, "retry": resend, "decode_responses": False}
    own = redis.ConnectionPool(connection_class=pool.connection_class, **kwargs)
    return redis.Redis.from_pool(own)


def _master(watched: Sentinels, resend: Retry) -> redis.Redis:
    # redis-py has no types for it.
    known: Any = Sentinel(  # type: ignore[no-untyped-call]
        list(watched.places), sentinel_kwargs=watched.for_sentinels()
    )
    found: redis.Redis = known.master_for(watched.master, retry=resend, **watched.for_server())
    return found


@contextmanager
def scripts(given: Given) -> Iterator[Scripts]:
    """The scripts on a connection that lasts as long as the `with` block."""
    connection = connect(given)
    try:
        yield Scripts(connection, key_prefix())
    finally:
        if connection is not given:
            connection.close()


class Scripts:
    """Scripts on one connection; `prefix` is RQ's key prefix."""

    def __init__(self, connection: redis.Redis, prefix: str) -> None:
        own = "weppd:" if prefix == "rq" else f"weppd:{prefix}:"
        self._redis, self._heads = connection, (0, prefix, own)

    def drive(self, walk: Walk) -> None:
        """Carry a walk to its end, one trip for each of its steps."""
        while calls := walk.calls():
            walk.took(self.run(calls))

    def run(self, calls: Sequence[Script]) -> list[Any]:
        """Run scripts in one trip; those that the server does not know are brought to it."""
        replies = self._send(calls)
        missed = [i for i, reply in enumerate(replies) if isinstance(reply, NoScriptError)]
        if missed:
            for name in {calls[i][0] for i in missed}:
                self._redis.script_load(source(name))
            for i, reply in zip(missed, self._send([calls[i] for i in missed]), strict=True):
                replies[i] = reply
        for reply in replies:
            if isinstance(reply, Exception):
                raise reply
        return replies

    def _send(self, calls: Sequence[Script]) -> list[Any]:
        digests = {name: _digest(name) for name in {call[0] for call in calls}}
        pipe: Any
        with self._redis.pipeline(transaction=False) as pipe:
            for name, *args in calls:
                pipe.execute_command("EVALSHA", digests[name], *self._heads, *args)
            replies: list[Any] = pipe.execute(raise_on_error=False)
        return replies


@cache
def _digest(name: str) -> str:
    return hashlib.sha1(source(name).encode(), usedforsecurity=False).hexdigest()
