"""The twin's data: what Redis holds, as plain dicts, with the smallest moves on it.

Keys and fields are those of the real store, so that both share `wire`, `record` and `views`. The
rooms beside this one say what the script of the same purpose in `scripts/` says.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field

from weppd.store.nouns import ClaimAsk, Lease
from weppd.store.twin import held
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
