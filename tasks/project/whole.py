"""A run that one job takes as a whole: archived, restored, copied, while no model runs in it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tasks.project import copies
from tasks.run.directory import READONLY, RunDirectory
from tasks.run.locks import WORKING, locked
from tasks.run.prep import RedisPrep
from tasks.run.progress import Progress
from tasks.run.status import Panel
from tasks.wepp import dispatch
from weppd.task import current


@contextmanager
def archiving(runid: str, event: str) -> Iterator[RunDirectory]:
    """The run while it is archived or restored: by one job, while no model runs in it."""
    run = RunDirectory(current().run_dir(runid))
    prep, voice = RedisPrep(run.root, runid), Panel(current(), runid, "archive")
    prep.set_archive_job_id(current().job_id)
    try:
        try:
            with still(runid, run):
                yield run
        finally:
            prep.clear_archive_job_id()
    except Exception:
        voice.trigger(f"{event}_FAILED")
        raise


@contextmanager
def still(runid: str, run: RunDirectory) -> Iterator[None]:
    """While no model runs in the run, and none can begin."""
    with ExitStack() as held:
        with dispatch.launching(runid):
            dispatch.refuse(runid, run)
            # A run that is marked is nobody's to change: no model can run in it.
            if not (run.root / READONLY).exists():
                held.enter_context(locked(runid, WORKING))
        yield


def copied(runid: str, new_runid: str, panel: str, but: Collection[str] = ()) -> Path:
    """Copy the run under a new id, while no model runs in it; the copy's directory."""
    wd = current().run_dir(runid)
    with still(runid, RunDirectory(wd)):
        target, names = copies.place(wd, new_runid), copies.files(wd, but)
        told = progress(runid, panel, len(names))
        copies.copy(wd, target, runid, new_runid, names, told.step)
    RedisPrep(target, new_runid)
    return target


def progress(runid: str, panel: str, files: int) -> Progress:
    """How far a job is that goes through so many files."""
    return Progress(Panel(current(), runid, panel), max(1, files), "files")
