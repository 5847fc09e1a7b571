"""Become a systemd of one's own: run as a script in a mount namespace of its own (unshare(1)).

    boot.py HOME OPENED... -- CGROUP...

HOME is an empty directory. An overlay of this host's root is mounted in it, with what is not
wanted masked, and systemd-nspawn(1) boots it. The directories OPENED, above the interpreter, may be
entered by every user in that host. All mounts go with the namespace, when its last process ends.
"""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from pathlib import Path

# What a host of tests has no use for: it would only cost time, or not work in a namespace.
MASKED = """
systemd-firstboot systemd-timesyncd systemd-networkd systemd-resolved systemd-udevd systemd-logind
systemd-binfmt systemd-modules-load systemd-pstore systemd-remount-fs console-getty getty@tty1
systemd-networkd-wait-online systemd-ask-password-wall
"""
MASKED_UNITS = """
apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer dpkg-db-backup.timer fstrim.timer
logrotate.timer man-db.timer systemd-tmpfiles-clean.timer machines.target
proc-sys-fs-binfmt_misc.automount dev-hugepages.mount sys-kernel-debug.mount
sys-kernel-tracing.mount sys-kernel-config.mount sys-fs-fuse-connections.mount
"""


def mount(kind: str, options: str, where: Path) -> None:
    subprocess.run(["mount", "-t", kind, "-o", options, "weppd-test", str(where)], check=True)


def prepare(upper: Path) -> None:
    """What differs from the host: masked units, a quick shutdown, a journal in memory."""
    units = upper / "etc/systemd/system"
    units.mkdir(parents=True)
    wanted = Path("/etc/systemd/system").glob("*.wants/*.service")
    names = [f"{name}.service" for name in MASKED.split()] + MASKED_UNITS.split()
    for name in {*names, *(path.name for path in wanted)}:
        (units / name).symlink_to("/dev/null")
    for what, text in (
        ("journald", "[Journal]\nStorage=volatile\nRateLimitIntervalSec=0\n"),
        ("system", "[Manager]\nDefaultTimeoutStopSec=5s\n"),
    ):
        place = upper / f"etc/systemd/{what}.conf.d"
        place.mkdir(parents=True)
        (place / "test.conf").write_text(text)
    # Nothing is swept from /tmp at the boot: the project may lie there.
    (upper / "etc/tmpfiles.d").mkdir(parents=True)
    (upper / "etc/tmpfiles.d/tmp.conf").symlink_to("/dev/null")
    (upper / "etc/fstab").write_text("")
    (upper / "etc/machine-id").write_text(uuid.uuid4().hex + "\n")


def main(home: Path, opened: list[str], cgroups: list[str]) -> None:
    """Mount, join the control groups, become systemd-nspawn."""
    mount("tmpfs", "mode=755,size=1g", home)
    upper, work, root = home / "upper", home / "work", home / "root"
    for each in (upper, work, root):
        each.mkdir()
    prepare(upper)
    mount("overlay", f"lowerdir=/,upperdir={upper},workdir={work}", root)
    for place in opened:
        inside = root / place.lstrip("/")
        inside.chmod(inside.stat().st_mode | 0o011)
    for group in cgroups:
        Path(group, "cgroup.procs").write_text("0")
    options = "--quiet --keep-unit --register=no --private-network --notify-ready=yes"
    options += " --console=pipe --kill-signal=SIGRTMIN+3 --resolv-conf=off --timezone=off"
    options += " --link-journal=no"
    if "TESTS_MARK" in os.environ:  # so that who ends what tests have left finds the host's init
        options += f" --setenv=TESTS_MARK={os.environ['TESTS_MARK']}"
    argv = ["systemd-nspawn", *options.split(), "-D", str(root), "-M", home.name]
    os.execvp(argv[0], [*argv, "--boot", "systemd.show_status=0"])


if __name__ == "__main__":
    home, *rest = sys.argv[1:]
    cut = rest.index("--")
    main(Path(home), rest[:cut], rest[cut + 1 :])
