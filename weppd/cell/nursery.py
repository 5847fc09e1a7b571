"""A cell's children: the warm one, forked ahead of its job, and strays, which outlived theirs.

A stray cannot be killed (it waits in the kernel, for a disk or a server that does not answer): it
is in no job's tree any more, and is reaped when it has ended at last.
"""

from __future__ import annotations

import os

from weppd.cell.forker import Forks
from weppd.cell.tree import group
from weppd.cell.tree.proctree import Tree, reap_all
from weppd.cell.warm import Warm

TYPE_CHECKING = False
if TYPE_CHECKING:
    import select
    from collections.abc import Callable

    from weppd.cell.setup import Setup

_FORK_AGAIN_S = 0.5


class Nursery:
    """`warm`: the child that waits for a job or has it, None where there is none; `due`: when one
    may be forked, on the monotonic clock (s)."""

    __slots__ = ("_forks", "_group", "_poll", "_say", "_strays", "_warm_group", "due", "warm")

    def __init__(
        self,
        setup: Setup,
        poll: select.poll,
        forget: Callable[[], None],
        say: Callable[[str], None],
    ) -> None:
        """Made before the cell has opened anything; `forget()` closes what it has opened since."""
        self._strays: set[int] = set()
        self._forks = Forks(setup, self._strays, forget)
        self._poll = poll
        self._say = say
        self._group = group.of_cell(os.getpid())
        self._warm_group: group.Group | None = None
        self.warm: Warm | None = None
        self.due = 0.0

    @property
    def has_group(self) -> bool:
        """Whether the kernel keeps the cell's jobs together (cgroup v2)."""
        return self._group is not None

    def fork_ahead(self, now: float) -> None:
        """Fork the next job's child; where that is refused there is none, and a `due` to come."""
        if self._strays:  # they may have ended while a job ran
            self.reap()
        try:
            self.warm = Warm(self._forks.fork, self._poll)
        except OSError as error:
            self.due = now + _FORK_AGAIN_S
            self._say(f"no child could be forked: {error}")
            return
        # A group with one in it that cannot die never freezes: later jobs do without.
        ours = self._group if not self._strays else None
        self._warm_group = ours if ours is not None and ours.put(self.warm.pid) else None

    def tree(self, warm: Warm) -> Tree:
        """The processes of the job that the warm child is given."""
        return Tree(warm.pid, self._forks.spare, self._warm_group)

    def listed(self) -> bytes:
        """How the list of the cell's children in /proc begins, where there is no stray."""
        return self._forks.listed()

    def died_waiting(self, warm: Warm) -> None:
        """The warm child hung up without a job: it is reaped as a stray, and the next is forked."""
        self._strays.add(warm.pid)
        self.warm = None

    def leave(self, undead: list[int]) -> None:
        """These of a job that is over cannot be killed."""
        self._strays.update(undead)

    def reap(self) -> None:
        """While no job runs: the warm child died, or an undead one of an earlier job at last."""
        for pid, _ in reap_all():
            self._strays.discard(pid)
            self._forks.reaped(pid)
            if self.warm is not None and pid == self.warm.pid:
                self.warm.hang_up()
                self.warm = None
