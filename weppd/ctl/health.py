"""The verb that asks no daemon: doctor."""

from __future__ import annotations

import os
import sys

import click

from weppd.ctl import talk
from weppd.ctl.talk import Talk


@talk.verb
@click.option("--config", metavar="FILE", help="The settings [/etc/weppd/weppd.toml].")
@click.option("--adopt-rq", is_flag=True, help="Also what of a running RQ would be taken over.")
def doctor(ctl: Talk, config: str | None, adopt_rq: bool) -> None:
    """Look at all that weppd needs of this host, and say what to do about it.

    Settings, admin socket, roots of runs as the job's user, Redis, disks, executables, control
    groups, unit, clock. Exit status 1 where something fails. weppd need not run.
    """
    argv = [sys.executable, "-m", "weppd.doctor"]
    argv += ["--config", config] if config else []
    argv += ["--adopt-rq"] if adopt_rq else []
    argv += ["--json"] if ctl.as_json else []
    # A program of its own: it loads what the quick verbs must not.
    os.execv(sys.executable, argv)
