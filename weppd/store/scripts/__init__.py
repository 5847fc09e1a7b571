"""The store's Lua scripts: their sources, and what they share.

Every script takes RQ's key prefix and weppd's own as its first two arguments and makes all other
keys from them; so they run on a single server or behind Sentinel, and not on a cluster. A line
`-- with: <name>` puts the source of that part in its place.
"""

from __future__ import annotations

import re
from pathlib import Path

_HERE = Path(__file__).parent
_WITH = re.compile(r"^-- with: (\w+)$", re.MULTILINE)

NAMES = (
    "began",
    "cancel",
    "claim",
    "deferred",
    "deregister",
    "due",
    "enqueue",
    "fell",
    "finish",
    "free",
    "greet",
    "hand_back",
    "leftovers",
    "lock",
    "locks",
    "met",
    "meta",
    "move_in",
    "nodes",
    "orphans",
    "progress",
    "prune",
    "pulse",
    "put",
    "reenter",
    "restore",
    "retry",
    "say",
    "scrub",
    "seize",
    "strays",
    "take_turn",
    "tree",
    "unlock",
    "unpark",
)


def source(name: str) -> str:
    """The whole text of one script."""
    text = (_HERE / f"{name}.lua").read_text(encoding="utf-8")
    return _WITH.sub(lambda found: source(found[1]), text)
