"""Two presses of a button in one breath are one job, if they want the same.

The key under which such a job lives alone is made of what is wanted, and of the press before that
wanted something else: who asks for A, for B and for A again is given three jobs, the last for A.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from tasks.run.databases import RedisDB, redis_client
from tasks.run.prep import RedisPrep

_OWN = "weppd_unique"


def sole(*wanted: object) -> str:
    """The `unique` of a job that is the only one for what is wanted, however long its names are."""
    text = json.dumps(wanted, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def key(prep: RedisPrep, button: str, function: str, arguments: Mapping[str, object]) -> str:
    """The `unique` of a job that calls `function` for the run; `button` is its field in `prep`."""
    digest = sole(prep.runid, function, arguments)
    last = prep.get_rq_job_id(button)
    held: Any = redis_client(RedisDB.RQ).hget(f"rq:job:{last}", _OWN) if last else None
    return held if held and held.startswith(f"{digest}.") else f"{digest}.{last or ''}"
