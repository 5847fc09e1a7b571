"""`weppdctl doctor`: what of this host would keep weppd from working, and what to do about it.

Each check looks at one thing and answers with findings. No check changes anything but a file of
its own that it makes, and removes, in each root of runs. weppd need not run.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from textwrap import wrap

OK, NOTE, WARN, FAIL = "ok", "note", "warn", "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: how bad it is, what was seen, and what to do about it."""

    level: str
    what: str
    seen: str
    todo: str = ""


def worst(findings: Iterable[Finding]) -> str:
    """The worst level of all."""
    order = (OK, NOTE, WARN, FAIL)
    return max((each.level for each in findings), key=order.index, default=OK)


def render(findings: Iterable[Finding], width: int = 80) -> str:
    """The findings as people read them: one below the other, what to do under each."""
    lines: list[str] = []
    for each in findings:
        head = f"{each.level:<5}{each.what:<13}"
        lines += wrap(each.seen, width, initial_indent=head, subsequent_indent=" " * 18)
        if each.todo:
            lines += wrap(
                each.todo, width, initial_indent=" " * 18 + "→ ", subsequent_indent=" " * 20
            )
    return "\n".join(lines)
