"""Meeting a Redis server, for the first time or again: whether it is the one that was known."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Sequence
from typing import Any, NoReturn

from weppd.errors import AlreadyRunning, StoreChanged
from weppd.store import packing
from weppd.store.nouns import Change, Known, Node, Pulse, Running, Tenant
from weppd.store.server.line import Line
from weppd.store.server.runner import Runner
from weppd.store.wire import paired, stamp

AT_ONCE = 64


class Meetings:
    """What is known of the server behind a line. `era` names the memory that it had when it was
    met; `parted` is set when the line breaks or something else is found there."""

    def __init__(self, line: Line, runner: Runner, parted: asyncio.Event, shown: str) -> None:
        self.era = self.node = self.home = ""
        self._shown = shown
        self.parted = parted
        self._line, self._runner = line, runner
        self._greeted = ("", "")

    async def move_in(self, node: str, home: str, where: str, force: bool) -> Tenant:
        """The Store's `move_in`."""
        await self._line.ready()
        args = (node, home, where, int(force))
        taken, *words = await self._runner.one("move_in", *args, server=self._line.server)
        seq, hold_s, place = (word.decode("utf-8", "replace") for word in words)
        if taken:
            self.node, self.home = node, home
        return Tenant(bool(taken), seq, float(hold_s), place)

    async def pulse(self, node: Node, running: Sequence[Running]) -> Pulse:
        """The Store's `pulse`."""
        args = packing.pulse(node, running, time.time(), self.era, self.home)
        seq, suspended, canceled, asked, lost = await self._runner.one("pulse", *args)
        if seq == -1:
            self.emptied()
        if seq == -2:
            raise AlreadyRunning(f"{self._shown}: another weppd has taken the name {node.name!r}")
        return Pulse(
            seq=seq,
            canceled=frozenset(jid.decode() for jid in canceled),
            asked={k.decode(): v.decode("utf-8", "replace") for k, v in paired(asked).items()},
            lost=frozenset(jid.decode() for jid in lost),
            suspended=bool(suspended),
        )

    def emptied(self) -> NoReturn:
        """What is there has forgotten all: it is to be met again. Raises StoreChanged."""
        self.parted.set()
        raise StoreChanged(f"{self._shown} was emptied")

    async def greet(self, node: str, settle_s: float) -> Change:
        """The Store's `greet`."""
        await self._line.ready()
        server, met = self._line.server, self._runner.met
        args = (node, server, met, self.era, uuid.uuid4().hex, int(1000 * settle_s))
        word, era = await self._runner.one("greet", *args, server=server)
        change, self._greeted = Change(word.decode()), (server, era.decode())
        if change is Change.SAME:
            self._meet()
            self.parted.clear()
        return change

    async def reassert(
        self, node: str, known: Sequence[Known]
    ) -> tuple[dict[str, str], Sequence[Any]]:
        """The Store's `reassert`: its words, and the strays as the script gives them."""
        server, now = self._greeted[0], time.time()
        words: dict[str, str] = {}
        for start in range(0, len(known), AT_ONCE):
            some = known[start : start + AT_ONCE]
            args = (node, repr(now), stamp(now), *packing.reenter(some))
            said = await self._runner.one("reenter", *args, server=server)
            words |= {k.claim.eid: word.decode() for k, word in zip(some, said, strict=True)}
        eids = [each.claim.eid for each in known]
        strays = await self._runner.one("strays", node, *eids, server=server)
        self._meet()
        return words, strays

    async def met(self, node: str) -> None:
        """The Store's `met`."""
        server = self._greeted[0]
        await self._runner.one("met", node, server, server=server)
        if self._line.server == server:
            self.parted.clear()

    def _meet(self) -> None:
        self._runner.met, self.era = self._greeted
