"""The ladder of signals that ends a job: which rung is due when, and who ended at which.

Pure: time is handed in (`now`, seconds of CLOCK_BOOTTIME), signals are handed out. Each call gives
the next state and the rungs to deliver now; the caller delivers a rung to the whole tree and calls
`climb` again when somebody ended or when `deadline` is reached.

::

    begin ──► USR1 ──10 s──► TERM ──5 s──► KILL ──1 s──► KILL ──1 s──► …     until nobody is alive

A rung with a grace of 0 is left out, and the ladder always ends in KILL, which repeats: a process
that could not die (state D) is tried again.
"""

from __future__ import annotations

from collections import namedtuple
from signal import Signals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import NamedTuple

    class _Rung(NamedTuple):
        signal: str
        grace_s: float

    class _Ladder(NamedTuple):
        rungs: tuple[Rung, ...]
        step: int
        deadline: float
        alive: int
        asked: str
        reason: str
        ended: Mapping[str, int]
else:
    _Rung = namedtuple("_Rung", ("signal", "grace_s"))
    _Ladder = namedtuple(
        "_Ladder", ("rungs", "step", "deadline", "alive", "asked", "reason", "ended")
    )

KILL = "KILL"
KILL_AGAIN_S = 1.0


class Rung(_Rung):
    """A signal by its name without SIG, and the seconds that the tree has to end by it."""

    __slots__ = ()

    @property
    def number(self) -> int:
        """The signal's number on this machine; KeyError for a name that is no signal."""
        return int(Signals["SIG" + self.signal])


class Ladder(_Ladder):
    """Where a cancel stands.

    `step` is the rung that was delivered last, `deadline` when the next is due, `alive` how many
    lived at the last look, `ended` how many ended at each rung by its signal's name.
    """

    __slots__ = ()

    @property
    def over(self) -> bool:
        """Whether nobody was left at the last look."""
        return self.alive == 0

    @property
    def rung(self) -> Rung:
        """The rung that was delivered last."""
        return self.rungs[self.step]


def parse(rungs: Iterable[Sequence[str | float]]) -> tuple[Rung, ...]:
    """Rungs as frames carry them, [["USR1", 10], …]; ValueError names what is no rung."""
    found = tuple(Rung(str(name), float(grace)) for name, grace in rungs)
    for rung in found:
        if "SIG" + rung.signal not in Signals.__members__ or not rung.grace_s >= 0:
            raise ValueError(
                f"rung {rung.signal!r} with grace {rung.grace_s}: give a signal's name without"
                " SIG, such as 'USR1', and seconds that are not negative"
            )
    return found


def is_soft(rungs: Iterable[Rung]) -> bool:
    """Whether anything comes before KILL."""
    return len(_usable(rungs)) > 1


def last_grace(rungs: Iterable[Rung]) -> float:
    """How long KILL is tried, in seconds; 0 where nothing is said."""
    return max((rung.grace_s for rung in rungs if rung.signal == KILL), default=0.0)


def begin(
    rungs: Iterable[Rung], now: float, alive: int, *, asked: str, reason: str
) -> tuple[Ladder, tuple[Rung, ...]]:
    """Stand on the first rung: the state, and the rung to deliver now.

    `alive` counts the living members. `asked` says who wants the end ("cancel", "timeout",
    "shutdown"), `reason` why, for the record.
    """
    usable = _usable(rungs)
    state = Ladder(usable, 0, _due(usable[0], now), alive, asked, reason, {usable[0].signal: 0})
    return state, () if state.over else (state.rung,)


def climb(state: Ladder, now: float, alive: int) -> tuple[Ladder, tuple[Rung, ...]]:
    """Book who ended since the last look and, past the deadline, take the next rung.

    One rung at a time, so that each has its whole grace however late the call comes.
    """
    state = _book(state, alive)
    if state.over or now < state.deadline:
        return state, ()
    step = min(state.step + 1, len(state.rungs) - 1)
    rung = state.rungs[step]
    ended = {rung.signal: 0, **state.ended}
    return state._replace(step=step, deadline=_due(rung, now), ended=ended), (rung,)


def shorten(state: Ladder, rungs: Iterable[Rung], now: float, *, asked: str, reason: str) -> Ladder:
    """Take a second ask into account, which can bring the end nearer, never put it off.

    A rung that the second ask leaves out is dropped (the one underfoot ends now), one that both
    have keeps the shorter grace, one that only the second has is not added. A cancel outranks a
    shutdown, for what somebody cancelled must not run again; else the first ask stays. Call
    `climb` next: a rung may be due.
    """
    wanted = {rung.signal: rung.grace_s for rung in _usable(rungs)}
    later = [
        Rung(rung.signal, min(rung.grace_s, wanted[rung.signal]))
        for rung in state.rungs[state.step + 1 :]
        if rung.signal in wanted
    ]
    # KILL underfoot stays as it is: there is nothing shorter.
    if later:
        soonest = now + wanted.get(state.rung.signal, 0.0)
        state = state._replace(
            rungs=(*state.rungs[: state.step + 1], *later),
            deadline=min(state.deadline, soonest),
        )
    if state.asked == "shutdown" and asked == "cancel":
        state = state._replace(asked=asked, reason=reason)
    return state


def _usable(rungs: Iterable[Rung]) -> tuple[Rung, ...]:
    softer = tuple(rung for rung in rungs if rung.signal != KILL and rung.grace_s > 0)
    return (*softer, Rung(KILL, 0.0))


def _due(rung: Rung, now: float) -> float:
    return now + (KILL_AGAIN_S if rung.signal == KILL else rung.grace_s)


def _book(state: Ladder, alive: int) -> Ladder:
    gone = max(0, state.alive - alive)
    name = state.rung.signal
    ended = {**state.ended, name: state.ended.get(name, 0) + gone}
    return state._replace(alive=alive, ended=ended)
