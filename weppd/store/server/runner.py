"""The store's scripts on one line, and the guard: none runs on a server that was not met.

A server that answers after the line broke may be another one, or the same with an older memory. So
each start of a server has an id, and a script is sent only where the line leads to the id that was
met; elsewhere StoreChanged says that there is something to do first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from weppd.errors import StoreChanged
from weppd.store.scripts import NAMES, source
from weppd.store.server.faults import Fault
from weppd.store.server.line import Line

Call = tuple[Any, ...]


class Runner:
    """Runs scripts. `met` is the server that may be spoken to, empty for any; `changed` is called
    where it is another one."""

    def __init__(self, line: Line, prefix: str, own: str, changed: Callable[[], None]) -> None:
        self.met = ""
        self._line, self._heads, self._changed = line, (prefix, own), changed
        self._scripts = {name: source(name) for name in NAMES}
        self._digests = {
            name: hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
            for name, text in self._scripts.items()
        }

    def script(self, name: str, *args: Any) -> Call:
        """The call of one script, without the two prefixes."""
        return ("EVALSHA", self._digests[name], 0, *self._heads, *args)

    async def load(self) -> None:
        """Bring all scripts to the server."""
        texts = self._scripts.values()
        for reply in await self._line.calls([("SCRIPT", "LOAD", text) for text in texts]):
            self._line.checked(reply)

    async def run(self, calls: Sequence[Call], server: str = "") -> list[Any]:
        """Run scripts in one trip, on the server that was met, or else on `server`.

        One that the server has forgotten did not run: it runs now.
        """
        replies = await self._send(calls, server)
        missed = [i for i, r in enumerate(replies) if isinstance(r, Fault) and r.word == "NOSCRIPT"]
        if missed:
            await self.load()
            again = await self._send([calls[i] for i in missed], server)
            for i, reply in zip(missed, again, strict=True):
                replies[i] = reply
        return [self._line.checked(reply) for reply in replies]

    async def one(self, name: str, *args: Any, server: str = "") -> Any:
        """Run one script."""
        return (await self.run([self.script(name, *args)], server))[0]

    async def _send(self, calls: Sequence[Call], server: str) -> list[Any]:
        await self._line.ready()
        wanted = server or self.met
        if wanted and self._line.server != wanted:
            self._changed()
            raise StoreChanged("the store is another server than before: it was not met yet")
        return await self._line.calls(calls)
