"""Payloads of somebody who can write to Redis: none of them runs anything, and weppd goes on."""

from __future__ import annotations

import os
import pickle
import zlib
from pathlib import Path

import redis

from tests.unit.test_pickles import HOSTILE
from tests.waiting import eventually

NOOP = "tasks.noop.noop"


class Touches:
    """Pickles as a call that leaves a mark in the file system."""

    def __init__(self, function: object, *args: object, state: object = None) -> None:
        self._call = (function, args) if state is None else (function, args, state)

    def __reduce__(self):
        return self._call


def marking(mark: Path) -> dict[str, bytes]:
    """Payloads that would make `mark` if any part of them were run."""
    shell = f"touch {mark}"
    evil = {
        "system": Touches(os.system, shell),
        "eval": Touches(eval, f"open({str(mark)!r}, 'w')"),
        "exec": Touches(exec, f"open({str(mark)!r}, 'w')"),
        "open": Touches(open, str(mark), "w"),
        "mkdir": Touches(os.mkdir, str(mark)),
        "getattr": Touches(getattr, Touches(__import__, "os"), "system"),
        "path": Touches(Path.touch, Touches(Path, str(mark))),
    }
    found = {}
    for name, each in evil.items():
        found[f"{name} as an argument"] = pickle.dumps((NOOP, None, (each,), {}))
        found[f"{name} as the function"] = pickle.dumps((each, None, (), {}))
        found[f"{name} as the instance"] = pickle.dumps((NOOP, each, (), {}))
        found[f"{name} as the keywords"] = pickle.dumps((NOOP, None, (), {"a": each}))
    for function in ("os.system", "tasks.noop.os.system", "builtins.eval", "subprocess.run"):
        found[function] = pickle.dumps((function, None, (shell,), {}))
    return found


def test_no_payload_runs_anything(daemon):
    """Each ends as failed with a reason, in its own process; the mark that all would leave is not
    there; the same weppd runs the next honest job."""
    mark = daemon.home / "mark"
    payloads = {**HOSTILE, **marking(mark)}
    with redis.Redis.from_url(daemon.url) as connection:
        connection.sadd("rq:queues", "rq:queue:default")
        for number, data in enumerate(payloads.values()):
            for jid, packed in ((f"raw{number}", data), (f"zip{number}", zlib.compress(data))):
                at = "2026-01-01T00:00:00.000000Z"
                fields = {"created_at": at, "enqueued_at": at, "origin": "default"}
                fields |= {"data": packed, "status": "queued", "meta": data, "timeout": 60}
                connection.hset(f"rq:job:{jid}", mapping=fields)
                connection.rpush("rq:queue:default", jid)
        daemon.start()
        pid = daemon.process.pid
        eventually(lambda: connection.zcard("rq:failed:default") == 2 * len(payloads), within=120)
        reasons = [
            connection.hget(f"rq:job:{kind}{number}", "exc_info")
            for number in range(len(payloads))
            for kind in ("raw", "zip")
        ]
    assert all(reasons)
    assert not mark.exists()
    assert daemon.ends(daemon.queue().enqueue(NOOP).id)["state"] == "finished"
    assert (daemon.process.pid, daemon.process.poll()) == (pid, None)
    for words in (("jobs", "--state", "failed", "--limit", "200"), ("show", "raw0"), ("queues",)):
        assert daemon.ctl(*words)[0] == 0
