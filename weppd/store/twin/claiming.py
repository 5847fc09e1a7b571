"""The twin's claims: what `scripts/claim.lua`, `take_turn.lua` and `seize.lua` do in Redis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from weppd.model import Claim
from weppd.store.asked import seconds_of
from weppd.store.nouns import ClaimAsk, Lease
from weppd.store.packing import Wish
from weppd.store.record import FAILURE_TTL
from weppd.store.twin import turns
from weppd.store.twin.dependents import cancel_waiting, settle_dependents
from weppd.store.twin.endings import end_execution
from weppd.store.twin.shelf import INF, Shelf, as_bytes, whole
from weppd.store.wire import TRIES, decode, stamp

UNNAMEABLE = "the job id has characters other than printable ASCII: enqueue it under another"
#: Jobs that one claim passes by in a queue, at most.
MOST = 100
#: With one of these, a job is not taken ahead as a short one.
OWN_CLAIMS = (b"weppd_cpus", b"weppd_memory", b"weppd_lock")


def claim(shelf: Shelf, ask: ClaimAsk, at: float) -> tuple[list[Claim], set[str], bool]:
    """Take jobs off the queues in their order; also the queues that were seen empty, and whether
    one of them is paused."""
    token, taken = shelf.tokens.get(ask.node, ("", []))
    if token == ask.token:
        kept = [pair for pair in taken if owns(shelf, *pair) and pair[1] in shelf.jobs]
        return [again(shelf, eid, jid) for eid, jid in kept], set(), False
    claims: list[Claim] = []
    empty: set[str] = set()
    waits = bool(shelf.paused.intersection(ask.queues))
    shelf.offers[ask.node] = (ask.cpus, ask.memory)
    mates: list[str] = []
    for queue in ask.queues:
        passed: list[str] = []
        closed = queue in shelf.paused
        while _has_room(shelf, ask, claims, mates, queue) and not closed and len(passed) < MOST:
            jid = _pop(shelf, queue)
            if jid is None:
                closed = True
                empty.add(queue)
            elif _for_others(shelf, jid, ask):
                passed.append(jid)
            elif _claimable(shelf, jid) and not _named(jid):
                _refuse(shelf, jid, queue, at)
            elif _claimable(shelf, jid):
                i = len(claims)
                sure = i < len(ask.workers)
                worker = ask.workers[i] if sure else _worker(ask, mates, i - len(ask.workers))
                mates += [worker] if sure and _is_short(shelf, jid, ask) else []
                claims.append(_take(shelf, ask, worker, ask.eids[i], jid, queue, at))
        if passed:
            shelf.queues[queue][:0] = passed
            empty.discard(queue)
            waits = True
    if claims:
        shelf.tokens[ask.node] = (ask.token, [(c.eid, c.job.id) for c in claims])
    return claims, empty, waits


def _has_room(
    shelf: Shelf, ask: ClaimAsk, claims: Sequence[Claim], mates: Sequence[str], queue: str
) -> bool:
    """Whether one job more may be taken: within the workers any, beyond them what is short."""
    n = len(ask.workers)
    if len(claims) < n:
        return True
    if len(claims) - n >= len(mates) * _each(ask) + len(ask.behind):
        return False
    line = shelf.queues.get(queue)
    return not line or _is_short(shelf, line[0], ask)


def _each(ask: ClaimAsk) -> int:
    """How many more a worker may have that got a short job."""
    n = len(ask.workers)
    return (len(ask.eids) - len(ask.behind)) // n - 1 if n else 0


def _worker(ask: ClaimAsk, mates: Sequence[str], i: int) -> str:
    """The worker of the i-th job that is taken beyond the sure ones."""
    ours = len(mates) * _each(ask)
    return mates[i % len(mates)] if i < ours else ask.behind[i - ours]


def _is_short(shelf: Shelf, jid: str, ask: ClaimAsk) -> bool:
    fields = shelf.jobs.get(jid, {})
    if any(fields.get(name) is not None for name in OWN_CLAIMS):
        return False
    name, call, _ = fields.get(b"description", b"").decode("utf-8", "replace").partition("(")
    return bool(call) and name in ask.short


def _for_others(shelf: Shelf, jid: str, ask: ClaimAsk) -> bool:
    """Whether a job asks for more than a node offers and another one does, or fits no gap."""
    fields = shelf.jobs.get(jid, {})
    asked = [_number(fields.get(name)) for name in (b"weppd_cpus", b"weppd_memory")]
    if ask.gap_s and not _fits(fields, ask):
        return True
    own = ask.cpus, ask.memory

    def gives(offer: tuple[int, int]) -> bool:
        return all(not has or want <= has for has, want in zip(offer, asked, strict=True))

    return not gives(own) and any(map(gives, shelf.offers.values()))


def _fits(fields: Mapping[bytes, bytes], ask: ClaimAsk) -> bool:
    expect, cpus = seconds_of(fields), fields.get(b"weppd_cpus", b"")
    memory = fields.get(b"weppd_memory", b"")
    short = expect is not None and expect <= ask.gap_s
    small = not ask.memory or (memory.isdigit() and int(memory) <= ask.gap_memory)
    return short and small and cpus.isdigit() and int(cpus) <= ask.gap_cpus


def _number(raw: bytes | None) -> int:
    return int(raw) if raw and raw.isdigit() else 0


def owns(shelf: Shelf, eid: str, jid: str) -> bool:
    """Whether the job's live execution is this one."""
    return shelf.live(jid).get(b"eid") == eid.encode()


def again(shelf: Shelf, eid: str, jid: str) -> Claim:
    """The claim of an execution, from what is on record."""
    fields = shelf.jobs[jid]
    worker = fields.get(b"worker_name", b"").decode("utf-8", "replace")
    return Claim(eid, decode(jid, fields, shelf.origin(jid)), worker)


def _pop(shelf: Shelf, queue: str) -> str | None:
    line = shelf.queues.get(queue)
    return line.pop(0) if line else None


def _claimable(shelf: Shelf, jid: str) -> bool:
    here = b"data" in shelf.jobs.get(jid, {})
    return here and shelf.status(jid) != "canceled" and not shelf.live(jid)


def _named(jid: str) -> bool:
    """Whether an id is a word of logs, paths and frames."""
    return jid.isascii() and jid.isprintable() and bool(jid)


def _refuse(shelf: Shelf, jid: str, queue: str, at: float) -> None:
    shelf.set(jid, {"status": "failed", "ended_at": stamp(at), "weppd_reason": UNNAMEABLE})
    shelf.registries["failed", queue][jid] = at + FAILURE_TTL


def _take(
    shelf: Shelf, ask: ClaimAsk, worker: str, eid: str, jid: str, queue: str, now: float
) -> Claim:
    at = stamp(now)
    shelf.set(jid, {"status": "started", "worker_name": worker, "origin": queue})
    shelf.set(jid, {"started_at": at, "last_heartbeat": at, "ended_at": ""})
    for name in (b"weppd_progress", b"weppd_usage", b"weppd_reason", b"weppd_none"):
        shelf.jobs[jid].pop(name, None)
    shelf.cancels.pop(jid, None)
    shelf.closed.discard(jid)
    shelf.parked.pop(jid, None)
    before = shelf.executions.get(jid, {}).get(b"try", 0)
    tries = 1 + max(whole(shelf.jobs[jid].get(TRIES.encode())), int(before))
    shelf.set(jid, {TRIES: tries})
    entry = {"eid": eid, "node": ask.node, "phase": "claimed", "worker": worker, "queue": queue}
    shelf.executions[jid] = as_bytes({**entry, "try": tries})
    shelf.registries["wip", queue][f"{jid}:{eid}"] = INF
    return again(shelf, eid, jid)


def take_turns(shelf: Shelf, wishes: Sequence[Wish], now: float) -> frozenset[str]:
    """Take the turns of these claims' keys; who did not get it, and is claimed no more."""
    mine = [(c, key) for c, key in wishes if owns(shelf, c.eid, c.job.id)]
    return frozenset(c.job.id for c, key in mine if not _take_turn(shelf, c, key, now))


def _take_turn(shelf: Shelf, claim: Claim, key: str, now: float) -> bool:
    jid = claim.job.id
    holder = "" if shelf.turns.get(key) == jid else turns.pass_on(shelf, key)
    if not holder:
        turns.give(shelf, jid, key)
        return True
    end_execution(shelf, claim, "parked")
    del shelf.executions[jid]
    asked = shelf.cancels.pop(jid, None)
    if asked is None:
        turns.park(shelf, claim, key, holder)
    else:
        cancel_waiting(shelf, jid, now, asked)
        settle_dependents(shelf, jid, "canceled", now, asked)
    return False


def seize(shelf: Shelf, lease: Lease, claim: Claim, fresh: str, by: str) -> bool:
    """Take an execution from a node whose lease stands where it was seen, under the id `fresh`."""
    jid, execution = claim.job.id, shelf.live(claim.job.id)
    own = (execution.get(b"eid"), execution.get(b"node"))
    if str(shelf.leases.get(lease.node, "")) != lease.seq:
        return False
    if own != (claim.eid.encode(), lease.node.encode()):
        return False
    shelf.registries["wip", claim.job.queue].pop(f"{jid}:{claim.eid}", None)
    execution.update({b"eid": fresh.encode(), b"node": by.encode()})
    execution[b"try"] = str(int(execution.get(b"try", b"0")) + 1).encode()
    return True
