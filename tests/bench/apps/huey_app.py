"""Huey: https://huey.readthedocs.io. Processes; nothing is acknowledged."""

from __future__ import annotations

import os

import body
from huey import RedisHuey
from producer import main

huey = RedisHuey("bench", url=os.environ["BENCH_URL"])
tasks = {name: huey.task()(function) for name, function in body.BODIES.items()}


def enqueue(body, arguments, many):
    """A call for each."""
    return [tasks[body](*args).id for args in arguments]


if __name__ == "__main__":
    main(enqueue, huey.revoke_by_id)
