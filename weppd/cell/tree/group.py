"""The control group of one cell's jobs: frozen and killed as one, by the kernel (cgroup v2).

Only below a group that was delegated to us, as systemd does with Delegate=yes and says so in the
attribute `user.delegate`. It needs no controller; those that weppd hands down to it are for
`weppd.cell.quota.controllers`. A group holds the cell's warm child, then its job; never the cell.
Without one the cell walks the tree instead (`weppd.cell.tree.proctree`). Standard library only.
"""

from __future__ import annotations

import os
import time

_MOUNTS = ("/sys/fs/cgroup", "/sys/fs/cgroup/unified")
_NAME = "weppd-cell-"
#: Where weppd and its cells are, below the delegated group, when that hands controllers down.
DAEMON = "daemon"
_PAUSE_S = 0.0002
_DELEGATED = ("user.delegate", "trusted.delegate")


class Group:
    """A control group at `path`. Whatever it is asked, a group that is gone does nothing."""

    def __init__(self, path: str) -> None:
        self.path = path

    def put(self, pid: int) -> bool:
        """Move a process into it, made anew if need be; whether it is in there now."""
        try:
            try:
                self._write("cgroup.procs", b"%d" % pid)
            except FileNotFoundError:
                os.mkdir(self.path)  # noqa: PTH102 - no pathlib in a cell
                self._write("cgroup.procs", b"%d" % pid)
        except OSError:
            return False
        return True

    def kill(self) -> bool:
        """Send SIGKILL to all in it, and to what they start meanwhile (cgroup.kill, Linux 5.14)."""
        return self._told("cgroup.kill", b"1")

    def freeze(self, timeout_s: float) -> bool:
        """Hold all that is in it; whether all stood still before `timeout_s` seconds were over.

        A frozen process starts no other, takes no signal but SIGKILL, and none is lost.
        """
        if not self._told("cgroup.freeze", b"1"):
            return False
        deadline = time.monotonic() + timeout_s
        while b"frozen 1" not in self._read("cgroup.events"):
            if time.monotonic() > deadline:
                return False
            time.sleep(_PAUSE_S)
        return True

    def thaw(self) -> None:
        """Let all go on that `freeze` held."""
        self._told("cgroup.freeze", b"0")

    def pids(self) -> list[int]:
        """Who is in it, threads not counted, zombies left out."""
        return [int(word) for word in self._read("cgroup.procs").split()]

    def remove(self) -> None:
        """Remove it if nobody is in it."""
        try:
            os.rmdir(self.path)  # noqa: PTH106
        except OSError:
            pass  # somebody who cannot die is in it: the end of the unit removes it

    def _told(self, name: str, what: bytes) -> bool:
        try:
            self._write(name, what)
        except OSError:
            return False
        return True

    def _write(self, name: str, what: bytes) -> None:
        fd = os.open(f"{self.path}/{name}", os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(fd, what)
        finally:
            os.close(fd)

    def _read(self, name: str) -> bytes:
        try:
            with open(f"{self.path}/{name}", "rb") as file:
                return file.read()
        except OSError:
            return b""


def of_cell(pid: int) -> Group | None:
    """The group for the jobs of the cell `pid`, the caller, below the group that it is in.

    None where none can be had: no cgroup v2, not delegated, not writable, a kernel before 5.14.
    """
    above = delegated()
    if above is None:
        return None
    path = f"{above}/{_NAME}{pid}"
    try:
        os.mkdir(path)  # noqa: PTH102
    except FileExistsError:
        pass  # a dead cell with our number
    except OSError:
        return None
    if os.access(f"{path}/cgroup.kill", os.W_OK):
        return Group(path)
    Group(path).remove()
    return None


def of_dead(pid: int) -> Group | None:
    """The group that the dead cell `pid`, a child of the caller, had for its jobs, if any."""
    above = delegated()
    return Group(f"{above}/{_NAME}{pid}") if above is not None else None


def delegated() -> str | None:
    """The directory of the caller's own group (cgroup v2), or of the one above weppd's, if it was
    delegated to us."""
    own = service()
    if own is None:
        return None
    for mount in _MOUNTS:
        place = mount + own.rstrip("/")
        if os.access(f"{place}/cgroup.procs", os.W_OK):
            return place if _is_delegated(place) else None
    return None


def service() -> str | None:
    """The path of the caller's group below the mount, without weppd's own at its end."""
    try:
        with open("/proc/self/cgroup", encoding="ascii", errors="replace") as lines:
            own = next(line[3:].strip() for line in lines if line.startswith("0::"))
    except (OSError, StopIteration):
        return None
    return own.removesuffix(f"/{DAEMON}")


def leftovers() -> None:
    """Remove the empty groups of cells that are gone, which only a dead zygote leaves."""
    above = delegated()
    if above is None:
        return
    for entry in list(os.scandir(above)):
        pid = entry.name.removeprefix(_NAME)
        if pid != entry.name and not os.access(f"/proc/{pid}", os.F_OK):
            Group(entry.path).remove()


def _is_delegated(place: str) -> bool:
    for name in _DELEGATED:
        try:
            if os.getxattr(place, name) == b"1":
                return True
        except OSError:
            continue
    return False
