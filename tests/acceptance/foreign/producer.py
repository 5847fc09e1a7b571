"""A producer with an rq of its own: `python producer.py URL VERB JSON`; answers in JSON."""

from __future__ import annotations

import json
import sys

from redis import Redis
from rq import Callback, Queue, Retry, Worker
from rq.job import Job

connection = Redis.from_url(sys.argv[1])
verb, told = sys.argv[2], json.loads(sys.argv[3])


def enqueue(function, args=(), kwargs=None, queue="default", retry=0, callbacks=(), **options):
    for kind in callbacks:
        name = {"success": "succeeded", "failure": "failed", "stopped": "stopped"}[kind]
        options[f"on_{kind}"] = Callback(f"oldtasks.{name}")
    if retry:
        options["retry"] = Retry(max=retry)
    queue = Queue(queue, connection=connection)
    return queue.enqueue_call(function, tuple(args), kwargs or {}, **options).id


def job(jid):
    found = Job.fetch(jid, connection=connection)
    last = found.latest_result()
    return {
        "status": getattr(found.get_status(), "value", found.get_status()),
        "worker": found.worker_name,
        "meta": {k: v for k, v in found.meta.items() if isinstance(v, (str, int, float))},
        "value": found.return_value(),
        "text": last and last.exc_string,
        "exc_info": found.exc_info,
        "started": bool(found.started_at),
        "ended": bool(found.ended_at) and found.ended_at >= found.started_at,
        "ttl": connection.ttl(found.key),
        "results_ttl": connection.ttl(f"rq:results:{jid}"),
        "timeout": found.timeout,
    }


def workers():
    return {
        w.name: [str(w.get_state()), w.queue_names(), w.successful_job_count, w.failed_job_count]
        for w in Worker.all(connection=connection)
    }


print(json.dumps({"enqueue": enqueue, "job": job, "workers": workers}[verb](**told)))
