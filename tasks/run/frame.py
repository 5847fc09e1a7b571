"""The ceremony around every task of a run, once, for every task the same.

A task is written as its work only::

    @task(cpus="all")
    @framed("soils", trigger="SOILS_BUILD_TASK_COMPLETED", step=TaskEnum.build_soils)
    def build_soils_rq(runid, …): …

STARTED, the step's stamp is taken from the ledger, the work, the stamp is set, COMPLETED, TRIGGER:
a page that refreshes on the trigger finds the ledger as it is now. What the task raises is told to
the panel (EXCEPTION, EXCEPTION_JSON) and raised again, so that the job fails with it. What it could
not tell, for it was killed or had no time left, weppd does.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar, cast

from tasks.run import panels
from tasks.run.directory import to_change
from tasks.run.status import Panel
from tasks.run.steps import TaskEnum
from weppd.task import PANEL, Cancelled, current

P = ParamSpec("P")
R = TypeVar("R")


def framed(
    panel: str,
    *,
    trigger: str | Sequence[str] = (),
    step: TaskEnum | None = None,
    builds: bool = False,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Wrap a task whose first argument is the run id in the messages of `<runid>:<panel>`.

    `trigger` is the event, or events, behind COMPLETED, when all that the task wrote is in place;
    `step` is what the run's ledger calls the task's work. A task that `builds` something that a
    model is made of waits for one that is under way: it is enqueued again behind its end, and what
    is returned is that job's id. ValueError for a panel or an event that no page knows.
    """
    events = [trigger] if isinstance(trigger, str) else list(trigger)
    panels.check(panel, *events)

    def wrap(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            given = _bound(function.__name__, signature, args, kwargs)
            call = f"{function.__name__}({summary(given)})"
            runid = next(iter(given.values()))
            voice = Panel(current(), str(runid), panel)
            work = functools.partial(function, *args, **kwargs)

            def done() -> R | _Later:
                later = _later(voice, call, function, given) if builds else None
                return later or _stamped(step, runid, work)

            result = performed(voice, call, done)
            if isinstance(result, _Later):
                return cast("R", result.job)
            voice.completed(call, result)
            for event in events:
                voice.trigger(event)
            return result

        setattr(run, PANEL, panel)
        return run

    return wrap


def _bound(name: str, signature: inspect.Signature, args: Any, kwargs: Any) -> dict[str, Any]:
    """What a task was called with, by name; TypeError names the task that does not take it."""
    try:
        return signature.bind(*args, **kwargs).arguments
    except TypeError as error:
        raise TypeError(f"{name} does not take these arguments: {error}") from None


@dataclass(frozen=True, slots=True)
class _Later:
    """The job that does what this one was to do."""

    job: str


def _later(
    voice: Panel, call: str, function: Callable[..., Any], given: Mapping[str, Any]
) -> _Later | None:
    from tasks.run import waiting  # late, as in `_stamped`

    job = waiting.behind_model(voice, call, f"{function.__module__}.{function.__name__}", given)
    return None if job is None else _Later(job)


def performed(voice: Panel, call: str, work: Callable[[], R]) -> R:
    """Do the work; the panel hears that it begins, and that it fails or is cancelled."""
    voice.started(call)
    try:
        return work()
    except Cancelled:
        voice.status(f"{call} -> cancelled")
        raise
    except Exception as error:
        # Volatile, for it may name paths, and which of several failed first depends on the slots.
        voice.ctx.log(f"{type(error).__name__}: {error}", level="error", volatile=True)
        voice.exception(call, error)
        raise


def _stamped(step: TaskEnum | None, runid: Any, work: Callable[[], R]) -> R:
    """Do the work with its step not done until it is.

    A step of a run that is marked READONLY stays as done as it is, but that which takes the mark.
    """
    if step is None:
        return work()
    # Imported late: a task without a step needs no Redis client.
    from tasks.run.prep import RedisPrep

    if step is not TaskEnum.set_readonly:
        to_change(runid)
    prep = RedisPrep.getInstanceFromRunID(runid)
    prep.remove_timestamp(step)
    result = work()
    prep.timestamp(step)
    return result


def summary(arguments: dict[str, Any]) -> str:
    """`my-run, wepp_id=7`: the run id, then what else was given.

    >>> summary({"runid": "my-run", "wepp_id": 7, "wepp_bin": None})
    'my-run, wepp_id=7'
    """
    (_, runid), *rest = arguments.items()
    return ", ".join([str(runid), *(f"{k}={v}" for k, v in rest if v is not None)])
