"""The line that `systemctl status` shows, brought up to date soon after something has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from weppd import notify
from weppd.core import views
from weppd.core.state import State

#: Jobs may come and go by the hundred: it is told so many seconds after the first change.
SOON_S = 0.1


class StatusLine:
    """Tells it where somebody listens. `queued` jobs wait; None while nobody knows."""

    def __init__(
        self,
        notifier: notify.Notifier,
        state: Callable[[], State],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.queued: int | None = None
        self._notifier, self._state, self._loop = notifier, state, loop
        self._due = False

    def look(self, state: State) -> None:
        """Something may have changed."""
        if self._notifier.listens and not self._due:
            self._due = True
            self._loop.call_later(SOON_S, self.tell)

    def tell(self) -> None:
        """Tell it now, if it is not what was told last."""
        self._due = False
        self._notifier.status(views.line(self._state(), self.queued))
