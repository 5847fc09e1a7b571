"""taskiq: https://taskiq-python.github.io. A Redis stream, with results. No way to cancel."""

from __future__ import annotations

import asyncio
import os

import body
from producer import main
from taskiq_redis import RedisAsyncResultBackend, RedisStreamBroker

URL = os.environ["BENCH_URL"]
broker = RedisStreamBroker(url=URL).with_result_backend(RedisAsyncResultBackend(redis_url=URL))


def _coroutine(function):
    async def run(*args):
        return function(*args)

    return run


tasks = {
    name: broker.register_task(_coroutine(each), task_name=name)
    for name, each in body.BODIES.items()
}
loop = asyncio.new_event_loop()
started = False


def enqueue(body, arguments, many):
    """`kiq` for each."""
    return loop.run_until_complete(_enqueue(body, arguments))


async def _enqueue(body, arguments):
    global started
    if not started:
        await broker.startup()
        started = True
    return [(await tasks[body].kiq(*args)).task_id for args in arguments]


if __name__ == "__main__":
    main(enqueue)
