"""The command `weppd`: options, exit codes, and beginning again.

`weppd install-service` and `weppd uninstall-service` are commands of their own.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from weppd import __version__, embedded, install, notify, settings
from weppd.errors import AlreadyRunning, SettingsError, StoreError, StoreFault
from weppd.settings import Settings
from weppd.shell.host import dawn

EX_CONFIG, EX_TEMPFAIL, EX_SOFTWARE, EX_REFUSED = 78, 75, 70, 1
SERVICE = ("install-service", "uninstall-service")


def main(argv: Sequence[str] | None = None) -> int:
    """The program. Exit codes: 0 stopped or done, 75 another one runs, 78 the settings are bad.

    70 is an answer of the store that it cannot work with: to be started again. 1 is an installation
    that was refused.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    service = words[:1] and words[0] in SERVICE
    parser = _service_parser(words.pop(0)) if service else _parser()
    options = parser.parse_args(words)
    if not service and options.state and not options.embedded:
        parser.error("--state is where --embedded keeps everything: give both, or none")
    try:
        if service:
            return _service(options)
        told = settings.load(options.config, os.environ)
        if options.check_config:
            return _checked(options.config)
        return _run(told, options)
    except SettingsError as error:
        for problem in error.problems:
            _say(f"{error.source}: {problem}")
        return EX_CONFIG
    except StoreFault as error:
        _say(str(error))
        return EX_SOFTWARE
    except StoreError as error:
        _say(f"redis.url: {error}")
        return EX_CONFIG
    except install.InstallError as error:
        _say(str(error))
        return EX_REFUSED
    except AlreadyRunning as error:
        _say(str(error))
        return EX_TEMPFAIL


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="weppd",
        description="Run WEPPcloud's jobs on this host, in the foreground.",
        epilog="`weppd install-service -h` and `weppd uninstall-service -h`: under systemd.",
    )
    parser.add_argument("--config", metavar="FILE", help="settings (/etc/weppd/weppd.toml)")
    parser.add_argument(
        "--check-config", action="store_true", help="list every problem in the settings, and exit"
    )
    parser.add_argument(
        "--embedded", action="store_true", help="start and own a private Redis, and use hillsim"
    )
    parser.add_argument(
        "--state", metavar="DIR", help="where --embedded keeps everything (./weppd-embedded)"
    )
    parser.add_argument("--version", action="version", version=f"weppd {__version__}")
    return parser


def _service_parser(verb: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"weppd {verb}")
    parser.set_defaults(verb=verb)
    parser.add_argument(
        "--root", metavar="DIR", type=Path, default=Path("/"), help="below which it goes (/)"
    )
    if verb == "install-service":
        parser.description = "Put units, settings and manual pages in place; again to update."
        parser.add_argument("--user", help="who weppd runs as (as before, else weppd)")
        parser.add_argument(
            "--group", help="the group that writes runs (as before, else the user's)"
        )
        parser.add_argument("--config", metavar="FILE", help="settings that name the roots of runs")
    else:
        parser.description = "Remove what install-service put there; settings and logs stay."
    return parser


def _service(options: argparse.Namespace) -> int:
    """Install the service, or remove it."""
    try:
        if options.verb == "uninstall-service":
            install.uninstall(options.root, _say)
        else:
            there = options.root / install.CONFIG
            config = options.config or (str(there) if there.exists() else None)
            told = settings.load(config, {}) if config else Settings()
            before = install.owner_before(options.root)
            user = options.user or before.user
            group = options.group or (before.group if user == before.user else user)
            owner = install.Owner(user, group)
            install.install(options.root, owner, told, _say)
    except OSError as error:
        raise install.InstallError(f"{error.filename}: {error.strerror}") from None
    return 0


def _checked(path: str | None) -> int:
    _say(f"{path or 'the settings'}: no problems")
    return 0


def _run(told: Settings, options: argparse.Namespace) -> int:
    if options.embedded:
        return _run_embedded(told, options)
    if _live(told, options.config):
        # The same process, the code and the settings as they are now; cells are adopted.
        notify.keep(os.environ)
        os.execv(sys.executable, [sys.executable, "-m", "weppd", *sys.argv[1:]])
    return 0


def _run_embedded(told: Settings, options: argparse.Namespace) -> int:
    home = Path(options.state or "weppd-embedded").absolute()
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError("--state", [f"cannot make {home}: {error.strerror}"]) from None
    with embedded.server(home / "redis", durable=True) as url:
        told = settings.embedded(told, url, home)
        told = replace(told, stop=replace(told.stop, mode="cancel"))
        while _live(told, options.config):
            pass
    return 0


def _live(told: Settings, config: str | None) -> bool:
    begun = dawn.begin(told)
    from weppd import daemon  # it takes a while: the zygotes come up beside it

    return daemon.live(told, begun, config)


def _say(text: str) -> None:
    print(f"weppd: {text}", file=sys.stderr)  # noqa: T201 - before and after there is a log
