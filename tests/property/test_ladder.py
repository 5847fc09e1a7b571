"""The ladder against a world that dies, forks and asks again whenever it likes."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weppd.cell.tree.ladder import KILL, KILL_AGAIN_S, Ladder, Rung, begin, climb, parse, shorten

_signals = st.lists(st.sampled_from(["USR1", "INT", "TERM"]), unique=True, max_size=3)
_graces = st.integers(0, 40).map(lambda quarter: quarter / 4)


@st.composite
def _rungs(draw: st.DrawFn) -> tuple[Rung, ...]:
    soft = [Rung(name, draw(_graces)) for name in draw(_signals)]
    return (*soft, Rung(KILL, 0)) if draw(st.booleans()) else tuple(soft)


@dataclass
class World:
    """Plays a ladder: looks at given times, notes each rung with the time of its delivery."""

    state: Ladder
    now: float
    log: list[tuple[float, str]] = field(default_factory=list)

    @classmethod
    def at(cls, rungs: tuple[Rung, ...], now: float, alive: int = 5) -> World:
        state, due = begin(rungs, now, alive, asked="cancel", reason="somebody asked")
        return cls(state, now, [(now, rung.signal) for rung in due])

    def look(self, now: float, alive: int) -> None:
        assert now >= self.now
        self.state, due = climb(self.state, now, alive)
        self.log += [(now, rung.signal) for rung in due]
        self.now = now

    def until_kill(self) -> float:
        """Look at each deadline with all alive; when KILL came."""
        for _ in range(10):
            if self.log[-1][1] == KILL:
                break
            self.look(max(self.now, self.state.deadline), self.state.alive)
        assert self.log[-1][1] == KILL
        return self.log[-1][0]


_looks = st.lists(st.tuples(st.integers(0, 60).map(lambda q: q / 4), st.integers(1, 9)))


@given(_rungs(), st.floats(0, 1e6), _looks)
def test_each_soft_rung_comes_once_in_order_with_its_whole_grace(
    rungs: tuple[Rung, ...], start: float, looks: list[tuple[float, int]]
) -> None:
    """Nobody is hit by a harder signal before the softer one had all its seconds."""
    world = World.at(rungs, start)
    for wait, alive in looks:
        world.look(world.now + wait, alive)
    soft = [rung for rung in rungs if rung.grace_s > 0 and rung.signal != KILL]
    names = [name for _, name in world.log]
    wanted = [rung.signal for rung in soft] + [KILL] * len(names)
    assert names == wanted[: len(names)]
    graces = [rung.grace_s for rung in soft] + [KILL_AGAIN_S] * len(names)
    for (before, _), (after, _), grace in zip(world.log, world.log[1:], graces, strict=False):
        assert after >= before + grace


@given(_rungs(), st.integers(0, 1000))
def test_looked_at_in_time_a_tree_that_will_not_end_meets_kill_after_the_sum_of_graces(
    rungs: tuple[Rung, ...], start: int
) -> None:
    """The end is promised: the graces add up, and then comes KILL, again and again."""
    world = World.at(rungs, start)
    soft = sum(rung.grace_s for rung in rungs if rung.signal != KILL)
    assert world.until_kill() == start + soft
    world.look(world.state.deadline, 5)
    world.look(world.state.deadline, 5)
    assert [name for _, name in world.log][-3:] == [KILL] * 3
    assert world.now == start + soft + 2 * KILL_AGAIN_S


@given(_rungs(), _looks)
def test_a_look_before_the_deadline_delivers_nothing(
    rungs: tuple[Rung, ...], looks: list[tuple[float, int]]
) -> None:
    """A child's end in the middle of a grace makes no signal come early or twice."""
    world = World.at(rungs, 0.0)
    for _, alive in looks:
        if alive:
            before = len(world.log)
            world.look((world.now + world.state.deadline) / 2 - 1e-6, alive)
            assert len(world.log) == before


@given(_rungs(), _looks, st.integers(1, 9))
def test_everybody_who_ended_is_booked_on_the_rung_underfoot(
    rungs: tuple[Rung, ...], looks: list[tuple[float, int]], first: int
) -> None:
    """The counts per rung add up to those seen to go, each at the rung delivered last."""
    world = World.at(rungs, 0.0, first)
    booked: dict[str, int] = {}
    alive = first
    for wait, now_alive in [*looks, (0.0, 0)]:
        underfoot = world.state.rung.signal
        booked[underfoot] = booked.get(underfoot, 0) + max(0, alive - now_alive)
        world.look(world.now + wait, now_alive)
        alive = now_alive
    assert {name: n for name, n in world.state.ended.items() if n} == {
        name: n for name, n in booked.items() if n
    }
    assert set(world.state.ended) == {name for _, name in world.log}


@given(_rungs(), st.integers(0, 100))
def test_once_nobody_lives_nothing_is_delivered(rungs: tuple[Rung, ...], late: int) -> None:
    """A tree that is gone gets no signal, however late the look; one gone at the start none."""
    world = World.at(rungs, 0.0)
    before = len(world.log)
    world.look(float(late), 0)
    assert world.state.over
    assert len(world.log) == before
    assert World.at(rungs, 0.0, 0).log == []


@given(_rungs(), _rungs(), st.integers(0, 15), st.data())
def test_a_second_ask_never_puts_the_end_off(
    first: tuple[Rung, ...], second: tuple[Rung, ...], at: int, data: st.DataObject
) -> None:
    """KILL comes no later than by the first ask, nor than by the second alone from its time."""
    alone, both = World.at(first, 0.0), World.at(first, 0.0)
    moments = data.draw(st.lists(st.integers(0, at), max_size=4).map(sorted))
    for moment in [*moments, at]:
        alone.look(float(moment), 5)
        both.look(float(moment), 5)
    before = len(both.log)
    both.state = shorten(both.state, second, at, asked="cancel", reason="again")
    both.look(float(at), 5)
    if KILL in [name for _, name in both.log[:before]]:
        assert both.log == alone.log
        return
    assert both.until_kill() <= alone.until_kill()
    assert both.now <= World.at(second, float(at)).until_kill()
    wanted = {rung.signal for rung in second if rung.grace_s > 0} | {KILL}
    assert {name for _, name in both.log[before:]} <= wanted
    names = [name for _, name in both.log]
    assert len(names) == len(set(names))


@given(_rungs(), st.integers(0, 40))
def test_an_equal_second_ask_at_once_changes_nothing(rungs: tuple[Rung, ...], now: int) -> None:
    """Two people who press cancel together get one ladder."""
    state, _ = begin(rungs, now, 3, asked="cancel", reason="one")
    assert shorten(state, rungs, now, asked="cancel", reason="two") == state


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        ("shutdown", "cancel", "cancel"),
        ("shutdown", "timeout", "shutdown"),
        ("timeout", "cancel", "timeout"),
        ("cancel", "shutdown", "cancel"),
    ],
)
def test_a_cancel_outranks_a_shutdown(first: str, second: str, kept: str) -> None:
    """What somebody cancelled does not run again because the host was going down as well."""
    rungs = parse([["USR1", 10], ["KILL", 0]])
    state, _ = begin(rungs, 0.0, 1, asked=first, reason=first)
    state = shorten(state, rungs, 1.0, asked=second, reason=second)
    assert (state.asked, state.reason) == (kept, kept)


def test_the_ladder_of_every_day() -> None:
    """USR1, ten seconds, TERM, five, KILL; three ended at the first, one at the second."""
    rungs = parse([["USR1", 10], ["TERM", 5], ["KILL", 0]])
    world = World.at(rungs, 100.0, 5)
    world.look(103.0, 2)
    world.look(110.0, 2)
    world.look(112.5, 1)
    world.look(115.0, 1)
    world.look(115.1, 0)
    assert world.log == [(100.0, "USR1"), (110.0, "TERM"), (115.0, "KILL")]
    assert world.state.ended == {"USR1": 3, "TERM": 1, "KILL": 1}
    assert [rung.number for rung in rungs] == [10, 15, 9]


@pytest.mark.parametrize("rung", [["USR9", 1], ["SIGTERM", 1], ["TERM", -1], ["TERM", "nan"]])
def test_what_is_no_rung_is_named(rung: list[str | float]) -> None:
    """A ladder from outside with an unknown signal or a negative grace is refused by name."""
    with pytest.raises(ValueError, match=f"rung '{rung[0]}'"):
        parse([rung])
