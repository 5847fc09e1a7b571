"""The whole model over a run in one job, from its documents to its tables."""

from __future__ import annotations

import importlib

from tasks.run.directory import RunDirectory
from tasks.wepp import dispatch, plan


def run_all(runid: str, run: RunDirectory) -> None:
    """Do the jobs of a whole WEPP run one after the other; what is done is not done again.

    Errors as of `run_wepp_rq` and the jobs that it enqueues.
    """
    engine = dispatch.wepp_of(run).wepp_bin
    for job in plan.plan(dispatch.wanted(run, plan.WHOLE)):
        module, _, name = job.task.rpartition(".")
        work = getattr(importlib.import_module(module), name)
        work(runid, **dispatch.arguments(job, engine))
