"""Redis over TLS, for a user who may do what the README says and no more."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import redis

from tasks.wepp.samples.hillslopes import write_sample
from tests.acceptance.conftest import ROOT
from tests.acceptance.test_cancel import sleepers
from tests.waiting import eventually

FOREIGN = Path(__file__).parent / "foreign"
SERVER, OPENSSL = shutil.which("redis-server"), shutil.which("openssl")
SECRET = "s3cret-and-never-shown"
pytestmark = pytest.mark.skipif(
    SERVER is None or OPENSSL is None, reason="redis-server with TLS, and openssl, are needed here"
)


def acl() -> str:
    """The user that the README tells operators to make, as a line of an ACL file."""
    found = re.search(
        r"^redis-cli ACL SETUSER (?:.*\\\n)*.*$", (ROOT / "README.md").read_text(), re.M
    )
    assert found
    command = found[0].replace("\\\n", " ").replace(">PASSWORD", f">{SECRET}")
    words = shlex.split(command)[3:]
    return " ".join(["user", *words])


def certificate(home: Path) -> None:
    """A key and a certificate for localhost, its own authority."""
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    keys = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    files = ["-keyout", f"{home}/key.pem", "-out", f"{home}/cert.pem", "-days", "2"]
    done = subprocess.run(
        [str(OPENSSL), "req", "-x509", *keys, *files, *names], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def secured() -> Iterator[str]:
    """The address of a server that speaks TLS alone, and knows one user."""
    home = Path(tempfile.mkdtemp(prefix="wt-"))
    certificate(home)
    (home / "users.acl").write_text(f"user default off\n{acl()}\n")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    tls = ["--tls-port", str(port), "--tls-auth-clients", "no", "--bind", "127.0.0.1"]
    tls += ["--tls-cert-file", f"{home}/cert.pem", "--tls-key-file", f"{home}/key.pem"]
    command = [str(SERVER), "--port", "0", *tls, "--aclfile", f"{home}/users.acl", "--save", ""]
    server = subprocess.Popen([*command, "--dir", str(home)], stdout=subprocess.DEVNULL)
    url = f"rediss://weppd:{SECRET}@localhost:{port}/9?ssl_ca_certs={home}/cert.pem"
    try:
        eventually(lambda: _listens(port), within=20)
        yield url
    finally:
        server.kill()
        server.wait()
        shutil.rmtree(home)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_the_documented_user_is_enough_and_may_no_more(secured, make_daemon):
    """A run with its ledger and locks, trees, cancel, retry, pause, a restart: all by that user,
    over TLS; what is no business of weppd's is refused to it."""
    daemon = make_daemon()
    daemon.url = daemon.tables["redis"]["url"] = secured
    daemon.tables["tasks"] = {"modules": ["treetasks", "tasks.wepp_rq", "tasks.noop"]}
    daemon.tables["zygote.light"] = {"env": {"PYTHONPATH": str(FOREIGN)}}
    write_sample(daemon.home / "runs/my-run", hillslopes=1, years=1)
    (daemon.home / "runs/r").mkdir()
    daemon.start()
    call = ("enqueue", "--wait", "tasks.wepp_rq._run_hillslopes_rq", "my-run", "hillsim")
    code, out, err = daemon.ctl(*call, timeout=120)
    assert code == 0, out + err + daemon.stderr
    root = daemon.queue().enqueue("treetasks.plan", "r", 1, 2)
    eventually(lambda: len(sleepers(daemon)) == 2, within=30)
    daemon.kill()
    daemon.start()
    for words in (("cancel", root.id), ("tree", "r"), ("pause", "low"), ("resume",), ("queues",)):
        code, out, err = daemon.ctl(*words)
        assert code == 0, out + err
    assert daemon.ctl("retry", root.id)[0] == 0
    daemon.ctl("cancel", root.id)
    assert daemon.stop() == 0
    assert "NOPERM" not in daemon.stderr
    with redis.Redis.from_url(secured) as connection:
        for command in (("FLUSHALL",), ("CONFIG", "GET", "*"), ("KEYS", "*"), ("ACL", "LIST")):
            with pytest.raises(redis.exceptions.NoPermissionError):
                connection.execute_command(*command)


def test_the_password_is_nowhere_to_be_seen(secured, make_daemon):
    """Not in the log, nor in an answer, nor in a command line or an environment of any process."""
    daemon = make_daemon()
    daemon.url = daemon.tables["redis"]["url"] = secured
    daemon.start()
    job = daemon.queue().enqueue("tasks.noop.sleep", 600)
    eventually(lambda: daemon.state(job.id) == "started", within=20)
    told = [daemon.ctl(*words)[1] for words in (("status", "--json"), ("show", job.id, "--json"))]
    assert json.loads(told[0])["store"]["state"] == "up"
    for text in (*told, daemon.ctl("doctor", "--config", str(daemon.config))[1], daemon.stderr):
        assert SECRET not in text
    family = daemon.family()
    assert len(family) >= 4
    for process in family:
        assert SECRET not in " ".join(process.cmdline())
        assert SECRET not in str(process.environ())
    assert psutil.Process(daemon.process.pid).is_running()


def test_doctor_is_content_with_the_least_rights(secured, make_daemon):
    """The account of the README is asked for nothing that it may not do, and no finding fails."""
    daemon = make_daemon()
    daemon.tables["redis"]["url"] = secured
    daemon.start()
    ask = ("doctor", "--adopt-rq", "--json", "--config", str(daemon.config))
    found = [
        each for each in json.loads(daemon.ctl(*ask)[1]) if each["what"][:5] in ("redis", "rq lo")
    ]
    assert "answers in" in " ".join(each["seen"] for each in found)
    assert [each for each in found if each["level"] == "FAIL"] == []


def test_a_stranger_is_no_redis(secured, make_daemon):
    """A server whose certificate nobody vouches for gets no password: away, with the reason."""
    daemon = make_daemon()
    daemon.tables["redis"]["url"] = secured.partition("?")[0]
    daemon.start(wait=False)
    eventually(lambda: "certificate verify failed" in daemon.stderr.lower(), within=30)
    assert SECRET not in daemon.stderr
