"""The command `weppd`, also `python -m weppd`: options, exit codes, and beginning again."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from weppd import __version__, daemon, embedded, notify, settings
from weppd.errors import AlreadyRunning, SettingsError, StoreError
from weppd.settings import Settings

EX_CONFIG, EX_TEMPFAIL = 78, 75


def main(argv: Sequence[str] | None = None) -> int:
    """The program. Exit codes: 0 stopped, 75 another one runs, 78 the settings are bad."""
    options = _parser().parse_args(argv)
    try:
        told = settings.load(options.config, os.environ)
        if options.check_config:
            return _checked(options.config)
        return _run(told, options)
    except SettingsError as error:
        for problem in error.problems:
            _say(f"{error.source}: {problem}")
        return EX_CONFIG
    except StoreError as error:
        _say(f"redis.url: {error}")
        return EX_CONFIG
    except AlreadyRunning as error:
        _say(str(error))
        return EX_TEMPFAIL


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="weppd", description="Run WEPPcloud's jobs on this host, in the foreground."
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


def _checked(path: str | None) -> int:
    _say(f"{path or 'the settings'}: no problems")
    return 0


def _run(told: Settings, options: argparse.Namespace) -> int:
    if options.embedded:
        return _run_embedded(told, options)
    if daemon.live(told, options.config):
        # The same process, the code and the settings as they are now; cells are adopted.
        notify.keep(os.environ)
        os.execv(sys.executable, [sys.executable, "-m", "weppd", *sys.argv[1:]])
    return 0


def _run_embedded(told: Settings, options: argparse.Namespace) -> int:
    home = Path(options.state or "weppd-embedded").absolute()
    home.mkdir(parents=True, exist_ok=True)
    with embedded.server(home / "redis") as url:
        told = settings.embedded(told, url, home)
        told = replace(told, stop=replace(told.stop, mode="cancel"))
        while daemon.live(told, options.config):
            pass
    return 0


def _say(text: str) -> None:
    print(f"weppd: {text}", file=sys.stderr)  # noqa: T201 - before and after there is a log


if __name__ == "__main__":
    sys.exit(main())
