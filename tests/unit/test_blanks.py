"""What a job left unused is known to be empty without a look at it, once it is old enough."""

from __future__ import annotations

import os

import pytest

from weppd.cell import blanks

OLD_S = 1_000_000_000


@pytest.fixture
def looks(monkeypatch):
    """The directories that were listed."""
    seen, listdir = [], os.listdir
    monkeypatch.setattr(os, "listdir", lambda path: seen.append(path) or listdir(path))
    return seen


@pytest.fixture
def kept(tmp_path, looks):
    """A cell's blanks, with a directory in use; and the `start` frame that it is lent by."""
    made = blanks.Blanks(1)
    (tmp_path / "one.tmp").mkdir(0o700)
    return made, {"tmp": str(tmp_path / "one.tmp")}


def round_again(made, start):
    """The job is over, and another one begins."""
    made.take_back(start, 0.0, spoilt=False)
    made.lend(start)


def test_an_old_directory_is_not_looked_into_again(kept, looks, tmp_path):
    """It is listed once; while it says that nothing changed, it is passed on as it is."""
    made, start = kept
    os.utime(start["tmp"], (OLD_S, OLD_S))
    for _ in range(3):
        round_again(made, start)
    assert looks == [start["tmp"]]
    assert (tmp_path / "one.tmp").is_dir()


def test_a_young_directory_is_looked_into_each_time(kept, looks):
    """A file that comes in the moment of its making would not show: it is listed."""
    made, start = kept
    for _ in range(3):
        round_again(made, start)
    assert len(looks) == 3


def test_what_a_job_put_into_an_old_directory_does_not_reach_the_next(kept, tmp_path):
    """Its directory is removed with what is in it."""
    made, start = kept
    os.utime(start["tmp"], (OLD_S, OLD_S))
    round_again(made, start)
    (tmp_path / "one.tmp" / "left").touch()
    round_again(made, start)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_came_and_went_makes_it_young(kept, looks):
    """It is empty, and passed on; from then on it is looked into."""
    made, start = kept
    os.utime(start["tmp"], (OLD_S, OLD_S))
    round_again(made, start)
    passing = os.path.join(start["tmp"], "passing")
    os.close(os.open(passing, os.O_CREAT, 0o600))
    os.unlink(passing)
    for _ in range(2):
        round_again(made, start)
    assert len(looks) == 3
