"""The decision core against a world that does its worst."""

from __future__ import annotations

from dataclasses import replace

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.property.world import RUNGS, World
from weppd.core import events as on
from weppd.core.state import Ending, Mood, Waiting
from weppd.model import Canceled


class AnyOrder(RuleBasedStateMachine):
    """Whatever the order of events, nothing is lost, doubled, oversold or forgotten."""

    decide = None

    @initialize(slots=st.integers(1, 3))
    def begin(self, slots):
        self.world = World(slots, type(self).decide)
        self.jobs: list[str] = []
        self.world.restart()

    @rule(
        zygote=st.sampled_from(["light", "light", "heavy"]),
        cpus=st.integers(0, 3),
        retry=st.booleans(),
        refused=st.integers(0, 9),
    )
    def enqueue(self, zygote, cpus, retry, refused):
        cpus = min(cpus, self.world.slots)
        self.jobs.append(self.world.enqueue(zygote, cpus, retry, refused == 0))

    @precondition(lambda self: self.world.claim is not None)
    @rule(fails=st.integers(0, 5))
    def claim_answered(self, fails):
        self.world.fail_claim() if fails == 0 else self.world.answer_claim()

    @precondition(lambda self: self.world.records)
    @rule(answered=st.booleans())
    def recorded(self, answered):
        self.world.record_one(answered)

    @precondition(lambda self: self.world.forks)
    @rule()
    def forked(self):
        self.world.fork_one()

    @precondition(lambda self: self._cells(lambda c: c.ticket and not c.over and not c.hello_due))
    @rule(data=st.data(), kind=st.sampled_from(["finished", "failed", "died"]))
    def job_ends(self, data, kind):
        cells = self._cells(lambda c: c.ticket and not c.over and not c.hello_due)
        self.world.finish_job(data.draw(st.sampled_from(cells)), kind)

    @precondition(lambda self: self.world.cells)
    @rule(data=st.data())
    def cell_dies(self, data):
        self.world.kill_cell(data.draw(st.sampled_from(sorted(self.world.cells))))

    @precondition(lambda self: self._cells(lambda c: c.hello_due))
    @rule(data=st.data())
    def cell_reconnects(self, data):
        self.world.hello(data.draw(st.sampled_from(self._cells(lambda c: c.hello_due))))

    @precondition(lambda self: self.jobs)
    @rule(data=st.data())
    def cancel(self, data):
        jid = data.draw(st.sampled_from(self.jobs))
        phases = self.world.state.jobs.values()
        waits = any(isinstance(p, Waiting) and p.ticket.job.id == jid for p in phases)
        self.world.tell(on.CancelAsked(jid, RUNGS, "not wanted", 0.0))
        for n, cell in self.world.cells.items():
            if cell.ticket and cell.ticket.job.id == jid and not cell.over and self._listens(cell):
                assert cell.asked == "cancel", f"cell {n} was not told to end {jid}"

        if waits and self.world.state.mood is not Mood.STOPPED:
            ends = [f.outcome for f in self.world.records if f.claim.job.id == jid]
            assert any(isinstance(end, Canceled) for end in ends), "a waiting job goes on"

    @precondition(lambda self: self.world.reply is not None and self.world.claim is None)
    @rule()
    def claim_repeated(self):
        self.world.tell(replace(self.world.reply, tickets=self._still_claimed(), dry=False))

    def _still_claimed(self):
        live = self.world.state.jobs
        return tuple(t for t in self.world.reply.tickets if t.eid in live)

    @precondition(lambda self: self._cells(lambda c: not c.hello_due))
    @rule(data=st.data())
    def cell_is_cut_off(self, data):
        n = data.draw(st.sampled_from(self._cells(lambda c: not c.hello_due)))
        self.world.cells[n].hello_due = True

    @precondition(lambda self: self._cells(lambda c: c.over and not c.hello_due))
    @rule(data=st.data())
    def over_is_repeated(self, data):
        n = data.draw(st.sampled_from(self._cells(lambda c: c.over and not c.hello_due)))
        self.world.tell(self.world.cells[n].over)

    @rule()
    def weppd_dies(self):
        self.world.restart()

    @rule(mode=st.sampled_from(["detach", "drain", "requeue", "cancel"]))
    def stop(self, mode):
        open_before = self.world.state.mood is not Mood.STOPPED
        self.world.tell(on.StopAsked(mode))
        if open_before and mode in ("requeue", "cancel"):
            asked = [c.asked for c in self.world.cells.values() if c.ticket and not c.over]
            deaf = sum(c.hello_due for c in self.world.cells.values())
            assert sum(each is None for each in asked) <= deaf, "a stop left a job running"

    @rule()
    def pause(self):
        self.world.tell(on.PauseAsked())

    @rule()
    def resume(self):
        self.world.tell(on.ResumeAsked())

    @rule(zygote=st.sampled_from(["light", "heavy"]))
    def zygote_dies_and_another_starts(self, zygote):
        world = self.world
        world.forks = [(n, z) for n, z in world.forks if z != zygote]
        world.tell(on.ClassDown(zygote))
        world.tell(on.ClassReady(zygote))

    def _listens(self, cell):
        return not cell.hello_due and self.world.state.mood is not Mood.STOPPED

    def _cells(self, wanted):
        return sorted(n for n, cell in self.world.cells.items() if wanted(cell))

    def teardown(self):
        if not hasattr(self, "world"):
            return
        self.world.drain()
        unanswered = [j for j in self.jobs if j not in self.world.ended]
        assert unanswered == [], f"never ended: {unanswered}, {self.world.state}"
        assert not self.world.waiting(Ending), "a cancel was never answered"


AnyOrder.TestCase.settings = settings(
    max_examples=200,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestAnyOrder = AnyOrder.TestCase
