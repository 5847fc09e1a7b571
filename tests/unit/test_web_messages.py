"""A panel's messages as a browser hears them: from what is kept on, and again after a break."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tasks.run.messenger import StatusMessenger
from tests.acceptance.web import Site
from tests.unit.recording import RecordingContext
from weppd.task import using

STATUS = "/runs/my-run/cfg/rq/api/status/"


@pytest.fixture
def site(tmp_path: Path, redis_url: str) -> Iterator[Site]:
    """A site with a run, and this process as one that speaks to its panels."""
    (tmp_path / "runs/my/my-run").mkdir(parents=True)
    with using(RecordingContext(tmp_path / "runs", redis=redis_url)):
        yield Site(SimpleNamespace(url=redis_url, home=tmp_path))


def heard(answer: Any, count: int) -> list[tuple[str, str]]:
    """The next so many messages of a stream of events: the id and the text of each."""
    found: list[tuple[str, str]] = []
    with closing(answer):
        for event in answer.response:
            rows = [row.split(": ", 1) for row in event.decode().strip().split("\n") if ": " in row]
            if data := [text for name, text in rows if name == "data"]:
                found.append((dict(rows)["id"], "\n".join(data)))
            if len(found) == count:
                break
    return found


def say(*texts: str) -> None:
    """Messages of tasks to the panel."""
    for text in texts:
        StatusMessenger.publish("my-run:wepp", text)


def test_a_browser_that_reconnects_gets_what_was_said_meanwhile(site):
    """It says the last id that it saw, as browsers do by themselves; nothing comes twice."""
    say("rq:j1 STARTED   a", "rq:j1 STATUS    7/20 hillslopes")
    answer = site.page.get(STATUS + "wepp")
    assert answer.mimetype == "text/event-stream"
    first = heard(answer, 2)
    assert [text for _, text in first] == ["rq:j1 STARTED   a", "rq:j1 STATUS    7/20 hillslopes"]
    say("rq:j1 COMPLETED a\nin two lines", "rq:j1 TRIGGER   wepp WEPP_RUN_TASK_COMPLETED")
    again = site.page.get(STATUS + "wepp", headers={"Last-Event-ID": first[-1][0]})
    missed = heard(again, 2)
    assert missed[0][1] == "rq:j1 COMPLETED a\nin two lines"
    assert missed[1][1].split()[1] == "TRIGGER"
    by_hand = site.page.get(f"{STATUS}wepp?after={missed[0][0]}")
    assert heard(by_hand, 1) == missed[1:]


def test_a_page_that_may_not_look_or_asks_for_nothing_there_is_told_so(site):
    """The application is asked first; a panel, a run and an id must be some."""
    site.refused.add(("look", "my-run"))
    assert site.page.get(STATUS + "wepp").status_code == 403
    site.refused.clear()
    for url, says in (
        (STATUS + "nowhere", "panel 'nowhere': the pages have"),
        (STATUS + "wepp?after=yesterday", "'yesterday' is no id of a message"),
        ("/runs/other-run/cfg/rq/api/status/wepp", "other-run"),
    ):
        told = site.page.get(url).json
        assert told["Success"] is False
        assert says in told["Error"]
