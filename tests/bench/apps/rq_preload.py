"""RQ's worker with the tasks' libraries imported before it forks: `rq_preload.py [POOL SIZE]`."""

from __future__ import annotations

import os
import sys

import numpy
import pandas
import redis
from rq import Worker
from rq.worker_pool import WorkerPool

if __name__ == "__main__":
    assert numpy
    assert pandas
    connection = redis.Redis.from_url(os.environ["BENCH_URL"])
    if len(sys.argv) > 1:
        WorkerPool(["default"], connection=connection, num_workers=int(sys.argv[1])).start()
    else:
        Worker(["default"], connection=connection).work()
