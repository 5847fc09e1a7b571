"""Status messages from anywhere, and those that somebody missed.

::

    PUBLISH <channel> <text>                in any database: channels have none
    weppd:said:<channel>                    a stream in database 2, the channel's last thousand
        <id> text <text>

A page that was away asks `replay` for what came after the last id that it saw, or `follow`s the
stream itself and then needs no subscription: nothing comes twice and nothing is missed. weppd
writes both for jobs; elsewhere (a web app, a shell) they are written here.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tasks.run.databases import RedisDB, redis_client
from weppd.task import LocalContext, current

KEPT = 1000
WEEK_S = 604_800
_BLOCK_MS = 1000


@dataclass(frozen=True, slots=True)
class Said:
    """A message of a channel; `id` grows from message to message."""

    id: str
    text: str


class StatusMessenger:
    """Publishes on status channels."""

    @staticmethod
    def publish(channel: str, message: str) -> None:
        """Publish `message`, one line of text, and keep it among the channel's last.

        redis.RedisError outside a job, where Redis cannot be reached; in one, weppd passes it on.
        """
        ctx = current()
        if not isinstance(ctx, LocalContext):
            ctx.status(channel, message)
            return
        pipe = _redis().pipeline()
        pipe.xadd(key(channel), {"text": message}, maxlen=KEPT, approximate=False)
        pipe.expire(key(channel), WEEK_S)
        pipe.publish(channel, message)
        pipe.execute()

    @classmethod
    def publish_command(cls, runid: str, message: str) -> None:
        """Publish on the run's panel for commands."""
        cls.publish(f"{runid}:command", message)


class StatusMessengerHandler(logging.Handler):
    """Publishes the records of a logger on a channel, one message for each line of a record."""

    def __init__(self, channel: str, level: int = logging.NOTSET) -> None:
        super().__init__(level)
        self._channel = channel

    def emit(self, record: logging.LogRecord) -> None:
        """Publish a record; what goes wrong goes where logging sends its own errors."""
        try:
            for line in self.format(record).splitlines():
                StatusMessenger.publish(self._channel, line)
        except Exception:  # noqa: BLE001 - a log line must not fail what it tells of
            self.handleError(record)


def key(channel: str) -> str:
    """The stream in which the last messages of a channel are kept."""
    return f"weppd:said:{channel}"


def replay(channel: str, after: str | None = None, limit: int = KEPT) -> list[Said]:
    """The last `limit` messages of a channel that came after the one with the id `after`, in order.

    All that are kept where `after` is None; none for a channel on which nothing was said.
    """
    start = "-" if after is None else f"({after}"
    entries: Any = _redis().xrevrange(key(channel), "+", start, count=limit)
    return _said(reversed(entries))


def follow(channel: str, after: str | None = None) -> Iterator[Said | None]:
    """The messages of a channel as they come, first those that came after the id `after`.

    None about once a second while nothing is said, so that its user can look whether anybody still
    listens. `after` None begins with what is kept.
    """
    last = after or "0"
    while True:
        found: Any = _redis().xread({key(channel): last}, count=KEPT, block=_BLOCK_MS)
        if not found:
            yield None
            continue
        for said in _said(_entries(found, key(channel))):
            last = said.id
            yield said


def _said(entries: Any) -> list[Said]:
    return [Said(id_, fields["text"]) for id_, fields in entries]


def _entries(found: Any, name: str) -> Any:
    """The entries of a stream in XREAD's answer, whose shape depends on the protocol."""
    if isinstance(found, dict):
        (entries,) = found[name]
        return entries
    return found[0][1]


def _redis() -> Any:
    settings = current().settings.get("redis") or {}
    return redis_client(settings.get("status_db", RedisDB.STATUS))
