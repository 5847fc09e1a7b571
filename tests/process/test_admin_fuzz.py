"""The admin socket against rubbish: made requests that keep to the description, and raw bytes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import socket
import socketserver
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from tests.process.admin_thread import served
from tests.process.test_admin_socket import GET, POST, eventually, run, talk
from tests.process.test_admin_socket import served as serving
from tests.unit.admin_house import FakeHouse, a_job
from weppd.admin import Right, api, connection, models


class Bridge(socketserver.ThreadingTCPServer):
    """A port that leads to the admin socket, for programs that know no Unix sockets."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(("127.0.0.1", 0), _Crossing)


class _Crossing(socketserver.BaseRequestHandler):
    server: Bridge

    def handle(self) -> None:
        with socket.socket(socket.AF_UNIX) as inner:
            inner.connect(str(self.server.path))
            back = threading.Thread(target=_pour, args=(inner, self.request), daemon=True)
            back.start()
            _pour(self.request, inner)
            back.join(20)


def _pour(source: socket.socket, into: socket.socket) -> None:
    try:
        while chunk := source.recv(65536):
            into.sendall(chunk)
        into.shutdown(socket.SHUT_WR)
    except OSError:
        return


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The served API, as its own description has it."""
    path = tmp_path_factory.mktemp("s") / "s"
    with served(path, a_job("j"), a_job("k", "failed")) as daemon, Bridge(path) as bridge:
        daemon.house.lines["j"] = [b"line\n"]
        daemon.do(daemon.house.closed.set)
        threading.Thread(target=bridge.serve_forever, daemon=True).start()
        yield schemathesis.openapi.from_url(
            f"http://127.0.0.1:{bridge.server_address[1]}/openapi.json"
        )
        bridge.shutdown()


CHECKS = [response_schema_conformance, content_type_conformance]


ASKED = [
    (each.verb.__name__, mode)
    for each in api.VERBS
    for mode in GenerationMode
    if mode is GenerationMode.POSITIVE or each.query or each.body
]


@pytest.mark.parametrize(("verb", "mode"), ASKED)
def test_no_request_is_a_fault(described: Any, verb: str, mode: GenerationMode) -> None:
    """Whatever is asked, as described or not: an answer as described or a problem; never a 5xx."""

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=described.find_operation_by_id(verb).as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        answer = case.call()
        assert answer.status_code < 500, answer.text
        if answer.status_code < 400:
            case.validate_response(answer, checks=CHECKS)
        else:
            assert answer.headers["content-type"] == ["application/problem+json"]
            models.Problem.model_validate(answer.json())

    ask()


def spoiled(dice: random.Random) -> bytes:
    """A request with something wrong about it, or no request at all."""
    base = dice.choice([GET, POST]).format("/v1/status").encode()
    kind = dice.randrange(5)
    if kind == 0:
        return dice.randbytes(dice.randrange(1, 2000))
    if kind == 1:
        return base[: dice.randrange(len(base))]
    if kind == 2:
        at = dice.randrange(len(base))
        return base[:at] + dice.randbytes(dice.randrange(1, 9)) + base[at:]
    if kind == 3:
        return base.replace(b"HTTP/1.1", dice.choice([b"HTTP/9.9", b"", b"HTTP/1.1" * 9]))
    return base.replace(
        b"Content-Length: 0", b"Content-Length: " + dice.randbytes(4).hex().encode()
    )


def test_raw_bytes_harm_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A thousand spoiled requests get a 4xx or nothing; another caller is served all the while."""
    path, dice = tmp_path / "s", random.Random(7)

    async def spoil() -> bytes:
        reader, writer = await asyncio.open_unix_connection(path)
        try:
            writer.write(spoiled(dice))
            writer.write_eof()
            return await asyncio.wait_for(reader.read(), 10)
        except ConnectionError:
            return b""
        finally:
            writer.close()

    async def scene() -> None:
        async with serving(FakeHouse(), path):
            for _ in range(100):
                for answer in await asyncio.gather(*(spoil() for _ in range(10))):
                    assert answer[:9] in (b"", b"HTTP/1.1 ")
                    assert answer[9:10] in (b"", b"2", b"4"), answer
                assert "200 OK" in await talk(path, GET.format("/v1/status"))

    run(scene())
    assert "action=fault" not in caplog.text


async def connections(
    path: Path, count: int, half: bytes = b""
) -> tuple[list[asyncio.StreamReader], list[asyncio.StreamWriter]]:
    """The ends of so many connections that say nothing; each second one says `half` of it."""
    pairs = []
    for number in range(count):
        pairs.append(await asyncio.open_unix_connection(path))
        if half and number % 2 == 0:
            pairs[-1][1].write(half)
    return [reader for reader, _ in pairs], [writer for _, writer in pairs]


def test_five_hundred_idle_connections_keep_nobody_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of them half-open: others are served, and after a while they are hung up on."""
    path = tmp_path / "s"
    monkeypatch.setattr(connection, "HEAD_S", 3.0)

    async def scene() -> None:
        async with serving(FakeHouse(), path):
            half = b"GET /v1/status HTTP/1.1\r\nHost: we"
            readers, idle = await connections(path, 500, half)
            for _ in range(20):
                assert "200 OK" in await talk(path, GET.format("/v1/status"))
            told = await asyncio.gather(*(reader.read() for reader in readers))
            assert {answer[:12] for answer in told[::2]} == {b"HTTP/1.1 408"}
            assert {*told[1::2]} == {b""}
            for writer in idle:
                writer.close()

    run(scene())


def test_a_lesser_right_cannot_use_up_the_connections(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who may nothing gets few connections, and there is room for who must steer."""
    path = tmp_path / "s"
    house = FakeHouse(a_job("j"))
    monkeypatch.setitem(connection.MAX_BY_RIGHT, Right.READ, 3)

    async def scene() -> None:
        async with serving(house, path):
            house.inside = {os.getpid()}  # now this process may only read
            _, idle = await connections(path, 3)
            for writer in idle:
                writer.write(GET.format("/v1/events").encode())
            await eventually(lambda: house.followers == 3)
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError, AssertionError)):
                assert "200 OK" in await talk(path, GET.format("/v1/status"))
            house.inside = set()
            assert "200 OK" in await talk(path, POST.format("/v1/jobs/j/cancel"))
            house.inside = {os.getpid()}
            for writer in idle:
                writer.close()
            await asyncio.sleep(0)
            await _served_again(lambda: talk(path, GET.format("/v1/status")))

    run(scene())


async def _served_again(ask: Callable[[], Awaitable[str]]) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                if "200 OK" in await ask():
                    return
            except ConnectionError:
                pass
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("part", ["line", "header"])
def test_a_head_has_a_largest_size(tmp_path: Path, part: str) -> None:
    """A request line or header without end is refused while it comes."""
    path = tmp_path / "s"
    long = "x" * (2 * connection.MAX_HEAD)

    async def scene() -> None:
        async with serving(FakeHouse(), path):
            target, header = (f"/{long}", "") if part == "line" else ("/healthz", f"X: {long}\r\n")
            told = await talk(path, f"GET {target} HTTP/1.1\r\n{header}")
            assert told.startswith("HTTP/1.1 4")

    run(scene())


def test_a_body_that_never_comes_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A caller that announces a body and sends none is told so, and let go."""
    path = tmp_path / "s"
    monkeypatch.setattr("weppd.admin.api.BODY_S", 0.2)

    async def scene() -> None:
        async with serving(FakeHouse(), path):
            told = await talk(path, POST.format("/v1/drain").replace("Length: 0", "Length: 10"))
            assert told.startswith("HTTP/1.1 408")

    run(scene())


def test_a_caller_that_reads_nothing_costs_the_others_nothing(tmp_path: Path) -> None:
    """Fifty followers of a long log that never read: others are served, and weppd holds little."""
    path, house = tmp_path / "s", FakeHouse()
    house.lines["j"] = [b"x" * 65536] * 1000

    async def scene() -> None:
        async with serving(house, path):
            stuck = []
            for _ in range(50):
                sock = socket.socket(socket.AF_UNIX)
                sock.connect(str(path))
                sock.sendall(GET.format("/v1/jobs/j/log").encode())
                stuck.append(sock)
            await eventually(lambda: house.followers == 50)
            for _ in range(20):
                assert "200 OK" in await talk(path, GET.format("/v1/status"))
            for sock in stuck:
                sock.close()
            await eventually(lambda: house.followers == 0)

    run(scene())


async def said(path: Path, *parts: bytes) -> bytes:
    """What the server says to these bytes, until it hangs up; this end stays open."""
    reader, writer = await asyncio.open_unix_connection(path)
    for part in parts:
        writer.write(part)
        await writer.drain()
    try:
        return await asyncio.wait_for(reader.read(), 20)
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


NO_REQUESTS = (
    b"\x16\x03\x01\x02\x00",  # TLS
    b"q\xff",
    b"GET\x00",
    b"PING /\x80",
    b"hello there, is this weppd",
    b"GET /v1/status\n",
    b"GET /v1/status HTTP/2.0\r\n",
)


@pytest.mark.parametrize("rubbish", NO_REQUESTS)
def test_what_is_no_request_is_told_so_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rubbish: bytes
) -> None:
    """Nobody waits for the rest of what can be no request."""
    path = tmp_path / "s"
    monkeypatch.setattr(connection, "HEAD_S", 3600.0)

    async def scene() -> None:
        async with serving(FakeHouse(), path):
            answer = await said(path, rubbish)
            assert answer.startswith(b"HTTP/1.1 400 Bad Request")
            body = answer.partition(b"\r\n\r\n")[2]
            assert models.Problem.model_validate_json(body).type == "bad-request"

    run(scene())


ASK = b"GET /healthz HTTP/1.1\r\nHost: weppd\r\n\r\n"


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ([b"GET /v1/sta"], b"HTTP/1.1 408"),
        ([ASK, b"GET /v1/sta"], b"HTTP/1.1 408"),
        ([ASK], b"HTTP/1.1 200"),
        ([b"GET /nowhere HTTP/1.1\r\nHost: weppd\r\nContent-Length: 9\r\n\r\n", b"x"], b"404"),
        ([], b""),
    ],
)
def test_half_a_request_is_hung_up_on_also_behind_a_whole_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parts: list[bytes], says: bytes
) -> None:
    """In bounded time, with a word where one can be said; so where a body stays away."""
    path = tmp_path / "s"
    monkeypatch.setattr(connection, "HEAD_S", 1.0)

    async def scene() -> None:
        async with serving(FakeHouse(), path):
            assert says in await said(path, *parts)

    run(scene())


def test_dribbling_wins_no_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte now and then keeps no connection: neither of a head nor behind an answer."""
    path = tmp_path / "s"
    monkeypatch.setattr(connection, "HEAD_S", 2.0)

    async def dribble(first: bytes) -> None:
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(first)
        heard = asyncio.create_task(reader.read())
        with contextlib.suppress(ConnectionError):
            while not heard.done():
                writer.write(b"x")
                await asyncio.wait([heard], timeout=0.05)
            await heard
        writer.close()

    async def scene() -> None:
        async with serving(FakeHouse(), path):
            unread = b"GET /nowhere HTTP/1.1\r\nHost: weppd\r\nContent-Length: 99999\r\n\r\n"
            for first in (b"GET /", ASK + b"GET /", unread):
                await dribble(first)
            assert "200 OK" in await talk(path, GET.format("/healthz"))

    run(scene())


def test_connections_leave_half_of_the_descriptors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where few files may be open, the idle connections that stay are few, and the longest of them
    makes room for who asks."""
    path = tmp_path / "s"
    few = lambda what: (64, 64)  # noqa: E731
    monkeypatch.setattr(connection.resource, "getrlimit", few)

    async def scene() -> None:
        async with serving(FakeHouse(), path):
            readers, idle = await connections(path, 60)
            await eventually(lambda: sum(reader.at_eof() for reader in readers) == 60 - 32)
            assert not readers[-1].at_eof()
            for _ in range(3):
                assert "200 OK" in await talk(path, GET.format("/v1/status"))
            assert not readers[-1].at_eof()
            for writer in idle:
                writer.close()

    run(scene())
