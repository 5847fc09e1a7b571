"""What is to be done at the end of a job's process (atexit), less what is for nothing.

`logging` flushes and closes its handlers then. Few jobs have one, and those of logging's own have
nothing to flush: a child that does nothing would copy thirty memory pages to find that out.
"""

from __future__ import annotations

import atexit
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class Endings:
    """What libraries and the job want done at the end, in a process yet to be forked."""

    def __init__(self) -> None:
        logging = sys.modules.get("logging")
        self._handlers: list[Any] = []
        self._last: Callable[[], object] | None = None
        # How many there are when there is nothing to do: one that was taken out counts on.
        self._idle, alone = 0, atexit._ncallbacks() == 1
        if logging is not None and _has_only_its_own(logging) and _unregister(logging.shutdown):
            self._handlers, self._last = logging._handlerList, logging.shutdown
            self._idle = atexit._ncallbacks() if alone else 0

    def run(self) -> bool:
        """Do it, logging's part last as it would be; whether there was anything to do."""
        wanted = atexit._ncallbacks() > self._idle
        if wanted:
            atexit._run_exitfuncs()
        if self._last is not None and len(self._handlers) > 1:
            self._last()
            wanted = True
        return wanted


def _has_only_its_own(logging: Any) -> bool:
    handlers = getattr(logging, "_handlerList", None)
    return handlers is not None and [each() for each in handlers] == [logging.lastResort]


class _Seeker:
    """Equal to nothing, but it knows whether it was compared with what it seeks."""

    def __init__(self, sought: object) -> None:
        self._sought = sought
        self.found = False

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        self.found = self.found or other is self._sought
        return False


def _unregister(function: Any) -> bool:
    """Take it out; whether it was in, which its count of references need not tell (PEP 683)."""
    seeker = _Seeker(function)
    atexit.unregister(seeker)  # type: ignore[arg-type]
    atexit.unregister(function)
    return seeker.found
