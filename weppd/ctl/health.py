"""The verb that asks no daemon: doctor."""

from __future__ import annotations

import runpy
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
    sys.argv = ["weppdctl doctor"]
    sys.argv += ["--config", config] if config else []
    sys.argv += ["--adopt-rq"] if adopt_rq else []
    sys.argv += ["--json"] if ctl.as_json else []
    # A program of its own, on a floor above: it loads what the other verbs must not.
    runpy.run_module("weppd.doctor", run_name="__main__")
