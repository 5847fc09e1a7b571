"""The loop: events in, decisions, effects out. One turn handles all that has gathered."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Protocol

from weppd.core import effects as do
from weppd.core import events as on
from weppd.core.machine import decide
from weppd.core.state import Mood, State

log = logging.getLogger("weppd")


class Performer(Protocol):
    """Carries out effects; never waits: answers come back as events."""

    def perform(self, effect: do.Effect) -> None:
        """Begin to carry out one effect."""

    def flush(self) -> None:
        """The turn is over: send what was gathered."""


class Supervisor:
    """Holds the state, feeds it events in order, hands the effects to the performer."""

    def __init__(self, state: State, loop: asyncio.AbstractEventLoop) -> None:
        self.state = state
        self.turns = 0
        self.stopped = loop.create_future()
        self._loop = loop
        self._inbox: deque[on.Event] = deque()
        self._scheduled = False
        self._performer: Performer | None = None
        self._watchers: list[Callable[[State], None]] = []

    def attach(self, performer: Performer) -> None:
        """Wire the performer up; before the first event."""
        self._performer = performer

    def watch(self, watcher: Callable[[State], None]) -> None:
        """Call `watcher` with the state after every turn."""
        self._watchers.append(watcher)

    def tell(self, *events: on.Event) -> None:
        """Put events into the inbox; they are decided in this order, in the loop's next turn."""
        self._inbox.extend(events)
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        assert self._performer is not None
        self._scheduled = False
        self.turns += 1
        while self._inbox:
            self._step(self._inbox.popleft(), self._performer)
        self._performer.flush()
        for watcher in self._watchers:
            watcher(self.state)
        if self.state.mood is Mood.STOPPED and not self.stopped.done():
            self.stopped.set_result(None)

    def _step(self, event: on.Event, performer: Performer) -> None:
        ignored = self.state.ignored
        self.state, effects = decide(self.state, event)
        if self.state.ignored != ignored:
            log.debug("action=ignored event=%s", type(event).__name__)
        for effect in effects:
            performer.perform(effect)
