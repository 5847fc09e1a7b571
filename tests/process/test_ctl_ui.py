"""`weppdctl ui`: who gets in, what can be asked, and the page in a real browser."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.process.admin_thread import Served, served
from tests.unit.admin_house import a_job
from weppd.admin import page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
EVIL = "<img src=x onerror=document.title=1>"


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Served]:
    """A daemon with a job whose words would like to be HTML."""
    with served(tmp_path / "s", a_job("j1", runid=EVIL), a_job("j2", "failed")) as daemon:
        daemon.house.lines["j1"] = [b"simulating day 12\n"]
        slot = {"name": "node1.1", "job": "j1", "phase": "running", "pid": os.getpid()}
        daemon.house.slots = [slot | {"function": "tasks.f", "limits": {"cpu.max": "50%"}}]
        yield daemon


@contextmanager
def ui(daemon: Served) -> Iterator[str]:
    """The verb, running; its address."""
    argv = [sys.executable, "-m", "weppd.ctl", "--socket", str(daemon.path), "ui", "--no-browser"]
    program = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert program.stdout is not None
    try:
        yield program.stdout.readline().strip()
    finally:
        program.terminate()
        program.communicate(timeout=20)


def get(url: str, path: str, method: str = "GET", **headers: str) -> http.client.HTTPResponse:
    """One answer, read to its end."""
    port = int(re.findall(r":(\d+)/", url)[0])
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        answer.text = answer.read().decode()  # type: ignore[attr-defined]
        return answer


def enter(url: str) -> str:
    """The cookie that the address gives."""
    answer = get(url, url[url.index("/?") :])
    assert answer.status == 303
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly; SameSite=Strict" in cookie
    return cookie.partition(";")[0]


def test_the_address_opens_once(daemon: Served) -> None:
    """Nobody gets in without it, nobody by a wrong one, and nobody by one that was used."""
    with ui(daemon) as url:
        assert url.startswith("http://127.0.0.1:")
        assert get(url, "/").status == 403
        assert get(url, "/v1/status", Cookie="weppd=guess").status == 403
        cookie = enter(url)
        assert get(url, url[url.index("/?") :]).status == 403
        assert get(url, "/", Cookie=cookie).status == 200
        assert get(url, "/v1/status", Cookie=cookie).status == 200


def test_a_wrong_token_uses_the_address_up(daemon: Served) -> None:
    """Guessing is over after one guess."""
    with ui(daemon) as url:
        assert get(url, "/?token=guess").status == 403
        assert get(url, url[url.index("/?") :]).status == 403


def test_it_is_to_look_only(daemon: Served) -> None:
    """No verb that changes is carried to the daemon, whatever the method or the path."""
    with ui(daemon) as url:
        cookie = enter(url)
        for method, path in (
            ("POST", "/v1/jobs/j1/cancel"),
            ("POST", "/v1/shutdown"),
            ("DELETE", "/v1/jobs/j1"),
            ("GET", "/metrics"),
            ("POST", "/usage"),
            ("GET", "/v1/../v1/shutdown"),
        ):
            assert get(url, path, method, Cookie=cookie).status in (404, 501)
        assert get(url, "/v1/jobs/j1/cancel", Cookie=cookie).status == 405
        verbs = {verb for verb, _ in daemon.house.asked}
        assert verbs.isdisjoint({"cancel", "shutdown"})


def test_what_running_jobs_use_is_told_to_who_got_in(daemon: Served) -> None:
    """A job, its limits as numbers, and a point of what its tree uses now."""
    with ui(daemon) as url:
        assert get(url, "/usage").status == 403
        told = json.loads(get(url, "/usage", Cookie=enter(url)).text)
    (job,) = told["jobs"]
    assert (job["job"], job["cpu_max"], job["memory_max"]) == ("j1", 0.5, None)
    ((_, _, memory),) = job["points"]
    assert memory > 1 << 20


def test_another_name_for_this_host_is_refused(daemon: Served) -> None:
    """A site whose name resolves to 127.0.0.1 gets nothing, cookie or not."""
    with ui(daemon) as url:
        cookie = enter(url)
        assert get(url, "/v1/status", Cookie=cookie, Host="evil.example").status == 421


def test_the_page_runs_its_own_script_alone() -> None:
    """The policy names the script by its digest, and lets nothing else run or be loaded."""
    text, policy = page.page()
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe-inline" not in policy.partition("style-src")[0]
    assert b"innerHTML" not in text
    assert not re.search(rb"(src|href)=[\"']?(https?:)?//", text)


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_the_page_in_a_browser(daemon: Served, tmp_path: Path) -> None:
    """Headless Chromium draws the node, its slot, its jobs; what a job says stays text."""
    picture = tmp_path / "ui.png"
    with ui(daemon) as url:
        common = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--mute-audio"]
        common += [f"--user-data-dir={tmp_path}/profile", "--virtual-time-budget=8000"]
        env = {**os.environ, "HOME": str(tmp_path)}
        ask = [*common, f"--screenshot={picture}", "--window-size=1000,1200", "--dump-dom"]
        done = subprocess.run(
            [*ask, f"{url}#still=j1"], capture_output=True, text=True, timeout=120, env=env
        )
    dom = done.stdout
    assert "weppd node1: open, 1 of 1 slots busy, store up" in dom, done.stderr[-2000:]
    assert 'data-drawn="yes"' in dom
    assert "&lt;img src=x" in dom
    assert "<title>weppd</title>" in dom
    assert "simulating day 12" in dom
    assert re.search(r'<span class="failed">failed</span> h7 ', dom)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert re.search(r'<polyline class="busy" id="busy" points="[^"]+"', dom)
    (figure,) = re.findall(r"<figure>.*?</figure>", dom, re.DOTALL)
    assert re.search(r'<polyline class="memory" points="[^"]+"', figure)
    assert '<line class="cpu limit"' in figure
    assert re.search(r"f: CPU .* of 50 %, [\d.]+ [KMG]iB, \d+ processes", figure)
