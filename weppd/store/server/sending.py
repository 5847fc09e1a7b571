"""Scripts of a producer on a connection of redis-py's pool: sent now, and the reply read later.

What redis-py does around each command (retries, which are off here, events, metrics) takes longer
than to send it. A pool that is no plain one of redis-py's own is spoken to by its client alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import hiredis
import redis
from redis.exceptions import NoScriptError

from weppd.store.scripts import source

_PLAIN = redis.ConnectionPool, redis.BlockingConnectionPool


class Sender:
    """Runs scripts over `connection`, which sends nothing twice; `prefix` is RQ's key prefix."""

    def __init__(self, connection: redis.Redis, prefix: str) -> None:
        self._redis = connection
        self._heads = (0, prefix, "weppd:" if prefix == "rq" else f"weppd:{prefix}:")
        self._known: dict[str, tuple[str, str]] = {}

    def one(self, name: str, *args: Any) -> Any:
        """Run a script, and return its reply."""
        with self.ahead() as ahead:
            ahead.send(name, *args)
            return ahead.reply()

    @contextmanager
    def ahead(self) -> Iterator[Ahead]:
        """A connection for scripts of which one is under way while the next is made; the last one
        has its reply at the end of the block."""
        pool = self._redis.connection_pool
        if type(pool) not in _PLAIN:
            yield _ByClient(self, self._redis)
            return
        connection: Any = pool.get_connection()
        try:
            ahead = Ahead(self, connection)
            try:
                yield ahead
            finally:
                ahead.reply()
        except redis.ResponseError:
            raise
        except BaseException:
            connection.disconnect()  # a reply of ours may be on its way
            raise
        finally:
            pool.release(connection)

    def call(self, name: str, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The command that runs a script which the server knows."""
        return ("EVALSHA", self._script(name)[0], *self._heads, *args)

    def first_call(self, name: str, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The command that runs a script, and has the server know it."""
        return ("EVAL", self._script(name)[1], *self._heads, *args)

    def _script(self, name: str) -> tuple[str, str]:
        if name not in self._known:
            text = source(name)
            digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
            self._known[name] = (digest, text)
        return self._known[name]


class Ahead:
    """A connection on which one script at most is under way: the next waits for its reply."""

    def __init__(self, sender: Sender, connection: Any) -> None:
        self._sender, self._connection = sender, connection
        self._out: tuple[str, tuple[Any, ...]] | None = None

    def send(self, name: str, *args: Any) -> None:
        """Send a script, after the reply to the last one has come."""
        self.reply()
        self._put(self._sender.call(name, args))
        self._out = name, args

    def reply(self) -> Any:
        """Wait for the script that is under way, and return its reply; None where none is."""
        out, self._out = self._out, None
        if out is None:
            return None
        try:
            return self._connection.read_response()
        except NoScriptError:
            name, args = out
            self._put(self._sender.first_call(name, args))
            return self._connection.read_response()

    def _put(self, command: tuple[Any, ...]) -> None:
        self._connection.send_packed_command([hiredis.pack_command(command)])


class _ByClient(Ahead):
    """The same over a client that has ways of its own: each script waits for its reply at once."""

    _last: Any = None

    def send(self, name: str, *args: Any) -> None:
        try:
            self._last = self._connection.execute_command(*self._sender.call(name, args))
        except NoScriptError:
            self._last = self._connection.execute_command(*self._sender.first_call(name, args))

    def reply(self) -> Any:
        return self._last
