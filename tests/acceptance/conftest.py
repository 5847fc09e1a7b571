"""A real weppd in its own directories, driven as an operator and a producer would."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.guard import worn
from tests.waiting import eventually
from weppd.client import Queue
from weppd.ctl.answers import PATIENCE_S, NoDaemon, Told, job_path
from weppd.ctl.client import Client

ENV = {"PATH": os.environ.get("PATH", ""), "HOME": os.environ.get("HOME", "/"), **worn()}
ROOT = Path(__file__).parents[2]
#: The modules of a WEPP run, for those who want one: they take longer to load than weppd itself.
PIPELINE = ("tasks.wepp_rq", "tasks.interchange_rq")
#: weppdctl's exit code where no weppd answers.
_NO_DAEMON = 3


class Daemon:
    """One weppd: its settings, its process, and the ways to talk to it."""

    def __init__(self, home: Path, url: str) -> None:
        self.home, self.url = home, url
        self.mark = uuid.uuid4().hex
        self.env: dict[str, str] = {}
        self.tables: dict[str, dict[str, Any]] = {
            "daemon": {
                "name": "node",
                "slots": 2,
                "state_dir": f"{home}/state",
                "runtime_dir": f"{home}/run",
                "log_dir": f"{home}/log",
                "admin_socket": f"{home}/admin.sock",
                # Who edits the sources while tests run must not disturb them.
                "watch": False,
            },
            "redis": {"url": url},
            "tasks": {"modules": ["tasks.noop"]},
            "cancel": {"usr1_grace": 2.0, "term_grace": 1.0},
            "run": {"roots": [f"{home}/runs"], "batch_root": f"{home}/batch"},
            "wepp": {"bin_dir": f"{home}/bin", "default_bin": "hillsim"},
        }
        self.process: subprocess.Popen[bytes] | None = None
        (home / "runs").mkdir()
        (home / "bin").mkdir()

    @property
    def config(self) -> Path:
        """The settings file, written anew from `tables`."""
        path = self.home / "weppd.toml"
        lines = []
        for table, keys in self.tables.items():
            lines.append(f"[{table}]")
            lines += [f"{json.dumps(key)} = {_toml(value)}" for key, value in keys.items()]
        path.write_text("\n".join(lines) + "\n")
        return path

    @property
    def stderr(self) -> str:
        """What weppd has logged so far."""
        return (self.home / "stderr").read_text()

    def start(self, wait: bool = True) -> None:
        """Start weppd; by default until it answers and its tasks are known."""
        argv = [sys.executable, "-m", "weppd", "--config", str(self.config)]
        env = {**ENV, **self.env, "TEST_MARK": self.mark}
        with open(self.home / "stderr", "ab") as log:
            self.process = subprocess.Popen(argv, env=env, stderr=log, cwd=self.home)
        if wait:
            eventually(self.serves, within=60)

    def serves(self) -> bool:
        """Whether it answers and a class of cells is ready."""
        assert self.process.poll() is None, self.stderr
        try:
            told = self._told("/v1/status")
        except (NoDaemon, Told):
            return False
        return any(zygote["state"] == "ready" for zygote in told["zygotes"])

    def _told(self, target: str) -> Any:
        # What waits asks as weppdctl does, without a program for each time that it looks.
        return Client(f"{self.home}/admin.sock", PATIENCE_S).ask("GET", target)

    def ctl(self, *words: str, timeout: float = 60) -> tuple[int, str, str]:
        """Run weppdctl; its exit code, stdout and stderr."""
        argv = [sys.executable, "-m", "weppd.ctl", "--socket", f"{self.home}/admin.sock", *words]
        done = subprocess.run(argv, env=ENV, capture_output=True, text=True, timeout=timeout)
        return done.returncode, done.stdout, done.stderr

    def show(self, jid: str) -> dict[str, Any]:
        """The job as weppdctl shows it; a weppd that lives and begins again is waited for."""
        answers: list[tuple[int, str, str]] = []

        def answered() -> bool:
            answers.append(self.ctl("show", jid, "--json"))
            return answers[-1][0] != _NO_DAEMON or self.process.poll() is not None

        eventually(answered, within=60)
        code, out, err = answers[-1]
        assert code == 0, err
        return json.loads(out)

    def state(self, jid: str) -> str:
        """The job's state; a weppd that lives and begins again is waited for."""
        states: list[str] = []

        def answered() -> bool:
            try:
                states.append(self._told(job_path(jid))["state"])
            except NoDaemon:
                assert self.process.poll() is None, self.stderr
            return bool(states)

        eventually(answered, within=60)
        return states[-1]

    def ends(self, jid: str, within: float = 30) -> dict[str, Any]:
        """The job once it has ended."""
        over = ("finished", "failed", "stopped", "canceled")
        eventually(lambda: self.state(jid) in over, within=within, every=0.05)
        return self.show(jid)

    def queue(self, name: str = "default") -> Queue:
        """A producer's queue."""
        return Queue(name, connection=self.url)

    def kill(self) -> None:
        """SIGKILL for weppd alone."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """SIGTERM and its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def family(self) -> list[psutil.Process]:
        """Every live process that descends from this daemon, whoever its parent is now."""
        return [p for p in psutil.process_iter() if self._ours(p)]

    def _ours(self, process: psutil.Process) -> bool:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            return process.environ().get("TEST_MARK") == self.mark
        except psutil.Error:
            return False

    def end(self) -> None:
        """End everything of this daemon, whatever state it is in."""
        for process in self.family():
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        if self.process is not None:
            self.process.wait(10)


def _toml(value: object) -> str:
    if isinstance(value, dict):
        inner = ", ".join(f"{json.dumps(k)} = {_toml(v)}" for k, v in value.items())
        return "{ " + inner + " }"
    return json.dumps(value)


@pytest.fixture
def make_daemon(redis_url: str) -> Iterator[Callable[[], Daemon]]:
    """Makes daemons with directories of their own on the session's Redis; ends them all."""
    made: list[Daemon] = []

    def make() -> Daemon:
        # Not below pytest's own temporary path: a Unix socket's path must be short.
        home = Path(tempfile.mkdtemp(prefix="wd-"))
        made.append(Daemon(home, redis_url))
        return made[-1]

    yield make
    # All of them first: one may write into another's runs.
    for daemon in made:
        daemon.end()
    for daemon in made:
        shutil.rmtree(daemon.home)


@pytest.fixture
def daemon(make_daemon: Callable[[], Daemon]) -> Daemon:
    """A daemon with two slots, not yet started."""
    return make_daemon()
