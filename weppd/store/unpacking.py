"""What the replies of `scripts/claim.lua` and its like say: the other way round from `packing`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from weppd.model import Answer, Claim
from weppd.store.nouns import Exchanged
from weppd.store.wire import decode, paired


def brought(
    reply: Sequence[Any], answers: tuple[Answer, ...] = (), released: tuple[int, ...] = ()
) -> Exchanged:
    """What a claim's reply says, beside what became of finishes."""
    suspended, empty, taken, token = reply
    seen = frozenset(queue.decode() for queue in empty)
    told = token.decode()
    words = answers, released, claims(taken), seen, bool(suspended)
    return Exchanged(*words, told.lstrip("+"), told.startswith("+"))


def claims(taken: Sequence[Sequence[Any]]) -> tuple[Claim, ...]:
    """The claims in a reply, each as its execution, its job, the queue and the job's fields."""
    return tuple(
        _claim(eid.decode(), jid.decode(), q.decode(), paired(f)) for eid, jid, q, f in taken
    )


def _claim(eid: str, jid: str, queue: str, fields: Mapping[bytes, bytes]) -> Claim:
    worker = fields.get(b"worker_name", b"").decode("utf-8", "replace")
    return Claim(eid, decode(jid, fields, queue), worker)
