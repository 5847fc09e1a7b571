"""A world for the decision core, without processes: a queue, cells, a store that may be away.

`World` carries out the machine's effects on plain Python objects and refuses what a real hand
could not do (start a job in a busy cell, acknowledge what was never recorded). The ledger at its
end says of every job whether it ended exactly once.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

from weppd.core import effects as do
from weppd.core import events as on
from weppd.core import invariants, machine
from weppd.core.schedule import Plan, Rules, Ticket
from weppd.core.state import Behind, Ending, Mood, Phase, State, Waiting, fresh
from weppd.model import Answer, Canceled, Claim, Failed, Finish, Job, Retried

RUNGS = (("USR1", 1.0), ("TERM", 1.0), ("KILL", 0.0))


@dataclass
class Cell:
    """A living cell: its class, the ticket it has, whether the job is over.

    `behind` are the short jobs that it was given ahead, `ended` those whose ends nobody has
    acknowledged while another runs, `unwanted` who asked to end a job that waits. What it
    `dropped` while weppd was away never began.
    """

    zygote: str
    ticket: Ticket | None = None
    over: on.Over | None = None
    asked: str | None = None
    hello_due: bool = True
    stale: bool = False
    retiring: bool = False
    began: bool = False
    behind: list[Ticket] = field(default_factory=list)
    ended: dict[str, tuple[Ticket, on.Over]] = field(default_factory=dict)
    unwanted: dict[str, str] = field(default_factory=dict)
    dropped: list[Ticket] = field(default_factory=list)

    @property
    def tickets(self) -> list[Ticket]:
        """All that it has, first what runs."""
        first = [self.ticket] if self.ticket else []
        return [*first, *(ticket for ticket, _ in self.ended.values()), *self.behind]

    @property
    def begun(self) -> list[Ticket]:
        """What it ran, or runs."""
        return [ticket for ticket in self.tickets if ticket not in self.behind]


@dataclass
class World:
    """Queue, cells and store around a machine; `decide` may be swapped for a mutant."""

    slots: int = 2
    decide: object = None
    state: State = field(init=False)
    queue: list[Job] = field(default_factory=list)
    cells: dict[int, Cell] = field(default_factory=dict)
    forks: list[tuple[int, str]] = field(default_factory=list)
    claim: tuple[int, ...] | None = None
    gap: do.Gap | None = None
    more: int = 0
    behind: tuple[int, ...] = ()
    shorts: set[str] = field(default_factory=set)
    wall: float = 1000.0
    records: list[Finish] = field(default_factory=list)
    bell: bool = False
    ended: dict[str, list[str]] = field(default_factory=dict)
    bodies: dict[str, int] = field(default_factory=dict)
    killed: set[str] = field(default_factory=set)
    claimed: dict[str, Ticket] = field(default_factory=dict)
    cancels: dict[str, str] = field(default_factory=dict)
    announced: set[str] = field(default_factory=set)
    reply: on.Claimed | None = None
    held: list[on.Event] = field(default_factory=list)
    numbers: itertools.count = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.decide = self.decide or machine.decide
        self.rules = Rules(classes={"light": 1, "heavy": 1}, cores=self.slots, prefetch=3)
        self.state = fresh(self.rules, self.slots)

    # -- the machine's side

    def tell(self, *events: on.Event) -> None:
        """Feeds events, those that were held back first, and carries out what the machine orders; a
        stopped daemon is gone."""
        events, self.held = (*self.held, *events), []
        if self.state.mood is Mood.STOPPED:
            return
        self.state, effects = self.decide(self.state, *events)
        for effect in effects:
            self._perform(effect)
        assert invariants.violations(self.state) == []

    def later(self, event: on.Event) -> None:
        """Feeds an event, of two in three at once and the third together with what comes next."""
        if next(self.numbers) % 3 == 0 and self.state.mood is not Mood.STOPPED:
            self.held.append(event)
        else:
            self.tell(event)

    def _perform(self, effect: do.Effect) -> None:
        name = type(effect).__name__
        getattr(self, f"_do_{name.lower()}")(effect)

    def _do_claim(self, effect: do.Claim) -> None:
        assert self.claim is None, "two claims at once"
        assert effect.labels or effect.behind, "a claim for nothing"
        assert not self.waiting(Waiting) or effect.gap, "a claim while a job waits"
        self.claim, self.gap, self.more = effect.labels, effect.gap, effect.more
        self.behind = effect.behind
        for cell in self.cells.values():
            label = cell.ticket.worker.rpartition(".")[2] if cell.ticket else ""
            more = [each for each in effect.behind if str(each) == label]
            room = self.rules.prefetch - 1 - len(cell.behind)
            assert len(more) <= max(0, room), "more short jobs than a cell has room for"

    def _do_armbell(self, effect: do.ArmBell) -> None:
        self.bell = True

    def _do_fork(self, effect: do.Fork) -> None:
        assert effect.n not in self.cells, f"slot {effect.n} has a living cell"
        self.forks.append((effect.n, effect.zygote))

    def _do_start(self, effect: do.Start) -> None:
        cell = self.cells[effect.n]
        if not effect.behind:
            assert not cell.tickets, f"cell {effect.n} already has a job"
        assert not cell.stale, f"cell {effect.n} is of an earlier generation"
        assert not cell.retiring, f"cell {effect.n} is leaving"
        assert cell.zygote == effect.ticket.plan.zygote, "a job in a cell of another class"
        assert effect.ticket.plan.refusal is None, "a refused job began"
        before = itertools.takewhile(
            lambda item: item[0] != effect.ticket.eid, self.state.jobs.items()
        )
        overtaken = any(isinstance(phase, Waiting) for _, phase in before)
        assert not overtaken or effect.ticket.job.expect_s is not None, "the order was broken"
        if effect.behind:
            assert effect.ticket.plan.short, "a job that is not short waits behind another"
            cell.behind.append(effect.ticket)
            assert len(cell.behind) < self.rules.prefetch or cell.over, "more than were asked for"
            if cell.ticket is None or cell.over:
                self._next(cell)
        else:
            self._begin(cell, effect.ticket)

    def _begin(self, cell: Cell, ticket: Ticket) -> None:
        jid = ticket.job.id
        assert jid not in self.ended, "a job that ended began again"
        self.bodies[jid] = self.bodies.get(jid, 0) + 1
        assert self.bodies[jid] == 1 or jid in self.killed, f"the body of {jid} ran twice"
        cell.ticket, cell.over, cell.asked, cell.began = ticket, None, None, False
        at_work = [c.ticket.plan.cpus for c in self.cells.values() if c.ticket and not c.over]
        assert sum(at_work) <= self.state.cpus, "CPUs are oversold"
        shown = [c.ticket.worker for c in self.cells.values() if c.ticket and not c.over]
        assert len(set(shown)) == len(shown), "two jobs are shown under one worker"

    def _next(self, cell: Cell) -> None:
        """What a cell had is over: it begins what waits behind that."""
        if cell.over is not None:
            cell.ended[cell.ticket.eid] = cell.ticket, cell.over
        wanted = [ticket for ticket in cell.behind if ticket.eid not in cell.unwanted]
        cell.ticket, cell.over = None, None
        if wanted:
            cell.behind.remove(wanted[0])
            self._begin(cell, wanted[0])

    def _do_cancel(self, effect: do.Cancel) -> None:
        cell = self.cells.get(effect.n)
        if cell is None or cell.hello_due:
            return
        if cell.ticket is not None and cell.ticket.eid == effect.eid:
            cell.asked = effect.asked
        elif effect.eid in (ticket.eid for ticket in cell.behind):
            cell.unwanted[effect.eid] = effect.asked

    def _do_announce(self, effect: do.Announce) -> None:
        assert effect.pid > 0
        self.announced.add(effect.ticket.eid)

    def _do_record(self, effect: do.Record) -> None:
        pending = [finish.claim.eid for finish in self.records]
        assert effect.finish.claim.eid not in pending, "one end is recorded twice"
        self.records.append(effect.finish)

    def _do_ack(self, effect: do.Ack) -> None:
        cell = self.cells.get(effect.n)
        if cell is not None and cell.ended.pop(effect.eid, None) is not None:
            return
        if cell is not None and cell.ticket is not None and cell.ticket.eid == effect.eid:
            assert cell.over is not None, "acknowledged before it was over"
            cell.ticket, cell.over = None, None

    def _do_handback(self, effect: do.HandBack) -> None:
        for ticket in effect.tickets:
            assert self.claimed.pop(ticket.eid, None), "handed back what was not claimed"
            self.queue.insert(0, ticket.job)

    def _do_retire(self, effect: do.Retire) -> None:
        cell = self.cells.get(effect.n)
        if cell is None:  # that it is gone came together with what it was to go for
            return
        assert not [t for t in cell.tickets if t.eid not in cell.ended], "retired with a job"
        cell.retiring = True

    # -- the world's side

    def enqueue(
        self,
        zygote: str,
        cpus: int,
        retry: bool,
        refused: bool,
        expect_s: float | None = None,
        short: bool = False,
        called_short: bool = False,
    ) -> str:
        """A producer adds a job, and may call it by the name of a short one."""
        jid = f"j{next(self.numbers)}"
        plan = {"plan": zygote}
        job = Job(jid, "default", "m.f", b"", runid="r", expect_s=expect_s, extra=plan)
        self.plans = getattr(self, "plans", {})
        self.plans[jid] = Plan(
            "m.f",
            zygote,
            100,
            cpus,
            1,
            retry,
            short=short,
            refusal="no such task" if refused else None,
        )
        if short or called_short:
            self.shorts.add(jid)
        self.queue.append(job)
        if self.bell:
            self.bell = False
            self.tell(on.BellRang())
        return jid

    def answer_claim(self) -> None:
        """The store answers the claim under way."""
        labels, self.claim = self.claim, None
        fit = [job for job in self.queue if self._fits(job)]
        taken = fit[: len(labels)]
        pairs = list(zip(labels, taken, strict=False))
        mates = [label for label, job in pairs if job.id in self.shorts]
        places = (mates * (self.more // len(labels)) if labels else []) + list(self.behind)
        for label, job in zip(places, fit[len(taken) :], strict=False):
            if job.id not in self.shorts:
                break
            taken.append(job)
            pairs.append((label, job))
        self.queue = [job for job in self.queue if job not in taken]
        self.wall += 1.0
        tickets = []
        for label, job in pairs:
            claim = Claim(f"e{next(self.numbers)}", job)
            ticket = Ticket(claim, self.plans[job.id], f"node.{label}")
            self.claimed[claim.eid] = ticket
            tickets.append(ticket)
        dry = len(taken) < (len(labels) or len(self.behind))
        self.reply = on.Claimed(
            tuple(tickets), dry, self.wall, self.gap is not None, behind=not labels
        )
        self.tell(self.reply)

    def _fits(self, job: Job) -> bool:
        """Whether the claim under way is for it: without a gap, for all."""
        gap = self.gap
        if gap is None:
            return True
        short = job.expect_s is not None and job.expect_s <= gap.seconds
        return short and self.plans[job.id].cpus <= gap.cpus

    def fail_claim(self) -> None:
        """The store does not answer; later it is back."""
        self.claim = None
        self.tell(on.ClaimFailed())
        self.tell(on.StoreBack())

    def record_one(self, answered: bool = True) -> None:
        """The store takes the oldest record (or the outbox does)."""
        finish = self.records.pop(0)
        eid = finish.claim.eid
        if self.claimed.pop(eid, None) is not None:
            self._book(finish)
            answer = Answer.OK
        else:
            answer = Answer.ALREADY
        self.later(on.Recorded(eid, answer if answered else None))

    def _book(self, finish: Finish) -> None:
        job = finish.claim.job
        if isinstance(finish.outcome, Retried):
            self.killed.add(job.id)
            self.queue.append(job)
            return
        kind = type(finish.outcome).__name__
        self.ended.setdefault(job.id, []).append(kind)
        assert len(self.ended[job.id]) == 1, f"{job.id} ended twice: {self.ended[job.id]}"
        if isinstance(finish.outcome, Canceled | Failed):
            assert finish.outcome.reason, "an end without a reason"

    def fork_one(self) -> None:
        """A zygote forks the oldest cell that was asked for, which says hello."""
        n, zygote = self.forks.pop(0)
        self.cells[n] = Cell(zygote, hello_due=False)
        self.tell(on.CellHello(n, zygote))

    def finish_job(self, n: int, kind: str) -> None:
        """The job in cell `n` comes to an end."""
        cell = self.cells[n]
        verdict = None if kind == "died" else on.Verdict(kind, "E", "no")
        if cell.asked is not None:
            verdict = on.Verdict("cancelled")
        said = on.Over(
            *(n, cell.ticket.eid, verdict, b"", 9, cell.asked, "asked for", 0.0, self.wall), pid=7
        )
        cell.over = said
        self.killed.add(cell.ticket.job.id)
        if cell.behind:
            self._next(cell)
        self._say(cell, said)

    def _say(self, cell: Cell, said: on.Event) -> None:
        if self.state.mood is Mood.STOPPED:
            cell.hello_due = True
        elif not cell.hello_due:
            self.later(said)

    def end_unwanted(self, n: int) -> None:
        """A job that waits in cell `n` and was cancelled is over, and was not run."""
        cell = self.cells[n]
        eid, asked = cell.unwanted.popitem()
        ticket = next(ticket for ticket in cell.behind if ticket.eid == eid)
        cell.behind.remove(ticket)
        over = on.Over(n, eid, None, b"", None, asked, "asked for", 0.0, self.wall)
        cell.ended[eid] = ticket, over
        self._say(cell, over)

    def give_back(self, n: int) -> None:
        """The job of cell `n` is slow: what waits behind it is not run there."""
        cell = self.cells[n]
        tickets, cell.behind, cell.unwanted = cell.behind, [], {}
        if cell.hello_due:
            cell.dropped += tickets
            return
        going = [t for t in tickets if not isinstance(self.state.jobs.get(t.eid), Ending)]
        self.tell(on.GivenBack(tuple(ticket.eid for ticket in tickets), self.wall))
        missing = [ticket.job.id for ticket in going if ticket.job not in self.queue]
        assert missing == [], f"given back, and not in the queue: {missing}"

    def kill_cell(self, n: int) -> None:
        """Cell `n` dies, with its tree; its zygote says so."""
        cell = self.cells.pop(n)
        begun = [ticket for ticket in cell.begun if not _never(cell, ticket)]
        self.killed |= {ticket.job.id for ticket in begun}
        waited = [t for t in cell.behind if isinstance(self.state.jobs.get(t.eid), Behind)]
        self.tell(on.CellGone(n, "SIGKILL", 0.0, frozenset(ticket.eid for ticket in begun)))
        gone = [ticket.job.id for ticket in waited if ticket.job not in self.queue]
        assert gone == [], f"they never began, and are not in the queue: {gone}"

    def lose_start(self, n: int) -> None:
        """Cell `n` dies before it read what it was given: nothing ran, its file names nobody."""
        cell = self.cells.pop(n)
        ticket = cell.ticket
        self.bodies[ticket.job.id] -= 1
        asked_to_end = isinstance(self.state.jobs.get(ticket.eid), Ending)
        begun = [each for each in cell.begun if each != ticket and not _never(cell, each)]
        self.killed |= {each.job.id for each in begun}
        self.tell(on.CellGone(n, "SIGKILL", 0.0, frozenset(each.eid for each in begun)))
        if not asked_to_end:
            assert ticket.job in self.queue, "a job that never began did not go back to its queue"

    def began(self, n: int, pid: int) -> None:
        """The job's process of cell `n` says that it runs."""
        cell = self.cells[n]
        cell.began = True
        self.tell(on.Began(cell.ticket.eid, pid, 0.0))
        assert cell.ticket.eid in self.announced, "nobody was told that a job began"

    def break_class(self, zygote: str) -> None:
        """A class cannot be started; somebody mends it."""
        self.forks = [(n, z) for n, z in self.forks if z != zygote]
        waiting = [p.ticket for p in self.state.jobs.values() if isinstance(p, Waiting)]
        self.tell(on.ClassBroken(zygote, "no module", 0.0))
        over = {finish.claim.eid for finish in self.records}
        for ticket in waiting:
            its_own = ticket.plan.zygote == zygote
            assert (ticket.eid in over) == its_own, "a broken class fails its own jobs alone"
        self.tell(on.ClassReady(zygote))

    def hello(self, n: int) -> None:
        """A cell that was cut off connects again, and repeats what was not acknowledged."""
        cell = self.cells[n]
        cell.hello_due = False
        dropped, cell.dropped = cell.dropped, []
        dropped = [t for t in dropped if isinstance(self.state.jobs.get(t.eid), Behind)]
        first, *others = cell.tickets or [None]
        repeated = [over for _, over in cell.ended.values()] + ([cell.over] if cell.over else [])
        self.tell(on.CellHello(n, cell.zygote, first, cell.stale, tuple(others)))
        phase = self.state.jobs.get(cell.ticket.eid) if cell.ticket else None
        if isinstance(phase, Ending) and self.state.mood is not Mood.STOPPED:
            assert cell.asked == phase.asked, "a cell that was cut off is not told to end its job"
        missing = [ticket.job.id for ticket in dropped if ticket.job not in self.queue]
        assert missing == [] or not cell.tickets, f"dropped, and not in the queue: {missing}"
        for over in repeated:  # it says this before it hears anything
            self.tell(over)

    def restart(self) -> None:
        """weppd dies and another one starts: cells live on, everything in memory is gone."""
        self.forks, self.records, self.claim, self.bell = [], [], None, False
        self.reply, self.held = None, []
        self.state = fresh(self.rules, self.slots)
        held = {ticket.eid for cell in self.cells.values() for ticket in cell.tickets}
        for n, cell in self.cells.items():
            cell.hello_due = cell.stale = True
            self.tell(on.CellFound(n))
        for zygote in ("light", "heavy"):
            self.tell(on.ClassReady(zygote))
        lost = [on.Lost(t, False) for eid, t in self.claimed.items() if eid not in held]
        having = {n: c for n, c in self.cells.items() if c.tickets}
        alive = [
            on.Held(n, c.zygote, c.tickets[0], tuple(c.tickets[1:])) for n, c in having.items()
        ]
        self.tell(on.Recovered(tuple(lost), 0.0, tuple(alive)))

    def reboot(self) -> None:
        """The host goes down and comes up: no cell lives, and no file tells who had begun."""
        self.killed |= {ticket.job.id for cell in self.cells.values() for ticket in cell.tickets}
        self.cells, self.forks, self.records, self.claim = {}, [], [], None
        self.reply, self.bell, self.held = None, False, []
        self.state = fresh(self.rules, self.slots)
        for zygote in ("light", "heavy"):
            self.tell(on.ClassReady(zygote))
        lost = tuple(on.Lost(ticket, False) for ticket in self.claimed.values())
        self.tell(on.Recovered(lost, 0.0, reset="the host was rebooted"))

    def waiting(self, kind: type[Phase]) -> bool:
        """Whether the machine has a job in this phase."""
        return any(isinstance(phase, kind) for phase in self.state.jobs.values())

    def drain(self) -> None:
        """A fair world: everything that is under way comes to its end, in some order."""
        if self.state.mood is not Mood.OPEN:
            self.restart() if self.state.mood is Mood.STOPPED else self.tell(on.ResumeAsked())
        for _ in range(20_000):
            if not self._one_fair_step():
                return
        raise AssertionError(f"the machine never comes to rest: {self.state}")

    def _one_fair_step(self) -> bool:
        if self.claim is not None:
            self.answer_claim()
        elif self.records:
            self.record_one()
        elif self.forks:
            self.fork_one()
        else:
            return self._one_cell_step()
        return True

    def _one_cell_step(self) -> bool:
        for n, cell in self.cells.items():
            if cell.retiring:
                self.kill_cell(n)
                return True
            if cell.hello_due:
                self.hello(n)
                return True
            if cell.unwanted:
                self.end_unwanted(n)
                return True
            if cell.ticket is not None and cell.over is None:
                self.finish_job(n, "finished")
                return True
        if self.bell and self.queue:
            self.bell = False
            self.tell(on.BellRang())
            return True
        if self.held:
            self.tell()
            return True
        return False


def _never(cell: Cell, ticket: Ticket) -> bool:
    """Whether it has ended and nobody ran it: it was cancelled while it waited."""
    _, over = cell.ended.get(ticket.eid, (None, None))
    return over is not None and not over.pid
