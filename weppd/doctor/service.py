"""The settings' file, the admin socket, the unit, control groups, the clock."""

from __future__ import annotations

import os
import re
import socket
import stat
import subprocess
from collections.abc import Iterator, Mapping
from grp import getgrnam
from pathlib import Path

from weppd import settings
from weppd.doctor import FAIL, NOTE, OK, WARN, Finding
from weppd.errors import SettingsError
from weppd.settings import Settings

ANSWER_S = 2.0
#: What running jobs need of the unit; a drop-in may have undone it.
CONTRACT = {
    "Type": "notify",
    "KillMode": "process",
    "PrivateTmp": "no",
    "RuntimeDirectoryPreserve": "yes",
    "TasksMax": "infinity",
    "OOMPolicy": "continue",
    "Delegate": "yes",
}


def config(path: str | None, env: Mapping[str, str]) -> tuple[Settings | None, list[Finding]]:
    """The settings, None where they cannot be used, and what is wrong with their file."""
    where = Path(path or env.get("WEPPD_CONFIG") or settings.DEFAULT_PATH)
    try:
        told = settings.load(path, env)
    except SettingsError as error:
        todo = "see weppd.toml(5); `weppd --check-config` lists the same"
        return None, [Finding(FAIL, "config", f"{error.source}: {p}", todo) for p in error.problems]
    if not where.exists():
        seen = f"{where} is not there; the defaults hold"
        return told, [Finding(NOTE, "config", seen, "`weppd install-service` writes one")]
    secret = re.search(r"^\s*url\s*=\s*.*://[^/@\s]*:[^/@\s]+@", where.read_text(), re.MULTILINE)
    if secret and where.stat().st_mode & stat.S_IROTH:
        todo = f"chmod 640 {where}; chgrp it to weppd's group"
        return told, [Finding(WARN, "config", f"{where}: everybody may read the password", todo)]
    return told, [Finding(OK, "config", f"{where}: no problems")]


def admin(told: Settings) -> Iterator[Finding]:
    """The admin socket, and who may use it."""
    path = Path(told.daemon.admin_socket)
    start = "`systemctl start weppd.socket weppd`"
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        yield Finding(WARN, "socket", f"{path} is not there: weppd does not run", start)
    except PermissionError:
        yield Finding(FAIL, "socket", f"{path}: closed to you", f"chmod 755 {path.parent}")
    else:
        if stat.S_IMODE(mode) & 0o666 != 0o666:
            yield Finding(
                WARN,
                "socket",
                f"{path} has mode {stat.S_IMODE(mode):o}: some callers"
                " hear nothing in place of a refusal",
                f"chmod 666 {path}",
            )
        if _healthz(str(path)):
            yield Finding(OK, "socket", f"{path}: weppd answers")
        else:
            yield Finding(FAIL, "socket", f"{path}: no answer", f"{start}; `journalctl -u weppd`")
    for key in ("admin_group", "read_group"):
        name = getattr(told.security, key)
        if name and not _is_group(name):
            yield Finding(
                WARN,
                "socket",
                f"[security] {key} = {name}: there is no such group",
                f"groupadd {name}, then `systemctl reload weppd`",
            )


def _healthz(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as sock:
        try:
            sock.settimeout(ANSWER_S)
            sock.connect(path)
            sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: weppd\r\nConnection: close\r\n\r\n")
            return sock.makefile("rb").readline(256).split()[1:2] == [b"200"]
        except OSError:
            return False


def _is_group(name: str) -> bool:
    try:
        getgrnam(name)
    except KeyError:
        return False
    return True


def properties(unit: str = "weppd.service") -> dict[str, str]:
    """What systemd knows of the unit; empty where there is no systemd."""
    keys = ",".join([*CONTRACT, "LoadState", "ActiveState", "UnitFileState", "User", "Group"])
    try:
        done = subprocess.run(
            ["systemctl", "show", unit, "-p", keys], capture_output=True, text=True, timeout=5
        )
    except (OSError, subprocess.TimeoutExpired):
        return {}
    return dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)


def unit(known: Mapping[str, str]) -> Iterator[Finding]:
    """The unit as systemd has it, all drop-ins counted."""
    if not known:
        yield Finding(NOTE, "unit", "no systemd answers here: weppd needs somebody who restarts it")
        return
    if known.get("LoadState") != "loaded":
        yield Finding(WARN, "unit", "systemd knows no weppd.service", "`weppd install-service`")
        return
    for key, wanted in CONTRACT.items():
        if key in known and known[key] != wanted:
            yield Finding(
                FAIL,
                "unit",
                f"{key}={known[key]}: running jobs would not survive weppd"
                f" as they should with {wanted}",
                "`systemctl cat weppd` shows which drop-in says so",
            )
    state, enabled = known.get("ActiveState", ""), known.get("UnitFileState", "")
    todo = "" if enabled == "enabled" else "`systemctl enable weppd`, to have it after a reboot"
    seen = f"weppd.service is {state}, {enabled or 'of no state'}"
    yield Finding(NOTE if todo else OK, "unit", seen, todo)


def cgroups() -> Iterator[Finding]:
    """Whether cells can have control groups of their own."""
    base = Path("/sys/fs/cgroup")
    if (base / "cgroup.controllers").exists():
        have = (base / "cgroup.controllers").read_text().split()
        wanted = [name for name in ("cpu", "memory", "pids") if name not in have]
        seen = f"version 2, controllers {' '.join(have) or 'none'}"
        todo = f"without {', '.join(wanted)} limits are held by weppd itself" if wanted else ""
        yield Finding(NOTE if wanted else OK, "cgroups", seen, todo)
    else:
        yield Finding(
            NOTE,
            "cgroups",
            "version 1: limits are held by weppd itself",
            "boot with systemd.unified_cgroup_hierarchy=1 for those of the kernel",
        )


def clock() -> Iterator[Finding]:
    """Whether somebody keeps this host's clock."""
    ask = ["timedatectl", "show", "-p", "NTPSynchronized", "--value"]
    try:
        done = subprocess.run(ask, capture_output=True, text=True, timeout=5)
    except (OSError, subprocess.TimeoutExpired):
        yield Finding(NOTE, "clock", "nobody says whether it is kept")
        return
    if done.returncode:
        yield Finding(NOTE, "clock", "timedatectl does not say whether it is kept")
    elif done.stdout.strip() == "yes":
        yield Finding(OK, "clock", "kept by NTP")
    else:
        yield Finding(
            WARN,
            "clock",
            "not kept by NTP: it says when scheduled jobs start",
            "install chrony or enable systemd-timesyncd",
        )


def limits() -> Iterator[Finding]:
    """How many processes the kernel lets all jobs have."""
    most = int(Path("/proc/sys/kernel/pid_max").read_text())
    if most < 65536:
        yield Finding(
            NOTE,
            "processes",
            f"kernel.pid_max is {most}; this host has {os.cpu_count()} CPUs",
            "sysctl kernel.pid_max=4194304, where jobs have large trees",
        )
    else:
        yield Finding(OK, "processes", f"kernel.pid_max is {most}")
