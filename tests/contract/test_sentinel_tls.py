"""Sentinels and their master over TLS, each with a password: every hand gets through."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.test_secured_redis import certificate
from tests.acceptance.test_sentinel import a_port
from tests.waiting import eventually
from weppd.errors import StoreAway
from weppd.store.server import blocking
from weppd.store.server.line import Line, address

SERVER, OPENSSL = shutil.which("redis-server"), shutil.which("openssl")
pytestmark = pytest.mark.skipif(
    SERVER is None or OPENSSL is None, reason="redis-server with TLS, and openssl, are needed here"
)


@pytest.fixture(scope="module")
def watched() -> Iterator[str]:
    """The address of a master behind one sentinel."""
    home = Path(tempfile.mkdtemp(prefix="wz-"))
    certificate(home)
    ports = a_port(), a_port()
    tls = ["--port", "0", "--tls-auth-clients", "no", "--tls-replication", "yes"]
    tls += ["--tls-cert-file", f"{home}/cert.pem", "--tls-key-file", f"{home}/key.pem"]
    tls += ["--tls-ca-cert-file", f"{home}/cert.pem", "--dir", str(home)]
    config = home / "sentinel.conf"
    config.write_text(
        "sentinel resolve-hostnames yes\nsentinel announce-hostnames yes\n"
        f"sentinel monitor m localhost {ports[0]} 1\nsentinel auth-pass m inner\n"
    )
    master = [str(SERVER), "--tls-port", str(ports[0]), *tls, "--save", "", "--requirepass"]
    sentinel = [str(SERVER), str(config), "--sentinel", "--tls-port", str(ports[1]), *tls]
    commands = [*master, "inner"], [*sentinel, "--requirepass", "outer"]
    programs = [subprocess.Popen(each, stdout=subprocess.DEVNULL) for each in commands]
    tail = f"?ssl_ca_certs={home}/cert.pem&sentinel_password=outer"
    url = f"rediss+sentinel://:inner@localhost:{ports[1]}/m/9{tail}"
    try:
        eventually(lambda: _answers(url), within=20)
        yield url
    finally:
        for program in programs:
            program.kill()
            program.wait()
        shutil.rmtree(home)


def _answers(url: str) -> bool:
    try:
        return asyncio.run(_pinged(url)) == b"PONG"
    except StoreAway:
        return False


async def _pinged(url: str) -> object:
    line = Line(address(url), connect_s=5.0)
    try:
        return await line.call("PING")
    finally:
        await line.close()


def test_weppd_and_its_producers_get_through(watched: str) -> None:
    """The daemon's line, and the connection of producers, tasks and web processes."""
    assert _answers(watched)
    connection = blocking.connect(watched)
    assert connection.ping()
    connection.close()


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("sentinel_password=outer", "sentinel_password=x", "NOAUTH"),
        ("&sentinel_password=outer", "", "NOAUTH"),
        (":inner@", ":x@", "WRONGPASS"),
        (r"ssl_ca_certs=[^&]*&", "", "certificate verify failed"),
    ],
)
def test_what_is_wrong_is_said(watched: str, right: str, wrong: str, says: str) -> None:
    """A password of the sentinels or of the server, or a certificate that nobody vouches for."""
    with pytest.raises(StoreAway, match=says):
        asyncio.run(_pinged(re.sub(right, wrong, watched)))
