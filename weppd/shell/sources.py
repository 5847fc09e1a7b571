"""What comes in by itself: the heartbeat's answers, RQ's commands, scheduled jobs.

Each source is a loop of its own that turns the world's doings into events. A store that is away
stops none of them: they try again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from weppd.core import events as on
from weppd.core.leases import Terms
from weppd.core.schedule import Rules
from weppd.core.state import Ending, Given, Mood, State
from weppd.errors import StoreAway, StoreDenied
from weppd.shell import rounds
from weppd.shell.performer import Errands
from weppd.shell.store.neighbours import now_s
from weppd.store import Store
from weppd.store.nouns import Command, Node
from weppd.store.nouns import Running as Beating

log = logging.getLogger("weppd")
PULSE_S = 5.0
DUE_S = 1.0
AGAIN_S = 0.2
DEFERRED_S = 15.0
STOPPED = "stopped by an RQ client"


class Sources:
    """Heartbeat, commands and the schedule of this node.

    After each beat `confirm` is called for every job that runs, with the time (boot clock, s) until
    which it may go on, and the other nodes are watched.
    """

    def __init__(
        self,
        store: Store,
        node: Node,
        rules: Rules,
        tell: Callable[..., None],
        state: Callable[[], State],
        terms: Terms,
        confirm: Callable[[Given, float], None],
        watch: Callable[[], Awaitable[None]],
    ) -> None:
        self.seq = 0
        #: Whether `rq suspend` held all workers at the last beat.
        self.suspended = False
        self._watch = watch
        self._confirm = confirm
        self._terms = terms
        self._store, self._node, self._rules = store, node, rules
        self._tell, self._state = tell, state
        self._errands = Errands()

    async def pulse(self) -> None:
        """Beat every few seconds, and act on what the store says of our running jobs."""
        while True:
            try:
                await self._beat()
                await self._watch()
            except StoreAway as error:
                log.debug("action=pulse reason=%r", str(error))
            await rounds.until_next(min(PULSE_S, self._terms.beat_s))

    async def _beat(self) -> None:
        until = now_s() + self._terms.cell_s
        phases = [p for p in self._state().jobs.values() if isinstance(p, Given)]
        running = [
            Beating(p.ticket.job.id, p.ticket.eid, p.ticket.worker, p.ticket.job.queue)
            for p in phases
        ]
        node = replace(self._node, state="busy" if running else "idle")
        if self._state().mood is Mood.PAUSED:
            node = replace(node, state="suspended")
        pulse = await self._store.pulse(node, running)
        self.seq = pulse.seq
        if pulse.suspended != self.suspended:
            self.suspended = pulse.suspended
            log.warning("action=rq_%s", "suspend" if self.suspended else "resume")
        for phase in phases:
            if phase.ticket.job.id not in pulse.lost:
                self._confirm(phase, until)
        for jid in pulse.canceled:
            self._cancel(jid, "cancelled, or deleted, by an RQ client")
        for jid, reason in pulse.asked.items():
            self._cancel(jid, reason)
        for jid in pulse.lost:
            self._cancel(jid, "another node has taken it over")

    def _cancel(self, jid: str, reason: str) -> None:
        ending = (p for p in self._state().jobs.values() if isinstance(p, Ending))
        if not any(phase.ticket.job.id == jid for phase in ending):
            self._tell(on.CancelAsked(jid, self._rules.rungs, reason, time.time()))

    async def commands(self) -> None:
        """Listen for what RQ's clients publish to our workers."""
        said = ""
        while True:
            try:
                async for command in self._store.commands(self._node.workers):
                    self._obey(command)
            except StoreAway as error:
                if isinstance(error, StoreDenied) and str(error) != said:
                    said = str(error)
                    log.error("action=commands refused=%r", said)
                await asyncio.sleep(1.0)

    def _obey(self, command: Command) -> None:
        log.info("action=command verb=%s job=%s", command.verb, command.job)
        if command.verb in ("stop-job", "stop-execution"):
            self._cancel(command.job, STOPPED)
            self._errands.run(lambda: self._fell(command.job), "cancel", 60)
        elif command.verb == "weppd-cancel":
            self._cancel(command.job, command.reason)
        elif command.verb == "kill-horse":
            jid = self._job_of(command.worker)
            kill = (("KILL", 0.0),)
            self._tell(on.CancelAsked(jid, kill, "killed by an RQ client", time.time()))
        elif command.verb == "shutdown":
            self._tell(on.StopAsked("drain"))

    async def _fell(self, jid: str) -> None:
        """RQ's stop of a job is a cancel of all below it; twice, for what it adds while it ends."""
        for _ in range(2):
            tree = await self._store.cancel_tree(jid, STOPPED)
            for asked in tree.running:
                self._cancel(asked.job, STOPPED)
            while any(phase.ticket.job.id == jid for phase in self._state().jobs.values()):
                await asyncio.sleep(AGAIN_S)

    def _job_of(self, worker: str) -> str:
        phases = self._state().jobs.values()
        return next((p.ticket.job.id for p in phases if p.ticket.worker == worker), "")

    async def schedule(self) -> None:
        """Put scheduled jobs on their queues when their time has come, where this node is who does
        so for all, and every quarter of a minute those that an RQ client left deferred, or waiting
        for a turn, for ever."""
        looked = -DEFERRED_S
        while True:
            try:
                await self._store.due(time.time(), self._rules.node)
                if time.monotonic() - looked >= DEFERRED_S:
                    looked = time.monotonic()
                    if freed := await self._store.free_deferred(self._rules.node):
                        log.warning("action=free_deferred jobs=%d", freed)
                    if passed := await self._store.pass_turns():
                        log.warning("action=pass_turns jobs=%d", passed)
            except StoreAway:
                await asyncio.sleep(DUE_S)
            await rounds.until_next(DUE_S)
