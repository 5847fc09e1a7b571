"""RQ: https://python-rq.org."""

from __future__ import annotations

import os

import redis
from producer import main
from rq import Queue
from rq.command import send_stop_job_command

connection = redis.Redis.from_url(os.environ["BENCH_URL"])
queue = Queue("default", connection=connection)
OPTIONS = {"result_ttl": 500, "job_timeout": 1800}


def enqueue(body, arguments, many):
    """One call per job, or `enqueue_many`."""
    name = f"body.{body}"
    if many:
        data = [Queue.prepare_data(name, args, timeout=1800) for args in arguments]
        return [job.id for job in queue.enqueue_many(data)] if data else []
    return [queue.enqueue(name, args=args, **OPTIONS).id for args in arguments]


if __name__ == "__main__":
    main(enqueue, lambda jid: send_stop_job_command(connection, jid))
