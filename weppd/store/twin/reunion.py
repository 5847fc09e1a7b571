"""The twin's side of meeting a store again: what `greet`, `reenter` and `met` do in Redis."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from weppd.store.nouns import Change, Known
from weppd.store.twin import turns
from weppd.store.twin.shelf import INF, Shelf, as_bytes
from weppd.store.twin.sole import has_sole, take_sole
from weppd.store.wire import TRIES, rehash, stamp


def greet(shelf: Shelf, node: str, server: str, met: str, era: str, until: float) -> Change:
    """What the server with this shelf is to a node that met `met` last, with the memory `era`;
    from another one nobody claims before `until`."""
    shelf.era = shelf.era or uuid.uuid4().hex
    was = shelf.met.get(node, met)
    if was in ("", server):
        # Whoever empties a store that goes on means it; a server without its memory does not.
        if era and era != shelf.era:
            return Change.EMPTIED
        return Change.SAME if was else Change.NEW
    if shelf.gate != server:
        shelf.gate, shelf.settle = server, until
    return Change.OTHER


def reenter(shelf: Shelf, node: str, known: Known, now: float) -> str:
    """Enter an execution again that the shelf does not have; the word for what became of it."""
    claim, jid = known.claim, known.claim.job.id
    own = shelf.executions.get(jid, {})
    if own.get(b"eid") == claim.eid.encode():
        return "own" if shelf.live(jid) else "done"
    if claim.eid in shelf.done:
        return "done"
    mine, theirs = claim.job.extra.get(TRIES, ""), int(own.get(b"try", 0))
    later = not own or (mine != "" and int(mine) > theirs)
    if not later and mine:
        return "lost" if shelf.live(jid) else "done"
    if live := shelf.live(jid):
        if live[b"node"] != node.encode() and not later:
            return "lost"
        # An earlier one, whose end was forgotten along with this claim.
        member = f"{jid}:{live[b'eid'].decode()}"
        shelf.registries["wip", live[b"queue"].decode()].pop(member, None)
    if b"data" not in shelf.jobs.get(jid, {}):
        if not claim.job.data:
            return "unknown"
        shelf.jobs[jid] = as_bytes(rehash(claim.job))
    _enter(shelf, node, known, int(mine or theirs + 1), now)
    return "entered"


def _enter(shelf: Shelf, node: str, known: Known, tries: int, now: float) -> None:
    eid, jid, at = known.claim.eid, known.claim.job.id, stamp(now)
    queue = known.claim.job.queue or shelf.origin(jid)
    if shelf.status(jid) != "canceled":
        _take_off(shelf, jid)
        fields = {"status": "started", "started_at": at, "last_heartbeat": at, "ended_at": ""}
        shelf.set(jid, {**fields, "worker_name": known.worker, "origin": queue})
    entry = {"eid": eid, "node": node, "phase": known.phase, "worker": known.worker}
    shelf.executions[jid] = as_bytes({**entry, "queue": queue, "try": tries})
    shelf.set(jid, {TRIES: tries})
    shelf.registries["wip", queue][f"{jid}:{eid}"] = INF
    shelf.parked.pop(jid, None)
    if not has_sole(shelf, jid):
        take_sole(shelf, jid)
    holder = shelf.turns.get(known.turn, "")
    if known.turn and (holder in ("", jid) or not turns.has_turn(shelf, holder)):
        turns.give(shelf, jid, known.turn)


def _take_off(shelf: Shelf, jid: str) -> None:
    status, queue = shelf.status(jid), shelf.origin(jid)
    line = shelf.queues.get(queue, [])
    if status == "queued" and jid in line:
        line.remove(jid)
    shelf.registries["failed" if status == "stopped" else status, queue].pop(jid, None)


def met(shelf: Shelf, node: str, server: str) -> None:
    """The node has said all."""
    shelf.met[node] = server
    if all(shelf.met.get(each) == server for each in shelf.leases):
        shelf.settle = 0.0


def strays(shelf: Shelf, node: str, known: Collection[str]) -> list[tuple[str, str]]:
    """The executions (id, job) that are entered for the node beside `known`."""
    live = ((jid, shelf.live(jid)) for jid in shelf.executions if jid in shelf.jobs)
    mine = ((x[b"eid"].decode(), jid) for jid, x in live if x.get(b"node") == node.encode())
    return [pair for pair in mine if pair[0] not in known]
