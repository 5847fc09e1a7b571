"""A private weppd with a private Redis in a directory of its own, for as long as a `with` lasts."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from tasks.demo import DemoFailed

T = TypeVar("T")
START_S, STOP_S = 30.0, 20.0
# What another installation on this machine is told must not reach this one.
_FOREIGN = ("WEPPD", "REDIS", "RQ_", "SESSION_REDIS", "BATCH_RUNNER")


class House:
    """The daemon, its directory `home`, and the ways to talk to it."""

    def __init__(self, *, keep: bool = False) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="weppd-demo-"))
        self.log = self.home / "weppd.log"
        self._keep = keep
        self._daemon: subprocess.Popen[bytes] | None = None
        env = {k: v for k, v in os.environ.items() if not k.startswith(_FOREIGN)}
        self._env = env | {"WEPPDCTL_SOCKET": str(self.home / "admin.sock")}

    @property
    def redis_url(self) -> str:
        """The address of the queues in the private Redis."""
        return f"unix://{self.home}/redis/redis.sock?db=9"

    @property
    def pid(self) -> int:
        """The daemon's process id."""
        return self._daemon.pid if self._daemon else 0

    def run_dir(self, runid: str) -> Path:
        """Where the run of this id lies, as production lays runs out."""
        return self.home / "runs" / runid[:2] / runid

    def __enter__(self) -> House:
        try:
            self._start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if self._daemon is not None and self._daemon.poll() is None:
                self._stop(self._daemon)
        finally:
            if not self._keep:
                shutil.rmtree(self.home, ignore_errors=True)

    def _start(self) -> None:
        config = self.home / "weppd.toml"
        # Who edits the sources while it runs must not disturb the demonstration.
        config.write_text("[daemon]\nwatch = false\n", encoding="utf-8")
        command = [sys.executable, "-m", "weppd", "--embedded", "--state", str(self.home)]
        with self.log.open("wb") as said:
            self._daemon = subprocess.Popen(
                [*command, "--config", str(config)],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                env=self._env,
                start_new_session=True,
            )
        self.until("weppd to serve", START_S, self._serves)

    def _serves(self) -> bool:
        socket = Path(self._env["WEPPDCTL_SOCKET"])
        return socket.exists() and self.ctl("status")["store"]["state"] == "up"

    def _stop(self, daemon: subprocess.Popen[bytes]) -> None:
        daemon.send_signal(signal.SIGTERM)
        try:
            daemon.wait(STOP_S)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()
            raise DemoFailed(f"weppd did not stop in {STOP_S:.0f} s") from None

    def ctl(self, *words: str) -> Any:
        """What `weppdctl WORDS --json` answers; DemoFailed where it does not exit with 0."""
        program = Path(sysconfig.get_path("scripts")) / "weppdctl"
        done = subprocess.run(
            [program, words[0], "--json", *words[1:]],
            env=self._env,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            told = done.stderr.strip() or done.stdout.strip()
            raise DemoFailed(f"weppdctl {' '.join(words)}: exit code {done.returncode}: {told}")
        return json.loads(done.stdout)

    def until(self, what: str, seconds: float, ask: Callable[[], T | None]) -> T:
        """The first true answer of `ask`; DemoFailed after `seconds`, or if the daemon is dead."""
        deadline = time.monotonic() + seconds
        while True:
            if answer := ask():
                return answer
            if self._daemon is not None and self._daemon.poll() is not None:
                raise DemoFailed(f"weppd ended with {self._daemon.returncode}{self._last_words()}")
            if time.monotonic() > deadline:
                raise DemoFailed(f"waited {seconds:.0f} s for {what}{self._last_words()}")
            time.sleep(0.05)

    def _last_words(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "".join(f"\n    {line}" for line in lines[-8:])
