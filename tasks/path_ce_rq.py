"""PATH cost-effective: which burnt hillslopes to treat, and how, at the least cost.

The scenarios must have been run before: their summaries are read, nothing is simulated.
"""

from __future__ import annotations

from typing import Any

from tasks.path_ce import documents, work
from tasks.path_ce.documents import PathCe
from tasks.run.directory import RunDirectory, to_change
from tasks.run.frame import framed
from tasks.run.prep import RedisPrep
from tasks.run.progress import Progress
from tasks.run.status import Panel
from tasks.run.steps import TaskEnum
from weppd.task import current, task

TIMEOUT = 43_200
PANEL = "path_ce"
_STAGES, _PATIENCE_S = 3, 5.0


@task(timeout=TIMEOUT, min_timeout=TIMEOUT)
@framed(PANEL, trigger="PATH_CE_RUN_COMPLETE", step=TaskEnum.run_path_cost_effective)
def run_path_cost_effective_rq(runid: str) -> dict[str, Any]:
    """Choose treatments as path_ce.nodb asks for them; returns what `path/results.json` has.

    `used_secondary` tells that the target cannot be reached, and that all is treated for the most.
    NotPrepared and BrokenDocument name a table, a scenario or a column that is missing;
    PathCESolverError where nothing can be chosen; ReadOnlyRun, ForeignDocument, OSError.
    """
    run = to_change(runid)
    RedisPrep(run.root, runid).set_rq_job_id("run_path_ce", current().job_id)
    asked, ours = documents.asked(run.root)
    voice = Panel(current(), runid, PANEL)
    progress = Progress(voice, _STAGES, "stages")
    begun: list[str] = []

    def stage(words: str, share: float) -> None:
        progress.step(1 if begun else 0)
        begun.append(words)
        voice.status(words)
        if ours:
            _note(run, "running", words, share)

    try:
        results = work.run(run.root, asked, stage)
    except Exception as error:
        if ours:
            _note(run, "failed", f"{type(error).__name__}: {error}", None)
        raise
    progress.end()
    if ours:
        _note(run, "completed", "Solver run complete.", 1.0)
    chosen = len(results["selected_hillslopes"])
    current().log(f"{chosen} hillslopes chosen, {results['status']}")
    return results


def _note(run: RunDirectory, status: str, words: str, share: float | None) -> None:
    with PathCe.locked(run.root, wait=_PATIENCE_S) as document:
        document.status, document.status_message = status, words
        if share is not None:
            document.progress = share
