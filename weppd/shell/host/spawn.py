"""How a program is started beside weppd: by posix_spawn, never by a fork alone."""

from __future__ import annotations

import os
import signal

Command = tuple[list[str], dict[str, str]]
_DEFAULTS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGPIPE)


def spawned(command: Command, stdin: bytes = b"") -> int:
    """The pid of a new process that reads `stdin` and ignores no signal; OSError if there is none.

    It unblocks SIGUSR1 itself.
    """
    argv, env = command
    fd = _filled(stdin) if stdin else os.open(os.devnull, os.O_RDONLY)
    try:
        return os.posix_spawn(
            argv[0],
            argv,
            env,
            file_actions=[(os.POSIX_SPAWN_DUP2, fd, 0)],
            setsigdef=_DEFAULTS,
            setsigmask=[signal.SIGUSR1],  # until its handler stands; by default it would kill
        )
    finally:
        os.close(fd)


def _filled(content: bytes) -> int:
    fd = os.memfd_create("stdin")
    with os.fdopen(os.dup(fd), "wb") as file:
        file.write(content)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd
