"""The verb `ui`: the daemon's page on 127.0.0.1, for as long as the verb runs, to look only."""

from __future__ import annotations

import json
import secrets
import webbrowser
from collections.abc import Mapping
from http.client import HTTPResponse
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, urlsplit

import click

from weppd.ctl import talk
from weppd.ctl.answers import NoDaemon, Told
from weppd.ctl.client import Client
from weppd.ctl.talk import Talk
from weppd.ctl.usage import Recorder

#: What this server answers by itself: what the running jobs use, and have used.
USAGE = "/usage"
LOOKS = ("/v1/status", "/v1/queues", "/v1/nodes", "/v1/jobs", "/v1/tree/", "/v1/events")
_KEPT = ("content-type", "content-security-policy", "cache-control")
_COOKIE = "weppd"


@talk.verb
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The port [a free one].")
@click.option("--no-browser", is_flag=True, help="Print the address, and open no browser.")
def ui(ctl: Talk, port: int, no_browser: bool) -> None:
    """Show the node in a browser, until Ctrl-C.

    The page is on 127.0.0.1 alone, shows and changes nothing, and opens once by the address that is
    printed.
    """
    serve(ctl, port, no_browser)


def serve(ctl: Talk, port: int, no_browser: bool) -> None:
    """Serve the page until Ctrl-C; port 0 is a free one."""
    ctl.ask("GET", "/healthz")
    with Server(ctl.client, port) as server:
        ctl.show({"url": server.url}, lambda: server.url)
        if not no_browser:
            webbrowser.open(server.url)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return


class Server(ThreadingHTTPServer):
    """Carries GETs of one browser to the daemon. `url` lets the first who has it in, once."""

    daemon_threads = True

    def __init__(self, client: Client, port: int) -> None:
        self.client = client
        self.token: str | None = secrets.token_urlsafe(32)
        self.session = secrets.token_urlsafe(32)
        super().__init__(("127.0.0.1", port), _Handler)
        self.port = self.server_address[1]
        self.usage = Recorder(lambda: client.ask("GET", "/v1/status"))
        self.url = f"http://127.0.0.1:{self.port}/?token={self.token}"


class _Handler(BaseHTTPRequestHandler):
    server: Server
    timeout = 60

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        # Another name for this address would be another site's, that has it resolve to here.
        if self.headers.get("Host") not in (
            f"127.0.0.1:{self.server.port}",
            f"localhost:{self.server.port}",
        ):
            self._refuse(421, "ask for 127.0.0.1")
        elif token := parse_qs(parts.query).get("token"):
            self._let_in(token[0])
        elif not self._known():
            self._refuse(403, "this page opens by the address that weppdctl printed, once")
        elif parts.path == "/" or parts.path.startswith(LOOKS):
            self._carry(self.path)
        elif parts.path == USAGE:
            self._tell()
        else:
            self._refuse(404, "not here")

    def _let_in(self, token: str) -> None:
        wanted, self.server.token = self.server.token, None
        if wanted is None or not secrets.compare_digest(token.encode(), wanted.encode()):
            self._refuse(403, "this address has been used: run weppdctl ui again")
            return
        self.send_response(303)
        cookie = f"{_COOKIE}={self.server.session}; HttpOnly; SameSite=Strict; Path=/"
        self.send_header("Set-Cookie", cookie)
        self.send_header("Location", "/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _known(self) -> bool:
        try:
            sent = SimpleCookie(self.headers.get("Cookie", "")).get(_COOKIE)
        except CookieError:
            return False
        value = sent.value if sent is not None else ""
        return secrets.compare_digest(value.encode(), self.server.session.encode())

    def _carry(self, target: str) -> None:
        last = self.headers.get("Last-Event-ID")
        if last and urlsplit(target).path == "/v1/events":
            target = f"/v1/events?after={quote(last)}"
        try:
            with self.server.client.answer(target) as answer:
                self._copy(answer)
        except NoDaemon as error:
            self._refuse(502, str(error))

    def _tell(self) -> None:
        try:
            told = json.dumps({"jobs": self.server.usage.look()})
        except (NoDaemon, Told) as error:
            self._refuse(502, str(error))
        else:
            self._answer(200, told, "application/json", {"Cache-Control": "no-store"})

    def _copy(self, answer: HTTPResponse) -> None:
        self.send_response(answer.status)
        for name in _KEPT:
            if value := answer.headers.get(name):
                self.send_header(name, value)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        try:
            while chunk := answer.read1(65536):
                self.wfile.write(chunk)
                self.wfile.flush()
        except OSError:
            return  # the browser, or weppd, has gone

    def _refuse(self, status: int, why: str) -> None:
        self._answer(status, f"{why}\n", "text/plain; charset=utf-8", {})

    def _answer(self, status: int, told: str, kind: str, more: Mapping[str, str]) -> None:
        text = told.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        for name, value in more.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the address holds the token."""
