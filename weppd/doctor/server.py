"""A connection to Redis for a program that waits for each answer: the daemon's own, driven."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from weppd.settings import Settings
from weppd.store.server.line import Line, address


class Server:
    """The store as weppd itself would reach it, with the settings' deadlines; asked one by one.

    `url` is asked in place of the store's own. Use it in a `with` block.
    """

    def __init__(self, told: Settings, url: str = "") -> None:
        self._where, self._told = address(url or told.redis.url), told.redis

    def __enter__(self) -> Server:
        self._runner = asyncio.Runner()
        self._line = Line(
            self._where,
            connect_s=self._told.connect_timeout_s,
            call_s=self._told.call_timeout_s,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._runner.run(self._line.close())
        self._runner.close()

    def ask(self, *words: bytes | str | int) -> Any:
        """The answer to one command, in bytes.

        StoreAway where there is none in time, StoreDenied where it may not be asked, StoreError
        where it is refused.
        """
        return self._runner.run(self._line.call(*words))

    def asks(self, commands: Sequence[tuple[bytes | str | int, ...]]) -> list[Any]:
        """The answers to several commands, in one trip; errors as `ask`."""
        if not commands:
            return []
        replies = self._runner.run(self._line.calls(commands))
        return [self._line.checked(reply) for reply in replies]

    def info(self) -> dict[str, str]:
        """What the server says of itself."""
        text: bytes = self.ask("INFO")
        lines = text.decode("utf-8", "replace").splitlines()
        return dict(line.split(":", 1) for line in lines if ":" in line)
