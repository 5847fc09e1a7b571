"""What passes between systemd and weppd: sd_notify(3), sockets handed in, a host that goes down.

Without systemd all of it is quiet: there is no address to notify, no socket, and nobody is asked.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Mapping

_FIRST_FD = 3  # SD_LISTEN_FDS_START, sd_listen_fds(3)
_ASK_S = 1.0


class Notifier:
    """sd_notify(3): tells systemd how the service is, or nobody where there is no systemd."""

    def __init__(self, address: str | None) -> None:
        self._address = "\0" + address[1:] if address and address[0] == "@" else address
        self._last = ""

    @property
    def listens(self) -> bool:
        """Whether a service manager started us."""
        return self._address is not None

    def ready(self) -> None:
        """The service is up."""
        self._send("READY=1")

    def status(self, text: str) -> None:
        """One line for `systemctl status`; sent only when it changes."""
        if text != self._last:
            self._last = text
            self._send(f"STATUS={text}")

    def watchdog(self) -> None:
        """The service is healthy."""
        self._send("WATCHDOG=1")

    def reloading(self) -> None:
        """The service begins again in place; systemd wants the moment."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """The service goes down."""
        self._send("STOPPING=1")

    def more_time(self, seconds: float) -> None:
        """A stop goes on, and may take `seconds` from now before systemd kills the service."""
        self._send(f"EXTEND_TIMEOUT_USEC={int(seconds * 1e6)}")

    def _send(self, text: str) -> None:
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
            sock.setblocking(False)
            try:
                sock.sendto(text.encode(), self._address)
            except BlockingIOError:
                self._last = ""  # systemd is busy: the next one tells it
            except OSError:
                self._address = None


def handed_in(path: str, env: Mapping[str, str]) -> socket.socket | None:
    """The listening socket at `path` that systemd made for us, or None (sd_listen_fds(3)).

    What is returned is a copy: the original stays open for `keep`, so that callers who connect
    while weppd begins again wait in its queue. No child inherits either.
    """
    for fd in _fds(env):
        os.set_inheritable(fd, False)
        with socket.socket(fileno=os.dup(fd)) as sock:
            if sock.family == socket.AF_UNIX and sock.getsockname() == path:
                copy = sock.dup()
                copy.setblocking(False)
                return copy
    return None


def keep(env: Mapping[str, str]) -> None:
    """Let the sockets that were handed in survive the coming execve(2) of this process."""
    for fd in _fds(env):
        os.set_inheritable(fd, True)


def _fds(env: Mapping[str, str]) -> range:
    count = env.get("LISTEN_FDS", "")
    if env.get("LISTEN_PID") != str(os.getpid()) or not count.isdecimal():
        return range(0)
    return range(_FIRST_FD, _FIRST_FD + int(count))


def host_goes_down() -> bool:
    """Whether this host shuts down or restarts: then jobs cannot outlive weppd.

    systemd is asked, for a second at most; one that does not answer is taken as a no.
    """
    ask = ["systemctl", "is-system-running"]
    try:
        told = subprocess.run(ask, capture_output=True, text=True, timeout=_ASK_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return told.stdout.strip() == "stopping"
