"""weppdctl: a small program that asks the daemon on its admin socket. One verb, one place."""

from __future__ import annotations

import os
import sys
from importlib import import_module

import click

from weppd import __version__
from weppd.ctl import talk

#: Where each verb is. Only the module of the verb that is asked for is loaded.
VERBS = {
    "look": ("status", "queues", "nodes", "locks", "jobs", "show", "tree", "logs"),
    "change": ("cancel", "retry", "unlock", "enqueue"),
    "steer": ("pause", "drain", "resume", "shutdown", "reload"),
    "health": ("doctor",),
    "top": ("top",),
    "ui": ("ui",),
}
_MODULES = {verb: f"weppd.ctl.{module}" for module, verbs in VERBS.items() for verb in verbs}


class Verbs(click.Group):
    """A group whose commands are loaded when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _MODULES:
            return None
        found: click.Command = getattr(import_module(_MODULES[cmd_name]), cmd_name)
        return found


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="weppdctl", message="%(prog)s %(version)s")
@talk.socket_option(talk.SOCKET_VARIABLE)
def cli() -> None:
    """Look at a weppd daemon and steer it.

    Exit status: 0 done, 1 refused or failed, 2 wrong usage, 3 no daemon, 4 no such job or lock.
    """


def verbs() -> dict[str, click.Command]:
    """All verbs by their names."""
    ctx = click.Context(cli)
    return {name: found for name in cli.list_commands(ctx) if (found := cli.get_command(ctx, name))}


def main() -> None:
    """The `weppdctl` command."""
    # A job's words may hold what this terminal's encoding does not.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        cli(prog_name="weppdctl")
    except OSError as error:
        # What is asked of the daemon has its own errors: this one is of where the answer goes.
        sys.stderr.write(f"weppdctl: the output cannot be written: {error.strerror or error}\n")
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else it is tried again
        sys.exit(talk.REFUSED)
