"""Notices a changed settings file or task module, and has it taken up when the dust has settled.

An editor writes beside and renames, a `git pull` writes half a tree at a time: so what counts is a
digest of contents, taken when nothing has moved for two seconds. The kernel tells of changes on
local file systems; remote ones are polled.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.polling import PollingObserver

from weppd.shell import ears

log = logging.getLogger("weppd")
QUIET_S = 2.0
POLL_S = 5.0
_REMOTE = ("nfs", "cifs", "smb", "lustre", "gpfs", "ceph", "glusterfs", "fuse", "9p", "beegfs")
#: What the kernel is asked to tell: not each write, nor who reads. Jobs import from these places,
#: and whatever writes beside the settings would wake weppd.
_TOLD: list[type[FileSystemEvent]] = [
    FileClosedEvent, FileCreatedEvent, FileDeletedEvent, FileMovedEvent,
    DirCreatedEvent, DirDeletedEvent, DirMovedEvent,
]  # fmt: skip


class Watch:
    """Calls `changed` in the loop when the digest of what it watches is another one.

    `digest` is called in a thread of its own: it reads files.
    """

    def __init__(
        self,
        config: Path,
        places: Iterable[Path],
        digest: Callable[[], str],
        changed: Callable[[], Any],
    ) -> None:
        self._config, self._places = config, list(places)
        self._digest, self._changed = digest, changed
        self._moved = asyncio.Event()

    async def run(self, known: str) -> None:
        """Watch for ever; a task of its own. What cannot be watched is named in the log.

        `known` is the digest of what is in use.
        """
        observers = self._begin(asyncio.get_running_loop())
        try:
            self._moved.set()  # what moved before it was watched
            while True:
                await self._until_quiet()
                now = await asyncio.to_thread(self._digest)
                if now != known:
                    known = now
                    log.info("action=watch note='settings or tasks have changed'")
                    self._changed()
        finally:
            for observer in observers:
                observer.stop()

    async def _until_quiet(self) -> None:
        await self._moved.wait()
        while self._moved.is_set():
            self._moved.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._moved.wait(), QUIET_S)

    def _begin(self, loop: asyncio.AbstractEventLoop) -> list[Any]:
        local, remote = Observer(), PollingObserver(timeout=POLL_S)
        handler = _Handler(self._config, lambda: loop.call_soon_threadsafe(self._moved.set))
        for place in [self._config.parent, *self._places]:
            inside = place != self._config.parent and place.is_dir()
            folder = place if place.is_dir() else place.parent
            observer, told = (remote, None) if _is_remote(folder) else (local, _TOLD)
            try:
                observer.schedule(handler, str(folder), recursive=inside, event_filter=told)
            except OSError as error:
                log.warning("action=watch place=%s problem=%r", folder, str(error))
        for observer in (local, remote):
            with contextlib.suppress(OSError), ears.closed():  # a place that vanished since
                observer.start()
        return [local, remote]


class _Handler(FileSystemEventHandler):
    """Picks the changes that may matter; imports that write their caches do not."""

    def __init__(self, config: Path, moved: Callable[[], Any]) -> None:
        self._config, self._tell = str(config), moved

    def on_any_event(self, event: FileSystemEvent) -> None:
        names = (str(event.src_path), str(event.dest_path or ""))
        if any(name == self._config or name.endswith(".py") for name in names):
            with contextlib.suppress(RuntimeError):  # the loop is closed: weppd has stopped
                self._tell()


def _is_remote(folder: Path) -> bool:
    best, kind = "", ""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, where, fstype, *_ = line.split(" ")
        where = where.encode().decode("unicode_escape")
        inside = str(folder) == where or str(folder).startswith(where.rstrip("/") + "/")
        if inside and len(where) >= len(best):
            best, kind = where, fstype
    return kind.startswith(_REMOTE)
