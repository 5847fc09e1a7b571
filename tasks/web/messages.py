"""What tasks tell the panels of a run's page, as server-sent events that miss nothing.

::

    GET /runs/<runid>/<config>/rq/api/status/<panel>      text/event-stream
        id: 1764492000000-0                               of the message, in its channel's stream
        data: rq:<job id> STATUS    7/20 hillslopes

A browser's EventSource that reconnects says the last id that it saw (Last-Event-ID; `?after=` where
a page begins with one), and gets what was said since; without one it begins with what is kept, the
last thousand. Each open page takes a thread of the application's server.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from tasks.run import messenger, panels
from tasks.web.door import May, ask, told
from weppd.task import current

_ID = re.compile(r"[0-9]{1,20}(-[0-9]{1,20})?\Z")
#: Milliseconds after which a browser asks again.
_RETRY_MS = 1000
_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


def add(made: Blueprint, may: May) -> None:
    """Put the route on the blueprint."""

    def status(runid: str, config: str, panel: str) -> ResponseReturnValue:
        ask(may, "look", runid)
        panels.check(panel)
        current().run_dir(runid)
        after = request.headers.get("Last-Event-ID") or request.args.get("after") or None
        if after is not None and not _ID.match(after):
            raise ValueError(f"{after!r} is no id of a message")
        stream = _events(messenger.follow(channel(runid, panel), after))
        return Response(stream, mimetype="text/event-stream", headers=_HEADERS)

    made.add_url_rule("/runs/<runid>/<config>/rq/api/status/<panel>", "panel_status", told(status))


def channel(runid: str, panel: str) -> str:
    """The channel of a run's panel; that of a batch is the batch's, for all of its runs.

    >>> channel("my-run", "wepp"), channel("batch;;alike;;_base", "batch")
    ('my-run:wepp', 'alike:batch')
    """
    if panel == "batch" and runid.startswith("batch;;"):
        return f"{runid.split(';;')[1]}:{panel}"
    return f"{runid}:{panel}"


def _events(messages: Iterator[messenger.Said | None]) -> Iterator[str]:
    yield f"retry: {_RETRY_MS}\n\n"
    for said in messages:
        # A comment while nothing is said: what a page that was left is noticed by.
        yield ":\n\n" if said is None else _event(said)


def _event(said: messenger.Said) -> str:
    lines = "".join(f"data: {line}\n" for line in said.text.splitlines() or [""])
    return f"id: {said.id}\n{lines}\n"
