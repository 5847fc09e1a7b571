"""Zygotes and the scribe as child processes: spawned, greeted, replaced when they die.

weppd never forks: each is a program of its own, started by posix_spawn. A zygote of an earlier
weppd that comes back is told to retire, and lives on only for the jobs that its cells still run.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from weppd.core import events as on
from weppd.core.schedule import Traits
from weppd.shell.host.families import packed
from weppd.shell.host.peers import Link, Peers
from weppd.shell.host.spawn import Command, spawned

log = logging.getLogger("weppd")
BACKOFF_S = (0.05, 0.5, 2.0, 5.0)
TRIES = 3
SCRIBE = "the scribe"


@dataclass
class Child:
    """One program that shall always run: how to start it, and the process that does."""

    name: str
    command: Command
    pid: int = 0
    tries: int = 0
    ready: bool = False
    setup: dict[str, Any] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


class Spawner:
    """Starts a child and watches it by pidfd; restarts it, later each time."""

    def __init__(self, loop: asyncio.AbstractEventLoop, ended: Callable[[Child, str], None]):
        self._loop, self._ended = loop, ended
        self._stopping = False
        self.watched: set[int] = set()

    def spawn(self, child: Child, begun: int = 0) -> None:
        """Start the child's program now; or watch the process `begun` that runs it already."""
        if self._stopping:
            return
        child.ready = False
        child.tries += 1
        try:
            setup = packed(child.setup) if child.setup else b""
            child.pid = begun or spawned(child.command, setup)
        except OSError as error:
            self._again(child, f"cannot be started: {child.command[0][0]}: {error.strerror}")
            return
        fd = os.pidfd_open(child.pid)
        self.watched.add(child.pid)
        self._loop.add_reader(fd, self._exited, child, child.pid, fd)
        log.info("action=spawn name=%s pid=%d", child.name, child.pid)

    def stop(self) -> None:
        """Restart nothing any more."""
        self._stopping = True

    def reap_inherited(self, begun: Collection[int]) -> None:
        """Watch the children that this process had before it began again in place.

        Those of `begun` are of this life, and watched as such.
        """
        task = Path(f"/proc/self/task/{os.getpid()}/children")
        for pid in set(map(int, task.read_text().split())).difference(begun):
            fd = os.pidfd_open(pid)
            self.watched.add(pid)
            self._loop.add_reader(fd, self._reap, pid, fd)

    def _reap(self, pid: int, fd: int) -> int:
        self._loop.remove_reader(fd)
        os.close(fd)
        self.watched.discard(pid)
        return os.waitpid(pid, 0)[1]

    def _exited(self, child: Child, pid: int, fd: int) -> None:
        code = os.waitstatus_to_exitcode(self._reap(pid, fd))
        how = f"ended by signal {-code}" if code < 0 else f"exited with code {code}"
        self._again(child, how)

    def _again(self, child: Child, how: str) -> None:
        """A child ended, or could not begin: say so, and start it later."""
        if not self._stopping:
            log.error("action=exit name=%s pid=%d how=%r", child.name, child.pid, how)
        self._ended(child, how)
        wait = BACKOFF_S[min(child.tries, len(BACKOFF_S) - 1)]
        self._loop.call_later(wait, self.spawn, child)


class Zygotes:
    """The zygotes of this weppd, by class, and the registry of tasks that they report.

    `begun` are the pids of those that run already; they are taken out of it as they are added.
    """

    def __init__(
        self,
        peers: Peers,
        tell: Callable[..., None],
        registry: dict[str, Traits],
        loop: asyncio.AbstractEventLoop,
        begun: dict[str, int],
    ) -> None:
        self._begun = begun
        self.classes: dict[str, Child] = {}
        self._peers, self._tell, self._registry = peers, tell, registry
        self._spawner = Spawner(loop, self._ended)
        self._spawner.reap_inherited(begun.values())
        self._forked: dict[int, int] = {}
        self._others: list[Child] = []
        peers.on("zygote", "hello", self._hello)
        peers.on("zygote", "ready", self._ready)
        peers.on("zygote", "forked", self._has_forked)

    def add(self, name: str, command: Command, setup: dict[str, Any]) -> None:
        """Have a zygote of this class running, by this command, with this setup frame."""
        child = Child(name, command, setup=setup)
        self.classes[name] = child
        self._spawner.spawn(child, self._begun.pop(name, 0))

    def add_scribe(self, command: Command) -> Child:
        """Have the scribe running, by this command."""
        child = Child(SCRIBE, command)
        self._others.append(child)
        self._spawner.spawn(child)
        return child

    def fork(self, n: int, name: str) -> None:
        """Ask the class's zygote for the cell of slot `n`."""
        link = self._peers.zygotes.get(self.classes[name].pid)
        if link is not None:
            link.send({"kind": "fork", "n": n})

    async def known(self, within_s: float) -> bool:
        """Wait until each class has told of its tasks, or failed to; False if one took too long."""
        deadline = time.monotonic() + within_s
        while not all(c.ready or c.tries >= TRIES for c in self.classes.values()):
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(0.02)
        return True

    def pids(self) -> set[int]:
        """The zygotes that this weppd started and that live, as far as it knows."""
        return {child.pid for child in self.classes.values()} & self._spawner.watched

    def watched(self) -> set[int]:
        """All children that are reaped here."""
        return self._spawner.watched

    def guards(self, n: int) -> bool:
        """Whether the zygote that forked the cell of slot `n` is there to tell of its end."""
        return self._forked.get(n) in self._peers.zygotes

    def retire(self) -> None:
        """Let all zygotes end as soon as their last cell is gone, and the scribe when it is done.

        A program that has not yet said hello has nothing to lose: it is ended as it is.
        """
        self._spawner.stop()
        links = [*self._peers.zygotes.values(), self._peers.scribe]
        for link in filter(None, links):
            link.send({"kind": "retire"})
        connected = {link.pid for link in links if link is not None}
        for child in [*self.classes.values(), *self._others]:
            if child.pid in self._spawner.watched and child.pid not in connected:
                os.kill(child.pid, signal.SIGKILL)

    def _has_forked(self, link: Link, header: dict[str, Any], body: bytes) -> None:
        self._forked[header["n"]] = link.pid

    def _hello(self, link: Link, header: dict[str, Any], body: bytes) -> None:
        self._forked.update((n, link.pid) for n, _ in header.get("cells", ()))
        for child in self.classes.values():
            if child.pid == link.pid:
                link.send({"kind": "setup", **child.setup})
                return
        log.info("action=retire zygote=%d cells=%d", link.pid, len(header.get("cells", ())))
        link.send({"kind": "retire"})

    def _ready(self, link: Link, header: dict[str, Any], body: bytes) -> None:
        for problem in header.get("problems", ()):
            log.error("action=registry class=%s problem=%r", header["class"], problem)
        for name, raw in header.get("registry", {}).items():
            self._registry[name] = Traits.read(raw)
        child = self.classes[header["class"]]
        child.ready, child.tries = True, 0
        child.problems = tuple(header.get("problems", ()))
        self._tell(on.ClassReady(child.name))

    def _ended(self, child: Child, how: str) -> None:
        if child.name == SCRIBE:
            return
        if child.tries >= TRIES and not child.ready:
            reason = f"its zygote {how}; tried {child.tries} times, see weppd's log"
            self._tell(on.ClassBroken(child.name, reason, time.time()))
        else:
            self._tell(on.ClassDown(child.name))
