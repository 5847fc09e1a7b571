"""What a job finds around it, where its process was forked with libraries already loaded."""

from __future__ import annotations

import sys
import types

import pytest

from weppd.cell.body import surroundings

numpy = pytest.importorskip("numpy")
threadpoolctl = pytest.importorskip("threadpoolctl")


def threads() -> list[int]:
    """How many threads each pool of this process may use now."""
    return [pool["num_threads"] for pool in threadpoolctl.threadpool_info()]


def test_loaded_libraries_use_as_many_threads_as_the_job_has_cpus(monkeypatch):
    """Loaded before the job was, they have read another environment."""
    monkeypatch.setattr(surroundings, "_pools", (0, None))
    with threadpoolctl.threadpool_limits(3):
        surroundings.prepare_libraries(1)
        assert set(threads()) == {1}
        surroundings.prepare_libraries(2)
        assert set(threads()) == {2}


def test_libraries_are_looked_up_once(monkeypatch):
    """What the zygote has found is used again, until something more is imported."""
    monkeypatch.setattr(surroundings, "_pools", (0, None))
    with threadpoolctl.threadpool_limits(3):
        surroundings.meet_libraries()
        found = surroundings._pools
        surroundings.prepare_libraries(1)
        assert surroundings._pools is found
        monkeypatch.setitem(sys.modules, "one_more", numpy)
        surroundings.prepare_libraries(1)
        assert surroundings._pools is not found


def test_what_is_not_installed_is_searched_for_once(monkeypatch):
    """By the zygote, not by each job; again when something more was imported."""
    searched = []

    class Finder:
        """Says what is searched for, and that it is not there."""

        @staticmethod
        def find_spec(name, path=None, target=None):
            searched.append(name)
            raise ImportError(name)

    monkeypatch.setattr(surroundings, "_pools", (0, None))
    monkeypatch.delitem(sys.modules, "threadpoolctl")
    monkeypatch.setattr(sys, "meta_path", [Finder])
    surroundings.meet_libraries()
    surroundings.prepare_libraries(1)
    surroundings.prepare_libraries(2)
    assert searched == ["threadpoolctl"]
    monkeypatch.setitem(sys.modules, "one_more", numpy)
    surroundings.prepare_libraries(1)
    assert searched == ["threadpoolctl"] * 2


def test_each_copy_draws_its_own_numbers():
    """numpy's global generator does not go on from where it was preloaded."""
    drawn = []
    for _ in range(2):
        numpy.random.seed(1)
        surroundings.prepare_libraries(1)
        drawn.append(numpy.random.random())
    assert drawn[0] != drawn[1]


def test_copies_of_a_process_that_has_met_its_libraries_draw_their_own_numbers(monkeypatch):
    """The generator's state is written at once then: as good a one as by its own seeding."""
    numpy.random.seed(1)
    numpy.random.normal()  # the other one of the pair is kept
    surroundings.meet_libraries()
    met = surroundings._fresh
    assert met[1] is not None
    drawn = []
    for _ in range(2):
        monkeypatch.setattr(surroundings, "_fresh", met)
        surroundings.prepare_libraries(1)
        drawn.append((numpy.random.normal(), numpy.random.random(20_000)))
    assert drawn[0][0] != drawn[1][0]
    for _, numbers in drawn:
        assert abs(numbers.mean() - 0.5) < 0.02
        assert len(set(numbers)) > 19_000
    assert abs(numpy.corrcoef(drawn[0][1], drawn[1][1])[0, 1]) < 0.05


def test_only_a_generator_that_is_known_is_written_to(monkeypatch):
    """Another one, which a preloaded module may have set, is seeded by its library."""
    state = ("PCG64", *numpy.random.get_state()[1:])
    monkeypatch.setattr(numpy.random, "get_state", lambda: state)
    surroundings.meet_libraries()
    assert surroundings._fresh[1] is None


def test_threads_that_are_right_already_are_not_set_until_a_job_has_run(monkeypatch):
    """A job that serves in a process after another finds what it was promised all the same."""
    monkeypatch.setattr(surroundings, "_pools", (0, None))
    with threadpoolctl.threadpool_limits(3):
        surroundings.meet_libraries()
        monkeypatch.setattr(surroundings._pools[1], "limit", None)  # it is not called
        surroundings.prepare_libraries(3)
        monkeypatch.undo()
        threadpoolctl.threadpool_limits(2)
        surroundings.prepare_libraries(3)
        assert set(threads()) == {3}


@pytest.mark.parametrize(("cpus", "threads"), [(1, 1), (2, 2), (64, 4)])
def test_numba_uses_as_many_threads_as_the_job_has_cpus(monkeypatch, cpus, threads):
    """Its own pool too, though never more than it was started with."""
    told = []
    config = types.SimpleNamespace(NUMBA_NUM_THREADS=4)
    numba = types.SimpleNamespace(config=config, set_num_threads=told.append)
    monkeypatch.setitem(sys.modules, "numba", numba)
    surroundings.prepare_libraries(cpus)
    assert told == [threads]
