"""Inputs of a run's model, written from its documents, for tests."""

from __future__ import annotations

from pathlib import Path

from tasks.run.atomic import replace_text
from tasks.run.directory import RunDirectory
from tasks.wepp.prep import stages

#: All stages of the preparation, in their order.
ALL = (
    *(stages.SLOPES, stages.COVERS, stages.SOILS),
    *(stages.CLIMATES, stages.ANSWERS, stages.NETWORK),
)


def write_inputs(wd: Path, *which: stages.Stage) -> RunDirectory:
    """The run in `wd`, its inputs written by these stages, or by all; a place for outputs."""
    run = RunDirectory(wd)
    run.output.mkdir(parents=True, exist_ok=True)
    stages.prepare("my-run", run, *(which or ALL))
    return run


def change(wd: Path, document, **fields) -> None:
    """Give a document other fields."""
    changed = document.load(wd).model_copy(update=fields)
    replace_text(document.path(wd), changed.dump())
