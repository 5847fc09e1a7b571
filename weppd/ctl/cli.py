"""weppdctl: a small program that asks the daemon on its admin socket. One verb, one place."""

from __future__ import annotations

import sys

import click

from weppd import __version__
from weppd.ctl import change, health, look, steer, talk, top

VERBS = (
    *(look.status, look.queues, look.nodes, look.locks, look.jobs, look.show, look.tree, look.logs),
    *(change.cancel, change.retry, change.unlock, change.enqueue),
    *(steer.pause, steer.drain, steer.resume, steer.shutdown, steer.reload),
    health.doctor,
    top.top,
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="weppdctl", message="%(prog)s %(version)s")
@talk.socket_option(talk.SOCKET_VARIABLE)
def cli() -> None:
    """Look at a weppd daemon and steer it.

    Exit status: 0 done, 1 refused or failed, 2 wrong usage, 3 no daemon, 4 no such job or lock.
    """


for each in VERBS:
    cli.add_command(each)


@talk.verb
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The port [a free one].")
@click.option("--no-browser", is_flag=True, help="Print the address, and open no browser.")
def ui(ctl: talk.Talk, port: int, no_browser: bool) -> None:
    """Show the node in a browser, until Ctrl-C.

    The page is on 127.0.0.1 alone, shows and changes nothing, and opens once by the address that is
    printed.
    """
    from weppd.ctl.ui import serve  # its imports would cost every other verb

    serve(ctl, port, no_browser)


cli.add_command(ui)


def main() -> None:
    """The `weppdctl` command."""
    # A job's words may hold what this terminal's encoding does not.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    cli(prog_name="weppdctl")
