"""Celery: https://docs.celeryq.dev. A prefork pool, acknowledging late, one job ahead."""

from __future__ import annotations

import os

import body
from celery import Celery
from producer import main

app = Celery("bench", broker=os.environ["BENCH_URL"], backend=os.environ["BENCH_URL"])
app.conf.update(
    task_acks_late=True,
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
    worker_hijack_root_logger=False,
)
tasks = {name: app.task(function, name=f"bench.{name}") for name, function in body.BODIES.items()}


def enqueue(body, arguments, many):
    """`delay` for each: Celery has no bulk call."""
    return [tasks[body].delay(*args).id for args in arguments]


if __name__ == "__main__":
    main(enqueue, lambda jid: app.control.revoke(jid, terminate=True, signal="SIGKILL"))
