"""weppd: the supervisor daemon that runs WEPPcloud's jobs on one host."""

from __future__ import annotations

__version__ = "0.1.0"


def start_worker(config: str | None = None) -> None:
    """Become weppd, in the foreground: for programs that called RQ's worker by this name.

    Does not return: the process goes on as `weppd --config <config>`. One is enough on a host, it
    has all the slots; a second one ends with 75.
    """
    import os
    import sys

    words = ["--config", config] if config else []
    os.execv(sys.executable, [sys.executable, "-m", "weppd", *words])
