"""`python -m weppd`, and what the command `weppd` begins with: deaf to SIGUSR1, then the rest.

SIGUSR1 is what a job is told to end by; by default it kills, also a daemon that still imports.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """The program; see `weppd.command`, which takes a while to import."""
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    from weppd import command

    return command.main(argv)


if __name__ == "__main__":
    sys.exit(main())
