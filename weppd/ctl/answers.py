"""What a caller of the daemon may hear that is no answer to its question, and where jobs are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from weppd.errors import WeppdError

#: So long a daemon that is not there is waited for: it may be about to restart.
PATIENCE_S = 2.0
#: So long one that is there and silent: its host may be busy with what it runs.
TURN_S = 15.0


class NoDaemon(WeppdError):
    """Nobody answers on the socket."""


class Told(WeppdError):
    """The daemon said no: its problem details (RFC 9457)."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.problem = {"status": status, "type": "unknown", **problem}
        super().__init__(str(problem.get("detail") or f"HTTP status {status}"))

    @property
    def kind(self) -> str:
        """The stable word for what was wrong."""
        return str(self.problem["type"])


def job_path(jid: str, below: str = "") -> str:
    """The path of one job, whatever characters its id has."""
    return f"/v1/jobs/{quote(jid, safe='')}{below}"
