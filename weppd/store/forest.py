"""From the rows that a walk has read to trees of plain nodes, each with its children in place.

The shape is that of `weppd.job_info`. Nothing of a job is imported or run: a result that is no
plain data is named by its size.
"""

from __future__ import annotations

import io
import json
import math
import pickle
import zlib
from base64 import b64decode
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from weppd.store.pickles import PEEK_BYTES, Call, literals, peek
from weppd.store.trees import Reading, order_of

Node = dict[str, Any]
#: Makes the node of a child that is no longer on record, from its id and its run's; None for none.
Lost = Callable[[str, str | None], Node | None]


def forest(
    walk: Reading, roots: Iterable[str], now: float, lost: Lost | None = None
) -> dict[str, Node]:
    """The nodes that a walk has read, each with its children in place; `now` is an epoch time.

    A child that is not there is what `lost` makes of it, or None.
    """
    nodes = {jid: _node(jid, row, now) for jid, row in walk.rows.items() if row}
    levels = _levels(walk, roots)
    for jid, children in walk.children.items():
        if jid in nodes:
            runid = nodes[jid]["runid"]
            there = {
                child: nodes[child] if child in nodes else lost(child, runid) if lost else None
                for _, child in children
            }
            nodes[jid]["children"] = _grouped(children, there, levels, levels[jid])
    return nodes


def _levels(walk: Reading, roots: Iterable[str]) -> dict[str, int]:
    levels: dict[str, int] = {}
    row, depth = list(roots), 0
    while row:
        levels.update(dict.fromkeys(row, depth))
        names = (child for jid in row for _, child in walk.children.get(jid, ()))
        row, depth = [n for n in dict.fromkeys(names) if n not in levels], depth + 1
    return levels


def _grouped(
    children: list[tuple[str, str]],
    there: dict[str, Node | None],
    levels: dict[str, int],
    level: int,
) -> dict[str, list[Node | None]]:
    """Children by stage. One that stands above its parent would make a ring: it is left out."""
    groups: dict[str, list[Node | None]] = {}
    for label, child in children:
        if levels[child] > level:
            groups.setdefault(order_of(label, child), []).append(there[child])
    return dict(sorted(groups.items(), key=_stage))


def _stage(group: tuple[str, Any]) -> tuple[float, str]:
    order = group[0]
    return (int(order), "") if order.isdecimal() else (math.inf, order)


def _node(jid: str, row: list[bytes], now: float) -> Node:
    status, started, ended, description, packed, data, *rest = row
    progress, reason, result, failure, usage = rest
    meta = _meta(packed)
    word, begun, over = (each.decode("utf-8", "replace") for each in (status, started, ended))
    return {
        "id": jid,
        "runid": meta.get("runid") or (_runid(data) if data else None),
        "status": word or "created",
        "result": _result(result) if result else None,
        "started_at": begun or None,
        "ended_at": over or None,
        "description": description.decode("utf-8", "replace") or None,
        "elapsed_s": _elapsed(begun, over, now) if begun else None,
        "exc_info": None if word == "finished" else meta.get("exc_string") or _failure(failure),
        "reason": reason.decode("utf-8", "replace") or None,
        "progress": _object(progress) if progress else None,
        "usage": _object(usage) if usage else None,
        "children": {},
    }


def _runid(data: bytes) -> str | None:
    """The run that a call names; read by the fast way where the call is plain data."""
    try:
        _, _, args, kwargs = _load(zlib.decompressobj().decompress(data, PEEK_BYTES))
        return Call(args=tuple(args), kwargs=kwargs).runid
    except (*_UNREADABLE, zlib.error):
        return peek(data).runid


def _elapsed(begun: str, over: str, now: float) -> float | None:
    try:
        start = datetime.fromisoformat(begun).timestamp()
        end = datetime.fromisoformat(over).timestamp() if over else now
    except ValueError:
        return None
    return round(max(0.0, end - start), 3)


def _object(raw: bytes) -> Any:
    try:
        return jsonable(json.loads(raw))
    except (ValueError, RecursionError):
        return None


def _failure(raw: bytes) -> str | None:
    try:
        return zlib.decompress(b64decode(raw)).decode("utf-8", "replace") if raw else None
    except (ValueError, zlib.error):
        return None


class _NotPlain(Exception):
    """A pickle that wants more than plain data."""


class _Plain(pickle.Unpickler):
    """Loads containers of plain values; whatever would be imported is refused."""

    def find_class(self, module: str, name: str) -> Any:
        raise _NotPlain(f"{module}.{name}")


# What the unpickler raises on bytes that are no pickle, and on what is refused.
_UNREADABLE = (
    _NotPlain, pickle.UnpicklingError, EOFError, ValueError, IndexError, KeyError, TypeError,
    AttributeError, OverflowError, MemoryError, RecursionError, UnicodeDecodeError,
)  # fmt: skip


def _load(raw: bytes) -> Any:
    return _Plain(io.BytesIO(raw)).load() if raw[:1] == b"\x80" else json.loads(raw)


def _meta(raw: bytes) -> dict[str, Any]:
    if not raw:
        return {}
    try:
        top = _load(raw)
    except _UNREADABLE:
        return literals(raw)
    return top if isinstance(top, dict) else {}


def _result(raw: bytes) -> Any:
    packed = b64decode(raw)
    try:
        return jsonable(_load(packed))
    except _UNREADABLE:
        return f"<a result of {len(packed)} bytes that is no plain data>"


def jsonable(value: Any) -> Any:
    """A plain value as JSON can say it: tuples and sets as lists, bytes as text, NaN as None."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): jsonable(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [jsonable(each) for each in value]
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
