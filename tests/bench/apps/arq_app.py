"""arq: https://arq-docs.helpmanual.io. Coroutines in one process per worker."""

from __future__ import annotations

import asyncio
import os

import body
from arq import create_pool
from arq.connections import RedisSettings
from arq.jobs import Job
from arq.worker import func
from producer import main

SETTINGS = RedisSettings.from_dsn(os.environ["BENCH_URL"])


def _coroutine(function):
    async def run(ctx, *args):
        return function(*args)

    return run


class Worker:
    """What `arq arq_app.Worker` runs."""

    redis_settings = SETTINGS
    allow_abort_jobs = True
    functions = tuple(func(_coroutine(each), name=name) for name, each in body.BODIES.items())


loop = asyncio.new_event_loop()
pool = None


def enqueue(body, arguments, many):
    """`enqueue_job` for each."""
    return loop.run_until_complete(_enqueue(body, arguments))


async def _enqueue(body, arguments):
    global pool
    pool = pool or await create_pool(SETTINGS)
    return [(await pool.enqueue_job(body, *args)).job_id for args in arguments]


async def _abort(jid):
    redis = await create_pool(SETTINGS)
    try:
        await Job(jid, redis).abort(timeout=2)
    except TimeoutError:
        return


if __name__ == "__main__":
    main(enqueue, lambda jid: loop.run_until_complete(_abort(jid)))
