"""The verbs that change: cancel, retry, unlock, enqueue."""

from __future__ import annotations

import json
import time
from typing import Any

import click

from weppd.ctl import render, talk
from weppd.ctl.answers import job_path
from weppd.ctl.table import clean
from weppd.ctl.talk import REFUSED, Talk

_POLL_S = (0.05, 1.0)


@talk.verb
@talk.a_job
@click.option("--grace", type=click.FloatRange(0), metavar="S", help="Seconds till SIGTERM.")
@click.option("--no-wait", is_flag=True, help="Do not wait until nothing of the job lives.")
@click.option("--reason", default="", metavar="TEXT", help="What the job's record says of it.")
def cancel(ctl: Talk, job: str, grace: float | None, no_wait: bool, reason: str) -> None:
    """End a job with all its processes, and all jobs below it.

    Each gets SIGUSR1, then SIGTERM, then SIGKILL, until nothing of the job lives; the answer says
    how many ended at which signal.
    """
    asked = {"grace": grace, "wait": not no_wait, "reason": reason}
    data = ctl.ask("POST", job_path(job, "/cancel"), asked)
    ctl.say(data, render.cancelled(data))
    if data["survivors"] and not no_wait:
        raise click.exceptions.Exit(REFUSED)


@talk.verb
@talk.a_job
def retry(ctl: Talk, job: str) -> None:
    """Send a job round again that failed, was stopped or cancelled.

    What was cancelled because of it waits for it again. Of a job that finished, what went wrong
    below it is sent round again.
    """
    data = ctl.ask("POST", job_path(job, "/retry"), {})
    ctl.say(data, render.retried(data))


@talk.verb
@click.argument("lock")
@click.option("--force", is_flag=True, help="Also where its holder lives, or cannot be seen.")
def unlock(ctl: Talk, lock: str, force: bool) -> None:
    """Take a lock away that nobody will let go of, by its name in `weppdctl locks`.

    What its holder goes on to write, if he lives, is refused as stale.
    """
    data = ctl.ask("POST", "/v1/unlock", {"lock": lock, "force": force})
    ctl.say(data, render.unlocked(data))


@talk.verb
@click.argument("function")
@click.argument("args", nargs=-1, metavar="[ARG]...")
@click.option("--kw", multiple=True, metavar="K=V", help="A keyword argument; may be repeated.")
@click.option("-q", "--queue", default="default", help="The queue [default].")
@click.option("--timeout", type=click.IntRange(-1), metavar="S", help="Seconds; -1 for none.")
@click.option("--job-id", metavar="ID", help="The new job's id, in place of a random one.")
@click.option("--depends-on", multiple=True, metavar="JOB", help="Wait for it; may be repeated.")
@click.option("--at-front", is_flag=True, help="Put it before the jobs that wait.")
@click.option("--cpus", metavar="N", help='CPUs it needs: a number, or "all".')
@click.option("--label", metavar="TEXT", help="The job's name in its run's tree.")
@click.option("--lock", metavar="KEY", help='One job of this key runs at a time; "run": per run.')
@click.option("--limit", multiple=True, metavar="NAME=V", help="Such as cpu.max=50%; repeatable.")
@click.option("--unique", metavar="KEY", help='One live job of this key at most; "run": per run.')
@click.option("--description", metavar="TEXT", help="What lists show of it.")
@click.option("--wait", is_flag=True, help="Wait for its end; exit 1 unless it finished.")
def enqueue(ctl: Talk, function: str, args: tuple[str, ...], wait: bool, **options: Any) -> None:
    """Put a job on a queue.

    FUNCTION is a task's dotted name. Each ARG, and each V of --kw K=V, is read as JSON where it is
    JSON, else as a string.
    """
    if "." not in function:
        example = "such as tasks.wepp_rq.run_wepp_rq"
        raise click.BadParameter(
            f"{function!r} is no dotted name, {example}", param_hint="FUNCTION"
        )
    body: dict[str, Any] = {
        "function": function,
        "args": [_value(each) for each in args],
        "kwargs": dict(_pair(each) for each in options.pop("kw")),
        "cpus": _cpus(options.pop("cpus")),
        "limits": dict(_limit(each) for each in options.pop("limit")),
        **options,
    }
    data = ctl.ask("POST", "/v1/jobs", body)
    if not wait:
        ctl.say(data, render.enqueued(data))
    _say_doubts(ctl, data)
    if not wait:
        return
    end = _await_end(ctl, data["id"])
    ctl.say(end, render.ended(end))
    if end["state"] != "finished":
        raise click.exceptions.Exit(REFUSED)


def _say_doubts(ctl: Talk, data: Any) -> None:
    """A queue's name with a slip in it is a queue like any other, and nobody takes its jobs; one in
    the function's fails them."""
    if data["doubt"]:
        told = f"the job fails where this node takes it: {clean(data['doubt'])}"
        click.echo(f"weppdctl: {told}", err=True)
    queue = data["queue"]
    served = {each["name"]: each["served"] for each in ctl.ask("GET", "/v1/queues")["queues"]}
    if not served.get(queue, True):
        told = "the job waits for a node that does ([queues] names)"
        click.echo(f"weppdctl: this node does not serve the queue {clean(queue)}: {told}", err=True)


def _value(text: str) -> Any:
    try:
        # NaN and Infinity are no JSON: json takes them, and so they are named here to be strings.
        return json.loads(text, parse_constant=_no_json)
    except (ValueError, RecursionError):
        return text


def _no_json(constant: str) -> Any:
    raise ValueError(constant)


def _pair(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not equals or not key.isidentifier():
        raise click.BadParameter(f"{text!r} is not NAME=VALUE", param_hint="--kw")
    return key, _value(value)


def _limit(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.BadParameter(f"{text!r} is not NAME=VALUE", param_hint="--limit")
    return name.strip(), value.strip()


def _cpus(text: str | None) -> int | str | None:
    if text is None or text == "all":
        return text
    if not text.isdecimal():
        raise click.BadParameter(f'{text!r} is neither a number nor "all"', param_hint="--cpus")
    return int(text)


def _await_end(ctl: Talk, jid: str) -> Any:
    pause, longest = _POLL_S
    while True:
        data = ctl.ask("GET", job_path(jid))
        if data["state"] in render.TERMINAL:
            return data
        time.sleep(pause)
        pause = min(longest, pause * 1.5)
