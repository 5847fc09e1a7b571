"""The verbs that steer the daemon itself: pause, drain, resume, shutdown, reload."""

from __future__ import annotations

import time

import click

from weppd.ctl import render, renewal, talk
from weppd.ctl.table import clean
from weppd.ctl.talk import Talk


@talk.verb
@click.option("--wait", is_flag=True, help="Return when no job runs any more.")
@click.option("--handback", is_flag=True, help="End what runs, and put it back on its queues.")
def drain(ctl: Talk, wait: bool, handback: bool) -> None:
    """Take no more jobs; those that run go on, and weppd stays.

    With --handback what runs is ended and goes back to the head of its queue, for RQ's workers to
    take; the answer comes when nothing runs.
    """
    data = ctl.ask("POST", "/v1/drain", {"wait": wait, "handback": handback})
    ctl.say(data, render.mood(data))


@talk.verb
@click.argument("queue", nargs=-1)
def pause(ctl: Talk, queue: tuple[str, ...]) -> None:
    """Have no node take jobs of these queues, until they are resumed.

    Without a name: of all queues that this node serves. What runs goes on; restarts change nothing.
    """
    data = ctl.ask("POST", "/v1/pause", {"queues": list(queue)})
    ctl.say(data, render.mood(data))
    told = ctl.ask("GET", "/v1/queues")["queues"] if queue else []
    for name in sorted({*queue} - {each["name"] for each in told if each["served"]}):
        why = "a node that does will take no job of it, if there is one"
        click.echo(f"weppdctl: this node does not serve the queue {clean(name)}: {why}", err=True)


@talk.verb
@click.argument("queue", nargs=-1)
def resume(ctl: Talk, queue: tuple[str, ...]) -> None:
    """Take jobs again: of these queues, or of all, also after a drain."""
    data = ctl.ask("POST", "/v1/resume", {"queues": list(queue)})
    ctl.say(data, render.mood(data))
    for problem in ctl.ask("GET", "/v1/status")["problems"]:
        click.echo(f"weppdctl: {clean(problem)}", err=True)


@talk.verb
@click.option(
    "--mode",
    type=click.Choice(["detach", "drain", "requeue", "cancel"]),
    default="detach",
    help="What becomes of the jobs that run [detach].",
)
def shutdown(ctl: Talk, mode: str) -> None:
    """Stop weppd.

    With detach, jobs go on and the next weppd adopts them; drain waits for them; requeue ends them
    and puts them back; cancel ends them.
    """
    data = ctl.ask("POST", "/v1/shutdown", {"mode": mode})
    ctl.say(data, render.mood(data))


@talk.verb
@click.option(
    "--timeout",
    type=click.IntRange(0),
    default=60,
    metavar="S",
    help="Wait so many seconds until it serves again [60]; 0: return when it begins to.",
)
def reload(ctl: Talk, timeout: int) -> None:
    """Take up new settings and new code in place; running jobs go on.

    Settings with a problem are refused, and each problem is named.
    """
    if not timeout:
        data = ctl.ask("POST", "/v1/reload", {})
        ctl.say(data, render.mood(data))
        return
    began = time.monotonic()
    data = renewal.reloaded(ctl, timeout)
    ctl.say(data, render.reloaded(data, time.monotonic() - began))
