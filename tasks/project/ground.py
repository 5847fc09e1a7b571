"""A run whose terrain and other inputs are changed by one job at a time; the order of its steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tasks.run import underway
from tasks.run.directory import RunDirectory, to_change
from tasks.run.locks import WORKING, locked
from tasks.run.prep import RedisPrep
from tasks.run.steps import TaskEnum
from tasks.wepp import dispatch
from weppd.task import current

#: Held by whoever changes what a run's model is made of.
CHANGING = "runtime-paths/watershed"
_TIMEOUT = 43_200
_MODULE = "tasks.project_rq"
_ORDER = (
    (TaskEnum.fetch_dem,),
    (TaskEnum.build_channels,),
    (TaskEnum.set_outlet, TaskEnum.find_outlet),
    (TaskEnum.build_subcatchments,),
    (TaskEnum.abstract_watershed,),
)


def to_build(runid: str) -> RunDirectory:
    """The run, which is not marked READONLY, and in which no model runs; errors as of `refuse`."""
    run = to_change(runid)
    dispatch.refuse(runid, run)
    return run


@contextmanager
def building(runid: str) -> Iterator[RunDirectory]:
    """The run while its inputs are built, and no model can begin.

    NoDbAlreadyLockedError where another job builds some; errors as of `to_build`.
    """
    to_change(runid)
    with locked(runid, CHANGING), ExitStack() as held:
        with dispatch.launching(runid):
            run = to_build(runid)
            held.enter_context(locked(runid, WORKING))
        yield run


@contextmanager
def changing(runid: str, step: TaskEnum) -> Iterator[Path]:
    """The run's directory while its terrain is changed; errors as of `building`.

    What lies behind `step` is undone.
    """
    with building(runid) as run:
        prep = RedisPrep.getInstanceFromRunID(runid)
        for later in behind(step):
            prep.remove_timestamp(later)
        yield run.root


def uploaded(runid: str) -> None:
    """Note that the run's elevations are of no map that was fetched; errors as of `to_build`."""
    from tasks.terrain.documents import Terrain

    root = to_build(runid).root
    if Terrain.path(root).exists():
        with Terrain.locked(root) as document:
            document.map = None


def behind(step: TaskEnum) -> tuple[TaskEnum, ...]:
    """The steps of terrain that come after `step`."""
    at = next(place for place, steps in enumerate(_ORDER) if step in steps)
    return tuple(later for steps in _ORDER[at + 1 :] for later in steps)


def enqueue(runid: str, *children: tuple[str, TaskEnum, Mapping[str, Any]]) -> str:
    """Enqueue tasks of a project, each behind the one before; the id of the last.

    A child is the function, its step, which is not done from now on, and its arguments. A model
    that is launched between two of them waits for the last.
    """
    to_build(runid)
    prep = RedisPrep.getInstanceFromRunID(runid)
    last: list[str] = []
    for order, (function, step, arguments) in enumerate(children):
        prep.remove_timestamp(step)
        child = current().enqueue(
            f"{_MODULE}.{function}", runid, **arguments, depends_on=last[-1:],
            label=f"jobs:{order},func:{function}", timeout=_TIMEOUT,
        )  # fmt: skip
        last.append(child)
        prep.set_rq_job_id(underway.CHAIN, child)
    return last[-1]
