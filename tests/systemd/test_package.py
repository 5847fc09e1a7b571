"""The Debian package on a host of its own: installed, updated under a job, removed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.systemd.conftest import CONFIG, Node, furnish
from tests.systemd.host import Host, missing
from tests.waiting import eventually
from weppd.embedded import find_server

BUILD = Path(__file__).parents[2] / "systemd" / "debian" / "build.py"
PACKAGE = "/srv/weppd.deb"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package, without the libraries of the science tasks."""
    reason = missing() or ("" if find_server() else "no Redis server here to run in the host")
    if reason or shutil.which("dpkg-deb") is None:
        pytest.skip(reason or "dpkg-deb is not installed here")
    out = tmp_path_factory.mktemp("deb")
    build = [sys.executable, str(BUILD), "--extras", "", "--out", str(out)]
    done = subprocess.run(build, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"it cannot be built here: {(done.stderr or done.stdout).strip()[-200:]}")
    return next(out.glob("*.deb"))


@pytest.fixture
def bare(package: Path) -> Iterator[Node]:
    """A host with a Redis, with the package at hand, and without weppd."""
    host = Host()
    try:
        furnish(host)
        shutil.copy(package, host.path(PACKAGE))
        yield Node(host)
    finally:
        host.stop()


def test_the_package_installs_updates_and_goes(bare: Node) -> None:
    """dpkg -i, start, an update under a running job, a removal that waits for jobs, a purge."""
    settings = bare.path("/etc/weppd/weppd.toml")
    settings.write_text(CONFIG.replace("[run]", '[tasks]\nmodules = ["tasks.noop"]\n[run]'))
    bare.run("dpkg", "-i", "--force-depends", PACKAGE, timeout=120)
    assert bare.show("weppd", "ActiveState") == "inactive", "an installation starts nothing"
    assert "ExecStart=/opt/weppd/bin/weppd" in bare.run("systemctl", "cat", "weppd")
    bare.run("chown", "weppd:weppd", "/srv/runs")
    before = bare.up()
    assert bare.run("ps", "-o", "user=", "-p", str(before)) == "weppd"
    told = bare.run("weppdctl", "enqueue", "tasks.noop.sleep", "600", "--json")
    jid = json.loads(told)["id"]
    bare.in_state(jid, "started")

    bare.run("dpkg", "-i", "--force-depends", PACKAGE, timeout=120)
    eventually(lambda: bare.serves() not in (0, before), within=20, every=0.05)
    assert bare.job(jid)["state"] == "started", "an update costs no running job"

    refused = bare.host.tried("dpkg", "-r", "weppd")
    assert (refused.returncode, "jobs are running" in refused.stderr) == (1, True)
    bare.run("weppdctl", "cancel", "--grace", "0", jid)
    bare.run("dpkg", "-r", "weppd", timeout=60)
    assert bare.show("weppd", "LoadState") == "not-found"
    assert not bare.path("/opt/weppd").exists()
    assert settings.exists(), "settings outlive a removal"
    bare.run("dpkg", "-P", "weppd")
    assert not settings.exists()
    assert bare.run("sh", "-c", "pgrep -u weppd || true") == ""
