"""The whole model over a run in one job, from documents to tables, or its channels alone."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from dataclasses import replace

from tasks.run.directory import RunDirectory
from tasks.wepp import dispatch, plan


def run_all(runid: str, run: RunDirectory, *, channels: bool = True) -> None:
    """Do the jobs of a whole WEPP run one after the other; what is done is not done again.

    Without its `channels` where they are not wanted. Errors as of `run_wepp_rq` and the jobs that
    it enqueues.
    """
    wanted = dispatch.wanted(run, plan.WHOLE)
    _run(runid, run, plan.plan(replace(wanted, watershed=channels and wanted.watershed)))


def route(runid: str, run: RunDirectory) -> None:
    """Run the channels as they are prepared, over hillslopes that were run, and make their tables.

    Errors as of `run_watershed_rq` and the tables' jobs.
    """
    jobs = plan.plan(plan.Wanted(begin=plan.WATERSHED_NOPREP, loss_grid=False))
    _run(runid, run, (job for job in jobs if job.stage <= plan.TABLES))


def _run(runid: str, run: RunDirectory, jobs: Iterable[plan.Planned]) -> None:
    engine = dispatch.wepp_of(run).wepp_bin
    for job in jobs:
        module, _, name = job.task.rpartition(".")
        work = getattr(importlib.import_module(module), name)
        work(runid, **dispatch.arguments(job, engine))
