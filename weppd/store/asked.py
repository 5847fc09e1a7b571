"""What a job asks of its host, in its hash: limits, memory, and how long it expects to take.

Our client writes fields of our own; a producer of RQ's says the same in `meta["limits"]`, which is
read without being unpickled.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from weppd.store.pickles import literals

Hash = Mapping[bytes, bytes]


def limits_of(fields: Hash, problems: list[str]) -> dict[str, Any]:
    """The limits that a job brings; what cannot be a table of limits is entered in `problems`."""
    given: dict[str, Any] = {}
    meta = fields.get(b"meta", b"")
    for where, table in (
        (
            'meta["limits"]',
            literals(meta, nested=True).get("limits") if b"limits" in meta else None,
        ),
        ("field weppd_limits", _json(fields.get(b"weppd_limits"))),
    ):
        if table is None:
            continue
        if isinstance(table, dict):
            given.update(table)
        else:
            problems.append(f"{where} is no table of limits: {str(table)[:40]}")
    return given


def seconds_of(fields: Hash) -> float | None:
    """How long the job says that it will take; None where it says nothing that can be read."""
    raw = fields.get(b"weppd_expect")
    if not raw:
        return None
    try:
        value = float(raw)
    except ValueError:
        return None
    return value if 0 < value < float("inf") else None


def written(given: Mapping[str, Any] | None) -> str:
    """Limits as the text of a hash's field, empty for none.

    They were checked where they were given; of a claimed job they are kept as they came.
    """
    return json.dumps(dict(given), default=str) if given else ""


def _json(raw: bytes | None) -> Any:
    try:
        return json.loads(raw) if raw else None
    except (ValueError, RecursionError):
        return raw
