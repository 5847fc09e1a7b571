"""The whole model in one job: over a run, from documents to tables; its channels alone; or over a
copy, from the first of its builders on."""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Iterable
from dataclasses import replace

from tasks.project import anew, copies, whole
from tasks.run import underway
from tasks.run.directory import RunDirectory
from tasks.run.locks import clear_locks
from tasks.run.prep import RedisPrep
from tasks.wepp import dispatch, plan
from weppd.task import current

LATEST = "-latest"


def run_all(runid: str, run: RunDirectory, *, channels: bool = True) -> None:
    """Do the jobs of a whole WEPP run one after the other; what is done is not done again.

    Without its `channels` where they are not wanted now: then it is not complete, nor stamped so.
    Errors as of `run_wepp_rq` and the jobs that it enqueues.
    """
    wanted = dispatch.wanted(run, plan.WHOLE)
    jobs = plan.plan(replace(wanted, watershed=channels and wanted.watershed))
    _run(runid, run, jobs if channels or not wanted.watershed else jobs[:-1])


def route(runid: str, run: RunDirectory) -> None:
    """Run the channels as they are prepared, over hillslopes that were run, and make their tables.

    Errors as of `run_watershed_rq` and the tables' jobs.
    """
    jobs = plan.plan(plan.Wanted(begin=plan.WATERSHED_NOPREP, loss_grid=False))
    _run(runid, run, (job for job in jobs if job.stage <= plan.TABLES))


def afresh(runid: str) -> tuple[str, ...]:
    """Do all of the run again over `<runid>-latest`, a copy; the locks that had to be cleared.

    A copy from before is removed. Terrain, landuse, soils and weather that were built are built
    again, others are those of the run's documents. Errors as of fork_rq, the builders, run_wepp_rq
    and the jobs that this enqueues.
    """
    latest = runid + LATEST
    before = copies.place(current().run_dir(runid), latest)
    if before.is_dir():
        dispatch.refuse(latest, RunDirectory(before))
        shutil.rmtree(before)
    RedisPrep.forget(latest)
    cleared = tuple(clear_locks(latest))
    run = RunDirectory(whole.copied(runid, latest, "wepp"))
    dispatch.forget(latest, run, plan.WHOLE)
    dispatch.unstamp(latest, plan.WHOLE)
    anew.build(run.root, latest)
    run_all(latest, run)
    return cleared


def _run(runid: str, run: RunDirectory, jobs: Iterable[plan.Planned]) -> None:
    engine = dispatch.wepp_of(run).wepp_bin
    for job in jobs:
        module, _, name = job.task.rpartition(".")
        work = getattr(importlib.import_module(module), name)
        # Whoever asked for the job that this is a part of is told of that.
        quiet = {"notified": False} if name == underway.FINAL else {}
        work(runid, **dispatch.arguments(job, engine), **quiet)
