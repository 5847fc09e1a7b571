"""What weppd adds to the metas of the twin's jobs, as `weppd.store.server.metas` does to Redis'."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from weppd.store.extending import Item, with_items
from weppd.store.twin.shelf import Shelf


def extend(shelf: Shelf, jid: str, items: Mapping[str, Item]) -> None:
    """Add items to a job's meta, where it is a dict."""
    if meta := with_items(shelf.jobs.get(jid, {}).get(b"meta", b""), items):
        shelf.set(jid, {"meta": meta})


def progress(shelf: Shelf, jid: str, fields: Mapping[str, Any]) -> None:
    """Keep a job's progress, and show it in its meta in the place of what was told before."""
    shelf.set(jid, {"weppd_progress": json.dumps(dict(fields))})
    before = shelf.jobs.get(jid, {}).get(b"meta", b"")
    base, left = shelf.told.get(jid, (b"", b""))
    base = base if before == left else before
    if after := with_items(base, {"progress": dict(fields)}):
        shelf.set(jid, {"meta": after})
        shelf.told[jid] = (base, after)
