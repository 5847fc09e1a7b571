"""One walk of the decision core through a world that does its worst.

Each step is two numbers: which of the moves that are possible now (by weight), and what it picks.
A property test takes the numbers from Hypothesis, the mutants' test from a seeded generator.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import replace

from tests.property.world import RUNGS, Cell, World
from weppd.core import events as on
from weppd.core.state import Ending, Mood, Waiting
from weppd.model import Canceled

Step = tuple[int, int]


class Walk:
    """A world, the jobs that were enqueued, and the moves."""

    def __init__(self, slots: int, decide: object = None) -> None:
        self.world = World(slots, decide)
        self.jobs: list[str] = []
        self.world.restart()

    def moves(self) -> list[tuple[int, Callable[[int], None]]]:
        """The moves that are possible now, with their weights."""
        world = self.world
        if world.state.mood is Mood.STOPPED:
            return [(1, self.weppd_starts)]
        possible = [
            (12, self.enqueue, True),
            (10, self.claim_answered, world.claim is not None),
            (8, self.recorded, bool(world.records)),
            (8, self.forked, bool(world.forks)),
            (8, self.job_ends, bool(self._cells(self._works))),
            (3, self.job_began, bool(self._cells(self._works))),
            (4, self.cell_says_hello, bool(self._cells(lambda c: c.hello_due))),
            (3, self.cancel, bool(self.jobs)),
            (2, self.over_repeated, bool(self._cells(lambda c: c.over and not c.hello_due))),
            (2, self.cell_cut_off, bool(self._cells(lambda c: not c.hello_due))),
            (2, self.cell_dies, bool(world.cells)),
            (2, self.start_lost, bool(self._cells(self._unread))),
            (6, self.unwanted_ends, bool(self._cells(lambda c: c.unwanted and not c.hello_due))),
            (6, self.cell_gives_back, bool(self._cells(self._is_slow))),
            (2, self.claim_repeated, world.reply is not None and world.claim is None),
            (1, self.weppd_starts, True),
            (1, self.zygote_dies, True),
            (1, self.class_breaks, True),
            (1, self.host_reboots, True),
            (1, self.stop, True),
            (1, self.pause, True),
            (2, self.resume, world.state.mood is not Mood.OPEN),
        ]
        return [(weight, move) for weight, move, can in possible if can]

    def run(self, steps: Iterable[Step]) -> None:
        """Take the steps, let a fair world bring everything to rest, then look at the ledger."""
        for choice, pick in steps:
            moves = self.moves()
            bag = [move for weight, move in moves for _ in range(weight)]
            bag[choice % len(bag)](pick)
        self.world.drain()
        # A node that has come to rest hears of a job that comes then.
        self.jobs.append(self.world.enqueue("light", 1, False, False))
        self.world.drain()
        lost = [jid for jid in self.jobs if jid not in self.world.ended]
        assert lost == [], f"never ended: {lost}, {self.world.state}"
        assert not self.world.waiting(Ending), "a cancel was never answered"

    # -- moves

    def enqueue(self, pick: int) -> None:
        zygote = "heavy" if pick % 4 == 0 else "light"
        cpus = min(pick // 4 % 4, self.world.slots)
        expect_s = float(pick % 7) if pick % 2 else None
        job = self.world.enqueue(
            *(zygote, cpus, pick % 3 == 0, pick % 11 == 0, expect_s),
            short=pick % 5 < 3,
            called_short=pick % 5 == 3,
        )
        self.jobs.append(job)

    def claim_answered(self, pick: int) -> None:
        self.world.fail_claim() if pick % 6 == 0 else self.world.answer_claim()

    def claim_repeated(self, pick: int) -> None:
        live, ours = self.world.state.jobs, self.world.claimed
        again = tuple(t for t in self.world.reply.tickets if t.eid in live and t.eid in ours)
        self.world.tell(replace(self.world.reply, tickets=again, dry=False))

    def recorded(self, pick: int) -> None:
        self.world.record_one(pick % 2 == 0)

    def forked(self, pick: int) -> None:
        self.world.fork_one()

    def job_ends(self, pick: int) -> None:
        n = self._pick(self._works, pick)
        self.world.finish_job(n, ("finished", "failed", "died")[pick // 7 % 3])

    def job_began(self, pick: int) -> None:
        self.world.began(self._pick(self._works, pick), 1 + pick)

    def unwanted_ends(self, pick: int) -> None:
        self.world.end_unwanted(self._pick(lambda c: c.unwanted and not c.hello_due, pick))

    def cell_gives_back(self, pick: int) -> None:
        self.world.give_back(self._pick(self._is_slow, pick))

    def start_lost(self, pick: int) -> None:
        self.world.lose_start(self._pick(self._unread, pick))

    def class_breaks(self, pick: int) -> None:
        self.world.break_class(("light", "heavy")[pick % 2])

    def cell_says_hello(self, pick: int) -> None:
        self.world.hello(self._pick(lambda c: c.hello_due, pick))

    def cell_cut_off(self, pick: int) -> None:
        self.world.cells[self._pick(lambda c: not c.hello_due, pick)].hello_due = True

    def cell_dies(self, pick: int) -> None:
        self.world.kill_cell(self._pick(lambda c: True, pick))

    def over_repeated(self, pick: int) -> None:
        n = self._pick(lambda c: c.over and not c.hello_due, pick)
        self.world.tell(self.world.cells[n].over)

    def cancel(self, pick: int) -> None:
        jid = self.jobs[-1 - pick % min(len(self.jobs), 4)]
        phases = self.world.state.jobs.values()
        waits = any(isinstance(p, Waiting) and p.ticket.job.id == jid for p in phases)
        self.world.tell(on.CancelAsked(jid, RUNGS, "not wanted", 0.0))
        for n, cell in self.world.cells.items():
            if self._works(cell) and cell.ticket.job.id == jid:
                assert cell.asked == "cancel", f"cell {n} was not told to end {jid}"
            for ticket in [] if cell.hello_due else cell.behind:
                told = ticket.job.id != jid or ticket.eid in cell.unwanted
                assert told, f"cell {n} was not told to drop {jid}"
        if waits:
            ends = [f.outcome for f in self.world.records if f.claim.job.id == jid]
            assert any(isinstance(end, Canceled) for end in ends), "a waiting job goes on"

    def stop(self, pick: int) -> None:
        mode = ("detach", "drain", "requeue", "cancel")[pick % 4]
        self.world.tell(on.StopAsked(mode))
        if mode in ("requeue", "cancel"):
            assert self._going_on() == [], "a stop left a job running"

    def pause(self, pick: int) -> None:
        requeue = pick % 3 == 0
        stops = self.world.state.mood is Mood.DRAINING  # who stops already is not asked to pause
        self.world.tell(on.PauseAsked(requeue))
        if requeue and not stops:
            assert self._going_on() == [], "a pause that hands back left a job running"

    def _going_on(self) -> list[Cell]:
        cells = [c for c in self.world.cells.values() if not c.hello_due]
        runs = [c for c in cells if self._works(c) and not c.asked]
        return runs + [c for c in cells if len(c.behind) > len(c.unwanted)]

    def resume(self, pick: int) -> None:
        self.world.tell(on.ResumeAsked())

    def weppd_starts(self, pick: int) -> None:
        self.world.restart()

    def host_reboots(self, pick: int) -> None:
        cells = self.world.cells.values()
        ran = {ticket.job.id for cell in cells for ticket in cell.tickets}
        retried = {job.id for job in self.world.queue}
        self.world.reboot()
        back = [job.id for job in self.world.queue if job.id in ran - retried]
        assert back == [], "what had begun is handed back as if it had not"

    def zygote_dies(self, pick: int) -> None:
        zygote = ("light", "heavy")[pick % 2]
        self.world.forks = [(n, z) for n, z in self.world.forks if z != zygote]
        self.world.tell(on.ClassDown(zygote))
        self.world.tell(on.ClassReady(zygote))

    @staticmethod
    def _works(cell: Cell) -> bool:
        return bool(cell.ticket) and not cell.over and not cell.hello_due

    @classmethod
    def _is_slow(cls, cell: Cell) -> bool:
        return bool(cell.ticket) and not cell.over and bool(cell.behind)

    @classmethod
    def _unread(cls, cell: Cell) -> bool:
        return cls._works(cell) and not cell.began and not cell.asked

    def _cells(self, wanted: Callable[[Cell], object]) -> list[int]:
        return sorted(n for n, cell in self.world.cells.items() if wanted(cell))

    def _pick(self, wanted: Callable[[Cell], object], pick: int) -> int:
        found = self._cells(wanted)
        return found[pick % len(found)]


def seeded(seed: int, steps: int, decide: object = None) -> Walk:
    """One walk by a seeded generator."""
    rng = random.Random(seed)
    walk = Walk(1 + seed % 3, decide)
    walk.run((rng.randrange(2**16), rng.randrange(2**16)) for _ in range(steps))
    return walk
