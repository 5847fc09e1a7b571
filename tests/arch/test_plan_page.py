"""The page of a WEPP run shows the jobs as they are planned."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.wepp.plan import page

PAGE = Path(__file__).parents[2] / "tasks" / "wepp" / "README.md"


def test_the_page_shows_the_plan_as_it_is():
    """A job, an edge, a key or a time limit that changes must be in the page: make plan-table."""
    text = PAGE.read_text(encoding="utf-8")
    assert page(text) == text


def test_a_page_without_a_place_for_the_plan_is_refused():
    """Nothing is written over a page that was not meant."""
    with pytest.raises(ValueError, match="the page has no place"):
        page("# A page")
