"""What happened to every job: the bodies that ran, and what the store has on record; the verdict.

A job is accounted for when it ended once, with a reason that is true: one that finished has a body
that came to its end, one that failed was a victim of the fault and says `worker lost`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import redis

# Kinds of entries in RQ's result streams; 5: it asked for more retries than it may have.
ENTRY = {b"1": "finished", b"2": "failed", b"4": "retried", b"5": "failed"}
CRASHES = 3
OVER = ("finished", "failed", "stopped", "canceled")


@dataclass
class Body:
    """One run of a job's function: when it began and ended (monotonic seconds or None)."""

    eid: str
    pid: int
    began: float
    ended: float | None = None


@dataclass(frozen=True)
class Record:
    """What the store has of a job: its status, its reason, and its terminal result entries."""

    status: str
    reason: str
    ends: tuple[str, ...]
    phase: str


@dataclass
class Score:
    """The ledger of one kind of fault."""

    rounds: int = 0
    faults: int = 0
    jobs: int = 0
    bodies: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    untrue: list[str] = field(default_factory=list)
    survivors: list[str] = field(default_factory=list)
    locks: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    serves: list[float] = field(default_factory=list)
    loads: list[float] = field(default_factory=list)

    @property
    def faultless(self) -> bool:
        """Whether nothing was lost, doubled, told wrongly or left behind."""
        return not self.wrong

    @property
    def wrong(self) -> list[str]:
        """All that should not be."""
        return [*self.lost, *self.doubled, *self.untrue, *self.survivors, *self.locks]

    def take(self, other: Score) -> None:
        """Add another round."""
        self.rounds += 1
        for name in ("faults", "jobs", "bodies"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("lost", "doubled", "untrue", "survivors", "locks", "late", "serves", "loads"):
            getattr(self, name).extend(getattr(other, name))


def bodies(path: Path) -> Mapping[str, list[Body]]:
    """The bodies of each job, in the order in which they began."""
    found: dict[str, list[Body]] = defaultdict(list)
    for line in path.read_text().splitlines() if path.exists() else ():
        word, jid, eid, pid, at = line.split()
        if word == "begin":
            found[jid].append(Body(eid, int(pid), float(at)))
        else:
            next(b for b in found[jid] if b.eid == eid).ended = float(at)
    return found


def records(client: redis.Redis, jids: Iterable[str]) -> Mapping[str, Record | None]:
    """What the store has of these jobs; None where it has nothing."""
    jids = list(jids)
    pipe = client.pipeline(transaction=False)
    for jid in jids:
        pipe.hmget(f"rq:job:{jid}", "status", "weppd_reason")
        pipe.xrange(f"rq:results:{jid}")
        pipe.hget(f"weppd:exec:{jid}", "phase")
    said = pipe.execute()
    return {jid: _record(*said[3 * i : 3 * i + 3]) for i, jid in enumerate(jids)}


def _record(fields: list[bytes | None], stream: list, phase: bytes | None) -> Record | None:
    if fields[0] is None:
        return None
    entries = (ENTRY.get(entry.get(b"type", b""), "?") for _, entry in stream)
    ends = tuple(each for each in entries if each != "retried")
    return Record(fields[0].decode(), (fields[1] or b"").decode(), ends, (phase or b"").decode())


#: Every job's record, read and forgotten in one step.
_EMPTY = """
local found = {}
for _, key in ipairs(redis.call('KEYS', 'rq:job:*')) do
  local jid = string.sub(key, 8)
  if redis.call('TYPE', key).ok == 'hash' then
    found[#found + 1] = {jid, redis.call('HMGET', key, 'status', 'weppd_reason'),
      redis.call('XRANGE', 'rq:results:' .. jid, '-', '+'),
      redis.call('HGET', 'weppd:exec:' .. jid, 'phase')}
  end
end
redis.call('FLUSHALL')
return found
"""


def empty(client: redis.Redis) -> dict[str, Record]:
    """FLUSHALL; what the store had of each job until then."""
    found = {}
    for jid, fields, stream, phase in client.eval(_EMPTY, 0):
        pairs = [(key, dict(zip(flat[::2], flat[1::2], strict=True))) for key, flat in stream]
        if (record := _record(fields, pairs, phase or None)) is not None:
            found[jid.decode()] = record
    return found


def together(kept: Record | None, before: Record | None) -> Record | None:
    """A job's record, with what it had before the store was emptied."""
    if before is None or kept is None:
        return kept or (before if before and before.status in OVER else None)
    return replace(kept, ends=before.ends + kept.ends)


def judge(
    score: Score,
    jids: Mapping[str, bool],
    ran: Mapping[str, list[Body]],
    kept: Mapping[str, Record | None],
    victims: set[str],
    may_be_lost: Callable[[str], bool],
) -> None:
    """Enter what is wrong with each of `jids` (value: whether its task may run again)."""
    for jid, retries in jids.items():
        score.jobs += 1
        score.bodies += len(ran.get(jid, ()))
        record = kept[jid]
        if record is None or record.status not in OVER:
            if record is not None or not may_be_lost(jid):
                score.lost.append(f"{jid}: {record} bodies={ran.get(jid)}")
            continue
        _judge_one(score, jid, retries, ran.get(jid, []), record, jid in victims)


def _judge_one(
    score: Score, jid: str, retries: bool, ran: list[Body], record: Record, victim: bool
) -> None:
    about = f"{jid}: victim={victim} {record} {ran}"
    if len(record.ends) != 1:
        score.doubled.append(f"ended {len(record.ends)} times: {about}")
    if len(ran) > 1 and not (retries and victim and _apart(ran)):
        score.doubled.append(f"ran {len(ran)} times: {about}")
    if record.status == "finished":
        true = any(body.ended is not None for body in ran)
    elif retries:
        # One of its cells may have died between the claim and the body.
        lost = f"set aside: its worker was lost {CRASHES} times"
        true = victim and record.reason.startswith(lost) and len(ran) <= CRASHES
    else:
        true = record.status == "failed" and victim and "worker lost" in record.reason
    if not true:
        score.untrue.append(about)


def _apart(ran: list[Body]) -> bool:
    """Whether no body still went on when the next began."""
    return all(a.ended is None or a.ended <= b.began for a, b in pairwise(ran))
