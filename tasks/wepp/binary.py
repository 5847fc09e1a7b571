"""Which executable runs a simulation, and how it is started.

Executables are chosen by name, as production names them: `wepp_250915`, beside it
`wepp_250915_hill` for hillslopes where there is one, `latest`, or None for `[wepp] default_bin`.
`hillsim` is the engine embedded in this package; it is used where it is named and nowhere else, so
that no missing executable is replaced behind its user's back.

An executable reads the `.run` file on its standard input, without a shell, in the directory of the
`.run` file; what it says on stdout and stderr goes to one log file.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tasks.wepp.prompts import Contract

HILLSIM = "hillsim"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*\Z")
_DATED = re.compile(r"wepp_[0-9]{6}\Z")


class UnknownBinary(Exception):
    """No executable of this name; the message lists those that are there."""


class Process(Protocol):
    """A started engine: `wait` gives its exit code, below 0 for the signal that ended it."""

    pid: int

    def wait(self) -> int: ...
    def kill(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Engine:
    """What runs a simulation: an executable at `path`, or hillsim where that is None."""

    name: str
    path: Path | None
    contract: Contract

    def start(self, run_file: Path, err_file: Path) -> Process:
        """Start on the answers in `run_file`; `err_file`, made anew, takes all that is said.

        UnknownBinary where the executable cannot be started, OSError for the two files.
        """
        # A process that still writes to an older log keeps the older file.
        err_file.unlink(missing_ok=True)
        with run_file.open("rb") as answers, err_file.open("xb") as said:
            if self.path is None:
                return _fork_hillsim(run_file, said.fileno())
            try:
                return subprocess.Popen(
                    [self.path], stdin=answers, stdout=said, stderr=said, cwd=run_file.parent
                )
            except OSError as error:
                raise UnknownBinary(
                    f"wepp_bin {self.name!r} at {self.path} does not start: {error.strerror}"
                ) from error


def choose(wepp: Mapping[str, Any], wepp_bin: str | None, *, network: bool = False) -> Engine:
    """The engine called `wepp_bin` under the settings' table `[wepp]`.

    `network` asks for one that runs channels, so that `<name>_hill` is not looked for.
    UnknownBinary where there is none, or where None is given and the settings have no default.
    """
    name = wepp_bin or wepp.get("default_bin") or ""
    if name == HILLSIM:
        return Engine(HILLSIM, None, Contract())
    directory = Path(wepp.get("bin_dir") or "/nonexistent")
    path = _executable(directory, name, network)
    tables: Mapping[str, Any] = wepp.get("binaries") or {}
    table = tables.get(path.name) or tables.get(path.name.removesuffix("_hill")) or {}
    try:
        return Engine(path.name, path, Contract.of(table))
    except ValueError as error:
        raise UnknownBinary(f"[wepp.binaries] of {path.name}: {error}") from None


def warm_up() -> None:
    """Import hillsim in this process, so that none of its forks has to."""
    from tasks import hillsim

    hillsim.preload()


def available(directory: Path) -> list[str]:
    """The names of the executables in `directory`, ascending; none where it is missing."""
    try:
        found = [path for path in directory.iterdir() if _is_executable(path)]
    except OSError:
        return []
    return sorted(path.name for path in found)


def _executable(directory: Path, name: str, network: bool) -> Path:
    if not name:
        raise UnknownBinary(
            "no wepp_bin was given and [wepp] default_bin is not set: name one of "
            f"{_listed(directory)}, or 'hillsim', the embedded engine"
        )
    if not isinstance(name, str) or not _NAME.match(name):
        raise UnknownBinary(f"wepp_bin {name!r} is no name of an executable: no '/', no '..'")
    if name == "latest" and not _is_executable(directory / name):
        name = max((found for found in available(directory) if _DATED.match(found)), default=name)
    fitting = [] if network else [directory / f"{name}_hill"]
    for path in (*fitting, directory / name):
        if _is_executable(path):
            return path
    raise UnknownBinary(
        f"wepp_bin {name!r} is not in {directory}: there is {_listed(directory)};"
        " install it there or set [wepp] bin_dir"
    )


def _is_executable(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def _listed(directory: Path) -> str:
    return ", ".join(available(directory)) or f"nothing in {directory}"


class Forked:
    """A forked copy of this process that does one piece of work and exits."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._code: int | None = None

    def wait(self) -> int:
        """Wait for the end; the exit code, or minus the signal's number."""
        if self._code is None:
            self._code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self._code

    def kill(self) -> None:
        """End it now."""
        if self._code is None:
            os.kill(self.pid, signal.SIGKILL)


def _fork_hillsim(run_file: Path, said: int) -> Forked:
    """Run hillsim in a fork of this process, which has it imported already: no start-up cost."""
    pid = os.fork()
    if pid:
        return Forked(pid)
    code = 70  # EX_SOFTWARE, unless the engine ends by itself
    try:
        _become_plain(said)
        # What ps and a cancel's process table show; the kernel keeps 15 bytes.
        Path("/proc/self/comm").write_text(f"hillsim {run_file.stem}"[:15], encoding="ascii")
        code = _hillsim(run_file)
    except Exception:  # noqa: BLE001 - nothing is above this frame; the log gets it, the code 70
        os.write(2, traceback.format_exc().encode("utf-8", "replace"))
    finally:
        os._exit(code)


def _become_plain(said: int) -> None:
    """Shed what belongs to the job's process: its signal handlers and its files."""
    for number in (signal.SIGUSR1, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    null = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((null, 0), (said, 1), (said, 2)):
        os.dup2(source, target)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))


def _hillsim(run_file: Path) -> int:
    from tasks import hillsim
    from tasks.hillsim.errors import Refusal
    from tasks.wepp.files.errors import FormatError

    # Line by line: who follows a long run reads the years that have begun.
    with open(1, "w", 1, encoding="latin-1", errors="replace", closefd=False) as out:
        try:
            hillsim.run(run_file, cwd=run_file.parent, out=out)
        except (Refusal, FormatError, OSError) as error:
            # As `python -m tasks.hillsim` says it: what is wrong with the inputs, in one line.
            out.write(f" ERROR: {error}\n")
            return 1
    return 0
