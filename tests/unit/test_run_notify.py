"""Who is told that a run is complete, and that nobody's absence fails it."""

from __future__ import annotations

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tasks.run.atomic import replace_text
from tasks.run.directory import RunDirectory
from tasks.run.notify import notify
from tasks.wepp import announce
from tasks.wepp.documents import Ron
from tests.unit.recording import RecordingContext
from weppd.task import using


class Hook(BaseHTTPRequestHandler):
    """A webhook that keeps what it is told, and answers with the status in its path."""

    told: list[dict] = []  # noqa: RUF012

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.told.append(json.loads(self.rfile.read(length)))
        self.send_response(int(self.path.rpartition("/")[2]))
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def hook():
    """The address of a webhook, without the status."""
    Hook.told = []
    server = HTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/webhooks/secret"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def ctx(tmp_path: Path):
    with using(RecordingContext(tmp_path)) as context:
        yield context


def webhook(ctx, url: str) -> None:
    """Set the address."""
    ctx.settings = {**ctx.settings, "notify": {"discord": url, "site": "https://here"}}


def test_a_message_reaches_the_webhook(ctx, hook):
    """As Discord takes it: JSON with the text as its content."""
    webhook(ctx, f"{hook}/204")
    assert notify(":fireworks: done") is True
    assert Hook.told == [{"content": ":fireworks: done"}]


def test_without_a_webhook_or_without_httpx_nobody_is_told(ctx, hook, monkeypatch):
    """Silence, and no complaint."""
    assert notify("x") is False
    webhook(ctx, f"{hook}/204")
    monkeypatch.setitem(sys.modules, "httpx", None)
    assert notify("x") is False
    assert (Hook.told, ctx.lines) == ([], [])


@pytest.mark.parametrize("address", ["{hook}/500", "http://127.0.0.1:1/secret", "http://[secret"])
def test_a_webhook_that_does_not_answer_fails_nothing_and_is_not_shown(ctx, hook, address):
    """A line of warning without the address: who knows it can write to the channel."""
    webhook(ctx, address.format(hook=hook))
    assert notify("x") is False
    ((_, text, volatile),) = ctx.lines
    assert text.startswith("the webhook was not told: ")
    assert "secret" not in text
    assert volatile


def test_the_message_of_a_run_is_production_s(ctx, tmp_path: Path):
    """Name, scenario, run id and a link, from our document, from jsonpickle's, and without one."""
    webhook(ctx, "")
    run = RunDirectory(tmp_path)
    assert announce.complete("my-run", run) == ":fireworks: [_my-run_](https://here/runs/my-run/)"
    text = '{"py/object": "site.Ron", "_name": "Creek", "_scenario": "burnt", "_config_stem": "0"}'
    (tmp_path / "ron.nodb").write_text(text)
    wanted = ":fireworks: [Creek - burnt _my-run_](https://here/runs/my-run/0/)"
    assert announce.complete("my-run", run) == wanted
    replace_text(tmp_path / "ron.nodb", Ron(name="Creek", scenario="burnt", config="0").dump())
    assert announce.complete("my-run", run) == wanted
    composite = announce.complete("batch;;b;;leaf", run)
    assert composite.endswith("(https://here/runs/batch%3B%3Bb%3B%3Bleaf/0/)")
