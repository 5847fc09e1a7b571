"""The Redis databases of the site, by number, and how to reach them from a job or from a web app.

Inside a job the address is weppd's own. Outside it is that of the usual variables, first hit wins:
REDIS_URL, RQ_REDIS_URL, SESSION_REDIS_URL (their database is replaced by the wanted one), then
REDIS_HOST, REDIS_PORT, REDIS_USERNAME and REDIS_PASSWORD.
"""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Mapping
from enum import IntEnum
from typing import Any

import redis
from redis.connection import parse_url
from redis.sentinel import Sentinel

from weppd.settings_redis import Sentinels, from_surroundings, sentinels, with_db
from weppd.task import current

# redis-py says nothing of the types of these.
_parsed: Any = parse_url
_sentinel: Any = Sentinel


class RedisDB(IntEnum):
    """What each numbered database of the site's Redis holds."""

    LOCK = 0
    STATUS = 2
    RQ = 9
    WD_CACHE = 11
    SESSION = 11
    NODB_CACHE = 13
    README = 14
    LOG_LEVEL = 15


def redis_url(db: int) -> str:
    """The address of database `db`."""
    given = (current().settings.get("redis") or {}).get("url")
    return with_db(given or from_surroundings(os.environ)[0], int(db))


def redis_connection_kwargs(
    db: int, *, decode_responses: bool | None = None, extra: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Arguments for `redis.Redis(**kwargs)` on database `db`; `extra` is added, and wins."""
    url = redis_url(db)
    if watched := sentinels(url):
        return _master(watched, db, decode_responses) | dict(extra or {})
    kwargs: dict[str, Any] = {"host": "localhost", "port": 6379} | _parsed(url)
    if "path" in kwargs:
        kwargs["unix_socket_path"] = kwargs.pop("path")
        del kwargs["host"], kwargs["port"]
    if url.startswith("rediss://"):
        del kwargs["connection_class"]
        kwargs["ssl"] = True
    kwargs.pop("connection_class", None)
    if decode_responses is not None:
        kwargs["decode_responses"] = decode_responses
    return kwargs | {"db": int(db)} | dict(extra or {})


def redis_client(db: int) -> redis.Redis:
    """This process's client on database `db`; answers are text."""
    return _client(redis_url(db), os.getpid())


@functools.lru_cache(maxsize=32)
def _client(url: str, pid: int) -> redis.Redis:
    # A forked child must not share its parent's socket, hence the process in the key.
    if watched := sentinels(url):
        found: redis.Redis = _known(watched).master_for(
            watched.master, decode_responses=True, **watched.for_server()
        )
        return found
    return redis.Redis.from_url(url, decode_responses=True, **_unnamed())


def _unnamed() -> dict[str, None]:
    """Arguments by which a client does not tell the server what it is.

    redis-py looks its version up in the files of its package, at milliseconds for each job.
    """
    known = inspect.signature(redis.connection.AbstractConnection.__init__).parameters
    names = ["driver_info"] if "driver_info" in known else ["lib_name", "lib_version"]
    return dict.fromkeys(names)


def _known(watched: Sentinels) -> Any:
    return _sentinel(list(watched.places), sentinel_kwargs=watched.for_sentinels())


def _master(watched: Sentinels, db: int, decode_responses: bool | None) -> dict[str, Any]:
    """Arguments for the server that is the master now."""
    host, port = _known(watched).discover_master(watched.master)
    kwargs: dict[str, Any] = {**watched.for_server(), "host": host, "port": port, "db": int(db)}
    return kwargs | ({} if decode_responses is None else {"decode_responses": decode_responses})
