"""The model: which hillslope gets which treatment, at the least cost.

With x (hillslope i gets treatment t) and B (t is used at all) in {0, 1}::

    minimise   sum a_i c_t q_t x_ti + sum f_t B_t
    (1)        sum_t x_ti <= 1                          for all i
    (2)        x_ti <= B_t
    (3)        sum r^N_ti x_ti >= target
    (4)        sum_t r^Y_ti x_ti >= e_i                 where a treatment reaches the excess e_i,
               sum_t r^Y_ti x_ti = max_t r^Y_ti         where none does: the best there is

For each set of treatments that may be used this is a multiple-choice knapsack (Sinha and Zoltners
1979, Operations Research 27, 503-515): one option for each hillslope, enough gain in all. Its
Lagrangian bound at the best price of gain leaves few options that a better solution may have, for
the regret of all others is more than the gap; these are searched. `gap` is what the search has left
open: 0 but where it was cut off.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
MOST_TREATMENTS = 8
_NODES, _CLOSE = 200_000, 1e-9


class PathCESolverError(RuntimeError):
    """No choice of treatments does what is asked, not even the best that there is."""


@dataclass(frozen=True, slots=True)
class Question:
    """Hillslopes that may be treated (rows), and treatments (columns)."""

    cost: Floats  # of treating each, without the fixed ones
    fixed: Floats  # of each treatment
    gain: Floats  # r^N, in the watershed's measure
    yields: Floats  # r^Y, t
    excess: Floats  # e, t, for each hillslope
    target: float


@dataclass(frozen=True, slots=True)
class Choice:
    """The treatment of each hillslope by its column, -1 for none; `secondary` misses the target."""

    treatment: Ints
    cost: float
    fixed: float
    gain: float
    secondary: bool
    gap: float


def choose(question: Question) -> Choice:
    """The cheapest choice that reaches the target; else the one of the greatest gain.

    ValueError for more treatments than are tried, PathCESolverError where a hillslope cannot have
    any.
    """
    if question.cost.shape[1] > MOST_TREATMENTS:
        raise ValueError(f"{question.cost.shape[1]} treatments: {MOST_TREATMENTS} may be")
    allowed = _allowed(question)
    best, picked, lowest = np.inf, None, np.inf
    for used in _subsets(question.cost.shape[1]):
        fixed = float(question.fixed[list(used)].sum())
        found = _cheapest(question, allowed, used, best - fixed)
        if found is not None:
            lowest = min(lowest, found.bound + fixed)
            if found.cost + fixed < best:
                best, picked = found.cost + fixed, found.columns
    if picked is None:
        return _greatest(question, allowed)
    return _told(question, picked, False, max(0.0, best - lowest))


@dataclass(frozen=True, slots=True)
class _Found:
    """A choice, what it costs, and what none can cost less than."""

    columns: Ints
    cost: float
    bound: float


def _told(question: Question, picked: Ints, secondary: bool, gap: float) -> Choice:
    rows = np.flatnonzero(picked >= 0)
    used = np.unique(picked[rows])
    return Choice(
        picked,
        cost=float(question.cost[rows, picked[rows]].sum()),
        fixed=float(question.fixed[used].sum()),
        gain=float(question.gain[rows, picked[rows]].sum()),
        secondary=secondary,
        gap=gap,
    )


def _allowed(question: Question) -> npt.NDArray[np.bool_]:
    """Which option each hillslope may have by (4); the last column is "none"."""
    yields = np.column_stack([question.yields, np.zeros(len(question.yields))])
    most = question.yields.max(axis=1, initial=-np.inf)
    reached = most >= question.excess
    wanted = np.where(reached, question.excess, most)
    return yields >= wanted[:, None] - _CLOSE * np.maximum(1.0, np.abs(wanted))[:, None]


def _subsets(count: int) -> Iterator[tuple[int, ...]]:
    for size in range(count + 1):
        yield from combinations(range(count), size)


def _greatest(question: Question, allowed: npt.NDArray[np.bool_]) -> Choice:
    """The target cannot be reached: every hillslope gets what helps the watershed most."""
    gain = np.where(allowed[:, :-1], question.gain, -np.inf)
    if len(gain) and not np.isfinite(gain.max(axis=1)).all():
        raise PathCESolverError("a hillslope can have none of the treatments")
    # Of those that gain alike, the cheaper one.
    order = np.lexsort((question.cost, -gain), axis=1)
    return _told(question, order[:, 0].astype(np.int64), True, 0.0)


def _cheapest(
    question: Question, allowed: npt.NDArray[np.bool_], used: Sequence[int], ceiling: float
) -> _Found | None:
    """The cheapest choice among these treatments, where one may cost less than `ceiling`."""
    none = question.cost.shape[1]
    columns = [*used, none]
    rows = len(question.cost)
    cost = np.column_stack([question.cost, np.zeros(rows)])[:, columns]
    gain = np.column_stack([question.gain, np.zeros(rows)])[:, columns]
    may = allowed[:, columns]
    if not may.any(axis=1).all():
        return None
    if np.where(may, gain, -np.inf).max(axis=1).sum() < _reached(question.target):
        return None
    found = _knapsack(np.where(may, cost, np.inf), gain, question.target, ceiling)
    picked = np.array(columns, dtype=np.int64)[found.columns]
    return _Found(np.where(picked == none, -1, picked), found.cost, found.bound)


def _reached(target: float) -> float:
    """A target that sums of rounded numbers are held against."""
    return target - _CLOSE * max(1.0, abs(target))


def _knapsack(cost: Floats, gain: Floats, target: float, ceiling: float) -> _Found:
    """The column of each row that costs least in all and gains the target.

    It is not searched for where none can cost less than `ceiling`. Options that may not be had cost
    infinity. Some choice must reach the target.
    """
    wanted = _reached(target)
    price = _multiplier(cost, gain, wanted)
    reduced = cost - price * gain
    least = reduced.min(axis=1, keepdims=True)
    bound = float(least.sum() + price * wanted)
    regret = reduced - least
    start = _greedy(cost, gain, regret, wanted)
    rows = np.arange(len(cost))
    total = float(cost[rows, start].sum())
    if total - bound <= _CLOSE * max(1.0, abs(total)):
        return _Found(start, total, total)
    if bound >= ceiling:
        return _Found(start, total, bound)
    return _Search(cost, gain, regret, bound, price, wanted).best(start, total)


def _multiplier(cost: Floats, gain: Floats, wanted: float) -> float:
    """The price of gain at which the Lagrangian bound is greatest: where just enough is bought."""
    low, high = 0.0, 1.0
    rows = np.arange(len(cost))

    def bought(price: float) -> float:
        reduced = cost - price * gain
        best = reduced.min(axis=1, keepdims=True)
        ties = np.where(reduced <= best + _CLOSE * np.abs(best), gain, -np.inf)
        return float(gain[rows, ties.argmax(axis=1)].sum())

    if bought(0.0) >= wanted:
        return 0.0
    while bought(high) < wanted and high < 1e300:
        low, high = high, high * 2.0
    for _ in range(100):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if bought(middle) >= wanted else (middle, high)
    return high


def _greedy(cost: Floats, gain: Floats, regret: Floats, wanted: float) -> Ints:
    """A choice that reaches the target: from the cheapest by price, the best exchanges first."""
    rows = np.arange(len(cost))
    at = np.where(regret <= _CLOSE, gain, -np.inf).argmax(axis=1)
    while (short := wanted - float(gain[rows, at].sum())) > 0.0:
        more = gain - gain[rows, at][:, None]
        worth = np.where(
            (more > 0.0) & np.isfinite(cost), regret - regret[rows, at][:, None], np.inf
        )
        each = worth / np.minimum(np.where(more > 0.0, more, 1.0), short)
        row, column = np.unravel_index(each.argmin(), each.shape)
        if not np.isfinite(each[row, column]):
            break  # all there is, but for a rounding
        at[row] = column
    return _exchanged(cost, gain, np.asarray(at, dtype=np.int64), wanted)


def _exchanged(cost: Floats, gain: Floats, at: Ints, wanted: float) -> Ints:
    """A choice in which no single row can have a cheaper option."""
    rows = np.arange(len(cost))
    while len(rows):
        spare = float(gain[rows, at].sum()) - wanted
        fits = gain[rows, at][:, None] - gain <= spare
        saves = np.where(fits, cost[rows, at][:, None] - cost, 0.0)
        row, column = np.unravel_index(saves.argmax(), saves.shape)
        if saves[row, column] <= _CLOSE:
            break
        at[row] = column
    return at


class _Search:
    """Depth first over the rows that have a choice left, the ones of most doubt first."""

    def __init__(
        self, cost: Floats, gain: Floats, regret: Floats, bound: float, price: float, wanted: float
    ) -> None:
        self._cost, self._gain, self._regret = cost, gain, regret
        self._bound, self._price, self._wanted = bound, price, wanted
        self._nodes = 0

    def best(self, start: Ints, total: float) -> _Found:
        """The best choice from one that is known; its cost is the bound where all was searched."""
        self._at, self._total = start.copy(), total
        gap = total - self._bound
        open_rows = np.flatnonzero((self._regret <= gap).sum(axis=1) > 1)
        spread = np.where(self._regret <= gap, self._gain, np.nan)
        self._order = open_rows[
            np.argsort(-np.nanmax(np.abs(spread[open_rows]), axis=1, initial=0))
        ]
        settled = np.setdiff1d(np.arange(len(start)), open_rows)
        now = start.copy()
        now[settled] = self._regret[settled].argmin(axis=1)
        has = float(self._gain[settled, now[settled]].sum())
        kept = np.where(self._regret <= gap, self._gain, -np.inf)[self._order].max(axis=1)
        less = np.where(self._regret <= gap, self._gain, np.inf)[self._order].min(axis=1)
        self._most = np.append(np.cumsum(kept[::-1])[::-1], 0.0)
        self._least = np.append(np.cumsum(less[::-1])[::-1], 0.0)
        whole = self._down(now, has)
        return _Found(self._at, self._total, self._total if whole else self._bound)

    def _down(self, now: Ints, has: float) -> bool:
        """Whether all was searched."""
        waiting: list[tuple[int, float, float, tuple[int, ...]]] = [(0, 0.0, has, ())]
        while waiting:
            self._nodes += 1
            if self._nodes > _NODES:
                return False
            depth, regret, gained, taken = waiting.pop()
            if gained + self._most[depth] < self._wanted or not self._may(depth, regret, gained):
                continue
            if depth == len(self._order):
                self._keep(now, taken)
                continue
            row = self._order[depth]
            for column in np.argsort(-self._regret[row]):
                more = regret + float(self._regret[row, column])
                if np.isfinite(more):
                    with_it = gained + float(self._gain[row, column])
                    waiting.append((depth + 1, more, with_it, (*taken, int(column))))
        return True

    def _may(self, depth: int, regret: float, gained: float) -> bool:
        """Whether what follows can cost less than the best: bound + regret + what is too much."""
        over = max(0.0, gained + self._least[depth] - self._wanted)
        cost = self._bound + regret + self._price * over
        return bool(cost < self._total - _CLOSE * max(1.0, abs(self._total)))

    def _keep(self, now: Ints, taken: tuple[int, ...]) -> None:
        found = now.copy()
        found[self._order] = taken
        total = float(self._cost[np.arange(len(found)), found].sum())
        if total < self._total:
            self._at, self._total = found, total
