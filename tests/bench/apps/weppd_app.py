"""weppd, by its own client."""

from __future__ import annotations

import os

from producer import main

from weppd.cancel_job import cancel_jobs
from weppd.client import Queue

MODULE = "body"
queue = Queue("default", connection=os.environ["BENCH_URL"])


def enqueue(body, arguments, many):
    """`enqueue` for each, or `enqueue_many`."""
    name = f"{MODULE}.{body}"
    if many:
        return [job.id for job in queue.enqueue_many([(name, *args) for args in arguments])]
    return [queue.enqueue(name, *args).id for args in arguments]


if __name__ == "__main__":
    main(enqueue, lambda jid: cancel_jobs(jid, os.environ["BENCH_URL"]))
