"""Jobs as people look at them, put together from what the store holds of them."""

from __future__ import annotations

import json
import zlib
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from weppd.errors import StoreError
from weppd.store.asked import limits_of
from weppd.store.nouns import JobView
from weppd.store.pickles import literals, peek
from weppd.store.wire import Hash

STATES = {
    "queued": "queued",
    "started": "wip",
    "deferred": "deferred",
    "scheduled": "scheduled",
    "finished": "finished",
    "failed": "failed",
    "canceled": "canceled",
}


def registry(state: str) -> str:
    """RQ's word for the set that holds the jobs of one state; StoreError for a wrong word."""
    if state == "stopped":
        return "failed"
    if state not in STATES:
        raise StoreError(f"state {state!r} is not known: use one of {', '.join(STATES)}")
    return STATES[state]


def view(jid: str, fields: Hash, entry: Hash, execution: Hash, children: Hash) -> JobView:
    """A job's view from its hash, its latest result entry, weppd's record and its children."""
    call = peek(fields.get(b"data", b""))
    return JobView(
        id=jid,
        status=_text(fields, b"status") or "created",
        queue=_text(fields, b"origin"),
        function=call.function,
        description=_text(fields, b"description"),
        runid=call.runid,
        serializer=call.serializer,
        created_at=_text(fields, b"created_at"),
        enqueued_at=_text(fields, b"enqueued_at"),
        started_at=_text(fields, b"started_at"),
        ended_at=_text(fields, b"ended_at"),
        worker=_text(fields, b"worker_name"),
        timeout=_int(fields.get(b"timeout")),
        retries_left=_int(fields.get(b"retries_left")) or 0,
        crashes=_int(fields.get(b"weppd_crashes")) or 0,
        depends_on=_depends_on(fields),
        result=_result(fields, entry),
        exc_info=_exc_info(fields, entry),
        reason=_text(fields, b"weppd_reason"),
        parent=_text(fields, b"weppd_parent") or None,
        children={k.decode(): v.decode() for k, v in children.items()},
        place=_text(fields, b"weppd_place"),
        meta=literals(fields.get(b"meta", b"")),
        progress=_object(fields, b"weppd_progress"),
        usage=_object(fields, b"weppd_usage"),
        cpus=_text(fields, b"weppd_cpus") or None,
        limits=limits_of(fields, []),
        memory=_text(fields, b"weppd_memory") or None,
        lock=_text(fields, b"weppd_turn") or _text(fields, b"weppd_lock"),
        eid=_text(execution, b"eid"),
        node=_text(execution, b"node"),
        phase=_text(execution, b"phase"),
    )


def _text(fields: Hash, name: bytes) -> str:
    return fields.get(name, b"").decode("utf-8", "replace")


def _int(raw: bytes | None) -> int | None:
    return int(raw) if raw and raw.lstrip(b"-").isdigit() else None


def _json(raw: bytes | None) -> Any:
    try:
        return json.loads(raw) if raw else None
    except (ValueError, RecursionError):
        return None


def _object(fields: Hash, name: bytes) -> Mapping[str, Any]:
    value = _json(fields.get(name))
    return value if isinstance(value, dict) else {}


def _depends_on(fields: Hash) -> tuple[str, ...]:
    value = _json(fields.get(b"dependency_ids"))
    return tuple(str(jid) for jid in value) if isinstance(value, list) else ()


def _result(fields: Hash, entry: Hash) -> bytes | None:
    """The latest result: the stream's, else the hash's of RQ 1.x."""
    if b"return_value" in entry:
        return b64decode(entry[b"return_value"])
    return None if entry else fields.get(b"result") or None


def _exc_info(fields: Hash, entry: Hash) -> str:
    if entry.get(b"type") in (b"2", b"5") and b"exc_string" in entry:
        return _inflated(b64decode(entry[b"exc_string"]))
    return "" if entry else _inflated(fields.get(b"exc_info", b""))


def _inflated(raw: bytes) -> str:
    try:
        return zlib.decompress(raw).decode("utf-8", "replace") if raw else ""
    except zlib.error:
        return raw.decode("utf-8", "replace")
