"""A host of one's own for tests: a real systemd in namespaces, over this host's files."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path

from tests.guard import worn

BOOT_S = 60.0
ENV = {
    "PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "TERM": "dumb",
    "SYSTEMD_PAGER": "cat",
    "SYSTEMD_COLORS": "0",
}
NEEDED = ("systemd-nspawn", "unshare", "nsenter", "dbus-daemon")


def missing() -> str:
    """Why no such host can be booted here, or nothing."""
    if os.geteuid() != 0:
        return "booting a systemd in a namespace needs root"
    if gone := [name for name in NEEDED if shutil.which(name) is None]:
        return f"not installed here: {', '.join(gone)} (Debian: systemd-container, dbus)"
    for place in (sys.prefix, os.path.realpath(sys.executable), __file__):
        if any(map(os.path.ismount, list(Path(place).parents)[:-1])):
            return f"{place} is not on the root file system, of which the host is an overlay"
    return ""


class Host:
    """One booted host. `stop` ends all that runs in it."""

    def __init__(self) -> None:
        # The name is the machine's, too: letters, digits and hyphens.
        self._home = Path(f"/run/weppd-test-{uuid.uuid4().hex[:12]}")
        self._home.mkdir(mode=0o700)
        self._cgroups = [self._group(each) for each in _hierarchies()]
        self.leader = 0
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
            notified.bind(f"{self._home}.notify")
            self._nspawn = self._launch()
            try:
                self._await_ready(notified)
            except BaseException:
                self.stop()
                raise

    def _group(self, hierarchy: Path) -> Path:
        group = hierarchy / self._home.name
        group.mkdir()
        return group

    def _launch(self) -> subprocess.Popen[bytes]:
        boot = ["unshare", "--mount", "--propagation", "private", sys.executable, "-I"]
        opened = {*Path(sys.executable).parents, *Path(sys.executable).resolve().parents}
        boot += [str(Path(__file__).with_name("boot.py")), str(self._home), *map(str, opened), "--"]
        env = {
            **ENV,
            **worn(),
            "NOTIFY_SOCKET": f"{self._home}.notify",
            "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1",
            "SYSTEMD_NSPAWN_TMPFS_TMP": "0",
        }
        with open(f"{self._home}.log", "wb") as log:
            return subprocess.Popen(
                [*boot, *map(str, self._cgroups)],
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _await_ready(self, notified: socket.socket) -> None:
        notified.settimeout(0.5)
        until = time.monotonic() + BOOT_S
        while True:
            try:
                lines = notified.recv(8192).decode().splitlines()
            except TimeoutError:
                lines = []
            for line in lines:
                if line.startswith("X_NSPAWN_LEADER_PID="):
                    self.leader = int(line.split("=")[1])
            if "READY=1" in lines:
                return
            if self._nspawn.poll() is not None or time.monotonic() > until:
                raise AssertionError("it did not boot: " + Path(f"{self._home}.log").read_text())

    def run(self, *argv: str, check: bool = True, timeout: float = 30) -> str:
        """What a command in the host prints; it must not fail, unless `check` is off."""
        done = self.tried(*argv, timeout=timeout)
        assert not check or done.returncode == 0, f"{argv}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def tried(self, *argv: str, timeout: float = 30) -> subprocess.CompletedProcess[str]:
        """Run a command in the host to its end."""
        return subprocess.run(self._inside(argv), env=ENV, capture_output=True, text=True,
                              timeout=timeout)  # fmt: skip

    def started(self, *argv: str) -> subprocess.Popen[str]:
        """A command in the host that runs beside the test."""
        return subprocess.Popen(self._inside(argv), env=ENV, text=True)

    def _inside(self, argv: tuple[str, ...]) -> list[str]:
        namespaces = ["nsenter", "-t", str(self.leader), *"-m -u -i -n -p -C --wd=/".split()]
        return [*namespaces, *argv]

    def path(self, inside: str) -> Path:
        """A file of the host, as it is reached from here."""
        return Path(f"/proc/{self.leader}/root{inside}")

    def show(self, unit: str, key: str) -> str:
        """A property of a unit."""
        return self.run("systemctl", "show", unit, "--value", "-p", key)

    def stop(self) -> None:
        """End everything in the host at once, and leave nothing behind."""
        for pid in (self.leader, self._nspawn.pid):
            if pid:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
        self._nspawn.wait(20)
        until = time.monotonic() + 10
        while not all([*map(_removed, self._cgroups)]) and time.monotonic() < until:
            time.sleep(0.05)
        for name in (f"{self._home}.notify", f"{self._home}.log"):
            Path(name).unlink(missing_ok=True)
        self._home.rmdir()
        shutil.rmtree(f"/run/systemd/nspawn/propagate/{self._home.name}", ignore_errors=True)


def _hierarchies() -> list[Path]:
    """Where the host's systemd may have control groups of its own."""
    base = Path("/sys/fs/cgroup")
    mixed = [base / name for name in ("unified", "systemd") if (base / name).is_dir()]
    return mixed or [base]


def _removed(group: Path) -> bool:
    for path in sorted(group.rglob("*"), reverse=True):
        if path.is_dir():
            try:
                path.rmdir()
            except OSError:  # something in it has not ended yet
                return False
    try:
        group.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
