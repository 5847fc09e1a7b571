"""The loop: events in, decisions, effects out. One turn handles all that has gathered.

A turn is one of the event loop's, or, where all that one read brought is known to be in, the end of
a `gathering`: each turn of the loop that a job does without is time that the next one has.
"""

from __future__ import annotations

import asyncio
import logging
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


class Gathering:
    """A block at whose end is decided what was told in it. Nothing is awaited in it."""

    def __init__(self, supervisor: Supervisor) -> None:
        self.open = False
        self._supervisor = supervisor

    def __enter__(self) -> None:
        self.open = True

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.open = False
        self._supervisor.decide()


class Supervisor:
    """Holds the state, feeds it events in order, hands the effects to the performer."""

    def __init__(self, state: State, loop: asyncio.AbstractEventLoop) -> None:
        self.state = state
        self.turns = 0
        self.stopped = loop.create_future()
        self._loop = loop
        self._inbox: list[on.Event] = []
        self._scheduled = False
        self.turning = False
        self.gathering = Gathering(self)
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
        if not self._scheduled and not self.gathering.open:
            self._scheduled = True
            self._loop.call_soon(self._turn)

    def decide(self) -> None:
        """Decide what has gathered, now; within a turn that goes on by itself."""
        if self._inbox and not self.turning:
            self._turn()

    def _turn(self) -> None:
        assert self._performer is not None
        self._scheduled = False
        self.turns += 1
        self.turning = True
        try:
            while self._inbox:
                events = tuple(self._inbox)
                self._inbox.clear()
                self._step(events, self._performer)
        finally:
            self.turning = False
        self._performer.flush()
        for watcher in self._watchers:
            watcher(self.state)
        if self.state.mood is Mood.STOPPED and not self.stopped.done():
            self.stopped.set_result(None)

    def _step(self, events: tuple[on.Event, ...], performer: Performer) -> None:
        ignored = self.state.ignored
        self.state, effects = decide(self.state, *events)
        if self.state.ignored != ignored:
            among = ",".join(type(event).__name__ for event in events)
            count = self.state.ignored - ignored
            log.debug("action=ignored events=%d among=%s", count, among)
        for effect in effects:
            performer.perform(effect)
