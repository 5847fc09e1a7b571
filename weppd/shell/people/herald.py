"""What happens here, told as it happens: a bounded ring of events for those who listen.

An event is (id, kind, facts). The id names this life of weppd and the event's number in it, so that
who comes back with the last id that it saw gets what came since. A listener is a place in the ring
and nothing more: a slow one costs no memory, and is told how many events it has missed.

::

    started, adopted    {job, run, function, slot, at}
    progress            {job, run, done, total, note, eta_s}
    ending              {job, run, asked, reason}
    ended               {job, run, outcome, seconds, reason}
    mood                {mood}             open, paused, draining, …
    store               {state}            up, away
    reset               {}                 an id of another life: look at everything anew
    missed              {events}           so many were gone before you read them
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from weppd.core.state import State

KEPT = 2048
#: Seconds of silence after which a listener hears that it is still connected.
BEAT_S = 15.0
Event = tuple[str, str, Mapping[str, Any]]
BEAT: Event = ("", "", {})
_BATCH = 64


class Herald:
    """The ring, and who is told of each event at once."""

    def __init__(self, life: str, kept: int = KEPT) -> None:
        self._life = life[:12]
        self._ring: deque[tuple[str, Mapping[str, Any]]] = deque(maxlen=kept)
        self._next = 0
        #: Set with the next event; there only while somebody waits for it.
        self._news: asyncio.Event | None = None
        self._hearers: list[Callable[[str, Mapping[str, Any]], None]] = []
        self._said: dict[str, str] = {}

    def hear(self, hearer: Callable[[str, Mapping[str, Any]], None]) -> None:
        """Call `hearer` with each event's kind and facts."""
        self._hearers.append(hearer)

    def tell(self, kind: str, facts: Mapping[str, Any]) -> None:
        """Tell an event."""
        self._ring.append((kind, facts))
        self._next += 1
        for hearer in self._hearers:
            hearer(kind, facts)
        if self._news is not None:
            self._news.set()
            self._news = None

    def look(self, state: State) -> None:
        """Tell what of the state as a whole is not as it was."""
        for kind, key, word in (
            ("mood", "mood", state.mood.value),
            ("store", "state", "away" if state.away else "up"),
        ):
            if self._said.get(kind) not in (None, word):
                self.tell(kind, {key: word})
            self._said[kind] = word

    async def listen(self, after: str | None) -> AsyncIterator[Event]:
        """The events after that id, for ever; without one, those from now on."""
        at, known = self._place(after)
        if not known:
            yield self._id(at - 1), "reset", {}
        while True:
            gone = self._next - len(self._ring) - at
            if gone > 0:
                at += gone
                yield self._id(at - 1), "missed", {"events": gone}
            for kind, facts in self._since(at):
                at += 1
                yield self._id(at - 1), kind, facts
            if at == self._next and not await self._more():
                yield BEAT

    def _since(self, at: int) -> list[tuple[str, Mapping[str, Any]]]:
        # A copy of a few: the ring moves while the listener is slow.
        first = self._next - len(self._ring)
        here = range(at - first, min(at - first + _BATCH, len(self._ring)))
        return [self._ring[i] for i in here] if at >= first else []

    async def _more(self) -> bool:
        news = self._news = self._news or asyncio.Event()
        try:
            await asyncio.wait_for(news.wait(), BEAT_S)
        except TimeoutError:
            return False
        return True

    def _id(self, number: int) -> str:
        return f"{self._life}-{number}"

    def _place(self, after: str | None) -> tuple[int, bool]:
        """Where the listener goes on, and whether its id was one of this life."""
        if not after:
            return self._next, True
        life, _, number = after.rpartition("-")
        if life != self._life or not number.isdecimal() or int(number) >= self._next:
            return self._next, False
        return int(number) + 1, True
