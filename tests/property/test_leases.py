"""Leases: who is alive is never taken for dead, who is dead is found, whatever the clocks say."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from weppd.core.leases import Sight, Terms, look, may_take, silent, suspect

terms = st.sampled_from([Terms(), Terms(3.0), Terms(600.0)])
pauses = st.lists(st.floats(0.0, 2.0), min_size=1, max_size=60)


def watch(steps: list[tuple[float, str]], rules: Terms) -> list[Sight]:
    """The sights of a watcher that looks after each pause (in lease_s) and sees these texts."""
    now, sights, sight = 1000.0, [], None
    for pause, seen in steps:
        now += pause * rules.lease_s
        sight = look(sight, seen, now, rules)
        sights.append(sight)
    return sights


@given(terms, pauses, st.floats(0.0, 5.0))
def test_a_node_that_beats_is_never_silent(rules: Terms, gaps: list[float], hold: float) -> None:
    """Between any two looks it has beaten: no pause of the watcher, however long, condemns it."""
    sights = watch([(gap, str(n)) for n, gap in enumerate(gaps)], rules)
    assert not any(silent(sight, hold, rules) or suspect(sight, rules) for sight in sights)


@given(terms, st.lists(st.tuples(st.floats(0.0, 2.0), st.integers(0, 2)), min_size=1, max_size=60))
def test_silence_is_a_lease_long_and_was_watched_all_along(
    rules: Terms, history: list[tuple[float, int]]
) -> None:
    """Who is called silent showed one and the same counter in looks that were never far apart."""
    steps = [(gap, str(seen)) for gap, seen in history]
    for end, sight in enumerate(watch(steps, rules)):
        if not silent(sight, 0.0, rules):
            continue
        watched = 0.0
        for back in range(end, 0, -1):
            gap, seen = steps[back]
            if steps[back - 1][1] != seen or gap * rules.lease_s > rules.gap_s * 1.001:
                break
            watched += gap * rules.lease_s
        assert watched >= rules.lease_s * 0.999


@given(terms, st.floats(-1e9, 1e9), st.integers(13, 40))
def test_a_dead_node_is_found_whatever_the_watcher_s_clock_began_with(
    rules: Terms, origin: float, beats: int
) -> None:
    """A dozen looks at the pace of the heartbeat are enough; where the clock began is no matter."""
    sight = None
    for n in range(beats + 1):
        sight = look(sight, "7", origin + n * rules.beat_s * 1.01, rules)
    assert sight is not None
    assert silent(sight, 0.0, rules)
    assert not silent(sight, 10 * rules.lease_s, rules)


@given(terms, st.floats(0.0, 100.0))
def test_a_clock_that_steps_back_or_a_long_sleep_begins_the_count_anew(
    rules: Terms, step: float
) -> None:
    """What was not watched does not count."""
    sight = Sight("7", 0.0, 1e6)
    assert look(sight, "7", 1e6 - step - 0.001, rules).still_s == 0
    assert look(sight, "7", 1e6 + rules.gap_s + step + 0.001, rules).still_s == 0


@given(terms)
def test_a_run_s_job_is_taken_only_when_its_witness_stood_still_too(rules: Terms) -> None:
    """A silent node whose job's witness moves, or cannot be seen, keeps the job."""
    still = Sight("7", 0.0, rules.lease_s)
    moved = Sight("e 9", rules.lease_s / 2, rules.lease_s)
    assert may_take(still, 0.0, False, None, rules)
    assert may_take(still, 0.0, True, still, rules)
    assert not may_take(still, 0.0, True, moved, rules)
    assert not may_take(still, 0.0, True, None, rules)
    assert not may_take(moved, 0.0, True, still, rules)


@given(terms)
def test_a_cell_gives_up_before_anybody_takes_its_job(rules: Terms) -> None:
    """The last word and the last witness, the cell's own looks and its ladder fit in one lease."""
    look_s, ladder_s = rules.cell_s / 12, rules.lease_s / 7
    spent_s = look_s + ladder_s + rules.beat_s
    assert rules.cell_s + spent_s < rules.lease_s
    for hold_s in (0.0, rules.lease_s / 2, 10 * rules.lease_s):
        assert rules.held_s(hold_s) + spent_s < max(rules.lease_s, hold_s)
