"""The verbs that look: status, queues, nodes, locks, jobs, show, tree, logs."""

from __future__ import annotations

import heapq
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import quote, urlencode

import click

from weppd.ctl import elsewhere, render, talk, trees
from weppd.ctl.answers import Told, job_path
from weppd.ctl.table import clean
from weppd.ctl.talk import Talk

STATES = (
    "created", "queued", "deferred", "scheduled", "started", "finished", "failed", "stopped",
    "canceled",
)  # fmt: skip
_PAUSE_S = 0.2

# Prints what it can of the bytes, and returns what must wait for more.
Write = Callable[[bytes], bytes]

_watch = click.option("--watch", is_flag=True, help="Show again every 2 seconds, until Ctrl-C.")


@talk.verb
@_watch
def status(ctl: Talk, watch: bool) -> None:
    """Show the node: slots, queues, store, problems."""

    def once() -> None:
        data = ctl.ask("GET", "/v1/status")
        ctl.show(data, lambda: render.status(data, time.time(), talk.width(), talk.paint()))

    ctl.watch(watch, once)


@talk.verb
@_watch
def queues(ctl: Talk, watch: bool) -> None:
    """List the queues: how many jobs stand where, since when the first waits, which are paused."""

    def once() -> None:
        data = ctl.ask("GET", "/v1/queues")
        ctl.show(data, lambda: render.queues(data, time.time(), talk.width(), talk.paint()))

    ctl.watch(watch, once)


@talk.verb
@_watch
def nodes(ctl: Talk, watch: bool) -> None:
    """List the nodes: which beat, which are silent or away, and how many jobs each has."""

    def once() -> None:
        data = ctl.ask("GET", "/v1/nodes")
        ctl.show(data, lambda: render.nodes(data, talk.width(), talk.paint()))

    ctl.watch(watch, once)


@talk.verb
@click.argument("run", default="")
@_watch
def locks(ctl: Talk, run: str, watch: bool) -> None:
    """List the locks of a run's documents, or of all: since when, whose, and whether he lives."""

    def once() -> None:
        data = ctl.ask("GET", f"/v1/locks?{urlencode({'run': run})}")
        ctl.show(data, lambda: render.locks(data, time.time(), talk.width(), talk.paint()))

    ctl.watch(watch, once)


@talk.verb
@click.option("--state", type=click.Choice(STATES), help="Only jobs in this state.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, help="At most so many [50].")
@click.option(
    "--offset", type=click.IntRange(0, 100_000), default=0, help="Leave out the first so many."
)
@_watch
def jobs(ctl: Talk, state: str | None, limit: int, offset: int, watch: bool) -> None:
    """List jobs, newest first."""
    asked: dict[str, Any] = {"limit": limit, "offset": offset}
    if state:
        asked["state"] = state

    def once() -> None:
        data = ctl.ask("GET", f"/v1/jobs?{urlencode(asked)}")
        ctl.show(data, lambda: render.jobs(data, time.time(), talk.width(), talk.paint()))

    ctl.watch(watch, once)


@talk.verb
@talk.a_job
@_watch
def show(ctl: Talk, job: str, watch: bool) -> None:
    """Show all that is known of one job."""

    def once() -> None:
        data = ctl.ask("GET", job_path(job))
        # What goes to another program stays on one line, to be searched.
        width = talk.width() if sys.stdout.isatty() else sys.maxsize
        ctl.show(data, lambda: render.job(data, time.time(), width, talk.paint()))

    ctl.watch(watch, once)


@talk.verb
@click.argument("name", metavar="JOB|RUN")
@click.option("-a", "--all", "every", is_flag=True, help="Every job of large stages, too.")
@_watch
def tree(ctl: Talk, name: str, every: bool, watch: bool) -> None:
    """Draw the tree of jobs below one, or all trees of a run.

    Each line has a job's state, its time and progress, and the last line of its error.
    """
    target = f"/v1/tree/{quote(name, safe='')}?all={int(every)}"

    def once() -> None:
        data = ctl.ask("GET", target)
        ctl.show(data, lambda: trees.tree(data, time.time(), talk.width(), talk.paint()))

    ctl.watch(watch, once)


@talk.verb
@talk.a_job
@click.option("-f", "--follow", is_flag=True, help="Go on until the job has ended.")
@click.option("--canonical", is_flag=True, help="Only the lines that are the same in every run.")
def logs(ctl: Talk, job: str, follow: bool, canonical: bool) -> None:
    """Print a job's log.

    Where its run's directory is seen from here, what other nodes wrote of it is among the lines.
    """
    query = urlencode({"canonical": int(canonical), "follow": int(follow)})
    target, write = f"{job_path(job, '/log')}?{query}", (_write_json if ctl.as_json else _write)
    with ctl.failing():
        others, moved = (elsewhere.Found(), False) if canonical else _others(ctl, job)
        if others.lines and not follow:
            told = _merge(ctl.client.stream(target), others.lines, write)
        else:
            write(b"".join(others.lines))
            told = _copy(ctl, target, 0, write)
        # A stream ends with the log or with the daemon: a job that still runs tells which.
        while follow and _goes_on(ctl, job):
            time.sleep(_PAUSE_S)
            told = _copy(ctl, target, told, write)
        if not told and not canonical:
            _say_where(ctl, job, others, write)
    # Of a job that is whole here nothing is missed.
    for each in others.unread if moved else ():
        click.echo(f"weppdctl: {clean(each)}", err=True)


def _others(ctl: Talk, job: str) -> tuple[elsewhere.Found, bool]:
    """What other nodes wrote of a job, and whether one is known to have had it.

    Nothing where its record has expired, but not its log.
    """
    try:
        data = ctl.client.ask("GET", job_path(job))
    except Told:
        return elsewhere.Found(), False
    node = (data["worker"] or "").rpartition(".")[0]
    moved = node not in ("", data["node"]) or data["crashes"] > 0
    return elsewhere.look(data["run_dirs"], data["node"], job), moved


def _merge(chunks: Iterable[bytes], others: list[bytes], write: Write) -> int:
    """Write both by time; returns how many bytes came from here."""
    told = 0

    def here() -> Iterator[bytes]:
        nonlocal told
        rest = b""
        for chunk in chunks:
            told += len(chunk)
            *lines, rest = (rest + chunk).split(b"\n")
            yield from (line + b"\n" for line in lines)
        if rest:
            yield rest + b"\n"

    for line in heapq.merge(others, here(), key=elsewhere.moment):
        write(line)
    return told


def _say_where(ctl: Talk, job: str, others: elsewhere.Found, write: Write) -> None:
    """A log that is not here may be swept, and stand in its run, or be on the node that ran it."""
    data = ctl.ask("GET", job_path(job))
    if swept := elsewhere.look(data["run_dirs"], data["node"], job, own=True).lines:
        write(b"".join(swept))
        return
    node = clean(data["worker"]).rpartition(".")[0]
    if node and node != data["node"] and not others.lines:
        where = "ask there" + (f", or read _logs/rq.{node}.log of its run" if data["runid"] else "")
        click.echo(f"weppdctl: job {job} ran on node {node}: {where}", err=True)


def _copy(ctl: Talk, target: str, told: int, write: Write) -> int:
    # Write what comes after the first `told` bytes; returns how many have been written by now.
    seen = 0
    rest = b""
    for chunk in ctl.client.stream(target):
        fresh = chunk[max(0, told - seen) :]
        seen += len(chunk)
        rest = write(rest + fresh)
    if rest:
        write(rest + b"\n")
    return max(told, seen)


def _write(text: bytes) -> bytes:
    out = sys.stdout.buffer
    out.write(text)
    out.flush()
    return b""


def _write_json(text: bytes) -> bytes:
    *lines, rest = text.split(b"\n")
    for line in lines:
        click.echo(json.dumps({"line": line.decode("utf-8", "replace")}))
    return rest


def _goes_on(ctl: Talk, job: str) -> bool:
    try:
        state = ctl.client.ask("GET", job_path(job))["state"]
    except Told as told:
        if told.kind == "no-such-job":
            return False
        raise
    return state not in render.TERMINAL
