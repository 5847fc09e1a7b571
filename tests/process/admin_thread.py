"""A fake daemon that serves its admin socket from a thread, for callers of this process."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.unit.admin_house import FakeHouse
from weppd.admin import auth, door, server


class Served:
    """The house, its socket, and how to have something done in the thread of its loop."""

    def __init__(self, path: Path, *jobs: dict[str, object]) -> None:
        self.path = path
        self.house = FakeHouse(*jobs)
        self._loop = asyncio.new_event_loop()
        self._ending = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin to serve; returns when the socket answers."""
        self._thread.start()
        assert self._ready.wait(10)

    def stop(self) -> None:
        """End as a daemon does that was asked to."""
        self._loop.call_soon_threadsafe(self._ending.set)
        self._thread.join(10)
        assert not self._thread.is_alive()

    def do(self, function: object, *args: object) -> None:
        """Call `function` in the loop's thread, soon."""
        self._loop.call_soon_threadsafe(function, *args)  # type: ignore[arg-type]

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        rules = auth.Rules(uid=os.geteuid())
        async with server.serving(self.house, door.listen(self.path), rules):
            self._ready.set()
            await self._ending.wait()


@contextmanager
def served(path: Path, *jobs: dict[str, object]) -> Iterator[Served]:
    """A fake daemon with these jobs at `path`, for as long as the block runs."""
    daemon = Served(path, *jobs)
    daemon.start()
    try:
        yield daemon
    finally:
        daemon.stop()
