"""The composition root: here, and only here, the real hands are chosen and wired."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import platform
import time
from dataclasses import asdict
from pathlib import Path

from weppd import __version__, notify
from weppd.admin import auth, door
from weppd.core import state as states
from weppd.core.leases import Terms
from weppd.core.schedule import Rules
from weppd.errors import StoreAway, StoreError, StoreFault
from weppd.settings import Settings
from weppd.shell import ears
from weppd.shell.host import families, premises
from weppd.shell.host.bequests import Bequests
from weppd.shell.host.cells import Cells
from weppd.shell.host.dawn import Dawn
from weppd.shell.host.leavings import Leavings
from weppd.shell.host.peers import Peers
from weppd.shell.host.zygotes import Zygotes
from weppd.shell.keeper import Keeper
from weppd.shell.late import Late
from weppd.shell.lifetime import Lifetime
from weppd.shell.notes import Notes
from weppd.shell.people.diary import Diary
from weppd.shell.people.herald import Herald
from weppd.shell.people.meters import Meters
from weppd.shell.people.statusline import StatusLine
from weppd.shell.performer import Hands
from weppd.shell.recovery import Recovery
from weppd.shell.rules import rules_of
from weppd.shell.sources import Sources
from weppd.shell.start import Places
from weppd.shell.store.bell import Bell
from weppd.shell.store.neighbours import Neighbours, now_s
from weppd.shell.store.reunion import Reunion
from weppd.shell.store.trips import Desk, Trips
from weppd.shell.supervisor import Supervisor
from weppd.shell.vigil import Vigil
from weppd.store import Store
from weppd.store.nouns import Node
from weppd.store.outbox import Outbox
from weppd.store.server.redis import RedisStore

log = logging.getLogger("weppd")
GOODBYE_S = 5.0
GREETING_S = 1.5


class Weppd:
    """One daemon: all rooms, wired; `run` is its life."""

    def __init__(
        self,
        told: Settings,
        store: Store,
        loop: asyncio.AbstractEventLoop,
        dawn: Dawn,
        config: str | None = None,
    ) -> None:
        self._late = Late()
        self._config = config
        self._told, self._store, self._loop = told, store, loop
        self._runtime = Path(told.daemon.runtime_dir)
        self._generation = dawn.generation
        rules, places = rules_of(told), Places.of(told)
        self._desk = Desk(rules)
        self._notifier = notify.Notifier(os.environ.get("NOTIFY_SOCKET"))
        self._status = StatusLine(self._notifier, self._state, loop)
        self.supervisor = Supervisor(states.fresh(rules, told.daemon.slots), loop)
        tell = self.supervisor.tell
        self.lifetime = Lifetime(told, config, self._notifier, loop, tell)
        self._peers = Peers(families.socket_of(self._runtime))
        self._zygotes = Zygotes(self._peers, tell, self._desk.registry, loop, dawn.zygotes)
        self._leavings = Leavings(self._runtime / "cells", places, self._zygotes)
        self._bequests = Bequests(places.bequests)
        self._cells = Cells(
            self._peers,
            self._runtime / "cells",
            self._generation,
            tell,
            self._state,
            self._leavings,
            self._zygotes.guards,
            self._bequests,
        )
        self._herald, self._meters = Herald(self._generation), Meters()
        self._diary = Diary(self._peers, places, self._herald)
        outbox = Outbox(Path(told.daemon.state_dir) / "outbox")
        self._trips = Trips(store, outbox, self._desk, told.queues.names, tell)
        self._reunion = Reunion(
            store, self._trips, self._desk, self._diary, self._state, told.node.settle_s
        )
        self._bell = Bell(store, rules.node, tell, self._trips.rung)
        self._hands = Hands(
            store, self._trips, self._bell, self._cells, self._zygotes, self._diary, places, rules
        )
        self._wire()
        self._neighbours = self._meet(places, rules)
        self._recovery = self._past()
        self._notes = Notes(self._peers, store, self._diary, self._hands.errands)
        self._sources = self._listen(rules)
        self._keeper = self._keep(places, rules)
        self._vigil = self._look_after()

    def _keep(self, places: Places, rules: Rules) -> Keeper:
        return Keeper(
            self.supervisor,
            self._store,
            self._trips,
            self._diary,
            self._peers,
            self._cells,
            self._zygotes,
            places,
            rules,
            self._desk.registry,
            self.lifetime.reload,
            self._neighbours,
            self._herald,
            self._meters,
            lambda: self._sources.suspended,
        )

    def _look_after(self) -> Vigil:
        return Vigil(
            self._notifier,
            self._status,
            self._store,
            self._trips,
            self._cells,
            self._leavings,
            self._state,
            self._told.redis,
        )

    def _wire(self) -> None:
        self.supervisor.attach(self._hands)
        self._peers.gathering = self._trips.gathering = self.supervisor.gathering
        self._bell.gathering = self.supervisor.gathering
        self._peers.turning = self._trips.turning = lambda: self.supervisor.turning
        self.supervisor.watch(self._diary.settled)
        self.supervisor.watch(self._herald.look)
        self.supervisor.watch(self._bequests.settled)
        self._herald.hear(self._meters.hear)
        self.supervisor.watch(self._status.look)

    def _past(self) -> Recovery:
        life = premises.Life(self._runtime, Path(self._told.daemon.state_dir))
        return Recovery(
            self._store,
            self._trips,
            self._desk,
            self._cells,
            self._zygotes,
            life,
            self._reunion,
            premises.home(Path(self._told.daemon.state_dir)),
            self._neighbours,
        )

    def _meet(self, places: Places, rules: Rules) -> Neighbours:
        terms = Terms(self._told.node.lease_s)
        return Neighbours(self._store, self._peers, places, rules, terms, self._desk.ticket)

    def _listen(self, rules: Rules) -> Sources:
        return Sources(
            self._store,
            self._node(),
            rules,
            self.supervisor.tell,
            self._state,
            Terms(self._told.node.lease_s),
            self._cells.lease,
            self._neighbours.turn,
        )

    def _state(self) -> states.State:
        return self.supervisor.state

    def _node(self) -> Node:
        told = self._told
        return Node(
            told.daemon.name,
            tuple(f"{told.daemon.name}.{n}" for n in range(1, told.daemon.slots + 1)),
            told.queues.names,
            os.getpid(),
            platform.node(),
            time.time(),
            __version__,
            platform.python_version(),
        )

    async def run(self) -> None:
        """Live until a stop has been asked for and carried out."""
        rules, problems = auth.rules(
            self._told.security.admin_group or None, self._told.security.read_group or None
        )
        for problem in problems:
            log.warning("action=settings problem=%r", problem)
        where = self._told.daemon.admin_socket
        given = notify.handed_in(where, os.environ)
        sock = given or door.listen(where)
        await self._peers.listen()
        self._cells.found()
        with self.lifetime.signals():
            self._spawn()
            ready = self._notifier.ready
            admin = asyncio.create_task(self._late.admin(self._keeper, sock, rules, ready))
            try:
                await self._serve(admin)
            finally:
                admin.cancel()
                await asyncio.gather(admin, return_exceptions=True)
                sock.close()
        if given is None:
            door.unbind(where)

    async def _serve(self, admin: asyncio.Task[None]) -> None:
        lives = [self._work(), self._vigil.watch(), self._vigil.count()]
        if self._told.daemon.watch:
            reload = self.lifetime.reload
            lives.append(self._late.changes(self._told, self._config, reload))
        tasks = [asyncio.create_task(each) for each in lives]
        try:
            watched = [self.supervisor.stopped, admin, *tasks]
            await asyncio.wait(watched, return_when="FIRST_COMPLETED")
            for task in (admin, *tasks):
                if task.done():
                    task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._wind_up()

    async def _work(self) -> None:
        """Reach the store, sort what an earlier life left, then work for ever."""
        await self._recovery.run()
        self._late.now.set()
        rooms = (self._trips, self._bell, self._reunion)
        pulse, told, due = self._sources.pulse, self._sources.commands, self._sources.schedule
        try:
            await asyncio.gather(*(room.run() for room in rooms), pulse(), told(), due())
        except StoreError as error:
            # No fault of the settings: with them it was good enough to begin.
            raise StoreFault(str(error)) from error

    async def _wind_up(self) -> None:
        """Say goodbye: cells without a job end, those with one go on."""
        if not self.lifetime.again:
            self._notifier.stopping()
        with contextlib.suppress(TimeoutError):
            # What is not said by then is in the store's own books, and sorted at the next start.
            async with asyncio.timeout(GOODBYE_S):
                await self._hands.errands.settle()
                await self._notes.sayings.settle()
        await self._cells.greet_idle(GREETING_S)
        left, hold_s = 0, self._told.node.hold_s
        until = now_s() + Terms(self._told.node.lease_s).held_s(hold_s)
        for phase in self._state().jobs.values():
            left += not isinstance(phase, states.Recording)
            if isinstance(phase, states.Given):
                self._cells.lease(phase, until)
        if left:
            log.warning("action=stop left_running=%d note='the next weppd adopts them'", left)
        for n, slot in self._state().slots.items():
            if isinstance(slot, states.Idle):
                self._cells.retire(n)
        self._diary.dictation.flush()
        self._zygotes.retire()
        with contextlib.suppress(StoreAway, StoreError):
            await self._store.deregister(self._told.daemon.name, self._node().workers, hold_s)
        await asyncio.sleep(0)
        self._peers.close()
        await self._store.close()

    def _spawn(self) -> None:
        for name, command, setup in families.zygotes(self._told, self._generation):
            self._zygotes.add(name, command, setup)
        scribe = self._zygotes.add_scribe(families.scribe(self._told))
        self._diary.dictation.own_scribe = lambda: scribe.pid


def live(told: Settings, dawn: Dawn, config: str | None = None) -> bool:
    """Be the daemon of these settings until it stops; whether it shall begin again (a reload).

    AlreadyRunning where another one is; StoreError where the store is none that can be used. `dawn`
    ends with it.
    """

    async def life() -> bool:
        store = RedisStore(
            **asdict(told.redis),
            default_result_ttl=told.jobs.result_ttl,
            default_failure_ttl=told.jobs.failure_ttl,
        )
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ears.executor())
        weppd = Weppd(told, store, loop, dawn, config)
        await weppd.run()
        return weppd.lifetime.again

    try:
        again = asyncio.run(life())
    finally:
        dawn.end()
    log.info("action=end again=%s", again)
    return again
