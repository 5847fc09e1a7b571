"""The scripts' argument lists, in the order that the head of each script states."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Any

from weppd.errors import Refused
from weppd.model import PER_RUN, Claim, Finish
from weppd.store.nouns import ClaimAsk, JobSpec, Known, Node, Running
from weppd.store.pickles import peek
from weppd.store.record import Record
from weppd.store.wire import TRIES, UNIQUE, Fields, encode, flat, own_fields, rehash, stamp

WORKER_TTL = 480
Args = list[Any]
#: A job's meta as it was read and as it shall be; both empty where it stays as it is.
MetaChange = tuple[bytes, bytes]
#: A claim, and the key whose turn it needs.
Wish = tuple[Claim, str]


def _listed(parts: Sequence[Any]) -> Args:
    return [len(parts), *parts]


def claim(ask: ClaimAsk, now: float) -> Args:
    """Arguments of `claim`."""
    head: Args = [ask.node, ask.token, repr(now), stamp(now), ask.cpus, ask.memory]
    head += [repr(ask.gap_s), ask.gap_cpus, ask.gap_memory]
    lists = ask.queues, ask.workers, ask.eids, ask.behind, ask.short
    return [*head, *(part for each in lists for part in _listed(each))]


def finish(end: Finish, put: Record, meta: MetaChange, *, force: bool = False) -> Args:
    """One end's arguments of `finish`; `force` records a job that the store had forgotten."""
    flags = "".join(
        letter
        for letter, on in zip(
            "fscr", (put.at_front, put.spent, put.crash, put.returned), strict=True
        )
        if on
    )
    node = end.worker.rpartition(".")[0]
    job, (before, after) = end.claim.job, meta
    parts = [
        *(job.id, end.claim.eid, node, end.worker, job.queue, int(force)),
        *(put.status.value, put.ttl, repr(end.ended_at), stamp(end.ended_at), repr(put.due)),
        *(flags, repr(put.worked_s), put.reason),
        *(*_listed(flat(put.fields)), "meta", after),
        *_listed(flat(put.entry)),
        *(*_listed(put.events), before),
    ]
    return _listed(parts)


def reenter(known: Sequence[Known]) -> Args:
    """Arguments of `reenter` for some executions, after the node and the time."""
    args: Args = []
    for each in known:
        job = each.claim.job
        fields = flat(rehash(job)) if job.data else []
        args += [job.id, each.claim.eid, each.worker, job.queue, each.phase, each.turn]
        args.append(job.extra.get(TRIES, ""))
        args += _listed(fields)
    return args


def pulse(node: Node, running: Sequence[Running], now: float, era: str, home: str) -> Args:
    """Arguments of `pulse`; `era` names the memory that the store had when it was met, `home` the
    place of this weppd."""
    record: Fields = {
        "birth": stamp(node.birth or now),
        "queues": ",".join(node.queues),
        "pid": node.pid,
        "hostname": node.hostname or socket.gethostname(),
        "ip_address": "unknown",
        "version": node.version,
        "python_version": node.python,
        "state": node.state,
    }
    head = [node.name, repr(now), stamp(now), WORKER_TTL, node.state, era, home]
    tail = [part for r in running for part in (r.job, r.eid, r.worker)]
    return [*head, *_listed(flat(record)), *_listed(node.queues), *_listed(node.workers), *tail]


def enqueue(spec: JobSpec, jid: str, now: float) -> Args:
    """Arguments of `enqueue`."""
    # With an id of our own making, a hash that is there already is this very command, sent again.
    front, unique = int(spec.at_front), 1 if spec.unique else 0 if spec.id else 2
    head = [jid, spec.queue, repr(now), stamp(now), front, unique, spec.parent or ""]
    waits, fields = _listed(spec.depends_on), encode(spec, jid, now)
    key = sole_key(spec, fields.get("data"))
    fields |= {UNIQUE: key} if key else {}
    return [*head, spec.label or jid, spec.ttl or 0, key, *waits, *flat(fields)]


def put(specs: Sequence[tuple[str, JobSpec]], now: float) -> Args:
    """Arguments of `put`, for jobs that are `plain`, of one queue, and all at its front or none."""
    _, first = specs[0]
    args: Args = [first.queue, stamp(now), int(first.at_front)]
    for jid, spec in specs:
        fields = flat(own_fields(spec))
        args += (jid, int(not spec.id), spec.ttl or 0, len(fields), *fields)
    return args


def plain(spec: JobSpec) -> bool:
    """Whether nothing that is in the store can speak against the job."""
    return not (spec.depends_on or spec.unique or spec.unique_as or spec.parent)


def sole_key(spec: JobSpec, data: object) -> str:
    """The key under which one live job may be, "" for none; `data` is the job's payload.

    "run" stands for the job's function and its run. Refused where it belongs to no run.
    """
    if spec.unique_as != PER_RUN:
        return spec.unique_as
    runid = peek(data).runid if isinstance(data, bytes) else None
    if runid is None:
        raise Refused(f"unique={PER_RUN!r}: the call of {spec.function} names no run")
    return f"{spec.function}:{runid}"


def answered(reply: Sequence[bytes], jid: str) -> str:
    """The id of the job that is enqueued now: `jid`, or the live one that has its key already.

    Refused where `enqueue` said no.
    """
    word, which = reply[0].decode(), reply[1].decode()
    if word == "twice":
        raise Refused(f"job {jid} is there already: a unique job is enqueued once")
    if word == "unknown":
        raise Refused(f"job {jid} depends on {which}, which is not there")
    if word == "cancelled":
        raise Refused(f"job {which} is being cancelled: nothing may be enqueued below it")
    return which if word == "twin" else jid


def take_turns(wishes: Sequence[Wish]) -> Args:
    """Arguments of `take_turn`."""
    return [part for claim, key in wishes for part in (claim.job.id, claim.eid, key)]
