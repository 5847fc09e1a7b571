"""The daemon as the admin API sees it: `House`, over the supervisor, the store and the diary."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from typing import Any

from weppd.admin import Caller, NoSuchJob
from weppd.core import events as on
from weppd.core import views
from weppd.core.schedule import Rules, Traits, doubt
from weppd.core.state import Mood
from weppd.errors import Refused, StoreAway
from weppd.limits import check
from weppd.scribe import reader
from weppd.shell.cancels import Cancels
from weppd.shell.host.cells import Cells
from weppd.shell.host.peers import Peers
from weppd.shell.host.zygotes import Zygotes
from weppd.shell.people.diary import Diary
from weppd.shell.people.glance import Glance
from weppd.shell.people.groves import Groves
from weppd.shell.people.herald import Event, Herald
from weppd.shell.people.latches import Latches
from weppd.shell.people.meters import Meters
from weppd.shell.people.present import Present
from weppd.shell.people.rolls import Rolls
from weppd.shell.start import Places
from weppd.shell.store.neighbours import Neighbours
from weppd.shell.store.trips import Trips
from weppd.shell.supervisor import Supervisor
from weppd.store import Store
from weppd.store.nouns import JobSpec, QueueCounts

_SUSPENDED = "`rq suspend` holds all workers and nodes of this Redis: `rq resume` lets them go on"


class Keeper:
    """Answers the admin API; every change goes to the inbox or the store, and is logged."""

    def __init__(
        self,
        supervisor: Supervisor,
        store: Store,
        trips: Trips,
        diary: Diary,
        peers: Peers,
        cells: Cells,
        zygotes: Zygotes,
        places: Places,
        rules: Rules,
        registry: Mapping[str, Traits],
        begin_again: Callable[[], Sequence[str]],
        neighbours: Neighbours,
        herald: Herald,
        meters: Meters,
        suspended: Callable[[], bool],
    ) -> None:
        self._suspended = suspended
        self._herald, self._meters = herald, meters
        self._present = Present(lambda: supervisor.state, diary)
        self._rolls = Rolls(
            store, self._present, diary, places, rules, registry, lambda: trips.reason
        )
        self._groves, self._latches = Groves(store, self._present, self._rolls), Latches(store)
        self._neighbours = neighbours
        self.begin_again = begin_again
        self._supervisor, self._store, self._trips = supervisor, store, trips
        self._diary, self._peers, self._zygotes = diary, peers, zygotes
        self._cells = cells
        self._places, self._rules, self._registry = places, rules, registry
        self._cancels = Cancels(supervisor, store, diary, rules)
        self._glance = Glance(lambda: supervisor.state, diary, peers, zygotes, rules)

    def keepers(self) -> Collection[int]:
        """The pids of all live zygotes and cells."""
        links = [*self._peers.cells.values(), *self._peers.zygotes.values()]
        return {link.pid for link in links} | self._cells.pids()

    async def status(self) -> Mapping[str, Any]:
        """The node at a glance; answers while the store is away, too."""
        answer = self._glance.node() | {"queues": {}}
        away = self._trips.reason
        try:
            counts = await asyncio.wait_for(self._store.counts(), 1.0)
            answer["queues"] = {name: views.plain(each) for name, each in counts.items()}
        except (StoreAway, TimeoutError) as error:
            away = away or str(error) or "it does not answer"
        answer["problems"] += [_SUSPENDED] if self._suspended() else []
        outbox = self._trips.kept if away else 0
        answer["store"] = {"state": "away" if away else "up", "detail": away, "outbox": outbox}
        return answer

    def ready(self) -> Sequence[str]:
        """What keeps this node from taking jobs, a line each; nothing where it would."""
        state = self._supervisor.state
        moods = [] if state.mood is Mood.OPEN else [f"weppd is {state.mood.value}"]
        store = [f"store: {self._trips.reason or 'away'}"] if state.away else []
        if not state.recovered:
            store = [f"store: {self._trips.reason or 'not reached yet'}"]
        classes = [
            f"zygote {name}: {state.broken.get(name, 'is starting')}"
            for name in self._zygotes.classes
            if name not in state.ready
        ]
        held = [_SUSPENDED] if self._suspended() else []
        return [*moods, *held, *store, *classes]

    async def metrics(self) -> bytes:
        """The numbers in Prometheus' format; those of queues only while the store answers."""
        state = self._supervisor.state
        counts: Mapping[str, QueueCounts] | None = None
        with contextlib.suppress(StoreAway, TimeoutError):
            counts = await asyncio.wait_for(self._store.counts(), 1.0)
        return self._meters.text(counts, len(state.jobs), len(state.slots), self._trips.kept)

    def events(self, after: str | None) -> AsyncIterator[Event]:
        """What happens here from now on, or after the event of that id."""
        return self._herald.listen(after)

    async def queues(self) -> Sequence[Mapping[str, Any]]:
        """The queues that this node serves, in their order, and then all others."""
        counts = await self._store.counts()
        served = {name: counts.get(name) or QueueCounts() for name in self._trips.queues}
        paused = await self._store.pause((), True)
        return [
            {
                **views.plain(each),
                "name": name,
                "served": name in served,
                "paused": name in paused,
                "oldest_at": each.oldest or None,
            }
            for name, each in {**served, **dict(sorted(counts.items()))}.items()
        ]

    async def nodes(self) -> Sequence[Mapping[str, Any]]:
        """This node, and the others as they were seen at the last heartbeat."""
        running = len(self._supervisor.state.jobs)
        own = {"name": self._rules.node, "own": True, "running": running, "quiet_s": 0.0}
        others = [
            {"name": lease.node, "running": lease.running, "quiet_s": s, "hold_s": lease.hold_s}
            for lease, s in self._neighbours.known()
        ]
        return [own, *others]

    async def jobs(self, state: str | None, limit: int, offset: int) -> Mapping[str, Any]:
        """A page of jobs; while the store is away, those of this node, and a note that says so."""
        return await self._rolls.jobs(state, limit, offset)

    async def job(self, jid: str) -> Mapping[str, Any] | None:
        """One job with everything known of it, None where there is none."""
        return await self._rolls.job(jid)

    async def tree(self, name: str, every: bool) -> Mapping[str, Any]:
        """The tree below a job, or all trees of a run."""
        return await self._groves.tree(name, every)

    async def locks(self, run: str) -> Sequence[Mapping[str, Any]]:
        """The locks of documents of a run, or of all runs."""
        return await self._latches.locks(run)

    async def unlock(self, lock: str, force: bool, who: Caller) -> Mapping[str, Any]:
        """Take a lock away whose holder is gone, or with `force` any."""
        return await self._latches.unlock(lock, force)

    async def retry(self, jid: str, who: Caller) -> Mapping[str, Any]:
        """Send a job round again, or what went wrong below one that finished."""
        return await self._groves.retry(jid)

    async def cancel(
        self, jid: str, grace: float | None, wait: bool, who: Caller, *, reason: str = ""
    ) -> Mapping[str, Any]:
        """End a job, its whole process tree, and all jobs below it."""
        reason = reason or f"cancelled through the admin socket by uid {who.uid}"
        return await self._cancels.cancel(jid, grace, wait, reason)

    async def log(self, jid: str, canonical: bool, follow: bool) -> AsyncIterator[bytes]:
        """Find the job's log now and return the chunks of its text."""
        try:
            return await reader.open_log(self._places.jobs, jid, canonical=canonical, follow=follow)
        except reader.NoLog:
            if canonical or await self.job(jid) is None:
                raise NoSuchJob(jid) from None
            # It waits in its queue, or ran on another node: there is nothing to show, here or yet.
            return reader.nothing()

    async def enqueue(
        self,
        function: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        queue: str,
        *,
        who: Caller,
        timeout: int | None = None,
        job_id: str | None = None,
        description: str | None = None,
        depends_on: Sequence[str] = (),
        at_front: bool = False,
        cpus: int | str | None = None,
        label: str | None = None,
        unique: str | None = None,
        lock: str | None = None,
        limits: Mapping[str, str | int] | None = None,
    ) -> str:
        """Put a job on a queue and return its id, or that of the live one with this `unique`."""
        spec = JobSpec(
            function,
            tuple(args),
            dict(kwargs),
            queue=queue,
            id=job_id or "",
            unique=job_id is not None,
            description=description,
            timeout=timeout,
            depends_on=tuple(depends_on),
            at_front=at_front,
            cpus=None if cpus is None else str(cpus),
            label=label,
            unique_as=unique or "",
            lock=lock,
            limits=check(limits or {}),
        )
        (jid,) = await self._store.enqueue([spec])
        return jid

    def doubt(self, function: str) -> str:
        """Why a job of this function can but fail on this node."""
        return doubt(function, self._registry, self._rules)

    async def drain(self, wait: bool, handback: bool, who: Caller) -> Mapping[str, Any]:
        """Take no more jobs; with `wait` answer when none runs. `handback` ends what runs and puts
        it back, and leaves of ours no entry on RQ's lists."""
        self._supervisor.tell(on.PauseAsked(handback))
        await asyncio.sleep(0)
        wait = wait or handback
        while wait and self._supervisor.state.jobs and self._supervisor.state.mood is Mood.PAUSED:
            await asyncio.sleep(0.05)
        scrubbed = await self._store.scrub() if handback else None
        return self._mood() | {"scrubbed": scrubbed}

    async def pause(self, queues: Sequence[str], who: Caller) -> Mapping[str, Any]:
        """Have all nodes take no job of these queues; of all that this one serves if none is
        named."""
        paused = await self._store.pause(tuple(queues) or self._trips.queues, True)
        return self._mood() | {"paused": sorted(paused)}

    async def resume(self, queues: Sequence[str], who: Caller) -> Mapping[str, Any]:
        """Take jobs of these queues again; without a name all, also after a drain."""
        paused = await self._store.pause((), False)
        paused = await self._store.pause(tuple(queues) or tuple(paused), False)
        if not queues or self._supervisor.state.mood is Mood.OPEN:
            self._supervisor.tell(on.ResumeAsked())
        await asyncio.sleep(0)
        return self._mood() | {"paused": sorted(paused)}

    async def shutdown(self, mode: str, who: Caller) -> Mapping[str, Any]:
        """Stop the daemon; the answer goes out before it does."""
        answer = {**self._mood(), "mood": f"stopping ({mode})"}
        asyncio.get_running_loop().call_later(0.05, self._supervisor.tell, on.StopAsked(mode))
        return answer

    async def reload(self, who: Caller) -> Mapping[str, Any]:
        """Begin again in place; Refused names what is wrong with the settings."""
        problems = self.begin_again()
        if problems:
            raise Refused("reload refused: " + "; ".join(problems))
        return {**self._mood(), "mood": "reloading"}

    # -- pieces

    def _mood(self) -> dict[str, Any]:
        state = self._supervisor.state
        return {"mood": state.mood.value, "running": len(state.jobs)}
