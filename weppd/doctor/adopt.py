"""`weppdctl doctor --adopt-rq`: what weppd would find of a running RQ deployment. Only reads.

The keys are RQ's: `<prefix>:workers`, `<prefix>:queue:<name>`, and the sorted sets `wip`,
`deferred` and `scheduled` of each queue. Payloads are read without unpickling anything.
"""

from __future__ import annotations

import fnmatch
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from weppd.core.schedule import renamed
from weppd.doctor import FAIL, NOTE, OK, WARN, Finding
from weppd.doctor.roll import Roll
from weppd.doctor.server import Server
from weppd.errors import StoreAway, StoreDenied, StoreError
from weppd.settings import Settings
from weppd.settings_redis import with_db
from weppd.store import pickles

SAMPLE = 500
#: Jobs that weppd will run: those of a queue, then those that will come onto one.
_AHEAD = (("queue", "LRANGE"), ("deferred", "ZRANGE"), ("scheduled", "ZRANGE"))
LOCKS = 10_000


@dataclass(slots=True)
class Sample:
    """What some of the waiting jobs are like."""

    jobs: int = 0
    serializers: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    absent: Counter[str] = field(default_factory=Counter)
    problems: Counter[str] = field(default_factory=Counter)


def look(told: Settings, server: Server, roll: Roll) -> Iterator[Finding]:
    """What would be adopted, and what stands in the way; `roll` has the tasks of this node."""
    try:
        prefix = told.redis.prefix
        queues = server.ask("SMEMBERS", f"{prefix}:queues")
        known = {_text(each).rpartition(":")[2] for each in queues}
        yield from _workers(server, prefix, told.daemon.name)
        for name in sorted(known | set(told.queues.names)):
            yield from _queue(told, server, name)
        yield from _payloads(told, server, sorted(known), roll)
        yield from _locks(told)
    except StoreDenied as error:
        yield Finding(FAIL, "rq", str(error), "let the account read RQ's keys")
    except StoreAway:
        return  # the checks of the store have said so
    except StoreError as error:
        yield Finding(FAIL, "rq", str(error), "these keys are not what RQ makes of them")


def _text(raw: bytes | str) -> str:
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw


def _workers(server: Server, prefix: str, node: str) -> Iterator[Finding]:
    names = [
        _text(each).removeprefix(f"{prefix}:worker:")
        for each in server.ask("SMEMBERS", f"{prefix}:workers")
    ]
    alive = [name for name in names if server.ask("EXISTS", f"{prefix}:worker:{name}")]
    rq = sorted(name for name in alive if not name.startswith(f"{node}."))
    if rq:
        yield Finding(
            WARN,
            "rq workers",
            f"{len(rq)} beside this node: {', '.join(rq[:5])}",
            "stop"
            " those of RQ when their jobs have ended (SIGTERM), before weppd takes the"
            " queues; other nodes of weppd may stay",
        )
    else:
        yield Finding(OK, "rq workers", "none beside this node")


def _queue(told: Settings, server: Server, name: str) -> Iterator[Finding]:
    prefix = told.redis.prefix
    counts = {
        "queued": server.ask("LLEN", f"{prefix}:queue:{name}"),
        "started": server.ask("ZCARD", f"{prefix}:wip:{name}"),
        "deferred": server.ask("ZCARD", f"{prefix}:deferred:{name}"),
        "scheduled": server.ask("ZCARD", f"{prefix}:scheduled:{name}"),
    }
    seen = f"{name}: " + ", ".join(f"{n} {word}" for word, n in counts.items())
    if name not in told.queues.names and any(counts.values()):
        yield Finding(
            WARN,
            "rq queue",
            seen,
            f"add {name!r} to [queues] names here or on another node, or its jobs wait for ever",
        )
    else:
        yield Finding(OK, "rq queue", seen)
    if stuck := server.ask("LLEN", f"{prefix}:queue:{name}:intermediate"):
        yield Finding(
            WARN,
            "rq queue",
            f"{name}: {stuck} jobs between queue and worker",
            "a worker that still lives has them, or lost them: RQ's own maintenance fails them"
            " after a minute, weppd puts them back within some three; nothing need be done",
        )


def _payloads(told: Settings, server: Server, queues: list[str], roll: Roll) -> Iterator[Finding]:
    sample = Sample()
    for name in queues:
        lists = [(how, f"{told.redis.prefix}:{kind}:{name}") for kind, how in _AHEAD]
        ahead = server.asks([(how, key, 0, SAMPLE - 1) for how, key in lists])
        keys = [f"{told.redis.prefix}:job:{_text(jid)}" for jids in ahead for jid in jids]
        for data in server.asks([("HGET", key, "data") for key in keys]):
            if isinstance(data, bytes):
                _weigh(sample, data, told, roll)
    if not sample.jobs:
        yield Finding(NOTE, "rq payloads", "no job waits: nothing to look at")
        return
    said = ", ".join(f"{n} {word}" for word, n in sample.serializers.items())
    yield Finding(OK, "rq payloads", f"{sample.jobs} looked at: {said}")
    for function, n in sample.refused.most_common(10):
        what = f"{function} is no task here, and {n} of those looked at call it"
        yield _bad(what, _admit(function))
    for why, n in sample.absent.most_common(10):
        what = f"{n} of those looked at can only fail: {why}"
        yield _bad(what, "or leave RQ's workers running until they have done these")
    for problem, n in sample.problems.most_common(5):
        what = f"{n} of those looked at cannot be read: {problem}"
        yield _bad(what, "enqueue them with RQ's default serializer or JSON")


def _admit(function: str) -> str:
    """A function of RQ's is no task by its module's being known: it has no mark."""
    module = function.rpartition(".")[0]
    return (
        f'add it, or "{module}.*", to [security] allow; or mark it with @task() and have its module'
        " in [tasks] modules"
    )


def _bad(what: str, todo: str) -> Finding:
    return Finding(FAIL, "rq payloads", what, todo)


def _weigh(sample: Sample, data: bytes, told: Settings, roll: Roll) -> None:
    call = pickles.peek(data)
    sample.jobs += 1
    sample.serializers[call.serializer] += 1
    if call.function is None or call.problem:
        sample.problems[call.problem or "no function is named"] += 1
        return
    name = renamed(call.function, told.tasks.alias)
    allowed = any(fnmatch.fnmatchcase(name, pattern) for pattern in told.security.allow)
    if roll.knows(name) is False and not allowed:
        sample.refused[call.function] += 1
    elif why := roll.absent(name):
        sample.absent[why] += 1


def _locks(told: Settings) -> Iterator[Finding]:
    keys, endless = 0, 0
    with Server(told, with_db(told.redis.url, told.redis.lock_db)) as server:
        for page in _scanned(server, "nodb-lock:*"):
            keys += len(page)
            endless += _endless(server, page)
            if keys >= LOCKS:
                break
    if endless:
        yield Finding(
            WARN,
            "rq locks",
            f"{keys} locks of runs are held, {endless} for ever",
            "look who holds them before weppd starts: a job that died keeps its lock",
        )
    else:
        yield Finding(OK, "rq locks", f"{keys} locks of runs are held")


def _endless(server: Server, keys: list[bytes]) -> int:
    """How many of them never end; none that an account without the right to ask knows of."""
    try:
        return server.asks([("TTL", key) for key in keys]).count(-1)
    except StoreDenied:
        return 0


def _scanned(server: Server, pattern: str) -> Iterator[list[bytes]]:
    cursor = b"0"
    while True:
        cursor, page = server.ask("SCAN", cursor, "MATCH", pattern, "COUNT", 1000)
        yield page
        if cursor == b"0":
            return
