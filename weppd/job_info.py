"""Job trees for web pages: the same functions and shapes as WEPPcloud's own `job_info`.

A node is plain JSON data::

    {"id", "runid", "status", "result", "started_at", "ended_at", "description", "elapsed_s",
     "exc_info", "reason", "progress", "usage", "children": {"<order>": [node | None, …], …}}

`usage` is what the job's whole process tree used: CPU seconds, peak memory, processes. A child that
is no longer on record is None. A whole tree is read in one trip for each of its levels.
`connection` is a redis.Redis on RQ's database, an address, or None for REDIS_URL, RQ_REDIS_URL or
REDIS_HOST and its kin. Nothing of a job is imported or run here: a result that is no plain data is
named by its size.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from weppd.store.forest import Lost, Node, forest
from weppd.store.server.blocking import Given, scripts
from weppd.store.trees import Reading

#: A tree's status is the first of these that one of its jobs has; else all of it is finished.
PRIORITY = ("failed", "stopped", "canceled", "started", "queued", "deferred", "scheduled")
OVER = frozenset(("finished", "failed", "stopped", "canceled"))


def get_wepppy_rq_job_info(job_id: str, connection: Given = None) -> Node:
    """The tree below a job; `{"id", "status": "not_found"}` where there is no such job."""
    return get_wepppy_rq_jobs_info([job_id], connection)[job_id]


def get_wepppy_rq_jobs_info(
    job_ids: Iterable[str], connection: Given = None, lost: Lost | None = None
) -> dict[str, Node]:
    """The trees below some jobs, by id; all of them are read together.

    `lost` makes the node of a child that is no longer on record, from its id and its run's.
    """
    jids = list(dict.fromkeys(job_ids))
    walk = Reading(jids)
    with scripts(connection) as run:
        run.drive(walk)
    found = forest(walk, jids, time.time(), lost)
    return {jid: found.get(jid) or {"id": jid, "status": "not_found"} for jid in jids}


def get_wepppy_rq_job_status(job_id: str, connection: Given = None) -> Node:
    """A tree as one job: `{"id", "runid", "status", "started_at", "ended_at", "progress"}`.

    `started_at` is the root's, `ended_at` the latest, once every job of the tree has ended.
    """
    root = get_wepppy_rq_job_info(job_id, connection)
    return root if root["status"] == "not_found" else summary(root)


def summary(root: Node) -> Node:
    """The aggregate over a tree."""
    nodes = list(members(root))
    words = {node["status"] for node in nodes}
    rest = sorted(words - {"finished"})
    ends = [node["ended_at"] if node["status"] in OVER else None for node in nodes]
    done = sum(node["status"] in OVER for node in nodes)
    moments = [m for node in nodes for m in (node["started_at"], node["ended_at"]) if m]
    return {
        "id": root["id"],
        "runid": root["runid"],
        "status": next((word for word in PRIORITY if word in words), (*rest, "finished")[0]),
        "started_at": root["started_at"],
        "ended_at": max((e for e in ends if e), default=None) if all(ends) else None,
        "progress": {
            "completed": done,
            "total": len(nodes),
            "unit": "jobs",
            "percent": round(100 * done / len(nodes), 1),
            "updated_at": max(moments, default=None),
        },
    }


def members(root: Node) -> Iterator[Node]:
    """Every job of a tree, once."""
    seen: set[str] = set()
    todo = [root]
    while todo:
        node = todo.pop()
        if node["id"] in seen:
            continue
        seen.add(node["id"])
        yield node
        todo += [child for group in node["children"].values() for child in group if child]
