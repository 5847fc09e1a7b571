"""A future whose waiter goes on in the very call that brings the result.

asyncio has each waiter wait for the loop's next turn, which looks at all sockets again before it
comes to that. Who sits between a reply and what is done with it pays one such turn for each.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context
from typing import Any


class Prompt(asyncio.Future[Any]):
    """Waited for by one task. Only what `answer` brings is prompt: an error or a cancel goes the
    loop's way."""

    _waiter: Callable[[Any], object] | None = None
    _context: Context | None = None

    def add_done_callback(
        self, fn: Callable[[Any], object], /, *, context: Context | None = None
    ) -> None:
        """As of each future; a task that awaits it comes by this."""
        self._waiter, self._context = fn, context
        super().add_done_callback(fn, context=context)

    def answer(self, result: Any) -> None:
        """Set the result, and let who waits go on before this returns.

        A task cannot be entered from within another: there it goes the loop's way. So it does for
        whoever began to wait before the last that did. InvalidStateError where it is done.
        """
        waiter, context = self._waiter, self._context
        prompt = (
            waiter is not None
            and context is not None
            and asyncio.current_task(self.get_loop()) is None
        )
        if waiter is None or context is None or not prompt:
            self.set_result(result)
            return
        self.remove_done_callback(waiter)
        self.set_result(result)
        context.run(waiter, self)
