"""The outcomes that cells left on disk because no weppd came for them: read once, then removed.

A file goes when its execution is recorded, in the store or in the outbox, and no earlier.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from weppd.cell import bequest
from weppd.core.state import State
from weppd.errors import FrameError

log = logging.getLogger("weppd")
Left = tuple[dict[str, Any], dict[str, Any], bytes]


class Bequests:
    """Those of one node, in `directory`, a file for each execution."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._entered: dict[str, bool] = {}

    def read(self) -> list[Left]:
        """What is there: of each its cell's hello, the header of its outcome, and the body.

        One that cannot be read is set aside, and logged.
        """
        found = []
        for path in sorted(self._directory.iterdir()):
            if path.suffix:
                continue
            try:
                (hello, _), (over, body) = bequest.read(str(path))
            except (OSError, ValueError, FrameError) as error:
                log.error("action=bequest file=%s problem=%r moved to .bad", path, str(error))
                path.rename(path.with_suffix(".bad"))
                continue
            self._entered[path.name] = False
            found.append((hello, over, body))
        return found

    def settled(self, state: State) -> None:
        """Remove those that are recorded: that the state knew of, and knows no more."""
        for eid, entered in list(self._entered.items()):
            if eid in state.jobs:
                self._entered[eid] = True
            elif entered:
                del self._entered[eid]
                (self._directory / eid).unlink(missing_ok=True)
