"""What the host offers: the node's lock, the daemon's directories, the cells' files.

The lock is a POSIX one (fcntl), which no child inherits: a job that outlives weppd cannot hold it.
A cell's file under `<runtime>/cells/` is locked by the cell for as long as it lives, so that
whether a cell lives is a question to the kernel, never a matter of silence.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import struct
import uuid
from dataclasses import dataclass
from pathlib import Path

from weppd.errors import AlreadyRunning, SettingsError

log = logging.getLogger("weppd")
_FLOCK = struct.Struct("hhqqi4x")


class NodeLock:
    """The lock that keeps a second weppd of the same name and runtime directory from starting."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd = -1

    def take(self) -> None:
        """Take the lock for this process's life. AlreadyRunning names who has it; SettingsError
        where its file is another user's."""
        try:
            self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise _unusable("runtime_dir", f"open {self._path}", error.strerror) from None
        try:
            fcntl.lockf(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(self._fd, 32, 0).decode("ascii", "replace").strip()
            raise AlreadyRunning(
                f"{self._path}: weppd with pid {holder or '?'} is running here; stop it first, or"
                " give this one another [daemon] runtime_dir"
            ) from None
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Give the lock up, at the end or before beginning again."""
        os.close(self._fd)
        self._fd = -1


@dataclass(frozen=True, slots=True)
class CellFile:
    """What a cell's file says, and whether the cell lives: `holder` has its lock (0: nobody).

    `jobs` are all that it has, by execution, `begun` the executions of those that were run.
    """

    n: int
    holder: int
    pid: int = 0
    zygote: str = "light"
    eid: str | None = None
    job: str | None = None
    over: tuple[tuple[str, str], ...] = ()
    behind: tuple[tuple[str, str], ...] = ()

    @property
    def jobs(self) -> dict[str, str]:
        """The jobs by their executions: the one that runs, ended ones, those that wait."""
        first = ((self.eid, self.job or ""),) if self.eid else ()
        return dict((*first, *self.over, *self.behind))

    @property
    def begun(self) -> list[str]:
        """The executions that were run, or are."""
        return [*([self.eid] if self.eid else []), *(eid for eid, _ in self.over)]

    @property
    def locked(self) -> bool:
        """Whether the cell lives."""
        return self.holder != 0


def cell_files(cells: Path) -> list[CellFile]:
    """All cells' files, by slot. A file that is not readable JSON is taken as empty."""
    found = [read_cell(cells, int(path.name)) for path in cells.iterdir() if path.name.isdigit()]
    return sorted((f for f in found if f is not None), key=lambda f: f.n)


def read_cell(cells: Path, n: int) -> CellFile | None:
    """The file of slot `n`, or None where there is none."""
    try:
        fd = os.open(cells / str(n), os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        return _cell(n, _holder(fd), os.pread(fd, 4096, 0))
    finally:
        os.close(fd)


def _cell(n: int, holder: int, text: bytes) -> CellFile:
    try:
        said = json.loads(text)
    except ValueError:
        return CellFile(n, holder)
    who = n, holder, said.get("pid", 0), said.get("class", "light"), said.get("eid")
    others = (tuple((eid, job) for eid, job in said.get(word, ())) for word in ("over", "behind"))
    return CellFile(*who, said.get("job"), *others)


def _holder(fd: int) -> int:
    ask = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    kind, _, _, _, pid = _FLOCK.unpack(fcntl.fcntl(fd, fcntl.F_GETLK, ask))
    return 0 if kind == fcntl.F_UNLCK else int(pid)


def boot_id() -> str:
    """The kernel's id of this boot."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


class Life:
    """Whether the cells' files are those of this node's last life: one line, in both directories.

    After a reboot, or in a new container, the runtime directory has lost what the state directory
    still has; where it lies on a disk, its files are of another boot.
    """

    def __init__(self, runtime: Path, state: Path) -> None:
        self._runtime, self._state = runtime / "life", state / "life"

    def reset(self) -> str:
        """What took the cells' files away since the last `note`; empty: nothing did."""
        was = _line(self._state)
        if was and was.split()[0] != boot_id():
            return "the host was rebooted"
        emptied = was and was != _line(self._runtime)
        return "the runtime directory was emptied" if emptied else ""

    def note(self) -> None:
        """What an earlier life left is sorted. A full disk loses the note, and is logged."""
        if _line(self._state) and not self.reset():
            return
        line = f"{boot_id()} {uuid.uuid4().hex}\n"
        for path in (self._runtime, self._state):
            try:
                path.write_text(line)
            except OSError as error:
                log.error("action=life file=%s problem=%r", path, error.strerror)
                return


def home(state: Path) -> str:
    """What tells this weppd from any other of its name: a word in its state directory.

    A disk that cannot be written costs the next start a minute, and is logged.
    """
    path = state / "home"
    if word := _line(path):
        return word
    word = uuid.uuid4().hex
    try:
        path.write_text(f"{word}\n")
    except OSError as error:
        log.error("action=home file=%s problem=%r", path, error.strerror)
    return word


def _line(path: Path) -> str:
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        return ""


def make_dirs(runtime: Path, state: Path, logs: Path) -> None:
    """Make the daemon's directories. SettingsError names the one that cannot be made, or that is
    there and another user's: what weppd kept there for Redis would be lost."""
    for key, path in (
        ("runtime_dir", runtime / "cells"),
        ("runtime_dir", runtime / "witness"),
        ("state_dir", state / "tmp"),
        ("state_dir", state / "outbox"),
        ("state_dir", state / "bequests"),
        ("log_dir", logs / "jobs"),
    ):
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unusable(key, f"make {path}", error.strerror) from None
        if not os.access(path, os.W_OK | os.X_OK):
            raise _unusable(key, f"write below {path}", "not this user's, or read-only")


def _unusable(key: str, what: str, why: str | None) -> SettingsError:
    who = f"weppd runs as uid {os.geteuid()}"
    problem = (
        f"daemon.{key}: cannot {what}: {why}; {who}: give the directory to it, or name another"
    )
    return SettingsError("settings", [problem])
