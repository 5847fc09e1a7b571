"""The children that a cell has forked ahead and that wait for jobs.

A fork shares all memory pages of the cell, and the next write to each of them is a page fault. So
a cell with one short job after another forks several children at once, and pays for them once.
They stand in no job's way: a child that waits starts nothing, and its cell alone can free its
number, so that a list of the cell's children less these still proves what lives of a job.
"""

from __future__ import annotations

import os

from weppd.cell.warm import Warm

TYPE_CHECKING = False
if TYPE_CHECKING:
    import select
    from collections.abc import Callable

    from weppd.cell.body.child import Child

#: So many are forked behind the first.
MORE = 3


class Nursery:
    """Forks of `child`, watched by `poll`; `forget()` closes, in a child, what is the cell's."""

    def __init__(self, child: Child, poll: select.poll, forget: Callable[[], None]) -> None:
        self._child, self._poll, self._forget = child, poll, forget
        self._waiting: list[Warm] = []

    @property
    def pids(self) -> list[int]:
        """Those that wait, in the order of their birth."""
        return [each.pid for each in self._waiting]

    def take(self, *, many: bool) -> Warm:
        """The one that waits longest, or a new one; with `many`, others are forked behind that.

        OSError where not even one can be forked.
        """
        while self._waiting:
            oldest = self._waiting.pop(0)
            if os.waitpid(oldest.pid, os.WNOHANG) == (0, 0):
                return oldest
            oldest.hang_up()  # somebody killed it, a moment ago
        first = self._fork([])
        try:
            while many and len(self._waiting) < MORE:
                self._waiting.append(self._fork([first, *self._waiting]))
        except OSError:
            # One is enough; the next take says what is wrong.
            pass
        return first

    def lost(self, fd: int = -1, pid: int = 0) -> int:
        """One that waits has ended: known by its socket or its number. Its number, 0 if none."""
        for each in self._waiting:
            if fd == each.wire.fd or pid == each.pid:
                each.hang_up()
                self._waiting.remove(each)
                return each.pid
        return 0

    def dismiss(self) -> list[int]:
        """Have all that wait exit; their numbers."""
        gone, self._waiting = self._waiting, []
        for each in gone:
            each.hang_up()
        return [each.pid for each in gone]

    def _fork(self, others: list[Warm]) -> Warm:
        def forget() -> None:
            # Held open here, their sockets would not end when the cell hangs up.
            for each in others:
                os.close(each.wire.fd)
            self._forget()

        return Warm(self._child, self._poll, forget)
