"""The canonical log: what two runs of the same inputs have in common, byte for byte. Pure.

It holds the lines that tasks sent through ctx.log and did not mark as volatile, of jobs that
finished at their first try, ordered by the job's place in its tree, the item and the line's number
within it: no times, ids, paths or durations, and no trace of the order in which things were done.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from weppd.scribe.line import Line


@dataclass(frozen=True, slots=True)
class Told:
    """One job's lines, with its place in the tree below the job that is looked at."""

    place: str
    label: str
    lines: tuple[Line, ...] = field(default=())


def canonical(jobs: Iterable[Told]) -> str:
    """The canonical log of these jobs, whatever the order in which they come."""
    rows = [
        (_natural(job.place), job.label, _natural(line.item), line.seq, job, line)
        for job in jobs
        for line in job.lines
        if not line.volatile
    ]
    rows.sort(key=lambda row: row[:4])
    return "".join(_text(job, line) for *_, job, line in rows)


def _text(job: Told, line: Line) -> str:
    item = f"{line.item} " if line.item else ""
    head = f"{job.place or '-'} {job.label} {line.level} {item}"
    return "".join(f"{head}{part}\n" for part in line.text.split("\n"))


def _natural(name: str) -> list[tuple[int, int, str]]:
    """A key that puts 2 before 10, within a place or an item."""
    words = re.findall(r"\d+|\D+", name)
    return [(0, int(word), "") if word.isdigit() else (1, 0, word) for word in words]
