"""How far a fan-out is: counted once, told to the job's own record and to the panel."""

from __future__ import annotations

import time
from collections.abc import Callable

from tasks.run.status import Panel

PER_SECOND = 2


class Progress:
    """Counts `total` items of `noun`; tells of each, the panel at most `PER_SECOND` times a second.

    The last item is always told. `clock` gives seconds that only grow.
    """

    def __init__(
        self, panel: Panel, total: int, noun: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._panel, self._total, self._noun, self._clock = panel, total, noun, clock
        self._done = self._skipped = 0
        self._began = clock()
        self._told, self._shown = float("-inf"), 0

    def skip(self, items: int) -> None:
        """So many items were done before; the time that is left is reckoned from the others."""
        self._done += items
        self._skipped += items

    def step(self, items: int = 1) -> None:
        """So many items more are done."""
        if not items and self._done < self._total:
            return
        self._done += items
        now = self._clock()
        note = self._eta(now - self._began)
        self._panel.ctx.progress(self._done, self._total, note)
        if self._done == self._total or now - self._told >= 1 / PER_SECOND:
            self._told, self._shown = now, self._done
            self._panel.status(f"{self._done}/{self._total} {self._noun}, {note}")

    def end(self) -> None:
        """All items are done, those too that nobody counted."""
        left = self._total - self._done
        if left:
            self.step(left)
        elif self._shown < self._total:
            self.step(0)

    def _eta(self, elapsed_s: float) -> str:
        left = self._total - self._done
        if not left:
            return "done"
        return f"ETA {clockwise(elapsed_s / (self._done - self._skipped) * left)}"


def clockwise(seconds: float) -> str:
    """A duration as a clock shows it: `0:07`, `12:05`, `3:00:00`.

    >>> clockwise(7.4), clockwise(725), clockwise(10800)
    ('0:07', '12:05', '3:00:00')
    """
    minutes, left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"
