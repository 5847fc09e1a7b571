"""Status messages from a web app or a shell, and what a page that was away finds of them."""

from __future__ import annotations

import itertools
import logging
from pathlib import Path

import pytest
import redis

from tasks.run import panels
from tasks.run.frame import framed
from tasks.run.messenger import StatusMessenger, StatusMessengerHandler, follow, replay
from tasks.run.status import Panel
from tests.unit.recording import RecordingContext
from weppd.task import using


@pytest.fixture
def ctx(tmp_path: Path, redis_url: str):
    """No job: settings that name the tests' Redis, emptied."""
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
    with using(RecordingContext(tmp_path, redis=redis_url)) as context:
        yield context


def test_a_message_is_heard_and_kept(ctx, redis_url: str):
    """Who listens hears it, who comes later finds it."""
    with redis.Redis.from_url(redis_url) as client, client.pubsub() as listener:
        listener.subscribe("my-run:command")
        assert listener.get_message(timeout=5)["type"] == "subscribe"
        StatusMessenger.publish_command("my-run", "rq:j1 STATUS    hello")
        assert listener.get_message(timeout=5)["data"] == b"rq:j1 STATUS    hello"
    assert [said.text for said in replay("my-run:command")] == ["rq:j1 STATUS    hello"]


def test_a_page_that_reconnects_misses_nothing_and_hears_nothing_twice(ctx):
    """It asks for what came after the last id that it saw, and gets that, in order."""
    for number in range(10):
        StatusMessenger.publish("my-run:wepp", f"line {number}")
    seen = replay("my-run:wepp")[:4]
    StatusMessenger.publish("my-run:wepp", "line 10")
    missed = replay("my-run:wepp", after=seen[-1].id)
    assert [s.text for s in (*seen, *missed)] == [f"line {number}" for number in range(11)]
    assert replay("my-run:wepp", after=missed[-1].id) == []
    assert [s.text for s in replay("my-run:wepp", limit=2)] == ["line 9", "line 10"]


def test_a_stream_is_followed_from_what_is_kept_into_what_comes(ctx):
    """The same loop gives the old and the new; silence is told, so that it can be left."""
    StatusMessenger.publish("my-run:wepp", "old")
    stream = follow("my-run:wepp")
    assert next(stream).text == "old"
    assert next(stream) is None
    StatusMessenger.publish("my-run:wepp", "new")
    heard = next(said for said in itertools.islice(stream, 5) if said)
    assert heard.text == "new"


def test_a_channel_keeps_its_last_thousand(ctx):
    """What is older is let go; another channel's messages are not touched."""
    StatusMessenger.publish("other:wepp", "stays")
    for number in range(1010):
        StatusMessenger.publish("my-run:wepp", str(number))
    kept = replay("my-run:wepp")
    assert (len(kept), kept[0].text, kept[-1].text) == (1000, "10", "1009")
    assert len(replay("other:wepp")) == 1


def test_a_logger_speaks_on_a_channel(ctx):
    """A record of two lines is two messages; levels below the handler's are not published."""
    log = logging.getLogger("a-controller")
    handler = StatusMessengerHandler("my-run:soils", logging.INFO)
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    try:
        log.debug("quiet")
        log.info("built %d soils\nin one go", 7)
    finally:
        log.removeHandler(handler)
    assert [said.text for said in replay("my-run:soils")] == ["built 7 soils", "in one go"]


def test_every_verb_of_the_grammar_is_one_line(ctx):
    """SKIPPED, INFO and ACTIVATED, as the pages split them."""
    panel = Panel(ctx, "my-run", "wepp")
    panel.skipped("a_rq(my-run)", "no files\nthere")
    panel.info("see wepp/output")
    panel.activated()
    assert [text for _, text in ctx.messages] == [
        "rq:j1 SKIPPED   a_rq(my-run) -> no files there",
        "rq:j1 INFO      see wepp/output",
        "rq:j1 ACTIVATED query_engine(my-run)",
    ]


def test_a_panel_or_event_that_no_page_knows_is_refused_where_it_is_written(ctx):
    """A misspelt event would leave a page as it was, for ever."""
    with pytest.raises(ValueError, match="panel 'wep': the pages have wepp"):
        framed("wep")
    with pytest.raises(ValueError, match="'WEPP_DONE' of panel 'wepp': its page knows WEPP_RUN"):
        framed("wepp", trigger="WEPP_DONE")
    with pytest.raises(ValueError, match="panel 'rq': its page knows none"):
        panels.check("rq", "ANY")
