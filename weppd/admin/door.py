"""The admin socket's place: bound before there is anything to serve it, and taken away again.

Who connects meanwhile waits in its queue. It is served by `server`, which takes long to import.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from pathlib import Path

from weppd.errors import AlreadyRunning, SettingsError

BACKLOG = 128
_MAX_PATH = 107  # sun_path, unix(7), less its final NUL


def listen(path: str | os.PathLike[str], mode: int = 0o666) -> socket.socket:
    """Bind the admin socket at `path`, in the place of one that nobody listens on any more.

    Anybody may connect (`auth` decides what they may do), so that a stranger gets a clear refusal.
    SettingsError where it cannot be bound, AlreadyRunning where somebody listens.
    """
    where = os.fspath(path)
    if len(os.fsencode(where)) > _MAX_PATH - 4:
        raise SettingsError("daemon.admin_socket", [f"{where}: longer than a socket's path may be"])
    if not Path(where).parent.is_dir():
        gone = f"{where}: its directory is not there; make it"
        raise SettingsError("daemon.admin_socket", [gone])
    if _answers(where):
        raise AlreadyRunning(f"{where}: another process listens here; stop it or move admin_socket")
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _bind(sock, where, mode)
    except OSError as error:
        sock.close()
        raise SettingsError("daemon.admin_socket", [f"{where}: {error.strerror}"]) from error
    sock.setblocking(False)
    return sock


def _bind(sock: socket.socket, where: str, mode: int) -> None:
    # Made beside its place and renamed into it: never there with a wrong mode or not listening.
    beside = Path(f"{where}.new")
    beside.unlink(missing_ok=True)
    sock.bind(str(beside))
    beside.chmod(mode)
    sock.listen(BACKLOG)
    beside.rename(where)


def _answers(where: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(where)
        except TimeoutError:
            return True
        except OSError:
            return False
        return True


def unbind(path: str | os.PathLike[str]) -> None:
    """Take the socket's name away; nothing happens where there is no socket of that name."""
    where = Path(path)
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISSOCK(where.lstat().st_mode):
            where.unlink()
