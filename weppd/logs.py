"""The daemon's own log: one event a line on stderr, or an entry with fields in the journal.

Where stderr is the journal's (JOURNAL_STREAM, systemd.exec(5)), an entry goes to journald's own
socket with PRIORITY, ACTION, and JOB_ID and RUNID where it is about a job, so that
`journalctl JOB_ID=…` finds all of a job::

    MESSAGE=action=start job=…\\n       a value of one line: KEY=value\\n
    MESSAGE\\n<64 bits, LE: length>…\\n  a value with newlines

systemd's "Native Journal Protocol" has the format. Where that socket cannot be had, lines begin
with `<n>`, syslog's number for their level (sd-daemon(3)); on a terminal or a pipe with the time.
"""

from __future__ import annotations

import logging
import os
import re
import socket
import sys
from collections.abc import Mapping

JOURNAL = "/run/systemd/journal/socket"
_PRIORITIES = {"DEBUG": 7, "INFO": 6, "WARNING": 4, "ERROR": 3, "CRITICAL": 2}
_WORD = re.compile(r"""\b(action|job|run|eid)=('[^']*'|"[^"]*"|\S+)""")
_FIELDS = {"action": "ACTION", "job": "JOB_ID", "run": "RUNID", "eid": "EXECUTION_ID"}


class Journal(logging.Formatter):
    """Lines for journald: priority, then the text; the journal has the time."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, each further line of it with the same priority."""
        mark = f"<{_PRIORITIES.get(record.levelname, 6)}>"
        return mark + super().format(record).replace("\n", "\n" + mark)


def fields(record: logging.LogRecord, text: str) -> dict[str, str]:
    """What the journal keeps of a record: its text, its priority, and what it is about."""
    found = {_FIELDS[key]: value.strip("'\"") for key, value in _WORD.findall(record.getMessage())}
    # A value that is given as such is surer than one read from the text.
    found |= {key: str(getattr(record, key)) for key in ("JOB_ID", "RUNID") if hasattr(record, key)}
    about = {key: value for key, value in found.items() if value not in ("", "None")}
    return {
        "MESSAGE": text,
        "PRIORITY": str(_PRIORITIES.get(record.levelname, 6)),
        "SYSLOG_IDENTIFIER": "weppd",
        "LOGGER": record.name,
        **about,
    }


def dump(entry: Mapping[str, str]) -> bytes:
    """An entry as journald's socket takes it."""
    parts = []
    for key, value in entry.items():
        raw = value.encode("utf-8", "replace")
        if b"\n" in raw:
            parts.append(key.encode() + b"\n" + len(raw).to_bytes(8, "little") + raw)
        else:
            parts.append(key.encode() + b"=" + raw)
    return b"\n".join(parts) + b"\n"


class JournalHandler(logging.StreamHandler):  # type: ignore[type-arg]
    """Sends entries to journald's socket; what it does not take goes to stderr, as a line."""

    def __init__(self, path: str = JOURNAL) -> None:
        super().__init__(sys.stderr)
        self._text = logging.Formatter("%(message)s")
        self.setFormatter(Journal("%(message)s"))
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._path = path

    def emit(self, record: logging.LogRecord) -> None:
        """Send one entry."""
        try:
            self._sock.sendto(dump(fields(record, self._text.format(record))), self._path)
        except OSError:  # too long for a datagram, or journald is away
            super().emit(record)

    def close(self) -> None:
        """Close the socket."""
        self._sock.close()
        super().close()


def begin(level: str, env: Mapping[str, str]) -> None:
    """Set the root logger up for the life of this process."""
    handler: logging.Handler = logging.StreamHandler(sys.stderr)
    if not env.get("JOURNAL_STREAM"):
        line = "%(asctime)s %(levelname)s %(message)s"
        handler.setFormatter(logging.Formatter(line, "%Y-%m-%dT%H:%M:%S"))
    elif os.path.exists(JOURNAL):  # noqa: PTH110 - a constant, not a place of the operator's
        handler = JournalHandler()
    else:
        handler.setFormatter(Journal("%(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    logging.getLogger("asyncio").setLevel(logging.WARNING)
