"""Dramatiq: https://dramatiq.io. No way to cancel a running job."""

from __future__ import annotations

import os

import body
import dramatiq
from dramatiq.brokers.redis import RedisBroker
from producer import main

dramatiq.set_broker(RedisBroker(url=os.environ["BENCH_URL"]))
tasks = {name: dramatiq.actor(function, actor_name=name) for name, function in body.BODIES.items()}


def enqueue(body, arguments, many):
    """`send` for each."""
    return [tasks[body].send(*args).message_id for args in arguments]


if __name__ == "__main__":
    main(enqueue)
