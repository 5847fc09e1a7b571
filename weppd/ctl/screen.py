"""The live screen of `weppdctl top` as lines of text. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from weppd.ctl.table import Paint, clean, columns, cut, plain, size, span
from weppd.ctl.usage import Use

Data = Mapping[str, Any]
HELP = "up/down choose   c cancel   l log   t tree   q quit"
_HEAD = ["", "SLOT", "JOB", "PHASE", "FOR", "CPU", "LIMIT", "MEM", "DONE", "LEFT", "WHAT"]
# An id's first digits tell it from those beside it.
_ID = 8


def busy(status: Data) -> list[Data]:
    """The slots that have a job."""
    return [slot for slot in status["slots"] if slot["job"]]


def screen(
    status: Data,
    uses: Mapping[str, Use],
    now: float,
    width: int = 80,
    height: int = 24,
    chosen: int = 0,
    footer: str = HELP,
    paint: Paint = plain,
) -> list[str]:
    """Exactly `height` lines: the node, its queues, a line for each busy slot, the keys.

    `uses` is by slot; `chosen` is the number of the marked line.
    """
    lines = [cut(_node(status, now), width), cut(_queues(status["queues"]), width), ""]
    rows = [
        _row(slot, uses.get(slot["name"], Use()), now, number == chosen)
        for number, slot in enumerate(busy(status))
    ]
    table = columns(_HEAD, rows, width, paint, 3) if rows else ["no job runs"]
    lines += _window(table, height - len(lines) - 2, chosen)
    lines += [""] * (height - len(lines) - 1)
    return [*lines[: height - 1], cut(footer, width)]


def _window(table: list[str], room: int, chosen: int) -> list[str]:
    """The head, and as many lines as there is room for, the chosen one among them."""
    head, rows = table[:1], table[1:]
    room = max(1, room - 1)
    first = min(max(0, chosen - room + 1), max(0, len(rows) - room))
    return [*head, *rows[first : first + room]]


def _node(status: Data, now: float) -> str:
    since = f" for {span(now - status['since'])}" if status["since"] else ""
    slots = f"{len(busy(status))} of {len(status['slots'])} slots busy"
    store = "" if status["store"]["state"] == "up" else "; the store is away"
    problems = len(status["problems"])
    wrong = f"; {problems} problem{'s' if problems > 1 else ''}, see status" if problems else ""
    return f"weppd {clean(status['name'])}: {clean(status['mood'])}{since}, {slots}{store}{wrong}"


def _queues(queues: Data) -> str:
    parts = [
        f"{clean(name)} {row['queued']}" + (" (paused)" if row["paused"] else "")
        for name, row in queues.items()
    ]
    return "waiting: " + (", ".join(parts) or "unknown")


def _row(slot: Data, use: Use, now: float, chosen: bool) -> list[str]:
    progress = slot["progress"] or {}
    share = f"{100 * progress['done'] / progress['total']:.0f}%" if progress.get("total") else ""
    left = progress.get("eta_s")
    what = (slot["function"] or "").rpartition(".")[2] or "?"
    return [
        ">" if chosen else "",
        clean(slot["name"]).rpartition(".")[2],
        clean(slot["job"])[:_ID],
        clean(slot["phase"]),
        span(now - slot["since"]) if slot["since"] else "",
        f"{100 * use.cpus:.0f}%" if use.cpus is not None else "",
        clean(slot["limits"].get("cpu.max", "")),
        size(use.memory) if use.processes else "",
        share,
        span(left) if left is not None else "",
        " ".join(filter(None, (clean(what), clean(slot["runid"])))),
    ]
