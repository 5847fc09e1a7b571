"""`python -m weppd`, and what the command `weppd` begins with: deaf to signals, then the rest.

SIGUSR1 is what a job is told to end by; by default it kills, also a daemon that still imports. A
reload (SIGHUP, SIGUSR2) that is asked for before there is a handler waits for it: by default these
kill as well. Before this module there is only the interpreter's own start.
"""

from __future__ import annotations

import signal

signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGHUP, signal.SIGUSR2))
signal.signal(signal.SIGUSR1, signal.SIG_IGN)

import sys  # noqa: E402 - after the signals
from collections.abc import Sequence  # noqa: E402


def main(argv: Sequence[str] | None = None) -> int:
    """The program; see `weppd.command`, which takes a while to import."""
    from weppd import command

    return command.main(argv)


if __name__ == "__main__":
    sys.exit(main())
