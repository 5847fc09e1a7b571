"""Lines: from a spool's bytes to records, from records to text. Pure.

::

    2026-11-25T04:33:22.125Z 2.1 run_hillslopes_rq INFO h0007 runoff 12.3 mm
    2026-11-25T04:33:22.130Z 2.1 run_hillslopes_rq INFO ~ a line that the job's tree printed

Columns: time (UTC), the job's place in its tree ("-" at the root), its label, the level, and the
text; `~` marks what may differ between two runs of the same inputs. WEPPD is the level of the
scribe's own lines, at a job's begin and end, and of no other.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from weppd import __version__

try:
    # The interpreter's own. That of OpenSSL, which hashlib takes, is large.
    from _sha2 import sha256  # type: ignore[import-not-found,unused-ignore]
except ImportError:
    from _sha256 import sha256  # type: ignore[import-not-found,unused-ignore]

RECORD = b"\x1e"
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
OWN = "WEPPD"
LONGEST = 64 * 1024


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a job: a record of ctx.log, or (volatile, no item) what its tree printed."""

    t: float
    text: str
    level: str = "INFO"
    item: str = ""
    seq: int = 0
    volatile: bool = True


def cut(data: bytes, ended: bool) -> int:
    """How many bytes of `data` make whole lines: all of them once the job has ended.

    A raw line that is longer than any reader wants is cut where it is.
    """
    if ended:
        return len(data)
    whole = data.rfind(b"\n") + 1
    return whole if whole or len(data) < LONGEST else len(data)


def parse(data: bytes, now: float) -> list[Line]:
    """The lines of a piece of spool; raw ones get the time at which they were read."""
    lines = []
    for piece in data.split(b"\n"):
        raw, mark, record = piece.partition(RECORD)
        if raw:
            lines.append(Line(now, raw.decode("utf-8", "replace").rstrip("\r")))
        if mark:
            lines.append(_record(record, now))
    return lines


def _record(record: bytes, now: float) -> Line:
    try:
        said = json.loads(record)
        level = str(said["level"]).upper()
        return Line(
            float(said["t"]),
            str(said["text"]),
            level if level in LEVELS else "INFO",
            said["item"] or "",
            int(said["seq"]),
            bool(said["volatile"]),
        )
    except (ValueError, KeyError, TypeError):
        return Line(now, record.decode("utf-8", "replace"))


def show(line: Line, place: str, label: str) -> str:
    """The line as people read it; a text of several lines becomes several."""
    moment = datetime.fromtimestamp(line.t, UTC).isoformat(timespec="milliseconds")
    head = f"{moment[:-6]}Z {place or '-'} {label} {line.level}"
    mark = "~ " if line.volatile else ""
    item = f"{line.item} " if line.item else ""
    return "".join(f"{head} {mark}{item}{part}\n" for part in line.text.split("\n"))


def beginning(opened: dict[str, Any], now: float) -> Line:
    """The first line of an execution, from weppd's `open` frame."""
    digest = sha256((opened.get("description") or "").encode()).hexdigest()[:12]
    text = (
        f"began {opened.get('function')} job={opened['job']} params={digest}"
        f" weppd={__version__} attempt={opened.get('attempt', 1)}"
    )
    return Line(now, text, OWN)


def ending(closed: dict[str, Any], now: float) -> Line:
    """The last line of an execution, from weppd's `close` frame."""
    reason = (closed.get("reason") or "").partition("\n")[0]
    text = f"ended {closed['outcome']} after {closed.get('seconds') or 0:.3f} s"
    return Line(now, f"{text}: {reason}" if reason else text, OWN)


def ends(text: bytes) -> bool:
    """Whether a log's last line is the scribe's closing one, of a job that is not tried again."""
    last = text.rstrip(b"\n").rpartition(b"\n")[2].split(b" ", 4)
    closing = len(last) == 5 and last[3] == OWN.encode() and last[4].startswith(b"~ ended ")
    return closing and not last[4].startswith(b"~ ended retry ")
