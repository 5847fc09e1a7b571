"""Redis: whether it answers, keeps what it accepts, and how fast; and its clock against ours."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Iterator, Mapping

from weppd import settings_redis
from weppd.doctor import FAIL, NOTE, OK, WARN, Finding
from weppd.doctor.server import Server
from weppd.errors import StoreDenied, StoreError
from weppd.settings import Settings

OLDEST = (6, 2)
SLOW_MS = 5.0
SKEW_S = 1.0
PINGS = 20


def look(told: Settings, server: Server) -> Iterator[Finding]:
    """Everything about the store."""
    shown = settings_redis.masked(told.redis.url)
    try:
        info = server.info()
        yield from _version(info)
        yield from _persistence(info)
        yield from _memory(info)
        yield from _pace(server, shown)
        yield from _clock(server)
        yield from _slow(server)
        if int(info.get("cluster_enabled", 0)):
            yield Finding(FAIL, "redis", "it is a cluster", "name a single server")
        if server.ask("EXISTS", f"{told.redis.prefix}:suspended"):
            yield Finding(WARN, "redis", "all workers are suspended", "`rq resume`")
    except StoreError as error:
        todo = "start it, or mend [redis] url; weppd waits for it"
        yield Finding(FAIL, "redis", f"{shown}: {error}", todo)


def _version(info: Mapping[str, str]) -> Iterator[Finding]:
    said = str(info.get("valkey_version") or info.get("redis_version", "0"))
    name = str(info.get("server_name") or "redis")
    if tuple(int(part) for part in re.findall(r"\d+", said)[:2]) < OLDEST:
        yield Finding(FAIL, "redis", f"{name} {said} is too old", "6.2 or later is needed")
    else:
        yield Finding(OK, "redis", f"{name} {said}")
    if str(info.get("role")) != "master":
        yield Finding(FAIL, "redis", "it is a replica: nothing can be written", "name the primary")


def _persistence(info: Mapping[str, str]) -> Iterator[Finding]:
    if info.get("aof_last_write_status", "ok") != "ok" or (
        info.get("rdb_last_bgsave_status", "ok") != "ok"
    ):
        yield Finding(FAIL, "redis", "it cannot write its files", "look at its log and its disk")
    if int(info.get("aof_enabled", 0)):
        yield Finding(OK, "redis", "keeps an append-only file: a restart loses a second at most")
    else:
        yield Finding(
            WARN,
            "redis",
            "keeps no append-only file: a crash loses the jobs that were"
            " accepted since its last snapshot",
            "appendonly yes",
        )


def _memory(info: Mapping[str, str]) -> Iterator[Finding]:
    policy, most = info.get("maxmemory_policy", ""), int(info.get("maxmemory") or 0)
    if most and policy != "noeviction":
        yield Finding(
            FAIL,
            "redis",
            f"maxmemory-policy {policy}: it throws jobs away when it is full",
            "CONFIG SET maxmemory-policy noeviction",
        )
    elif most and int(info.get("used_memory") or 0) > 0.9 * most:
        yield Finding(
            WARN,
            "redis",
            "it has used 90 % of its memory",
            "raise maxmemory, or lower [jobs] result_ttl and failure_ttl",
        )
    else:
        limit = f"{most / 2**20:.0f} MiB" if most else "no limit"
        yield Finding(OK, "redis", f"memory: {limit}, {policy or 'policy unknown'}")


def _pace(server: Server, shown: str) -> Iterator[Finding]:
    times = []
    for _ in range(PINGS):
        begun = time.perf_counter()
        server.ask("PING")
        times.append((time.perf_counter() - begun) * 1e3)
    middle = statistics.median(times)
    seen = f"{shown} answers in {middle:.2f} ms"
    if middle > SLOW_MS:
        yield Finding(WARN, "redis", seen, "each job costs several answers: move it nearer")
    else:
        yield Finding(OK, "redis", seen)


def _clock(server: Server) -> Iterator[Finding]:
    before = time.time()
    try:
        seconds, micros = map(int, server.ask("TIME"))
    except StoreDenied:  # weppd itself never asks, and its account need not be allowed to
        yield Finding(NOTE, "clock", "this account may not ask Redis for its host's time")
        return
    apart = seconds + micros / 1e6 - (before + time.time()) / 2
    if abs(apart) > SKEW_S:
        yield Finding(
            WARN,
            "clock",
            f"Redis's host is {apart:+.1f} s from this one: times of jobs do not fit together",
            "keep both clocks by NTP",
        )
    else:
        yield Finding(OK, "clock", f"{abs(apart) * 1e3:.0f} ms from Redis's host")


def _slow(server: Server) -> Iterator[Finding]:
    try:
        slow = server.ask("SLOWLOG", "LEN")
    except StoreDenied:
        return
    if slow >= 128:
        yield Finding(NOTE, "redis", f"{slow} slow calls are on record", "SLOWLOG GET says whose")
