"""What all verbs of weppdctl share: the socket, the output, the exit codes.

Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 no daemon, 4 no such job or lock.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from weppd.ctl import table
from weppd.ctl.answers import PATIENCE_S, TURN_S, NoDaemon, Told

if TYPE_CHECKING:
    from weppd.ctl.client import Client

DEFAULT_SOCKET = "/run/weppd-admin/admin.sock"
SOCKET_VARIABLE = "WEPPDCTL_SOCKET"
REFUSED = 1
WATCH_S = 2.0
_COLOURS = {
    "finished": "green",
    "started": "cyan",
    "running": "cyan",
    "failed": "red",
    "stopped": "yellow",
    "canceled": "yellow",
    "ending": "yellow",
    "gone:": "red",
}


class Failure(click.ClickException):
    """The end of a verb that was not done: one line on stderr, or with --json the problem."""

    exit_code = REFUSED

    def __init__(self, message: str, problem: Mapping[str, Any] | None) -> None:
        super().__init__(message)
        self.problem = problem

    def show(self, file: Any = None) -> None:
        line = f"weppdctl: {table.clean(self.message)}"
        click.echo(line if self.problem is None else json.dumps(self.problem), err=True)


class NobodyThere(Failure):
    """No daemon answers."""

    exit_code = 3


class NotFound(Failure):
    """The daemon knows no such job, or no such lock."""

    exit_code = 4


class Talk:
    """One run of weppdctl: which socket it asks, and how it shows the answers."""

    patience_s, turn_s = PATIENCE_S, TURN_S

    def __init__(self) -> None:
        self.socket = DEFAULT_SOCKET
        self.as_json = False

    @property
    def client(self) -> Client:
        """A caller of the daemon."""
        from weppd.ctl.client import Client  # doctor asks nobody, and need not load it

        return Client(self.socket, self.patience_s, self.turn_s)

    def ask(self, method: str, target: str, body: Mapping[str, Any] | None = None) -> Any:
        """The daemon's answer; Failure with the right exit code where there is none."""
        with self.failing():
            return self.client.ask(method, target, body)

    @contextmanager
    def failing(self) -> Iterator[None]:
        """Turn what the client raises into a Failure."""
        try:
            yield
        except NoDaemon as error:
            problem = {"type": "no-daemon", "detail": str(error)}
            raise NobodyThere(str(error), problem if self.as_json else None) from None
        except Told as told:
            failure = NotFound if told.kind in ("no-such-job", "no-such-lock") else Failure
            raise failure(str(told), told.problem if self.as_json else None) from None

    def show(self, data: Any, rendered: Callable[[], str]) -> None:
        """Print the answer: as one line of JSON, or as people read it."""
        click.echo(json.dumps(data) if self.as_json else rendered())

    def say(self, data: Any, sentence: str) -> None:
        """Print the answer: as one line of JSON, or as a sentence, no wider than the terminal.

        Where nobody looks it stays one line, for whoever searches it.
        """
        self.show(data, lambda: table.fold(sentence, width(), "  ") if _looked_at() else sentence)

    def watch(self, again: bool, once: Callable[[], None]) -> None:
        """Show once, or again and again until Ctrl-C."""
        try:
            while True:
                if again and sys.stdout.isatty():
                    click.echo("\x1b[H\x1b[2J", nl=False)
                once()
                if not again:
                    return
                time.sleep(WATCH_S)
        except KeyboardInterrupt:
            if not again:
                raise


def paint() -> table.Paint:
    """Colours on a terminal, unless NO_COLOR is set (no-color.org)."""
    if os.environ.get("NO_COLOR") or not sys.stdout.isatty():
        return table.plain
    return lambda text, word: click.style(text, fg=_COLOURS.get(word))


def _looked_at() -> bool:
    return sys.stdout.isatty()


def width() -> int:
    """The columns of the terminal, or COLUMNS, or 80."""
    told = os.environ.get("COLUMNS", "")
    if told.isdecimal() and int(told) > 0:
        return int(told)
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or 80
    except (OSError, ValueError):
        return 80


def _checked(ctx: click.Context, _: click.Parameter, job: str) -> str:
    if not job:
        raise click.BadParameter("it is empty: give a job's id")
    if "/" in job or not job.strip("."):
        said = f"no job {job!r}: no id is like that"
        problem = {"type": "no-such-job", "detail": said}
        raise NotFound(said, problem if ctx.ensure_object(Talk).as_json else None)
    return job


#: The argument of the verbs that are about one job.
a_job = click.argument("job", callback=_checked)


def _remember(field: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def remember(ctx: click.Context, _: click.Parameter, value: Any) -> None:
        if value:
            setattr(ctx.ensure_object(Talk), field, value)

    return remember


def socket_option(envvar: str | None = None) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """`--socket PATH`. Only the one before the verb reads the environment: the other wins."""
    return click.option(
        "--socket",
        metavar="PATH",
        envvar=envvar,
        expose_value=False,
        is_eager=True,
        callback=_remember("socket"),
        help=f"The daemon's admin socket [{DEFAULT_SOCKET}; env {SOCKET_VARIABLE}].",
    )


def verb(function: Callable[..., None]) -> click.Command:
    """A verb: a command that gets the Talk, and has --json and --socket."""
    as_json = click.option(
        "--json",
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=_remember("as_json"),
        help="Print the daemon's answer as JSON.",
    )
    with_talk = click.make_pass_decorator(Talk, ensure=True)(function)
    return click.command(function.__name__)(as_json(socket_option()(with_talk)))
