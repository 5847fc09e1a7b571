"""The stores under test, and a back door to each for what other programs do to its data."""

from __future__ import annotations

import asyncio
import copy
import json
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from weppd.embedded import Embedded
from weppd.settings_redis import with_db
from weppd.store.server.redis import RedisStore
from weppd.store.twin.memory import MemoryStore

Story = Callable[[Any, Any], Awaitable[Any]]


class MemoryDoor:
    """What others do to the data of the twin."""

    store_is_memory = True

    def __init__(self) -> None:
        self.store = MemoryStore()

    def make(self) -> MemoryStore:
        return self.store

    def another(self) -> MemoryStore:
        """Another weppd's store on the same data."""
        other = MemoryStore()
        other.shelf = self.store.shelf
        return other

    def delete(self, jid: str) -> None:
        self.store.shelf.forget(jid)

    def set(self, jid: str, **fields: bytes | str) -> None:
        self.store.shelf.jobs.setdefault(jid, {}).update(
            {k.encode(): v if isinstance(v, bytes) else v.encode() for k, v in fields.items()}
        )

    def meta(self, jid: str) -> bytes:
        return self.store.shelf.jobs[jid][b"meta"]

    def requeue(self, jid: str) -> None:
        self.store.shelf.registries["canceled", self.store.shelf.origin(jid)].pop(jid, None)
        self.store.shelf.push(jid, 0.0)

    def suspend(self, on: bool) -> None:
        self.store.suspended = on

    def forget_all(self) -> None:
        self.store.forget_all()

    def remember(self) -> None:
        self._kept = copy.deepcopy(self.store.shelf)

    def go_back(self) -> None:
        self.store.go_back(self._kept)

    def lock(self, db: int, key: str) -> Any:
        raw = self.store.shelf.locks.get((db, key))
        return raw and json.loads(raw)

    def set_lock(self, db: int, key: str, value: object) -> None:
        self.store.shelf.locks[db, key] = json.dumps(value).encode()

    def unlock(self, db: int, key: str) -> None:
        del self.store.shelf.locks[db, key]

    def age_posted(self, seconds: float) -> None:
        posted = self.store.shelf.posted
        self.store.shelf.posted = {n: (ask, until - seconds) for n, (ask, until) in posted.items()}

    def heard(self) -> list[tuple[str, str]]:
        return self.store.published

    def said(self, channel: str) -> list[str]:
        return list(self.store.shelf.said[channel])

    def close(self) -> None:
        return


class RedisDoor:
    """What others do to the data of a server."""

    store_is_memory = False

    def __init__(self, server: Embedded) -> None:
        self.server, self.url = server, server.url()
        self.client = redis.Redis.from_url(self.url)
        self.client.flushall()
        self._pubsub = self.client.pubsub()
        self._pubsub.psubscribe("*:rq")
        self._pubsub.get_message(timeout=5)
        self._heard: list[tuple[str, str]] = []

    def another(self) -> RedisStore:
        """Another weppd's store on the same data."""
        return self.make()

    def make(self) -> RedisStore:
        return RedisStore(self.url)

    def delete(self, jid: str) -> None:
        self.client.delete(f"rq:job:{jid}")

    def set(self, jid: str, **fields: bytes | str) -> None:
        self.client.hset(f"rq:job:{jid}", mapping=fields)

    def meta(self, jid: str) -> bytes:
        return self.client.hget(f"rq:job:{jid}", "meta")

    def requeue(self, jid: str) -> None:
        self.client.zrem("rq:canceled:default", jid)
        self.client.hset(f"rq:job:{jid}", "status", "queued")
        self.client.rpush("rq:queue:default", jid)

    def suspend(self, on: bool) -> None:
        if on:
            self.client.set("rq:suspended", "1")
        else:
            self.client.delete("rq:suspended")

    def forget_all(self) -> None:
        self.client.flushall()

    def remember(self) -> None:
        self._kept = {db: self._dumped(db) for db in (0, 9)}

    def _dumped(self, db: int) -> dict[bytes, tuple[int, bytes]]:
        with redis.Redis.from_url(with_db(self.url, db)) as client:
            lives = {key: max(client.pttl(key), 0) for key in client.scan_iter()}
            return {key: (life, client.dump(key)) for key, life in lives.items()}

    def go_back(self) -> None:
        """A server that starts anew has another run id; it is given what was remembered."""
        self.server.stop()
        self.server.start()
        for db, kept in self._kept.items():
            with redis.Redis.from_url(with_db(self.url, db)) as client:
                for key, (life, dump) in kept.items():
                    client.restore(key, life, dump)

    def lock(self, db: int, key: str) -> Any:
        with redis.Redis.from_url(with_db(self.url, db)) as client:
            raw = client.get(key)
        return raw and json.loads(raw)

    def set_lock(self, db: int, key: str, value: object) -> None:
        with redis.Redis.from_url(with_db(self.url, db)) as client:
            client.set(key, json.dumps(value))

    def unlock(self, db: int, key: str) -> None:
        with redis.Redis.from_url(with_db(self.url, db)) as client:
            client.delete(key)

    def age_posted(self, seconds: float) -> None:
        for key in self.client.scan_iter("weppd:posted:*"):
            self.client.pexpire(key, self.client.pttl(key) - int(seconds * 1000))

    def heard(self) -> list[tuple[str, str]]:
        while message := self._pubsub.get_message(timeout=0.05):
            self._heard.append((message["channel"].decode(), message["data"].decode()))
        return self._heard

    def said(self, channel: str) -> list[str]:
        with redis.Redis.from_url(with_db(self.url, 2)) as client:
            return [
                fields[b"text"].decode() for _, fields in client.xrange(f"weppd:said:{channel}")
            ]

    def close(self) -> None:
        self._pubsub.close()
        self.client.close()


@pytest.fixture(scope="session")
def system_redis() -> Iterator[Embedded]:
    """The system's own redis-server, where there is one."""
    assert SYSTEM is not None
    directory = Path(tempfile.mkdtemp(prefix="wr-"))
    server = Embedded(directory, server=Path(SYSTEM))
    server.start()
    yield server
    server.stop()
    shutil.rmtree(directory)


SYSTEM = shutil.which("redis-server")


@pytest.fixture(params=["memory", "embedded", *(["system"] if SYSTEM else [])])
def door(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A back door to an empty store: the twin, the embedded server, the system's server."""
    if request.param == "memory":
        made: Any = MemoryDoor()
    else:
        name = {"embedded": "redis_server", "system": "system_redis"}[request.param]
        made = RedisDoor(request.getfixturevalue(name))
    yield made
    made.close()


@pytest.fixture
def run(door: Any) -> Callable[[Story], Any]:
    """Play a story, a coroutine function of (store, door), on an open store."""

    def play(story: Story) -> Any:
        async def whole() -> Any:
            store = door.make()
            await store.open()
            try:
                return await asyncio.wait_for(story(store, door), 30)
            finally:
                await store.close()

        return asyncio.run(whole())

    return play
