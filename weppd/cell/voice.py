"""Lines of the zygotes, the cells and their children for the log of weppd, on their stderr."""

from __future__ import annotations

import os


def say(line: str) -> None:
    """Write one line; lost where nobody reads any more, which must end no cell."""
    try:
        os.write(2, line.encode("utf-8", "backslashreplace") + b"\n")
    except OSError:
        # Its reader ended with weppd. There is nobody else to tell.
        pass
