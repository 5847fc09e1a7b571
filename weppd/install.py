"""`weppd install-service` and `uninstall-service`: units, settings, manual pages in their places.

What is put where, below `--root`::

    etc/systemd/system/   weppd.service, weppd@.service, weppd.socket, and for both services a
                          drop-in: who weppd runs as, where it is installed, which roots it writes
    etc/sysusers.d, etc/tmpfiles.d   weppd.conf
    etc/weppd/weppd.toml  unless there is one
    usr/local/bin         links to weppd and weppdctl
    usr/local/share       manual pages, and what completes weppdctl's words
    etc/weppd/installed.json   what was put there, with its digest, and who weppd runs as

A file that somebody else put there or changed since is never written over and never removed.
"""

from __future__ import annotations

import hashlib
import json
import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from grp import getgrnam
from pathlib import Path
from typing import Any

from weppd.errors import WeppdError
from weppd.settings import Settings
from weppd.settings_tables import Daemon

MANIFEST = "etc/weppd/installed.json"
CONFIG = "etc/weppd/weppd.toml"
UNITS = ("weppd.service", "weppd@.service", "weppd.socket")
DROP_IN = "10-install.conf"
Say = Callable[[str], None]


class InstallError(WeppdError):
    """The service cannot be installed or removed as things are."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Who weppd runs as."""

    user: str = "weppd"
    group: str = "weppd"


def install(root: Path, owner: Owner, told: Settings, say: Say) -> None:
    """Put everything in place below `root`, and say what was done; a second time it updates.

    `told` names the roots of runs. InstallError where a file of somebody else's is in the way, or
    where the user or group does not exist; then nothing was written.
    """
    wanted, links = files(owner, told), programs()
    _refuse_strangers(root, {**wanted, **links}, _manifest(root).get("files", {}))
    real = root == Path("/")
    if real and owner != Owner():
        _must_exist(owner)
    for name, text in wanted.items():
        _write(root / name, text, say)
    for name, target in links.items():
        _link(root / name, target, say)
    _settle(root, owner, real, say)
    _remember(root, owner, {**wanted, **links})


def owner_before(root: Path) -> Owner:
    """Who an earlier installation made weppd run as, else the usual user."""
    known = _manifest(root)
    return Owner(known["user"], known["group"]) if known else Owner()


def files(owner: Owner, told: Settings) -> dict[str, str]:
    """Every file but the settings: its path below the root, and its text."""
    source = share() / "systemd"
    units = "etc/systemd/system"
    found = {f"{units}/{name}": (source / name).read_text() for name in UNITS}
    extra = drop_in(owner, told)
    for unit, config in (("weppd.service", "weppd"), ("weppd@.service", "%i")):
        found[f"{units}/{unit}.d/{DROP_IN}"] = extra.format(config=config)
    found["etc/sysusers.d/weppd.conf"] = (source / "sysusers.d/weppd.conf").read_text()
    rights = (source / "tmpfiles.d/weppd.conf").read_text()
    mine = f"{owner.user} {owner.group} -"
    found["etc/tmpfiles.d/weppd.conf"] = rights.replace("weppd weppd -", mine)
    found |= {f"usr/local/share/{name}": path.read_text() for name, path in _manuals()}
    return found


def drop_in(owner: Owner, told: Settings) -> str:
    """What differs between hosts, as a unit's drop-in; `{config}` stands for the file's name."""
    roots = [*told.run.roots, *filter(None, [told.run.batch_root])]
    program = Path(sys.prefix) / "bin" / "weppd"
    mounts = " ".join(_quoted(root) for root in roots)
    places = [*roots, told.data.extracts, *_own_places(told.daemon)]
    writes = " ".join(_quoted(f"-{path}") for path in places)
    return "\n".join(
        [
            "# Written by `weppd install-service`, which writes it anew: see `systemctl edit`.",
            "[Unit]",
            f"RequiresMountsFor={mounts}",
            "",
            "[Service]",
            "ExecStart=",
            f"ExecStart={_quoted(str(program))} --config /etc/weppd/{{config}}.toml",
            f"User={owner.user}",
            f"Group={owner.group}",
            "UMask=0002",
            f"ReadWritePaths={writes}",
            "",
        ]
    )


def _own_places(daemon: Daemon) -> list[str]:
    # systemd makes the usual ones, and lets the service write them.
    plain = Daemon()
    keys = ("state_dir", "runtime_dir", "log_dir")
    return [getattr(daemon, key) for key in keys if getattr(daemon, key) != getattr(plain, key)]


def _quoted(path: str) -> str:
    escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    escaped = escaped.replace("{", "{{").replace("}", "}}")
    return f'"{escaped}"' if " " in path or '"' in path else escaped


def programs() -> dict[str, str]:
    """The commands: the path of each link below the root, and what it points to."""
    return {f"usr/local/bin/{name}": f"{sys.prefix}/bin/{name}" for name in ("weppd", "weppdctl")}


def share() -> Path:
    """Where the source tree, or the installed package, keeps units and settings.

    InstallError where neither has them.
    """
    for place in (Path(__file__).resolve().parents[1], Path(sys.prefix) / "share/weppd"):
        if (place / "systemd/weppd.service").is_file():
            return place
    raise InstallError(f"no units below {sys.prefix}/share/weppd: install weppd from its wheel")


def _manuals() -> Iterator[tuple[str, Path]]:
    beside = share() / "man"
    pages = beside if beside.is_dir() else Path(sys.prefix) / "share/man"
    for path in sorted(pages.rglob("weppd*.[1-8]")):
        yield f"man/man{path.suffix[1:]}/{path.name}", path
    places = {"bash": "bash-completion/completions/weppdctl", "zsh": "zsh/site-functions/_weppdctl"}
    places["fish"] = "fish/vendor_completions.d/weppdctl.fish"
    for shell, place in places.items():
        if (path := share() / f"systemd/completion/weppdctl.{shell}").is_file():
            yield place, path


# -- on the disk


def _refuse_strangers(root: Path, wanted: Mapping[str, str], known: Mapping[str, str]) -> None:
    there = {name: _digest(root / name) for name in wanted}
    new = {name: _sum(text.encode()) for name, text in wanted.items()}
    strange = [f"/{n}" for n, d in there.items() if d not in (None, new[n], known.get(n))]
    if strange:
        raise InstallError(
            f"not mine, or changed since: {', '.join(strange)}; move them away, then try again"
            " (one's own changes belong into `systemctl edit weppd`); nothing was written"
        )


def _must_exist(owner: Owner) -> None:
    for what, name, look in (
        ("user", owner.user, pwd.getpwnam),
        ("group", owner.group, getgrnam),
    ):
        try:
            look(name)
        except KeyError:
            raise InstallError(f"there is no {what} {name!r} here; nothing was written") from None


def _write(path: Path, text: str, say: Say) -> None:
    if _digest(path) == _sum(text.encode()):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o644)
    say(f"wrote {path}")


def _link(path: Path, target: str, say: Say) -> None:
    if _digest(path) == _sum(target.encode()):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.symlink_to(target)
    say(f"linked {path} to {target}")


def _settle(root: Path, owner: Owner, real: bool, say: Say) -> None:
    config = root / CONFIG
    if real:
        for command in (["systemd-sysusers", "/etc/sysusers.d/weppd.conf"], RELOAD):
            _run(command, say)
    if config.exists():
        say(f"kept {config}")
    else:
        _write(config, (share() / "etc/weppd.toml").read_text(), say)
        config.chmod(0o640)  # it may hold Redis's password
    if real:
        shutil.chown(config, "root", owner.group)
        _run(["systemd-tmpfiles", "--create", "/etc/tmpfiles.d/weppd.conf"], say)
        say(f"next: edit {config}, then `weppdctl doctor` and `systemctl enable --now weppd`")


RELOAD = ["systemctl", "daemon-reload"]


def _run(command: list[str], say: Say) -> None:
    shown = " ".join(command)
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except FileNotFoundError:
        raise InstallError(f"{command[0]}: not here; is this a host with systemd?") from None
    except subprocess.CalledProcessError as error:
        raise InstallError(f"{shown}: {error.stderr.strip()}") from None
    say(f"ran {shown}")


def uninstall(root: Path, say: Say) -> None:
    """Remove what `install` put there; settings, logs, and what was changed since stay.

    InstallError while the service runs: its jobs would have nobody.
    """
    known = _manifest(root).get("files")
    if not known:
        raise InstallError(f"{root / MANIFEST}: nothing was installed from here")
    real = root == Path("/")
    if real:
        _must_be_stopped()
        _run(["systemctl", "disable", "--now", "weppd.service", "weppd.socket"], say)
    for name, digest in known.items():
        _remove(root / name, digest, say)
    (root / MANIFEST).unlink()
    if real:
        _run(RELOAD, say)
    say(f"kept {root / CONFIG}, /var/lib/weppd, /var/log/weppd")


def _must_be_stopped() -> None:
    ask = ["systemctl", "list-units", "weppd.service", "weppd@*.service", "--state=active"]
    told = subprocess.run([*ask, "--no-legend", "--plain"], capture_output=True, text=True)
    active = [line.split()[0] for line in told.stdout.splitlines() if line]
    if active:
        raise InstallError(
            f"{', '.join(active)}: still runs; `weppdctl drain --wait`, then `systemctl stop"
            f" {' '.join(active)} weppd.socket`, then try again; nothing was removed"
        )


def _remove(path: Path, digest: str, say: Say) -> None:
    now = _digest(path)
    if now is None:
        return
    if now != digest:
        say(f"kept {path}: changed since")
        return
    path.unlink()
    say(f"removed {path}")
    if path.name == DROP_IN and not any(path.parent.iterdir()):
        path.parent.rmdir()


def _remember(root: Path, owner: Owner, wanted: Mapping[str, str]) -> None:
    sums = {name: _sum(text.encode()) for name, text in wanted.items()}
    known = {"user": owner.user, "group": owner.group, "files": sums}
    (root / MANIFEST).write_text(json.dumps(known, indent=1) + "\n")


def _manifest(root: Path) -> dict[str, Any]:
    try:
        known: dict[str, Any] = json.loads((root / MANIFEST).read_text())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise InstallError(f"{root / MANIFEST}: {error}; remove it to begin anew") from None
    return known


def _digest(path: Path) -> str | None:
    """Of a link where it points to, of a file what it holds, of nothing None."""
    if path.is_symlink():
        return _sum(os.fsencode(path.readlink()))
    return _sum(path.read_bytes()) if path.exists() else None


def _sum(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()
