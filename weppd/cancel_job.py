"""Cancel a job and all below it from anywhere that reaches Redis: WEPPcloud's `cancel_jobs`.

    python -m weppd.cancel_job JOB

What has not begun is cancelled here and now. What runs is asked to end: its weppd hears it at once,
and finds the durable request if it was away; a worker of RQ's own gets RQ's stop command. Either
way the call does not wait for their ends: `weppdctl cancel` on their host does.
"""

from __future__ import annotations

import json
import sys
import time

from weppd.store.nouns import TreeCancel
from weppd.store.server.blocking import Given, scripts
from weppd.store.trees import Felling

REASON = "cancelled with its job tree"


def cancel_jobs(job_id: str, connection: Given = None) -> dict[str, str]:
    """Cancel a job and everything below it, also through parents that are over.

    `{"status": "ok"}`, or `{"error": "Job not found"}` where neither the job nor anything below
    it is on record. `connection` as in `weppd.job_info`.
    """
    done = cancel_tree(job_id, connection)
    found = done.root.state != "unknown" or done.canceled or done.running or done.over
    return {"status": "ok"} if found else {"error": "Job not found"}


def cancel_tree(job_id: str, connection: Given = None, reason: str = REASON) -> TreeCancel:
    """The same, with an account of what was cancelled, what was asked to end and what was over."""
    walk = Felling(job_id, reason, time.time())
    with scripts(connection) as run:
        run.drive(walk)
    return walk.result()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m weppd.cancel_job JOB")
    print(json.dumps(cancel_jobs(sys.argv[1])))  # noqa: T201
