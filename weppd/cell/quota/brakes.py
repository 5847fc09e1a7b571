"""Two ways to count what a tree uses and to hold it still: by signals, and by the kernel.

::

    Signals   meter: CPU clocks and walks     SIGSTOP and SIGCONT for the leader's group, one by one
                                              for who left it
    Freezer   the control group's cpu.stat    cgroup.freeze; exact, and one call for any tree

Nothing here may leave a process stopped: whoever was stopped is remembered until it was let go.
"""

from __future__ import annotations

import os
import signal

from weppd.cell.quota.meter import Meter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from weppd.cell.quota.meter import Known
    from weppd.cell.tree.group import Group
    from weppd.cell.tree.proctree import Tree

_FOREVER = float("inf")
#: Who leaves the group while it stands still may start others: they are looked for after this time.
_AGAIN_S = 0.02
#: Walks of one stop at most; and so many in a row that found nobody new, for a walk of a tree that
#: runs may miss who is born while its parent is looked at.
_ROUNDS, _QUIET = 16, 2


class Signals:
    """Counts by a `meter` and stops by signals the members of `tree`."""

    def __init__(self, tree: Tree, meter: Meter) -> None:
        self._tree, self._meter = tree, meter
        self._held: list[Known] = []

    def used(self, now: float) -> tuple[float, int]:
        """CPU seconds that the tree used since the beginning, and its number of threads.

        As far as it shows without a walk.
        """
        return self._meter.used(now), self._meter.threads

    def look(self, now: float, by: float) -> tuple[float, int] | None:
        """The same, by a walk; None where none is due before the time `by`."""
        if by < self._meter.walk_due:
            return None
        return self._meter.look(now), self._meter.threads

    @property
    def walks_s(self) -> float:
        """How long all walks took so far, in seconds."""
        return self._meter.walks_s

    def stop(self, now: float) -> None:
        """Hold the tree still; again, to reach those who were not known the first time.

        The leader's process group is stopped by one call, against which no fork in it can race.
        Where others come and go outside of it, they are looked for until no new one is found.
        """
        self._signal_group(signal.SIGSTOP)
        fickle, quiet = False, 0
        for _ in range(_ROUNDS):
            fresh = [known for known in self._meter.strays if not known.held]
            for known in fresh:
                known.held = True
                self._held.append(known)
                _send(known, signal.SIGSTOP)
            fickle = fickle or self._meter.fickle
            quiet = 0 if fresh else quiet + 1
            if not fickle or quiet == _QUIET:
                break
            self._meter.walk(now)

    def again(self, now: float) -> float:
        """When `stop` should be called again while the tree stands still."""
        # Who was started meanwhile outside the group is not known yet, and runs.
        return max(now + _AGAIN_S, self._meter.walk_due) if self._meter.strays else _FOREVER

    def go(self) -> None:
        """Let the tree go on."""
        self._signal_group(signal.SIGCONT)
        held, self._held = self._held, []
        for known in held:
            _send(known, signal.SIGCONT)
            known.held = False
            if self._meter.members.get(known.pid) is not known:
                known.close()

    def close(self) -> None:
        """Nothing to close: the meter is its owner's."""

    def _signal_group(self, signum: int) -> None:
        # Not reaped yet, even as a zombie, the leader keeps its number.
        if self._tree.status is None:
            try:
                os.killpg(self._tree.leader, signum)
            except (ProcessLookupError, PermissionError):
                pass  # it has not called setsid yet, or only set-uid programs are left in it


class Freezer:
    """Counts and stops by the control group that holds the tree and nobody else. Walks never."""

    walks_s = 0.0

    def __init__(self, group: Group) -> None:
        self._cpus = os.cpu_count() or 1
        self._fd = os.open(f"{group.path}/cpu.stat", os.O_RDONLY | os.O_CLOEXEC)
        # Held open, for each turn writes to it twice.
        self._freeze = os.open(f"{group.path}/cgroup.freeze", os.O_WRONLY | os.O_CLOEXEC)
        self._began = self._total()

    def used(self, now: float) -> tuple[float, int]:
        """CPU seconds since the beginning, exact; how many threads use them is not known."""
        return self._total() - self._began, self._cpus

    def look(self, now: float, by: float) -> None:
        """Nothing: it is exact."""

    def stop(self, now: float) -> None:
        """Freeze the group. It takes hold of each member when that next leaves the kernel."""
        self._tell(b"1")

    def again(self, now: float) -> float:
        """Never: who starts in a frozen group is frozen."""
        return _FOREVER

    def go(self) -> None:
        """Thaw the group."""
        self._tell(b"0")

    def close(self) -> None:
        """Let go of the group's files."""
        os.close(self._fd)
        os.close(self._freeze)

    def _tell(self, what: bytes) -> None:
        try:
            os.pwrite(self._freeze, what, 0)
        except OSError:
            pass  # the group is gone, and with it all that could stand still

    def _total(self) -> float:
        # "usage_usec N\n…": the first line, in every kernel that has the file.
        return int(os.pread(self._fd, 64, 0).split(None, 2)[1]) / 1e6


def _send(known: Known, signum: int) -> None:
    try:
        signal.pidfd_send_signal(known.pidfd, signum)
    except (ProcessLookupError, PermissionError):
        pass  # it is dead, or a set-uid program
