"""Tasks that hold locks."""

from __future__ import annotations

import time

from weppd.task import current, task


@task(retry_on_crash=False)
def hold(key: str, seconds: float, wait: float = 0.0) -> str:
    """Hold a lock for so long, saying so by progress; the job that held it."""
    ctx = current()
    with ctx.lock(key, wait=wait):
        ctx.progress(1, 1, "held")
        time.sleep(seconds)
    return ctx.job_id
