"""What the run's own record says of an execution, beyond what the scribe was told at its start."""

from __future__ import annotations

import os
from typing import Any

from weppd.model import Finish


def facts(finish: Finish) -> dict[str, Any]:
    """Times, usage and exit code of an execution that ended, as plain values."""
    job, used = finish.claim.job, finish.usage
    return {
        "queue": job.queue,
        "worker": finish.worker,
        "pid": finish.pid or None,
        "enqueued_at": job.enqueued_at or None,
        "started_at": finish.started_at,
        "ended_at": finish.ended_at,
        "rc": exit_code(finish.wait_status),
        "user_s": round(used.user_s, 3),
        "system_s": round(used.system_s, 3),
        "peak_bytes": used.peak_bytes,
        "processes": used.processes,
        "stopped_s": round(used.stopped_s, 3),
        "signals": {rung: count for rung, count in finish.rungs.items() if count},
        "left_behind": finish.left_behind,
        "undead": list(finish.undead),
    }


def exit_code(wait_status: int | None) -> int | None:
    """An exit code, or a signal's number with a minus, as `subprocess` has it."""
    return None if wait_status is None else os.waitstatus_to_exitcode(wait_status)
