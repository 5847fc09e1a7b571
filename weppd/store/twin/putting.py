"""How a job comes into the twin: what `scripts/enqueue.lua` and `put.lua` do in Redis."""

from __future__ import annotations

import uuid

from weppd.errors import Refused
from weppd.store.nouns import JobSpec
from weppd.store.packing import sole_key
from weppd.store.twin.cancelling import closed_above
from weppd.store.twin.dependents import settle_dependents
from weppd.store.twin.shelf import Shelf, as_bytes
from weppd.store.twin.sole import take_sole, twin_of
from weppd.store.wire import UNIQUE, encode


def put(shelf: Shelf, spec: JobSpec, at: float) -> str:
    """Enter a job, on its queue or deferred; its id, or that of the live one which has its key.

    Refused for what a cancel or an id stands against, and for dependencies that are not there.
    """
    jid = spec.id or str(uuid.uuid4())
    _refuse(shelf, spec, jid)
    fields = encode(spec, jid, at)
    key = sole_key(spec, fields.get("data"))
    if (twin := twin_of(shelf, key)) and twin != jid:
        return twin
    _refuse_unknown(shelf, spec, jid)
    fields |= {UNIQUE: key} if key else {}
    shelf.jobs[jid] = as_bytes({**fields, "status": "created"})
    take_sole(shelf, jid)
    shelf.queues.setdefault(spec.queue, [])
    if spec.parent:
        label, known = spec.label or jid, shelf.children[spec.parent]
        known[(f"{label}:{jid}" if label.encode() in known else label).encode()] = jid.encode()
    waits = [d for d in spec.depends_on if shelf.status(d) != "finished"]
    for dependency in waits:
        shelf.dependents[dependency].append(jid)
    if not waits:
        shelf.push(jid, at, front=spec.at_front)
        return jid
    shelf.set(jid, {"status": "deferred"})
    shelf.registries["deferred", spec.queue][jid] = at
    for dependency in waits:
        if shelf.status(dependency) in ("failed", "stopped", "canceled"):
            settle_dependents(shelf, dependency, shelf.status(dependency), at, "")
    return jid


def _refuse(shelf: Shelf, spec: JobSpec, jid: str) -> None:
    if spec.unique and jid in shelf.jobs:
        raise Refused(f"job {jid} is there already: a unique job is enqueued once")
    if above := closed_above(shelf, spec.parent):
        raise Refused(f"job {above} is being cancelled: nothing may be enqueued below it")


def _refuse_unknown(shelf: Shelf, spec: JobSpec, jid: str) -> None:
    for dependency in spec.depends_on:
        if not shelf.status(dependency):
            raise Refused(f"job {jid} depends on {dependency}, which is not there")
