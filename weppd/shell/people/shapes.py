"""Jobs as the admin API shows them: from the store's view and the diary's entry to plain dicts."""

from __future__ import annotations

import pickle
import pickletools
from collections.abc import Mapping
from typing import Any

from weppd.limits import Limit
from weppd.shell.people.diary import Entry
from weppd.shell.start import label_of
from weppd.store.nouns import JobView

PLAIN = {
    "PROTO", "FRAME", "STOP", "MEMOIZE", "NONE", "NEWTRUE", "NEWFALSE", "MARK", "EMPTY_TUPLE",
    "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "EMPTY_LIST", "APPEND", "APPENDS", "LIST", "EMPTY_DICT",
    "SETITEM", "SETITEMS", "DICT", "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT",
    "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "SHORT_BINBYTES", "BINBYTES", "BINGET",
    "LONG_BINGET", "BINPUT", "LONG_BINPUT",
}  # fmt: skip


#: What a reason says of these is no error: why it waits, or, where a worker of RQ's own took the
#: job from us, what was before.
_NO_ERROR = ("queued", "started", "finished")


def row(view: JobView) -> dict[str, Any]:
    """A job in a list."""
    return {
        "id": view.id,
        "state": view.status,
        "function": view.function,
        "queue": view.queue,
        "runid": view.runid,
        "place": view.place,
        "worker": view.worker or None,
        "created_at": view.created_at or None,
        "enqueued_at": view.enqueued_at or None,
        "started_at": view.started_at or None,
        "ended_at": view.ended_at or None,
        "progress": dict(view.progress) or None,
        "error": (view.status not in _NO_ERROR and view.reason) or _last_line(view.exc_info),
    }


def detail(view: JobView) -> dict[str, Any]:
    """Everything that the store knows of one job."""
    usage = dict(view.usage)
    return row(view) | {
        "description": view.description,
        "phase": None
        if view.status == "started" and view.phase == "queued"
        else view.phase or None,
        "parent": view.parent,
        "children": dict(view.children),
        "pid": view.meta.get("pid"),
        "timeout": view.timeout,
        "lock": view.lock,
        "waits": view.reason if view.status == "queued" else "",
        "retries_left": view.retries_left,
        "crashes": view.crashes,
        "result": shown(view),
        "usage": usage or None,
        "rungs": usage.get("rungs") or {},
        "left_behind": usage.get("left") or 0,
        "traceback": view.exc_info or None,
    }


def shown_limits(held: Mapping[str, Limit]) -> dict[str, dict[str, str]]:
    """The limits of a job: each value as it was given, and who set it."""
    return {name: {"value": each.text, "source": each.source} for name, each in held.items()}


def local(entry: Entry) -> dict[str, Any]:
    """What this node's diary adds to a slot."""
    held = entry.ticket.plan.limits
    answer: dict[str, Any] = {
        "label": label_of(entry.ticket),
        "limits": {name: each.text for name, each in held.items()},
    }
    if entry.progress:
        answer["progress"] = dict(entry.progress)
    return answer


def shown(view: JobView) -> str | None:
    """A job's result as text: plain values only, anything else is named by its size.

    A result is a pickle that a job wrote; nothing but plain values is ever loaded here.
    """
    if view.result is None:
        return None
    if view.serializer == "json":
        return view.result.decode("utf-8", "replace")
    try:
        names = {op.name for op, _, _ in pickletools.genops(view.result)}
        if names <= PLAIN:
            return repr(pickle.loads(view.result))
    except (ValueError, pickle.UnpicklingError, EOFError, IndexError):
        return f"<unreadable result of {len(view.result)} bytes>"
    return f"<pickled result of {len(view.result)} bytes>"


def _last_line(text: str) -> str | None:
    lines = text.strip().splitlines()
    return lines[-1] if lines else None
