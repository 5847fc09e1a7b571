"""Sessions of agents against a server of terminals that is a thread: what each is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import redis

from tasks import agent_rq
from tasks.run.databases import RedisDB, redis_url
from tests.unit.recording import RecordingContext
from weppd.task import using


class Terminals(BaseHTTPRequestHandler):
    """Answers as `answer` of its server says; remembers what it was asked."""

    def do_POST(self) -> None:
        asked = urlsplit(self.path)
        self.server.asked.append((asked.path, {k: v[0] for k, v in parse_qs(asked.query).items()}))
        status, text = self.server.answer
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *words: object) -> None:
        """Nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[HTTPServer]:
    made = HTTPServer(("127.0.0.1", 0), Terminals)
    made.asked, made.answer = [], (200, '{"id": "t9"}')
    thread = threading.Thread(target=made.serve_forever, args=(0.01,))
    thread.start()
    monkeypatch.setenv("CAO_BASE_URL", f"http://127.0.0.1:{made.server_port}")
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture
def ctx(tmp_path: Path, redis_url: str):
    (tmp_path / "runs" / "my-run").mkdir(parents=True)
    with using(RecordingContext(tmp_path / "runs", redis=redis_url)) as context:
        yield context


def spawn(**others: str) -> dict[str, str]:
    """A session as the site's chat opens it."""
    told = {"session_id": "s1", "jwt_token": "TOKEN", "user_id": "7"} | others
    return agent_rq.spawn_wojak_session("my-run", "cfg", **told)


def test_a_session_finds_its_variables_and_its_channels(ctx, server, tmp_path, monkeypatch):
    """They lie in Redis for minutes; neither token nor secret is typed, logged or returned."""
    monkeypatch.setenv("AGENT_JWT_SECRET", "SECRET")
    made = spawn()
    response = "my-run:agent_response-s1"
    assert made == {
        "terminal": "t9",
        "env_key": "agent:session:s1:env",
        "chat_channel": "my-run:agent_chat-s1",
        "response_channel": response,
    }
    (opened, asked), (typed, command) = server.asked
    assert (opened, typed) == ("/sessions", "/terminals/t9/input")
    assert asked["session_name"] == "wojak-s1"
    assert asked["agent_profile"] == "wojak_interactive"
    assert "AGENT_ENV_REDIS_KEY=agent:session:s1:env" in command["message"]
    assert command["message"].endswith("wojak_bootstrap.py")
    client = redis.Redis.from_url(redis_url(RedisDB.STATUS), decode_responses=True)
    told = json.loads(client.get(made["env_key"]))
    assert (told["AGENT_JWT_TOKEN"], told["AGENT_JWT_SECRET"]) == ("TOKEN", "SECRET")
    assert (told["RUN_DIR"], told["USER_ID"]) == (str(tmp_path / "runs" / "my-run"), "7")
    assert 0 < client.ttl(made["env_key"]) <= 300
    assert [(c, json.loads(t)["type"]) for c, t in ctx.messages] == [(response, "system")]
    shown = json.dumps([server.asked, made, ctx.messages, ctx.lines])
    assert "TOKEN" not in shown.replace("AGENT_JWT_TOKEN", "")
    assert "SECRET" not in shown


@pytest.mark.parametrize(
    ("answer", "says"),
    [((503, "full"), r"/sessions answers 503"), ((200, "[]"), "told no terminal")],
)
def test_a_server_that_opens_nothing_is_told_to_the_page(ctx, server, answer, says):
    """In one line, without the query; the job fails with it."""
    server.answer = answer
    with pytest.raises(agent_rq.AgentError, match=says) as failed:
        spawn()
    ((_, text),) = ctx.messages
    assert json.loads(text) == {
        "type": "error",
        "content": f"the agent could not be started: {failed.value}",
    }


def test_nobody_listening_and_names_that_are_none(ctx, monkeypatch):
    """The server's address is named; a session with a blank would not be one word in a shell."""
    monkeypatch.setenv("CAO_BASE_URL", "http://127.0.0.1:9")
    with pytest.raises(agent_rq.AgentError, match=r"127\.0\.0\.1:9/sessions cannot be reached"):
        spawn()
    with pytest.raises(ValueError, match="letters, digits"):
        spawn(session_id="s 1; rm")
