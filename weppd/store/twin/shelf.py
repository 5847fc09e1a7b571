"""The twin's data and the moves on it: what Redis holds, as plain dicts, and the scripts' steps.

Keys and fields are those of the real store, so that both share `wire`, `record` and `views`.
Each function here says what the script of the same purpose in `scripts/` says.
"""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field

from weppd.model import Claim, Finish, Status
from weppd.store.extending import with_items
from weppd.store.nouns import ClaimAsk, Lease
from weppd.store.record import Record
from weppd.store.trees import mirror
from weppd.store.twin import held, turns
from weppd.store.wire import Fields, stamp

INF = float("inf")
#: So many messages of a channel are kept.
KEPT = 1000
FAILED = ("failed", "stopped", "canceled")


def as_bytes(fields: Fields) -> dict[bytes, bytes]:
    """The fields as a Redis hash holds them."""
    return {
        name.encode(): value if isinstance(value, bytes) else str(value).encode("utf-8")
        for name, value in fields.items()
    }


def whole(raw: bytes | None) -> int:
    """A number as the wire has it, or 0 for what is none: producers write these fields."""
    try:
        return int(float(raw or 0))
    except (ValueError, OverflowError):
        return 0


def _last() -> deque[str]:
    return deque(maxlen=KEPT)


@dataclass(slots=True)
class Shelf:
    """All that one store holds."""

    jobs: dict[str, dict[bytes, bytes]] = field(default_factory=dict)
    queues: dict[str, list[str]] = field(default_factory=dict)
    registries: dict[tuple[str, str], dict[str, float]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    entries: dict[str, dict[bytes, bytes]] = field(default_factory=dict)
    executions: dict[str, dict[bytes, bytes]] = field(default_factory=dict)
    done: dict[str, str] = field(default_factory=dict)
    dependents: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    children: dict[str, dict[bytes, bytes]] = field(default_factory=lambda: defaultdict(dict))
    cancels: dict[str, str] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    paused: set[str] = field(default_factory=set)
    #: parent → the jobs that were cancelled because it failed
    fallen: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    #: run id → the jobs of that run that began and stand below none, with their start
    runs: dict[str, dict[str, float]] = field(default_factory=dict)
    #: node → its last claim's token and what it got, as (eid, job)
    tokens: dict[str, tuple[str, list[tuple[str, str]]]] = field(default_factory=dict)
    #: node → a claim that found the queues empty, and is carried out with the next job; until when
    posted: dict[str, tuple[ClaimAsk, float]] = field(default_factory=dict)
    locks: dict[held.Place, bytes] = field(default_factory=dict)
    held: dict[str, dict[held.Place, str]] = field(default_factory=lambda: defaultdict(dict))
    sole: dict[str, str] = field(default_factory=dict)
    #: what this memory is called, and who met which server: see `reunion`
    era: str = ""
    gate: str = ""
    settle: float = 0.0
    met: dict[str, str] = field(default_factory=dict)
    turns: dict[str, str] = field(default_factory=dict)
    parked: dict[str, tuple[str, str]] = field(default_factory=dict)
    waiting: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    offers: dict[str, tuple[int, int]] = field(default_factory=dict)
    leases: dict[str, int] = field(default_factory=dict)
    holds: dict[str, float] = field(default_factory=dict)
    homes: dict[str, tuple[str, str]] = field(default_factory=dict)
    #: job → its meta without the progress told, and as it was left
    told: dict[str, tuple[bytes, bytes]] = field(default_factory=dict)
    scheduler: tuple[str, float] = ("", 0.0)
    published: list[tuple[str, str]] = field(default_factory=list)
    said: dict[str, deque[str]] = field(default_factory=lambda: defaultdict(_last))

    def say(self, channel: str, text: str) -> None:
        """Publish, and keep it among the channel's last."""
        self.published.append((channel, text))
        self.said[channel].append(text)

    def schedules(self, node: str, lease_s: float) -> bool:
        """Whether this node may be the scheduler; then it is, for so long."""
        has, until = self.scheduler
        if has != node and time.monotonic() < until:
            return False
        self.scheduler = node, time.monotonic() + lease_s
        return True

    def beat(self, node: str) -> int:
        """Bump a node's lease."""
        self.holds.pop(node, None)
        self.leases[node] = self.leases.get(node, 0) + 1
        return self.leases[node]

    def all_leases(self) -> list[Lease]:
        """The leases of all nodes, by name."""
        seqs = sorted(self.leases.items())
        counts = Counter(x[b"node"].decode() for x in map(self.live, self.executions) if x)
        return [Lease(n, str(seq), self.holds.get(n, 0.0), counts[n]) for n, seq in seqs]

    def has_lost(self, jid: str, eid: str) -> bool:
        """Whether the job is another execution's by now; one that was forgotten is nobody's."""
        entered = self.executions.get(jid, {}).get(b"eid", b"").decode()
        return entered != eid and bool(entered or jid in self.jobs)

    def status(self, jid: str) -> str:
        """RQ's word for the job, empty where there is no job."""
        return self.jobs.get(jid, {}).get(b"status", b"").decode()

    def set(self, jid: str, fields: Fields) -> None:
        """Set fields of a job that is there; a deleted one is not re-created."""
        if b"data" in self.jobs.get(jid, {}):
            self.jobs[jid].update(as_bytes(fields))

    def origin(self, jid: str) -> str:
        """The queue that a job came from."""
        return self.jobs.get(jid, {}).get(b"origin", b"").decode()

    def enqueued_at(self, jids: list[str]) -> str:
        """When the first of these was put on its queue; empty where there is none."""
        return self.jobs.get(jids[0], {}).get(b"enqueued_at", b"").decode() if jids else ""

    def live(self, jid: str) -> dict[bytes, bytes]:
        """The execution that runs or is about to; empty where there is none."""
        execution = self.executions.get(jid, {})
        return execution if execution.get(b"phase") in (b"claimed", b"running") else {}

    def push(self, jid: str, at: float, *, front: bool = False) -> None:
        """Put a job on its queue."""
        queue = self.origin(jid)
        self.set(jid, {"status": "queued", "enqueued_at": stamp(at)})
        line = self.queues.setdefault(queue, [])
        line.insert(0 if front else len(line), jid)

    def forget(self, jid: str) -> None:
        """Delete a job; what waits for it is for its end to settle."""
        for shelf in (self.jobs, self.entries):
            shelf.pop(jid, None)


def fence(shelf: Shelf, claim: Claim) -> str:
    """Whether a finish of this execution may be written: ok, already mine, fenced or absent."""
    if claim.eid in shelf.done:
        return "already mine"
    execution = shelf.executions.get(claim.job.id)
    if execution is None:
        return "absent"
    return "ok" if execution[b"eid"] == claim.eid.encode() else "fenced"


def close(shelf: Shelf, finish: Finish, written: Record) -> int:
    """Put a finish in place; returns how many dependents it released."""
    jid, eid = finish.claim.job.id, finish.claim.eid
    held.let_go_of_all(shelf, jid)
    asked = shelf.cancels.pop(jid, None)
    # Who was asked to end does not go round again, whatever ended this execution.
    kept = asked is not None and not written.status.terminal
    word, reason = ("canceled", asked or "") if kept else (written.status.value, written.reason)
    end_execution(shelf, finish.claim, word)
    shelf.done[eid] = word
    here, canceled = b"data" in shelf.jobs.get(jid, {}), kept or shelf.status(jid) == "canceled"
    if not here:
        shelf.jobs.pop(jid, None)
    elif canceled:
        _write(shelf, jid, written)
        shelf.set(jid, {"status": "canceled", "ended_at": stamp(finish.ended_at)})
        if kept:
            _clean(shelf, jid)
            shelf.set(jid, {"weppd_reason": reason})
            shelf.registries["canceled", finish.claim.job.queue][jid] = finish.ended_at
    else:
        _settle(shelf, jid, written, finish, asked is not None)
    _mirror(shelf, jid)
    for text in written.events if written.channel else ():
        shelf.say(written.channel, text)
    if turn := shelf.executions[jid].get(b"turn"):
        turns.pass_on(shelf, turn.decode(), jid)
    if not written.status.terminal and not canceled:
        return 0
    return settle_dependents(shelf, jid, word, finish.ended_at, reason)[0]


def _settle(shelf: Shelf, jid: str, written: Record, finish: Finish, asked: bool) -> None:
    queue = finish.claim.job.queue
    if written.status is Status.FINISHED and written.ttl == 0:
        shelf.forget(jid)
        return
    _write(shelf, jid, written)
    finished = written.status is Status.FINISHED
    if finished and not asked and _repeats(shelf, jid, finish.ended_at):
        return
    if written.status.terminal:
        score = INF if written.ttl < 0 else finish.ended_at + written.ttl
        name = "failed" if written.status is Status.STOPPED else written.status.value
        shelf.registries[name, queue][jid] = score
        return
    _again(shelf, jid, written, finish)


def _write(shelf: Shelf, jid: str, written: Record) -> None:
    shelf.set(jid, written.fields)
    if written.entry:
        shelf.entries[jid] = as_bytes(written.entry)
    if written.status.terminal:
        _clean(shelf, jid)
    before = shelf.jobs[jid].get(b"meta", b"")
    if written.meta and (after := with_items(before, written.meta)):
        shelf.jobs[jid][b"meta"] = after


def _clean(shelf: Shelf, jid: str) -> None:
    """A job that is requeued by hand begins with a clean slate."""
    for name in (b"weppd_crashes", b"weppd_losses"):
        shelf.jobs[jid].pop(name, None)


def _mirror(shelf: Shelf, jid: str) -> None:
    fields = shelf.jobs.get(jid, {})
    named = [part for pair in shelf.children.get(jid, {}).items() for part in pair]
    items = mirror(named, fields.get(b"meta", b"")) if fields else {}
    if items and (after := with_items(fields.get(b"meta", b""), items)):
        fields[b"meta"] = after


def _again(shelf: Shelf, jid: str, written: Record, finish: Finish) -> None:
    """Send a job round again: count what its retry cost, then queue or schedule it."""
    for name, counts, step in (
        (b"retries_left", written.spent and not written.returned, -1),
        (b"number_of_retries", written.returned, 1),
        (b"weppd_crashes", written.crash, 1),
    ):
        if counts:
            left = whole(shelf.jobs[jid].get(name))
            shelf.jobs[jid][name] = str(max(0, left + step)).encode()
    if written.crash:
        lines = [shelf.jobs[jid].get(b"weppd_losses", b""), written.reason.encode()]
        shelf.jobs[jid][b"weppd_losses"] = b"\n".join(filter(None, lines))
    if written.due:
        shelf.registries["scheduled", finish.claim.job.queue][jid] = written.due
    else:
        shelf.push(jid, finish.ended_at, front=written.at_front)


def _repeats(shelf: Shelf, jid: str, at: float) -> bool:
    """Send a job of rq's Repeat round again, while it has repeats left."""
    fields = shelf.jobs[jid]
    left = whole(fields.get(b"repeats_left"))
    if left < 1:
        return False
    fields[b"repeats_left"] = str(left - 1).encode()
    intervals = json.loads(fields.get(b"repeat_intervals") or b"[]")
    wait = intervals[max(len(intervals) - left, 0)] if intervals else 0
    if wait > 0:
        shelf.set(jid, {"status": "scheduled"})
        shelf.registries["scheduled", shelf.origin(jid)][jid] = at + wait
    else:
        shelf.push(jid, at)
    return True


def end_execution(shelf: Shelf, claim: Claim, phase: str) -> None:
    """Take the execution off RQ's lists; the record keeps how it ended."""
    member = f"{claim.job.id}:{claim.eid}"
    shelf.registries["wip", claim.job.queue].pop(member, None)
    execution = shelf.executions.setdefault(claim.job.id, {b"eid": claim.eid.encode()})
    execution[b"phase"] = phase.encode()


def settle_dependents(
    shelf: Shelf, jid: str, status: str, at: float, reason: str
) -> tuple[int, list[str]]:
    """Release the jobs that waited for `jid` alone; cancel those that cannot run any more.

    Returns how many were released, and which were cancelled.
    """
    released, ended = 0, [(jid, status, reason)]
    for parent, how, why in ended:
        for child in shelf.dependents.pop(parent, []):
            if how in FAILED and not _allows(shelf, child):
                shelf.fallen[parent].append(child)
            if shelf.status(child) != "deferred":
                continue
            if how != "finished" and not _allows(shelf, child):
                because = _because_of(parent, how, why)
                cancel_waiting(shelf, child, at, because)
                ended.append((child, "canceled", because))
            elif _met(shelf, child):
                shelf.registries["deferred", shelf.origin(child)].pop(child, None)
                front = shelf.jobs[child].get(b"enqueue_at_front") == b"1"
                shelf.push(child, at, front=front)
                released += 1
            else:
                shelf.dependents[parent].append(child)
    return released, [each for each, _, _ in ended[1:]]


def _allows(shelf: Shelf, jid: str) -> bool:
    return shelf.jobs.get(jid, {}).get(b"allow_dependency_failures") == b"1"


def _met(shelf: Shelf, jid: str) -> bool:
    over = {"", "finished"} | ({"failed", "stopped", "canceled"} if _allows(shelf, jid) else set())
    waits = json.loads(shelf.jobs[jid].get(b"dependency_ids") or b"[]")
    return all(shelf.status(dependency) in over for dependency in waits)


def free_all_deferred(shelf: Shelf, now: float) -> int:
    """Release or cancel all deferred jobs that no event will; returns how many."""
    deferred = [
        jid
        for (name, _), members in list(shelf.registries.items())
        for jid in (list(members) if name == "deferred" else ())
    ]
    still = (jid for jid in deferred if shelf.status(jid) == "deferred")
    return sum([free_deferred(shelf, jid, now) for jid in still])


def free_deferred(shelf: Shelf, jid: str, at: float) -> bool:
    """Release or cancel a deferred job whose dependencies are all over, or one of them in vain."""
    waits = json.loads(shelf.jobs[jid].get(b"dependency_ids") or b"[]")
    failed = [d for d in waits if shelf.status(d) in FAILED]
    if failed and not _allows(shelf, jid):
        shelf.fallen[failed[0]].append(jid)
        how = shelf.status(failed[0])
        why = shelf.jobs[failed[0]].get(b"weppd_reason", b"").decode()
        because = _because_of(failed[0], how, why)
        cancel_waiting(shelf, jid, at, because)
        settle_dependents(shelf, jid, "canceled", at, because)
        return True
    if not _met(shelf, jid):
        return False
    shelf.registries["deferred", shelf.origin(jid)].pop(jid, None)
    shelf.push(jid, at, front=shelf.jobs[jid].get(b"enqueue_at_front") == b"1")
    return True


def _because_of(parent: str, how: str | None, why: str) -> str:
    if why.startswith("its dependency "):
        return why
    word = how if how == "failed" else f"was {how}"
    return f"its dependency {parent} {word}" + (f": {why}" if why else "")


def cancel_waiting(shelf: Shelf, jid: str, at: float, reason: str) -> None:
    """Cancel a job that has not begun, wherever it waits."""
    queue = shelf.origin(jid)
    if jid in shelf.queues.get(queue, []):
        shelf.queues[queue].remove(jid)
    for name in ("deferred", "scheduled"):
        shelf.registries[name, queue].pop(jid, None)
    shelf.set(jid, {"status": "canceled", "ended_at": stamp(at), "weppd_reason": reason})
    shelf.registries["canceled", queue][jid] = at
    turns.leave(shelf, jid)
