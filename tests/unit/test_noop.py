"""The tiny tasks do what demonstrations and benchmarks count on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks import noop
from tests.unit.recording import RecordingContext
from weppd.task import REGISTRY, using


def test_noop_takes_anything_and_returns_nothing():
    """A benchmark may give it any payload; its result is None, so that nothing is stored."""
    assert noop.noop(1, "two", [3]) is None
    assert REGISTRY["tasks.noop.noop"]["short"] is True


def test_fail_fails_with_its_message():
    """The error of a failed job can be chosen by whoever enqueues it."""
    with pytest.raises(RuntimeError, match="as planned"):
        noop.fail("as planned")


def test_say_numbers_its_lines(tmp_path: Path):
    """Each line has an item of its own, so that a canonical log keeps their order."""
    with using(RecordingContext(tmp_path)) as ctx:
        assert noop.say("hello", 2) == 2
    assert ctx.lines == [("l0001", "hello 1", False), ("l0002", "hello 2", False)]


@pytest.mark.parametrize("kind", ["plain", "session", "deaf", "nested"])
def test_a_tree_waits_for_all_its_shells(kind: str):
    """Trees of every kind end by themselves when their time is over."""
    assert noop.tree(2, seconds=0.01, kind=kind) == 2


def test_an_unknown_kind_of_tree_is_named():
    """A slip in an argument is one clear line."""
    with pytest.raises(ValueError, match="kind 'flat': one of plain, session"):
        noop.tree(1, 1, "flat")


def test_sleep_waits_as_long_as_it_was_asked(monkeypatch):
    """It returns what was asked for, after waiting that long."""
    slept: list[float] = []
    monkeypatch.setattr("tasks.noop.time.sleep", slept.append)
    assert noop.sleep(7.5) == 7.5
    assert slept == [7.5]
