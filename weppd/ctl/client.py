"""A caller of the admin API: HTTP on the Unix socket, standard library only.

It waits for a daemon that restarts, and tells one that works long from one that hangs: while an
answer is out, it asks `/healthz` on the side.
"""

from __future__ import annotations

import http.client
import json
import select
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn

from weppd.ctl.answers import NoDaemon, Told

_PAUSE_S = 0.05
_GONE = (ConnectionError, http.client.BadStatusLine, http.client.IncompleteRead, TimeoutError)


class _Connection(http.client.HTTPConnection):
    def __init__(self, sock: socket.socket) -> None:
        super().__init__("weppd")
        self.sock = sock
        self._out = bytearray()

    def send(self, data: Any) -> None:
        # Head and body go out at once: a daemon that answers on the head alone, and hangs up,
        # would otherwise be met by the body, and its answer be lost.
        self._out += data

    def flush(self) -> None:
        out, self._out = self._out, bytearray()
        self.sock.sendall(out)


class Client:
    """Asks the daemon on the socket at `path`; waits `patience_s` seconds for one to be there, and
    `turn_s`, by default as many, for the loop of one that is."""

    def __init__(self, path: str, patience_s: float, turn_s: float | None = None) -> None:
        self.path = path
        self.patience_s = patience_s
        self.turn_s = patience_s if turn_s is None else turn_s

    def ask(self, method: str, target: str, body: Mapping[str, Any] | None = None) -> Any:
        """The daemon's answer, read from JSON. NoDaemon or Told where there is none.

        A GET that a restart cut off is asked again; anything else may have been done, and is not.
        """
        deadline = time.monotonic() + self.patience_s
        while True:
            try:
                return self._once(method, target, body, deadline)
            except _GONE as error:
                if method != "GET" or time.monotonic() > deadline:
                    self._went_away(method, error)
            except Told as told:
                if told.kind != "stopping" or method != "GET" or time.monotonic() > deadline:
                    raise
            time.sleep(_PAUSE_S)

    def _once(
        self, method: str, target: str, body: Mapping[str, Any] | None, deadline: float
    ) -> Any:
        with self._answer(method, target, body, deadline) as answer:
            raw = answer.read()
        if answer.status >= 400:
            raise _told(answer.status, raw)
        try:
            return json.loads(raw)
        except ValueError as error:
            raise NoDaemon(f"{self.path}: what answers here is not weppd ({error})") from None

    def stream(self, target: str) -> Iterator[bytes]:
        """The chunks of a plain-text answer as they come. It ends where the daemon's side does."""
        deadline = time.monotonic() + self.patience_s
        with self._answer("GET", target, None, deadline) as answer:
            if answer.status >= 400:
                raise _told(answer.status, answer.read())
            try:
                while chunk := answer.read1(65536):
                    yield chunk
            except _GONE:
                return

    @contextmanager
    def answer(self, target: str) -> Iterator[http.client.HTTPResponse]:
        """The daemon's answer to a GET as it comes, good or bad; NoDaemon where there is none."""
        try:
            with self._answer("GET", target, None, time.monotonic() + self.patience_s) as answer:
                yield answer
        except _GONE as error:
            self._went_away("GET", error)

    @contextmanager
    def _answer(
        self, method: str, target: str, body: Mapping[str, Any] | None, deadline: float
    ) -> Iterator[http.client.HTTPResponse]:
        with self._connect(deadline) as sock:
            connection = _Connection(sock)
            headers = {"Connection": "close"}
            sent = None
            if body is not None:
                sent, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
            connection.request(method, target, sent, headers)
            connection.flush()
            while not select.select([sock], [], [], self.patience_s)[0]:
                self._probe()
            with connection.getresponse() as answer:
                yield answer

    def _probe(self) -> None:
        # The answer is late: ask on a second connection whether the daemon's loop turns.
        try:
            with self._connect(time.monotonic()) as sock:
                sock.settimeout(self.turn_s)
                connection = _Connection(sock)
                connection.request("GET", "/healthz", headers={"Connection": "close"})
                connection.flush()
                with connection.getresponse() as answer:
                    answer.read()
        except (OSError, http.client.HTTPException):
            raise NoDaemon(f"{self.path}: weppd is there, but does not answer") from None

    def _connect(self, deadline: float) -> socket.socket:
        while True:
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                sock.settimeout(self.patience_s)
                sock.connect(self.path)
            except OSError as error:
                sock.close()
                self._wait_or_give_up(error, deadline)
            else:
                sock.settimeout(None)
                return sock

    def _wait_or_give_up(self, error: OSError, deadline: float) -> None:
        # No name, nobody listening, or a full queue of callers: a daemon may be about to be there.
        passing = (FileNotFoundError, ConnectionRefusedError, BlockingIOError)
        if not isinstance(error, passing) or time.monotonic() > deadline:
            raise NoDaemon(f"{self.path}: no weppd answers here ({error.strerror or error})")
        time.sleep(_PAUSE_S)

    def _went_away(self, method: str, error: BaseException) -> NoReturn:
        said = f"{self.path}: weppd went away before it answered"
        if method != "GET":
            said += "; what was asked may have been done"
        raise NoDaemon(said) from error


def _told(status: int, raw: bytes) -> Told:
    try:
        problem = json.loads(raw)
    except ValueError:
        problem = None
    if isinstance(problem, dict):
        return Told(status, problem)
    return Told(status, {"detail": raw.decode("utf-8", "replace").strip()[:200]})
