"""What the tasks of `tasks.wepp_rq` have in common: an engine, a word of how far they are, and the
two things that most of them do: prepare files, launch a plan.

What only some of them need is imported by those: a job's process imports this module first.
"""

from __future__ import annotations

from tasks.run.directory import to_change
from tasks.run.progress import Progress
from tasks.run.status import Panel
from tasks.wepp import binary, plan
from tasks.wepp.running import Years
from tasks.wepp.simulation import Simulation
from weppd.task import current

PANEL = "wepp"


def engine(wepp_bin: str | None, *, network: bool = False) -> binary.Engine:
    """The engine of this name, else the one of the settings; errors as of `binary.choose`."""
    chosen = binary.choose(current().settings.get("wepp") or {}, wepp_bin, network=network)
    if chosen.path is None:
        binary.warm_up()
    return chosen


def voice(runid: str) -> Panel:
    """The job as the run's panel hears it."""
    return Panel(current(), runid, PANEL)


def progress(runid: str, total: int, noun: str) -> Progress:
    """How far a job of so many things is; one that has none has one to do."""
    return Progress(voice(runid), max(1, total), noun)


def years(runid: str, one: Simulation) -> Years:
    """How far a job of a single simulation is."""
    return Years(voice(runid), one)


def prepare(runid: str, *stages: str) -> None:
    """Write the files of these stages of `tasks.wepp.prep.stages`; errors as of its `prepare`."""
    from tasks.wepp.prep import stages as prep

    run = to_change(runid)
    wanted = [getattr(prep, stage) for stage in stages]
    told = progress(runid, prep.files_of(run, wanted), "files")
    prep.prepare(runid, run, *wanted, step=told.step)
    told.end()


def launch(runid: str, begin: str, wepp_bin: str | None, clean: bool) -> str:
    """Enqueue a plan from one of its beginnings; the final job's id, as the panel is told.

    Errors as of `dispatch.launch`; ReadOnlyRun.
    """
    from tasks.wepp import dispatch

    final, left_out = dispatch.launch(runid, to_change(runid), begin, wepp_bin, engine, clean=clean)
    panel = voice(runid)
    for why in left_out:
        panel.status(why)
    panel.enqueued(f"{plan.launcher(begin)}({runid})", final)
    return final
