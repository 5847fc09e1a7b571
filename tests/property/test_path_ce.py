"""The choice of treatments against all choices that there are, for small watersheds."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.path_ce.choice import PathCESolverError, Question, choose

NUMBERS = st.floats(0.0, 10.0).map(lambda value: round(value, 2))


@st.composite
def questions(draw: st.DrawFn) -> Question:
    """Up to five hillslopes, up to three treatments; some that make it worse."""
    rows, columns = draw(st.integers(1, 5)), draw(st.integers(1, 3))

    def table(numbers: st.SearchStrategy[float]) -> np.ndarray:
        cells = draw(st.lists(numbers, min_size=rows * columns, max_size=rows * columns))
        return np.array(cells).reshape(rows, columns)

    yields = table(st.floats(-1.0, 10.0).map(lambda value: round(value, 2)))
    # A hillslope that nothing helps is no part of the question.
    yields[:, 0] = np.where(yields.max(axis=1) <= 0.0, 0.5, yields[:, 0])
    gain = table(st.floats(-2.0, 10.0).map(lambda value: round(value, 2)))
    return Question(
        cost=table(NUMBERS),
        fixed=np.array(draw(st.lists(NUMBERS, min_size=columns, max_size=columns))),
        gain=gain,
        yields=yields,
        excess=np.array(
            draw(st.lists(st.sampled_from([0.0, 1.0, 5.0]), min_size=rows, max_size=rows))
        ),
        target=draw(st.floats(0.0, 30.0).map(lambda value: round(value, 2))),
    )


def every(question: Question) -> list[tuple[float, float, bool]]:
    """Cost with the fixed ones, gain, and whether all are treated, of each choice that (4) lets."""
    rows, columns = question.cost.shape
    found = []
    for at in product(range(-1, columns), repeat=rows):
        yields = [0.0 if t < 0 else question.yields[i, t] for i, t in enumerate(at)]
        most = question.yields.max(axis=1)
        fits = all(
            y >= e if m >= e else y == m
            for y, e, m in zip(yields, question.excess, most, strict=True)
        )
        if fits:
            chosen = [(i, t) for i, t in enumerate(at) if t >= 0]
            cost = sum(question.cost[i, t] for i, t in chosen)
            cost += sum(question.fixed[t] for t in {t for _, t in chosen})
            found.append((cost, sum(question.gain[i, t] for i, t in chosen), len(chosen) == rows))
    return found


@given(questions())
def test_no_choice_that_is_allowed_is_cheaper(question: Question) -> None:
    """Of all choices that reach the target; where none does, all are treated for most gain."""
    known = every(question)
    reaching = [cost for cost, gain, _ in known if gain >= question.target - 1e-9]
    if not reaching:
        treated = [gain for _, gain, whole in known if whole]
        if not treated:
            with pytest.raises(PathCESolverError):
                choose(question)
            return
        made = choose(question)
        assert made.secondary
        assert made.gain == pytest.approx(max(treated), abs=1e-6)
        return
    made = choose(question)
    assert not made.secondary
    assert made.gap == 0.0
    assert made.cost + made.fixed == pytest.approx(min(reaching), abs=1e-6)
    assert made.gain >= question.target - 1e-6


@pytest.mark.parametrize(("target", "secondary"), [(0.0, False), (1.0, True)])
def test_where_nothing_helps_nothing_is_chosen(target: float, secondary: bool) -> None:
    """A question without hillslopes has an answer as well."""
    none = np.zeros((0, 2))
    made = choose(Question(none, np.ones(2), none, none, np.zeros(0), target))
    assert (made.cost, made.fixed, made.gain, made.secondary) == (0.0, 0.0, 0.0, secondary)
    assert len(made.treatment) == 0


def test_all_there_is_reaches_a_target_that_is_all_there_is() -> None:
    """Whatever the order in which numbers are summed."""
    gain = np.full((97, 1), 0.1)
    target = float(sum(gain[:, 0]))
    question = Question(gain * 3.0, np.zeros(1), gain, gain, np.zeros(97), target)
    assert not (made := choose(question)).secondary
    assert made.cost == pytest.approx(97 * 0.3)


def test_a_watershed_of_many_hillslopes_is_chosen_for() -> None:
    """What is left open is told, and is next to nothing."""
    random = np.random.default_rng(7)
    rows = 300
    area = random.uniform(0.5, 20.0, rows)
    gain = random.uniform(0.0, 2.0, rows)[:, None] * np.array([0.5, 0.8, 0.95])
    cost = area[:, None] * np.array([1.0, 2.0, 4.0]) * 100.0
    question = Question(
        cost, np.array([500.0, 1000.0, 1500.0]), gain, gain, np.zeros(rows), 0.6 * gain.max(1).sum()
    )
    made = choose(question)
    assert not made.secondary
    assert made.gain >= question.target - 1e-6
    assert made.gap <= 1e-3 * made.cost
