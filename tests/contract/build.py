"""Builders with defaults for what a store is given."""

from __future__ import annotations

import pickle
import time
import uuid
from typing import Any

from weppd.model import Claim, Failed, Finish, Finished, Outcome
from weppd.store.nouns import ClaimAsk, Exchanged, JobSpec, Node, Running

NODE = Node("n", ("n.1", "n.2", "n.3"), ("high", "default", "low"), pid=7, hostname="here")


def a_job(runid: str = "my-run", **changes: Any) -> JobSpec:
    """A job's spec, of a run unless told otherwise."""
    spec = {"function": "tasks.wepp_rq.run_hillslope_rq", "args": (runid, 7)}
    return JobSpec(**{**spec, **changes})


def an_ask(n: int = 1, *queues: str, node: str = "n", token: str = "") -> ClaimAsk:
    """An ask for n jobs."""
    eids = tuple(uuid.uuid4().hex for _ in range(n))
    workers = tuple(f"{node}.{i + 1}" for i in range(n))
    names = queues or ("high", "default", "low")
    return ClaimAsk(names, token or uuid.uuid4().hex, eids, node, workers)


async def claimed(store: Any, n: int = 1, *queues: str, node: str = "n") -> list[Claim]:
    """Claim up to n jobs."""
    got: Exchanged = await store.exchange([], an_ask(n, *queues, node=node))
    return list(got.claims)


def an_end(claim: Claim, outcome: Outcome | None = None, worker: str = "n.1") -> Finish:
    """A finish of a claim, one second after its start; of success unless told otherwise."""
    ended = time.time()
    result = Finished(pickle.dumps(42)) if outcome is None else outcome
    return Finish(claim, result, worker, ended - 1, ended, pid=4711)


async def ended(store: Any, claim: Claim, outcome: Outcome | None = None) -> Any:
    """End a claim and return the store's answer."""
    said: Exchanged = await store.exchange([an_end(claim, outcome)], None)
    return said.answers[0]


def a_failure(text: str = "Traceback …\nValueError: no such hillslope") -> Failed:
    """A failure by exception."""
    return Failed("ValueError: no such hillslope", text)


def running(claim: Claim, worker: str = "n.1") -> Running:
    """The claim as a heartbeat names it."""
    return Running(claim.job.id, claim.eid, worker, claim.job.queue)
