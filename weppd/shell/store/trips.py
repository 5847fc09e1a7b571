"""Round trips to the store: finishes and claims together, and what happens while it is away.

Finishes that cannot be sent go to the outbox on disk, and count as recorded; they are replayed
before anything else is. Where the disk is full too they stay here and with their cells, which keep
what was not acknowledged, and are tried again with every probe. A claim whose reply was lost is
asked for again under its own token, so that no job is claimed and forgotten.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

from weppd.core import effects as do
from weppd.core import events as on
from weppd.core.schedule import Plan, Rules, Ticket, Traits, plan, renamed
from weppd.errors import StoreAway
from weppd.model import Claim, Finish, Job
from weppd.prompt import Prompt
from weppd.settings import Redis
from weppd.shell.store.recents import Recents
from weppd.store import Store
from weppd.store.nouns import ClaimAsk, Exchanged
from weppd.store.outbox import Outbox

log = logging.getLogger("weppd")
MOST = 64
# A trip may take a claim's script again after a reconnect; this many of both deadlines is no trip.
DEADLINES = 3
_PLANS = 256
PROBE_S = (0.1, 0.2, 0.4)


class Desk:
    """Writes the ticket for a claim: the registry of tasks and the operator's rules, as of now."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.registry: dict[str, Traits] = {}
        self._plans: dict[tuple[object, ...], tuple[Traits | None, Plan]] = {}

    def ticket(self, claim: Claim, worker: str) -> Ticket:
        """The ticket under which `claim` runs here."""
        return Ticket(claim, self._plan(claim.job), worker)

    def _plan(self, job: Job) -> Plan:
        """The plan of a job; jobs of one task that ask for the same share theirs.

        A plan that follows from the job's own limits, from its run or its id is its own.
        """
        if job.limits:
            return plan(job, self.registry, self.rules)
        asks = job.timeout, job.cpus, job.memory, job.lock
        key = job.function, job.queue, job.runid is None, *asks
        traits, made = self._plans.get(key, (None, None))
        if made is not None and self.registry.get(made.function) is traits:
            return made
        made = plan(job, self.registry, self.rules)
        if made.refusal is None and made.turn is None:
            if len(self._plans) >= _PLANS:
                self._plans.clear()
            self._plans[key] = self.registry.get(made.function), made
        return made

    def panel(self, job: Job) -> str:
        """The panel of its run on which the job's task speaks; "" for none."""
        traits = self.registry.get(renamed(job.function or "", self.rules.alias))
        return (traits and traits.panel) or ""

    def short(self) -> tuple[str, ...]:
        """The functions whose jobs may be claimed ahead, under all names that they go by."""
        names = [name for name, traits in self.registry.items() if traits.short]
        for old, new in self.rules.alias.items():
            names += [old + name[len(new) :] for name in names if name.startswith(new + ".")]
        return tuple(names)


class Trips:
    """One exchange at a time; what gathers meanwhile goes with the next."""

    def __init__(
        self,
        store: Store,
        outbox: Outbox,
        desk: Desk,
        queues: Sequence[str],
        tell: Callable[..., None],
    ) -> None:
        self.away = False
        self.reason = ""
        self.suspended = False
        self._all = self.empty = frozenset(queues)
        self.busy_since: float | None = None
        #: What a trip brought is decided at its end.
        self.gathering: AbstractContextManager[None] = nullcontext()
        self.recents = Recents()
        self._asked: ClaimAsk | None = None
        self._store, self._outbox, self._desk = store, outbox, desk
        self.queues, self._tell = tuple(queues), tell
        self._finishes: list[Finish] = []
        self._full = ""
        self._claim: do.Claim | None = None
        #: An ask that the store carries out when a job comes, unless it is asked for before that.
        self._posted: ClaimAsk | None = None
        self._early: Exchanged | None = None
        self._lost: ClaimAsk | None = None
        #: Between two trips; whether the next is begun by somebody who says when, or by the loop.
        self._rest: Prompt | None = None
        self.turning: Callable[[], bool] = lambda: False

    def record(self, finish: Finish) -> None:
        """Have a finish written with the next trip."""
        if finish.unheard:
            finish = replace(finish, panel=self._desk.panel(finish.claim.job))
        self._finishes.append(finish)
        self._stir()

    def claim(self, claim: do.Claim) -> None:
        """Have jobs claimed with the next trip."""
        self._claim = claim
        self._stir()

    def _stir(self) -> None:
        if self._rest is not None and not self.turning():
            asyncio.get_running_loop().call_soon(self.begin)

    def begin(self) -> None:
        """Set out now, where there is what to go for and no trip is under way: its commands are
        sent when this returns. At a turn's end (`turning`) it is for who turns to call this."""
        rest = self._rest
        if rest is not None and (self._finishes or self._claim is not None):
            self._rest = None
            rest.answer(None)

    def stuck(self, told: Redis) -> str:
        """What is wrong with the trip that is under way: it outlived its deadlines; else "".

        A store that is away is no fault of ours: each call to it then ends in time.
        """
        if self.busy_since is None:
            return ""
        out_s, due_s = time.monotonic() - self.busy_since, told.connect_timeout_s
        due_s = DEADLINES * (due_s + told.call_timeout_s)
        return f"a call to the store is out for {out_s:.0f} s" if out_s > due_s else ""

    async def run(self) -> None:
        """Make trips for ever; a task of its own."""
        while True:
            while self._finishes or self._claim is not None:
                await self._trip()
            self._rest = Prompt()
            await self._rest

    async def _trip(self) -> None:
        finishes, self._finishes = self._finishes[:MOST], self._finishes[MOST:]
        ask = self._ask()
        try:
            self.busy_since = time.monotonic()
            answer = await self._store.exchange(finishes, ask)
        except StoreAway as error:
            self._put_away(finishes, ask, error)
            await self._until_back()
            return
        finally:
            self.busy_since = None
        with self.gathering:
            self._deliver(finishes, ask, answer)
            tickets = self._tickets(ask, answer) if ask is not None else []
            wishes = [ticket for ticket in tickets if ticket.plan.turn is not None]
            if ask is not None and not wishes:
                self._tell(self._seen(ask, tickets, _dry(ask, answer), answer.posted))
            early, self._early = self._early, None
            if early is not None and not self.rung(early) and self._posted is not None:
                self._tell(on.BellRang())
        if ask is not None and wishes:
            await self._tell_claimed(ask, answer)

    async def _tell_claimed(self, ask: ClaimAsk, answer: Exchanged) -> None:
        try:
            claimed = await self._claimed(ask, answer, _dry(ask, answer))
        except StoreAway as error:
            # Asked for again with their token, the claims are those that have or want their turn.
            self._put_away([], ask, error)
            await self._until_back()
        else:
            self._tell(claimed)

    def _ask(self) -> ClaimAsk | None:
        claim, self._claim = self._claim, None
        if claim is None:
            return None
        if self._posted is not None:
            # It may have been carried out, with its reply on the way, or lost.
            ask, self._posted = self._posted, None
            return ask
        rules = self._desk.rules
        short = self._desk.short() if claim.more or claim.behind else ()
        behind = tuple(f"{rules.node}.{label}" for label in claim.behind if short)
        wanted = len(claim.labels) + len(behind) + (claim.more if short else 0)
        noise = os.urandom(16 * (wanted + 1)).hex()
        token, *eids = (noise[at : at + 32] for at in range(0, len(noise), 32))
        workers = tuple(f"{rules.node}.{label}" for label in claim.labels)
        offer = rules.cpus or rules.cores, rules.memory
        head = self.queues, token, tuple(eids), rules.node, workers, *offer
        self._asked = ask = ClaimAsk(*head, short=short, behind=behind)
        if (gap := claim.gap) is not None:
            ask = replace(ask, gap_s=gap.seconds, gap_cpus=gap.cpus, gap_memory=gap.memory)
            self._asked = ask
        return ask

    def asked(self) -> set[str]:
        """The executions of the last claim, which may be in the store while we know nothing."""
        return set(self._asked.eids) if self._asked else set()

    def put_away(self) -> list[Finish]:
        """The ends in the outbox, the oldest first."""
        return self._outbox.finishes()

    def _deliver(self, finishes: Sequence[Finish], ask: ClaimAsk | None, answer: Exchanged) -> None:
        for finish, said in zip(finishes, answer.answers, strict=True):
            if said.value != "ok":
                log.warning("action=record job=%s answer=%r", finish.claim.job.id, said.value)
            self.recents.note(finish)
            self._tell(on.Recorded(finish.claim.eid, said))
        if ask is not None:
            self._posted = ask if answer.posted else None
            self.suspended = answer.suspended
            # With all of it suspended no queue was looked at, and no bell may hang at any.
            self.empty = answer.empty if self.suspended else answer.empty or self._all

    def rung(self, answer: Exchanged) -> bool:
        """Take the claims that a bell brought of what was posted.

        False where a claim is ordered or under way, which has the same token and so brings them;
        where they want turns, which the next claim takes for them; and where it is not known yet
        that it was posted: then they are taken when the trip under way says so.
        """
        ask = self._posted
        if ask is None or answer.token != ask.token or self.away or self._claim is not None:
            self._early = answer
            return False
        tickets = self._tickets(ask, answer)
        if any(ticket.plan.turn is not None for ticket in tickets):
            return False
        self._posted = None
        self._tell(self._seen(ask, tickets, _dry(ask, answer)))
        return True

    async def _claimed(self, ask: ClaimAsk, answer: Exchanged, dry: bool) -> on.Claimed:
        """The claims that may run: one whose key another job has is parked and no more ours."""
        tickets = self._tickets(ask, answer)
        wishes = [(t.claim, t.plan.turn) for t in tickets if t.plan.turn is not None]
        parked = await self._store.take_turns(wishes) if wishes else frozenset()
        return self._seen(ask, [t for t in tickets if t.job.id not in parked], dry)

    def _tickets(self, ask: ClaimAsk, answer: Exchanged) -> list[Ticket]:
        worker = dict(zip(ask.eids, ask.workers, strict=False))
        return [self._desk.ticket(c, worker.get(c.eid) or c.worker) for c in answer.claims]

    def _seen(
        self, ask: ClaimAsk, tickets: Sequence[Ticket], dry: bool, posted: bool = False
    ) -> on.Claimed:
        for ticket in tickets:
            if ticket.plan.notice:
                log.info("action=claim job=%s note=%r", ticket.job.id, ticket.plan.notice)
        kind = ask.gap_s > 0, not ask.workers, posted
        return on.Claimed(tuple(tickets), dry, time.time(), *kind)

    # -- while the store is away

    def _put_away(self, finishes: Sequence[Finish], ask: ClaimAsk | None, error: StoreAway) -> None:
        self.away, self._full = True, ""
        self.reason = str(error)
        log.error("action=store state=away reason=%r", self.reason)
        self._finishes[:0] = finishes
        self._keep_all()
        if ask is not None:
            self._lost = ask
            self._tell(on.ClaimFailed())

    def _keep_all(self) -> None:
        """Put what waits into the outbox, oldest first; what it has no room for goes on waiting."""
        while self._finishes:
            try:
                self._outbox.put(self._finishes[0])
            except OSError as error:
                self._no_room(error)
                return
            finish = self._finishes.pop(0)
            self._tell(on.Recorded(finish.claim.eid, None))
        if self._full:
            log.warning("action=outbox state=room")
            self.reason, self._full = self.reason.removesuffix(self._full), ""

    def _no_room(self, error: OSError) -> None:
        """Say it once: what ended now stays with its cell until there is room, or the store."""
        if self._full:
            return
        self._full = f"; the outbox cannot be written: {error.strerror}"
        self.reason += self._full
        log.error(
            "action=outbox state=full file=%s reason=%r waiting=%d",
            error.filename,
            error.strerror,
            len(self._finishes),
        )

    async def _until_back(self) -> None:
        tries = 0
        while self.away:
            await asyncio.sleep(PROBE_S[min(tries, len(PROBE_S) - 1)])
            tries += 1
            self._keep_all()
            if self._claim is not None:
                self._claim = None
                self._tell(on.ClaimFailed())
            await self._probe()

    async def _probe(self) -> None:
        """Try to send what waits: the outbox first, then what it had no room for."""
        waiting = self._finishes[:MOST]
        try:
            await self.replay()
            answer = await self._store.exchange(waiting, self._lost)
            claimed = await self._claimed(self._lost, answer, False) if self._lost else None
        except StoreAway:
            return
        del self._finishes[: len(waiting)]
        self._posted = self._lost if answer.posted else self._posted
        self._lost = None
        self.away, self.reason = False, ""
        log.warning("action=store state=back")
        self._deliver(waiting, None, answer)
        if claimed is not None and claimed.tickets:
            self._tell(claimed)
        self._tell(on.StoreBack())

    @property
    def kept(self) -> int:
        """How many outcomes wait on disk."""
        return len(self._outbox)

    async def replay(self) -> None:
        """Send what the outbox holds, oldest first. StoreAway leaves the rest where it is."""
        await self._outbox.replay(self._store, self.recents.note)


def _dry(ask: ClaimAsk, answer: Exchanged) -> bool:
    """Whether the queues had less than was asked for."""
    return len(answer.claims) < max(1, len(ask.workers) or len(ask.behind))
