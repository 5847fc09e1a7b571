"""Text for people: columns that fit a width, spans of time, sizes. Pure functions.

What a job wrote may hold anything, terminal escapes too: every text that comes from outside goes
through `clean`.
"""

from __future__ import annotations

import textwrap
import time
from collections.abc import Callable, Sequence

Paint = Callable[[str, str], str]
_GAP = "  "
_CUT = ".."
_MINIMUM = 8


def plain(text: str, word: str) -> str:
    """The paint of a pipe: none. `word` is the state that a terminal would colour the text by."""
    return text


def clean(value: object) -> str:
    """One line that a terminal can show: control characters become "?", None becomes ""."""
    text = "" if value is None else str(value)
    return "".join(each if each.isprintable() else "?" for each in text)


def cut(text: str, width: int) -> str:
    """The text in at most `width` columns."""
    if len(text) <= width:
        return text
    return text[: max(0, width - len(_CUT))] + _CUT[:width]


def fold(text: str, width: int, indent: str = "", most: int | None = None) -> str:
    """A sentence in lines of `width` columns, the later ones behind `indent`; no word is broken.

    Where `most` lines do not hold it, it ends in two dots.
    """
    return textwrap.fill(
        text,
        max(width, 20),
        subsequent_indent=indent,
        max_lines=most,
        placeholder="..",
        break_long_words=False,
        break_on_hyphens=False,
    )


def columns(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    width: int,
    paint: Paint = plain,
    state: int | None = None,
    numbers: bool = False,
) -> list[str]:
    """The lines of a table; its last column gives way where `width` is short.

    Column `state` is painted by its own first word. With `numbers` all columns but the first are
    set to the right, and the first gives way.
    """
    widths = [max(len(line[i]) for line in (head, *rows)) for i in range(len(head))]
    gives = 0 if numbers else len(head) - 1
    room = width - sum(widths) - len(_GAP) * (len(widths) - 1) + widths[gives]
    widths[gives] = min(widths[gives], max(_MINIMUM, room))

    def line(cells: Sequence[str], state: int | None) -> str:
        set_ = [_set(cell, widths[i], numbers and i > 0) for i, cell in enumerate(cells)]
        if state is not None:
            set_[state] = paint(set_[state], cells[state].partition(" ")[0])
        return _GAP.join(set_).rstrip()

    return [line(head, None), *(line(row, state) for row in rows)]


def _set(cell: str, width: int, right: bool) -> str:
    cell = cut(cell, width)
    return cell.rjust(width) if right else cell.ljust(width)


def span(seconds: float | None) -> str:
    """A length of time in two units at most: 0.4s, 12s, 3m05s, 2h07m, 4d03h; "" for None."""
    if seconds is None:
        return ""
    if seconds < 10:
        return f"{max(0.0, seconds):.1f}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    if whole < 86_400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{whole // 86_400}d{whole % 86_400 // 3600:02d}h"


def size(count: float) -> str:
    """A number of bytes: 512, 1.5K, 20M, 3.0G."""
    for unit in ("", "K", "M", "G"):
        if count < 1024:
            return f"{count:.0f}{unit}" if not unit or count >= 10 else f"{count:.1f}{unit}"
        count /= 1024
    return f"{count:.1f}T"


def clock(epoch: float) -> str:
    """A moment in local time, to the second."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(epoch))


def plural(count: int, one: str, many: str | None = None) -> str:
    """`1 process`, `2 processes`."""
    return f"{count} {one if count == 1 else many or one + 's'}"
