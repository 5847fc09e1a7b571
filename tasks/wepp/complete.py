"""Whether an engine's output files are whole. The marker and the exit code alone prove nothing.

A full disk leaves the success marker beside an empty loss file and daily files that are cut; a
climate that ends early leaves full-looking files of fewer years. What is looked at::

    loss          not empty, ends with the enrichment line
    pass          line 2 `i5,5x,i5` years and first year; one record a day, `EVENT   |SUBEVENT|
                  NO EVENT` a8,2x, year i5, 1x, julian day i5, without a gap to the last year's end
    wat, soil     the last row `ofe day year …` is the last year's last day
    plot          4 headings and 100 rows for each overland flow element
"""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

from tasks.run import contents
from tasks.run.contents import Content

#: How a record of a pass file begins: a label, then year and day as they stand.
_LABELS = (b"NO EVENT", b"EVENT   ", b"SUBEVENT")
_LABEL, _DAY = 8, 13
_RECORD = re.compile(rb"^(?:%b)(  [ 0-9]{4}[0-9] [ 0-9]{4}[0-9])" % b"|".join(_LABELS), re.M)
#: The days of files that were whole, by their years and first day: a run's hillslopes share them.
_KNOWN: dict[tuple[int, bytes], bytes] = {}
_KNOWN_MOST = 8
#: A row of a table of days: element, day, year, and what it tells.
_ROW = re.compile(rb"^[ \t]*[0-9]+[ \t]+([0-9]+)[ \t]+([0-9]+)[ \t]+\S", re.M)
_PLOT_HEADINGS, _PLOT_ROWS = 4, 100


class Incomplete(Exception):
    """An output file is missing or cut; the message names the file and what it lacks."""


def read(path: Path, *, keep: bool = False) -> Content:
    """The output file at `path`; Incomplete where it is missing or empty. `keep` as of contents."""
    try:
        found = contents.read(path, keep=keep)
    except FileNotFoundError:
        raise Incomplete(f"{path} was not written") from None
    if not found.size:
        raise Incomplete(f"{path} is empty")
    return found


def loss(found: Content) -> None:
    """Incomplete unless the loss report reaches its last line, the enrichment ratio."""
    tail = found.tail.rstrip()
    last = tail[tail.rfind(b"\n") + 1 :]
    if b"SSA enrichment ratio" not in last:
        raise Incomplete(f"{found.path} is cut: it does not end with the enrichment ratio")


def pass_file(found: Content, years: int) -> None:
    """Incomplete unless the pass file has each day of `years` years."""
    text = found.text()
    first = _RECORD.search(text)
    key = years, first[1] if first else b""
    if text.endswith(b"\n") and key in _KNOWN and _days(text) == _KNOWN[key]:
        return
    days = _RECORD.findall(text)
    _check_days(found.path, days, years, text.endswith(b"\n"))
    if len(_KNOWN) >= _KNOWN_MOST:
        _KNOWN.clear()
    _KNOWN[key] = b"".join(days)


def _days(text: bytes) -> bytes:
    """The days of whatever begins as a record does, as they stand: found in a tenth of the time."""
    import numpy as np

    ends = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n"))
    begins = ends[: np.searchsorted(ends, len(text) - _LABEL - _DAY)] + 1
    # At each byte of the text the eight that begin there, and the thirteen behind them.
    eights = np.ndarray(len(text) - _LABEL + 1, "<u8", text, 0, 1)
    days = np.ndarray(len(text) - _LABEL - _DAY + 1, f"V{_DAY}", text, _LABEL, 1)
    found = eights[begins]
    labels = np.frombuffer(b"".join(_LABELS), "<u8")
    records = begins[np.logical_or.reduce([found == label for label in labels])]
    return days[records].tobytes()


def _check_days(path: Path, found: list[bytes], years: int, ended: bool) -> None:
    """Incomplete unless the records of a pass file are of one day after the other."""
    days = [(int(date[:7]), int(date[7:])) for date in found]
    if not days or not ended:
        raise Incomplete(f"{path} is cut: {len(days)} days of {years} years")
    for (year, day), after in pairwise(days):
        if after != (year, day + 1) and (day < 365 or after != (year + 1, 1)):
            raise Incomplete(f"{path} has a gap: after day {day} of year {year} comes {after}")
    year, day = days[-1]
    ran = year - days[0][0] + 1
    if ran != years or day < 365 or days[0][1] != 1:
        raise Incomplete(f"{path} ends with day {day} of year {ran}, asked for {years} years")


def daily(found: Content, years: int) -> None:
    """Incomplete unless a table of days, `ofe day year …`, ends with the last of `years` years."""
    head, tail = found.head[: found.head.rfind(b"\n") + 1], found.tail
    first = _ROW.search(head) or _ROW.search(found.text())
    if not first:
        raise Incomplete(f"{found.path} is cut: it has no day")
    last = _ROW.match(tail, tail.rfind(b"\n", 0, len(tail) - 1) + 1) or first
    ran, day = int(last[2]) - int(first[2]) + 1, int(last[1])
    if ran != years or day < 365:
        raise Incomplete(f"{found.path} ends with day {day} of year {ran}, asked for {years} years")


def plot(found: Content) -> None:
    """Incomplete unless the profile has its 100 points for each overland flow element."""
    lines = found.text().count(b"\n")
    points = lines - _PLOT_HEADINGS
    if points < _PLOT_ROWS or points % _PLOT_ROWS:
        raise Incomplete(f"{found.path} is cut: {max(points, 0)} points, a profile has 100")
