"""Trees of jobs as people read them. Pure functions, as those of `weppd.ctl.render`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from weppd.ctl.render import note
from weppd.ctl.table import Paint, clean, cut, fold, plain, span

Data = Mapping[str, Any]
#: What stands before a child and before what hangs below it: with others after it, and the last.
_ARMS = (("├─ ", "│  "), ("└─ ", "   "))
_STATE = 9
_ERROR_LINES = 3


def tree(data: Data, now: float, width: int = 80, paint: Paint = plain) -> str:
    """A line for each job: state, time, name, progress; a failed one's last line below it."""
    lines: list[str] = []
    for job in data["jobs"]:
        lines += _lines(job, "", "", now, width, paint, root=True)
    return "\n".join(lines + note(data, width))


def _lines(
    job: Data, arm: str, below: str, now: float, width: int, paint: Paint, *, root: bool = False
) -> Iterator[str]:
    state = clean(job["state"])
    words = [_time(job, now), clean(job["name"]) or "?", _progress(job["progress"])]
    words += [clean(job["id"])] if root or state in ("failed", "stopped", "started") else []
    room = max(8, width - len(arm) - _STATE)
    text = cut(" ".join(filter(None, words)), room)
    yield f"{arm}{paint(state.ljust(_STATE), state)}{text}".rstrip()
    children, more = job["children"], job["more"]
    if job["error"]:
        bar = "│ " if children or more else "  "
        error, left = clean(job["error"]), max(8, width - len(below) - 2)
        # What went wrong is why one looks; what was cancelled for it needs no more than a line.
        told = fold(error, left, most=_ERROR_LINES) if state == "failed" else cut(error, left)
        yield from (below + bar + line for line in told.splitlines())
    for number, child in enumerate(children):
        head, tail = _ARMS[number == len(children) - 1 and not more]
        yield from _lines(child, below + head, below + tail, now, width, paint)
    if more:
        counts = ", ".join(f"{count} {clean(state)}" for state, count in sorted(more.items()))
        yield cut(f"{below}└─ and {counts}", width)


def _time(job: Data, now: float) -> str:
    began, ended = job["started_at"], job["ended_at"]
    return span((ended or now) - began) if began else ""


def _progress(progress: Data | None) -> str:
    if not progress or not progress["total"]:
        return ""
    share = f"{100 * progress['done'] / progress['total']:.0f}%"
    return share + (f" {clean(progress['note'])}" if progress["note"] else "")
