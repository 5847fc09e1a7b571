"""What pages are told on a panel of a run: the channel, and the form of a message.

::

    <runid>:<panel>            of a batch <name>:batch, whichever of its leaves a job is of
    rq:<job id> STATUS    <text>
    rq:<job id> EXCEPTION <call>
    rq:<job id> EXCEPTION_JSON {"type":…,"message":…,"call":…}

Tasks speak for themselves; of one whose process ended without a word weppd does.
"""

from __future__ import annotations

import json

BATCH = "batch"


def channel(panel: str, runid: str) -> str:
    """The channel that the page of a run listens to for `panel`.

    >>> channel("wepp", "my-run"), channel("batch", "batch;;spring;;leaf-1")
    ('my-run:wepp', 'spring:batch')
    """
    first, *rest = runid.split(";;")
    return f"{rest[0] if panel == first == BATCH and rest else runid}:{panel}"


def message(job: str | None, word: str, rest: str) -> str:
    """A message of a job as panels read it: one line, whatever an exception's text holds.

    >>> message("j1", "STATUS", "7/20 hillslopes")
    'rq:j1 STATUS    7/20 hillslopes'
    """
    return f"rq:{job} {word:<9} {' '.join(rest.splitlines())}"


def exception(job: str | None, call: str, kind: str, text: str) -> tuple[str, str]:
    """The two messages of a failure: once for people, once for programs."""
    fields = json.dumps({"type": kind, "message": text, "call": call})
    return message(job, "EXCEPTION", call), message(job, "EXCEPTION_JSON", fields)
