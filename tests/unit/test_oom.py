"""Whom the out-of-memory killer is blamed for."""

from __future__ import annotations

import pytest

from weppd.cell.tree import oom


@pytest.fixture
def count(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The kernel's count, to be set by the test."""
    told = [3]
    monkeypatch.setattr(oom, "kills", lambda: told[0])
    monkeypatch.setattr(oom, "_known", (float("-inf"), 0))
    return told


def test_what_the_killer_did_to_others_long_ago_explains_nothing(count: list[int]) -> None:
    """A job goes on after another's end; when it is killed later, that is not the reason."""
    watch = oom.Watch(100.0)
    count[0] += 1
    for now in (103.0, 106.0, 109.0):
        watch.lives(now)
    assert not watch.struck()


def test_the_killer_s_blow_is_told_at_once_and_between_two_looks(count: list[int]) -> None:
    """Also where the last look came between the blow and the news of it."""
    watch = oom.Watch(100.0)
    watch.lives(104.0)
    count[0] += 1
    assert watch.struck()
    watch.lives(108.0)
    assert watch.struck()
