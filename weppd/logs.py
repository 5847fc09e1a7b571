"""The daemon's own log: one event a line on stderr, with journald's priorities under systemd.

A line that journald reads begins with `<n>`, syslog's number for its level (sd-daemon(3)); on a
terminal or a pipe it begins with the time instead.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping

_PRIORITIES = {"DEBUG": 7, "INFO": 6, "WARNING": 4, "ERROR": 3, "CRITICAL": 2}


class Journal(logging.Formatter):
    """Lines for journald: priority, then the text; the journal has the time."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, each further line of it with the same priority."""
        mark = f"<{_PRIORITIES.get(record.levelname, 6)}>"
        return mark + super().format(record).replace("\n", "\n" + mark)


def begin(level: str, env: Mapping[str, str]) -> None:
    """Set the root logger up for the life of this process."""
    handler = logging.StreamHandler(sys.stderr)
    if env.get("JOURNAL_STREAM"):
        handler.setFormatter(Journal("%(message)s"))
    else:
        handler.setFormatter(
            logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")
        )
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    logging.getLogger("asyncio").setLevel(logging.WARNING)
