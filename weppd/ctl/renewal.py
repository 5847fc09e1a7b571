"""A daemon that begins again in place, waited for until it serves.

On a busy host that takes a while: it checks the new settings and code before it answers, and is not
to be reached while it begins. Its answer may be lost on the way. What counts is when it began.
"""

from __future__ import annotations

import time
from typing import Any

import click

from weppd.ctl.answers import NoDaemon, Told
from weppd.ctl.client import Client
from weppd.ctl.talk import NobodyThere, Talk

_PAUSE_S, _LOOK_S = 0.1, 0.5
_GOES_ON = "weppd is beginning again, and takes its time: waiting for {} s at most (--timeout)"


def reloaded(ctl: Talk, timeout_s: float) -> Any:
    """Have the daemon begin again; its status when it has.

    Failure where it refuses, where nobody is there, or where it does not serve again in time.
    """
    deadline = time.monotonic() + timeout_s
    client = Client(ctl.socket, ctl.patience_s, timeout_s)
    with ctl.failing():
        before = client.ask("GET", "/v1/status")["since"]
        _ask(client)
    return _status_after(ctl, before, timeout_s, deadline)


def _ask(client: Client) -> None:
    try:
        client.ask("POST", "/v1/reload", {})
    except NoDaemon:
        return  # it went away before it answered: when it began tells what for
    except Told as told:
        if told.kind != "stopping":
            raise


def _status_after(ctl: Talk, before: float, timeout_s: float, deadline: float) -> Any:
    """The status of a daemon that began at another time than `before`."""
    client = Client(ctl.socket, _LOOK_S, ctl.patience_s)
    late = time.monotonic() + ctl.patience_s
    why = "it has not begun to"
    while time.monotonic() < deadline:
        try:
            data = client.ask("GET", "/v1/status")
            if data["since"] != before:
                return data
        except (NoDaemon, Told) as error:
            why = str(error)
        if time.monotonic() > late:
            click.echo(f"weppdctl: {_GOES_ON.format(f'{timeout_s:g}')}", err=True)
            late = deadline
        time.sleep(_PAUSE_S)
    said = f"weppd does not serve anew after {timeout_s:g} s ({why}); its log tells whether it will"
    raise NobodyThere(said, {"type": "no-daemon", "detail": said} if ctl.as_json else None)
