"""`make deb`: weppd as a Debian package, from its wheel, with the libraries that it needs.

    build.py [--extras tasks] [--out dist]

::

    /opt/weppd/bin       weppd, weppdctl, python3 -> the host's own
    /opt/weppd/lib       what pip installs for the wheel
    /opt/weppd/share     units, settings, manual pages

The package's scripts (postinst, prerm, postrm beside this file) call `weppd install-service` and
`weppd uninstall-service`. It is bound to the version of the interpreter that builds it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
OPT = "/opt/weppd"
PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
CONTROL = """\
Package: weppd
Version: {version}
Section: science
Priority: optional
Architecture: {arch}
Depends: {python}, systemd (>= 252)
Recommends: redis-server | valkey-server
Installed-Size: {size}
Maintainer: weppd maintainers <weppd@localhost>
Description: supervisor of WEPPcloud's jobs
 weppd takes jobs from Redis queues in RQ's own format and runs each in a process
 tree of its own that it can end as a whole. It can be restarted under running jobs.
"""


def main() -> int:
    """Build, and print where the package is."""
    parser = argparse.ArgumentParser(prog="build.py")
    parser.add_argument("--extras", default="tasks")
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    options = parser.parse_args()
    if not Path(f"/usr/bin/{PYTHON}").exists():
        print(f"build.py: /usr/bin/{PYTHON} is not here: build with Debian's own interpreter")  # noqa: T201
        return 1
    with tempfile.TemporaryDirectory(prefix="weppd-deb-") as work:
        stage = Path(work) / "stage"
        version = fill(stage, wheel(Path(work)), options.extras)
        print(pack(stage, version, options.out))  # noqa: T201
    return 0


def wheel(work: Path) -> Path:
    """The wheel of this source tree, made without a network where hatchling is installed."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(work)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return next(work.glob("weppd-*.whl"))


def fill(stage: Path, made: Path, extras: str) -> str:
    """Install the wheel below the stage's /opt/weppd; the version that it has."""
    home = stage / OPT.lstrip("/")
    # What the libraries need may hang on the patch version: ask for Debian's interpreter, not ours.
    bare = [f"/usr/bin/{PYTHON}", "-m", "venv", "--symlinks", "--without-pip", str(home)]
    subprocess.run(bare, check=True)
    wanted = f"{made}[{extras}]" if extras else str(made)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(home)]
    lock = ["-c", str(ROOT / "requirements-dev.lock")]
    subprocess.run([*pip, "install", "--quiet", *lock, wanted], check=True)
    settle(home)
    return made.name.split("-")[1]


def settle(home: Path) -> None:
    """Make the environment one of /opt/weppd: interpreter, shebangs, nothing of the stage."""
    programs = home / "bin"
    for path in programs.iterdir():
        if path.name not in ("weppd", "weppdctl"):
            path.unlink()
    (programs / "python3").symlink_to(f"/usr/bin/{PYTHON}")
    for name in ("weppd", "weppdctl"):
        _, _, rest = (programs / name).read_text().partition("\n")
        (programs / name).write_text(f"#!{OPT}/bin/python3\n{rest}")
    config = f"home = /usr/bin\ninclude-system-site-packages = false\nversion = {PYTHON[6:]}\n"
    (home / "pyvenv.cfg").write_text(config)
    for cache in sorted(home.rglob("__pycache__")):
        shutil.rmtree(cache)
    for record in home.rglob("direct_url.json"):
        record.unlink()


def pack(stage: Path, version: str, out: Path) -> Path:
    """The package of what is in the stage."""
    arch = subprocess.run(
        ["dpkg", "--print-architecture"], check=True, capture_output=True, text=True
    ).stdout.strip()
    size = sum(path.lstat().st_size for path in stage.rglob("*")) // 1024
    control = stage / "DEBIAN"
    control.mkdir()
    text = CONTROL.format(version=version, arch=arch, python=PYTHON, size=size)
    (control / "control").write_text(text)
    for name in ("postinst", "prerm", "postrm"):
        shutil.copy(HERE / name, control / name)
        (control / name).chmod(0o755)
    for path in (stage, *stage.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & ~0o022 | (0o755 if path.is_dir() else 0o644))
    out.mkdir(parents=True, exist_ok=True)
    package = out / f"weppd_{version}_{arch}.deb"
    command = ["dpkg-deb", "--root-owner-group", "-Zxz", "-z1", "--build", str(stage), str(package)]
    subprocess.run(
        command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C"}
    )
    return package


if __name__ == "__main__":
    sys.exit(main())
