"""Writes the golden job hashes, with the rq of the interpreter that runs it.

    python tests/golden/wire_make.py > tests/golden/wire_rq<version>.json

Each hash is what that rq writes for a call with every option that both know, at a fixed time.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime, timezone
from typing import Any

import rq
from redis import Redis
from rq.job import Job

TASK = "tasks.wepp_rq.run_hillslope_rq"
AT = datetime(2025, 11, 25, 3, 18, 0, 123456, tzinfo=timezone.utc)


def hashes() -> dict[str, dict[str, str]]:
    """Name → field → value, latin-1 decoded so that JSON can hold the bytes."""
    full = {
        "args": ("my-run", 7),
        "kwargs": {"wepp_bin": "hillsim"},
        "timeout": 180,
        "result_ttl": 600,
        "failure_ttl": 900,
        "ttl": 3600,
        "description": "by hand",
        "meta": {"runid": "my-run", "n": 3},
        "on_success": rq.Callback("mod.good", timeout=10),
        "on_failure": rq.Callback("mod.bad"),
    }
    jobs = {
        "plain": {"args": ("my-run", 7), "kwargs": {"wepp_bin": "hillsim"}},
        "full": full,
        "json": {"args": ("my-run",), "kwargs": {}, "serializer": "json"},
    }
    return {name: _one(name, **options) for name, options in jobs.items()}


def _one(name: str, **options: Any) -> dict[str, str]:
    job = Job.create(TASK, id=f"job-{name}", connection=Redis(), origin="default", **options)
    job.created_at = job.enqueued_at = AT
    if name == "full":
        job.retries_left, job.retry_intervals = 2, [10, 60]
    return {key: _plain(value) for key, value in job.to_dict().items()}


def _plain(value: Any) -> str:
    value = getattr(value, "value", value)
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


if __name__ == "__main__":
    json.dump({"rq": rq.__version__, "jobs": hashes()}, sys.stdout, indent=1, sort_keys=True)
    sys.stdout.write("\n")
