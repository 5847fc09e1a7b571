"""A connection to the admin socket: whose it is, how many there may be, how long it may be silent.

What is no request is answered at once where that can be seen, and hung up on; a request that does
not come is waited for `HEAD_S`. That holds for each request of a connection, and whatever dribbles
in: nobody keeps a descriptor by saying nothing, or half of something.
"""

from __future__ import annotations

import asyncio
import logging
import re
import resource
from collections import Counter
from http import HTTPStatus
from typing import Any, ClassVar

import h11
from starlette.responses import Response
from uvicorn.protocols.http.h11_impl import H11Protocol

from weppd.admin import Caller, House, Right, auth
from weppd.admin.problems import problem

#: Connections at a time: in all, of those who may only read, and of those who may nothing. What a
#: lesser right may not use up is left for who must steer. Of as many as there may be, the longest
#: that says nothing makes room for a newcomer.
MAX_CLIENTS = 1024
MAX_BY_RIGHT = {Right.NOTHING: 256, Right.READ: 640, Right.CHANGE: MAX_CLIENTS}
#: Bytes of a request's line and headers, and seconds until they must be there.
MAX_HEAD = 16_384
HEAD_S = 10.0
#: How every request of ours begins, as far as it is here (RFC 9112, 3), and its whole line.
_BEGINNING = re.compile(rb"[A-Z]{1,20}(?: [!-~]*(?: [!-~]*\r?)?)?\Z")
_LINE = re.compile(rb"[A-Z]{1,20} [!-~]+ HTTP/1\.[01]\r?\Z")
_NOBODY = Caller(0, 2**32 - 1, 2**32 - 1)
_log = logging.getLogger(__name__)


class PeerProtocol(H11Protocol):
    """HTTP on connections whose other end the kernel has named, within limits: see `protocol`."""

    house: ClassVar[House]
    rules: ClassVar[auth.Rules]
    there: ClassVar[Counter[Right]]
    most: ClassVar[dict[Right, int]]
    #: Those of which no request is under way, by right, the longest first.
    idle: ClassVar[dict[Right, dict[PeerProtocol, None]]]
    _counted: Right | None = None
    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        caller = _caller(transport, self.house, self.rules)
        self.app_state = {**self.app_state, "caller": caller}
        super().connection_made(transport)
        full = self.there[caller.right] >= self.most[caller.right]
        if full and not self._dislodge(caller.right):
            transport.abort()
            return
        self.there[caller.right] += 1
        self._counted = caller.right
        self._await_request()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._answering():
            self._come()
        elif not self.transport.is_closing() and _is_no_request(self.conn):
            self._refuse(400, "what came is no HTTP request")

    def on_response_complete(self) -> None:
        self._await_request()
        super().on_response_complete()  # which may begin with a request that is here already
        if self._answering():
            self._come()

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()
        super().connection_lost(exc)

    def _dislodge(self, right: Right) -> bool:
        """Hang up on who has said nothing for longest; False where all are being answered."""
        longest = next(iter(self.idle[right]), None)
        if longest is None:
            return False
        longest._leave()
        longest.transport.abort()
        return True

    def _leave(self) -> None:
        self._come()
        if self._counted is not None:
            self.there[self._counted] -= 1
            self._counted = None

    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _await_request(self) -> None:
        self._come()
        if self._counted is not None:
            self.idle[self._counted][self] = None
        self._late = self.loop.call_later(HEAD_S, self._give_up)

    def _come(self) -> None:
        if self._counted is not None:
            self.idle[self._counted].pop(self, None)
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _give_up(self) -> None:
        if self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]:
            self._refuse(408, f"the request was not here within {HEAD_S:g} s")
        else:  # it said nothing, or does not end what it was answered already
            self.transport.abort()

    def _refuse(self, status: int, why: str) -> None:
        if self._answering() and self.cycle.response_started:
            self.transport.abort()  # an answer inside of an answer says nothing
            return
        self._come()
        self.transport.write(_whole(problem(status, "bad-request", why)))
        self.transport.close()

    def send_400_response(self, msg: str) -> None:
        self._refuse(400, msg)


def protocol(house: House, rules: auth.Rules) -> type[PeerProtocol]:
    """The connections of one served socket, which are counted together."""

    class Served(PeerProtocol):
        there: ClassVar[Counter[Right]] = Counter()
        most = _most()
        idle: ClassVar[dict[Right, dict[PeerProtocol, None]]] = {right: {} for right in Right}

    Served.house, Served.rules = house, rules
    return Served


def _most() -> dict[Right, int]:
    """Connections that there may be by right: of the files that may be open, half at most."""
    may, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if may == resource.RLIM_INFINITY:
        return MAX_BY_RIGHT
    return {
        right: min(most, may // 2 * most // MAX_CLIENTS) for right, most in MAX_BY_RIGHT.items()
    }


def _caller(transport: asyncio.Transport, house: House, rules: auth.Rules) -> Caller:
    try:
        peer = auth.peer(transport.get_extra_info("socket"))
    except OSError as error:  # it hung up between connect and accept
        _log.debug("action=peer error=%s", error)
        return _NOBODY
    return auth.admit(peer, rules, house.keepers())


def _is_no_request(conn: h11.Connection) -> bool:
    """Whether what waits to be read is the beginning of no request."""
    if conn.their_state is not h11.IDLE:
        return False
    line, newline, _ = conn.trailing_data[0].partition(b"\n")
    return not (_LINE if newline else _BEGINNING).match(line)


def _whole(answer: Response) -> bytes:
    """An answer as it goes over the wire, the last one of its connection."""
    status = f"HTTP/1.1 {answer.status_code} {HTTPStatus(answer.status_code).phrase}".encode()
    headers = [*answer.raw_headers, (b"connection", b"close")]
    lines = [status, *(name + b": " + value for name, value in headers)]
    return b"\r\n".join([*lines, b"", bytes(answer.body)])
