"""A builder that meets a model under way: it is enqueued again behind that model's final job.

A press is no mistake because a run takes hours: what was asked for is built when the model, which
reads the older document, is over, however it ends. Nothing is stamped, and no page is told to look.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tasks.run import underway
from tasks.run.directory import to_change
from tasks.run.prep import RedisPrep
from tasks.run.status import Panel

_TIMEOUT = 43_200


def behind_model(voice: Panel, call: str, function: str, given: Mapping[str, Any]) -> str | None:
    """The id of the job that builds once the run's model is over; None where none is under way.

    `function` is the builder's dotted name, `given` its arguments. One of a chain of builders keeps
    its place in it: a launch waits for the chain. RunError, ReadOnlyRun.
    """
    to_change(voice.runid)
    prep, name = RedisPrep.getInstanceFromRunID(voice.runid), function.rpartition(".")[2]
    underway.begins(prep, name, voice.ctx.job_id)
    found = None if _in_chain(voice.ctx.label) else underway.find(prep)
    if found is None:
        return None
    job = voice.ctx.enqueue(
        function, **given, label=f"{underway.LATER}func:{name}", timeout=_TIMEOUT,
        depends_on=[found.final], allow_failure=True,
    )  # fmt: skip
    prep.set_rq_job_id(name, job)
    voice.status(f"{call} waits for the model: job {found.final}")
    return job


def _in_chain(label: str) -> bool:
    """Whether a job has a place in an order: `jobs:1,func:build_channels_rq`."""
    return label.removeprefix("jobs:").partition(",")[0].isdecimal()
