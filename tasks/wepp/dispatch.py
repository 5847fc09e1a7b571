"""From a run's documents, or its prepared files, to the jobs of its plan."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

from tasks.run import foreign, underway
from tasks.run.directory import WATERSHED, NotPrepared, RunDirectory, StormDirectory
from tasks.run.locks import WORKING, NoDbAlreadyLockedError, locked, owner
from tasks.run.prep import RedisPrep
from tasks.run.steps import TaskEnum
from tasks.wepp import plan as plans
from tasks.wepp import prompts, storms
from tasks.wepp.binary import Engine
from tasks.wepp.documents import Watershed, Wepp
from tasks.wepp.plan import NOT_OF_SEVERAL, Planned, Wanted, plan
from tasks.wepp.prep import network
from tasks.wepp.prep.given import Given
from tasks.wepp.reconcile import ledger_of
from tasks.wepp.site import papers
from weppd.task import current

#: The jobs that start an engine, and so take the name of one.
_ENGINES = (
    *("_run_hillslopes_rq", "_run_flowpaths_rq"),
    *("run_watershed_rq", "run_ss_batch_watershed_rq"),
)
_AGAIN_S = 1.0
#: Launches follow one another.
LAUNCH, _PATIENCE_S = "runtime-paths/wepp-launch", 30.0


class RunUnderWay(Exception):
    """A WEPP run in this directory has been launched and has not ended; names its final job."""


class NotBuilt(Exception):
    """What a launch waited for was not built; names the builder and its job."""


def launch(
    runid: str,
    run: RunDirectory,
    begin: str,
    wepp_bin: str | None,
    choose: Callable[..., Engine],
    *,
    clean: bool,
) -> tuple[str, list[str]]:
    """Enqueue a run from `begin` on; the final job's id, and what is left out and why.

    `choose` finds the engine of a name, as `binary.choose` does. What can be seen to be missing
    fails here, before a job is enqueued. While the run's terrain is built by several jobs, this
    launch is the job behind the last of them, which is answered as the final one. NotBuilt where
    something of the run was to be built while this launch waited, and was not.
    """
    prep = RedisPrep.getInstanceFromRunID(runid)
    if chain := underway.alive(prep, underway.CHAIN):
        again = _behind(chain[0], runid, begin, wepp_bin, clean)
        return again, [f"{plans.launcher(begin)}({runid}) waits for its terrain: job {chain[0]}"]
    if begin in _FROM_DOCUMENTS and (fell := _fell(prep)):
        raise NotBuilt(_unbuilt(runid, *fell))
    asked = wanted(run, begin)
    wepp_bin = wepp_bin or wepp_of(run).wepp_bin
    choose(wepp_bin)
    left_out = []
    if asked.flowpaths and asked.multi_ofe:
        asked = replace(asked, flowpaths=False)
        left_out.append(NOT_OF_SEVERAL)
    if asked.watershed:
        choose(wepp_bin, network=True)
    with launching(runid):
        refuse(runid, run)
        if clean:
            forget(runid, run, begin)
        unstamp(runid, begin)
        final = enqueue(runid, asked, wepp_bin)
        underway.note(prep, current().job_id, final)
    return final, left_out


def _fell(prep: RedisPrep) -> tuple[str, str, str] | None:
    ctx = current()
    return underway.fell(prep, ctx.job_id, deferred=ctx.label.startswith(underway.LATER))


def _unbuilt(runid: str, builder: str, job: str, status: str) -> str:
    what = "what builds the terrain" if builder == underway.CHAIN else builder
    return (
        f"{what} of {runid} was to be over before this launch, and {status}: see job {job}, mend"
        " what it says and build again, or launch again with what was there before"
    )


def _behind(job: str, runid: str, begin: str, wepp_bin: str | None, clean: bool) -> str:
    """Enqueue this launch behind a job, or find the one that waits already; its id."""
    task = plans.launcher(begin)
    return current().enqueue(
        f"tasks.wepp_rq.{task}",
        runid,
        wepp_bin=wepp_bin,
        clean=clean,
        label=f"{underway.LATER}func:{task}",
        depends_on=[job],
        allow_failure=True,  # it says itself on the panel that it was not built
        timeout=plans.TIMEOUT,
        unique=f"behind {job}",
    )


def launching(runid: str) -> AbstractContextManager[object]:
    """While no run is launched: who looks whether one is under way holds it until he has his say.

    NoDbAlreadyLockedError where another does for long.
    """
    return locked(runid, LAUNCH, wait=_PATIENCE_S)


def wanted(run: RunDirectory, begin: str) -> Wanted:
    """What a run is to make, beginning at `begin`.

    From its documents where they are needed; a run that is only to be simulated needs none.
    NotPrepared, BrokenDocument and ForeignDocument for what is missing or cannot be used.
    """
    return _from_documents(run, begin) if begin in _FROM_DOCUMENTS else _from_files(run, begin)


_FROM_DOCUMENTS = (plans.WHOLE, plans.WATERSHED)


def enqueue(runid: str, wanted: Wanted, wepp_bin: str | None) -> str:
    """Enqueue the plan below the current job; returns the id of the final job.

    A job is known to its parent before the next is enqueued, so that a parent that is killed
    leaves a tree that can be seen and cancelled.
    """
    ids: dict[str, str] = {}
    for job in plan(wanted):
        ids[job.name] = current().enqueue(
            job.task,
            runid,
            **arguments(job, wepp_bin),
            label=job.label,
            depends_on=[ids[name] for name in job.after],
            timeout=job.timeout,
        )
    return ids[underway.FINAL]


def refuse(runid: str, run: RunDirectory) -> None:
    """RunUnderWay where a run of it was launched before, and has not ended.

    NoDbAlreadyLockedError where somebody else holds wepp.nodb or runs the model.
    """
    if found := underway.find(RedisPrep.getInstanceFromRunID(runid)):
        raise RunUnderWay(
            f"{runid} was launched before and is under way: its final job {found.final} is"
            f" {found.status}; wait for it, or cancel {found.root} with all below it"
        )

    for name in (Wepp.path(run.root).name, WORKING):
        if holder := owner(runid, name):
            raise NoDbAlreadyLockedError(
                f"{name} of {runid} is locked by {holder}: wait for it, or clear the lock if its"
                " owner is gone"
            )


def unstamp(runid: str, begin: str) -> None:
    """Take from the run's ledger the steps that are about to be done anew."""
    prep = RedisPrep.getInstanceFromRunID(runid)
    if begin in (plans.WHOLE, plans.NOPREP):
        prep.remove_timestamp(TaskEnum.run_wepp_hillslopes)
    prep.remove_timestamp(TaskEnum.run_wepp_watershed)
    prep.remove_timestamp(TaskEnum.run_omni_scenarios)


def forget(runid: str, run: RunDirectory, begin: str) -> None:
    """Remove what is to be made anew, so that nothing of it counts as done.

    With a beginning at prepared files, these stay; with one at the network, the hillslopes do.
    """
    wepp = run.root / "wepp"
    with locked(runid, WORKING):
        if begin == plans.WHOLE:
            for name in ("runs", "output", "plots", "stats", "flowpaths"):
                _empty(wepp / name)
        elif begin == plans.NOPREP:
            for name in ("output", "plots", "stats", "flowpaths/output"):
                _empty(wepp / name)
        ledger = ledger_of(runid, run)
        if begin in (plans.WHOLE, plans.NOPREP):
            ledger.forget()
        else:
            ledger.begin({"watershed": "", "prep:watershed": ""})


def _from_documents(run: RunDirectory, begin: str) -> Wanted:
    given = Given(run)
    try:
        watershed, wepp = given.watershed, given.wepp
        # Looked at now, so that what is missing is told before a single job is enqueued.
        _ = given.landuse, given.soils, given.climate
        if wepp.run_watershed and watershed.channels:
            network.feeds(given)
    except foreign.ForeignDocument as error:
        instead = {plans.WHOLE: "run_wepp_noprep_rq"}.get(begin, "run_wepp_watershed_noprep_rq")
        raise foreign.ForeignDocument(
            f"{error}; a run that was prepared is run by {instead}"
        ) from None
    return Wanted(
        begin=begin,
        multi_ofe=wepp.multi_ofe,
        watershed=wepp.run_watershed and bool(watershed.channels),
        flowpaths=wepp.run_flowpaths and bool(given.flowpaths) and not given.storms,
        storms=given.storms,
        loss_grid=None not in (watershed.subcatchments, watershed.distance_to_channel),
        years=given.years,
        hillslopes=given.ids.sub_n,
    )


def _from_files(run: RunDirectory, begin: str) -> Wanted:
    if found := storms.of(run):
        return _of_storms(run, begin, found)
    numbers = run.hillslopes()
    network = run.run_file(WATERSHED)
    if begin == plans.WATERSHED_NOPREP and not network.exists():
        raise NotPrepared(f"{network} does not exist: prepare the network first")
    try:
        asked = prompts.read(network if network.exists() else run.run_file(numbers[0])).years
    except prompts.BadAnswers:
        # Whoever runs the simulation says what is wrong with its answers, and of which.
        asked = 1
    wepp, watershed = wepp_of(run), watershed_of(run)
    return Wanted(
        begin=begin,
        multi_ofe=wepp.multi_ofe,
        watershed=network.exists() and wepp.run_watershed,
        flowpaths=wepp.run_flowpaths and _has_flowpaths(run),
        loss_grid=None not in (watershed.subcatchments, watershed.distance_to_channel),
        years=asked,
        hillslopes=len(numbers),
    )


def _of_storms(run: RunDirectory, begin: str, found: Sequence[StormDirectory]) -> Wanted:
    networks = [storm.run_file(WATERSHED) for storm in found]
    missing = [path for path in networks if not path.exists()]
    if begin == plans.WATERSHED_NOPREP and missing:
        raise NotPrepared(f"{missing[0]} does not exist: prepare the network first")
    return Wanted(
        begin=begin,
        watershed=not missing and wepp_of(run).run_watershed,
        storms=tuple(storm.storm for storm in found),
        loss_grid=False,
        hillslopes=Given(run).ids.sub_n,
    )


def wepp_of(run: RunDirectory) -> Wepp:
    """What is wanted, as far as the run says it, in our words or in WEPPcloud's."""
    try:
        return Wepp.load(run.root)
    except NotPrepared:
        return Wepp()
    except foreign.ForeignDocument:
        return papers.wepp(Wepp.path(run.root))


def watershed_of(run: RunDirectory) -> Watershed:
    """The watershed, as far as the run says it, in our words or in WEPPcloud's."""
    try:
        return Watershed.load(run.root)
    except NotPrepared:
        return Watershed()
    except foreign.ForeignDocument:
        return papers.watershed(run.root)


def _has_flowpaths(run: RunDirectory) -> bool:
    try:
        return bool(Given(run, hills_only=True).flowpaths)
    except NotPrepared:
        return False


def arguments(job: Planned, wepp_bin: str | None) -> dict[str, Any]:
    """What a planned job is called with behind the run id; `wepp_bin` where it starts an engine."""
    told: dict[str, Any] = dict(job.arguments)
    if wepp_bin is not None and job.function in _ENGINES:
        told["wepp_bin"] = wepp_bin
    return told


def _empty(directory: Path) -> None:
    """Remove what is in a directory, again where a file system was late; what NFS keeps stays."""
    try:
        shutil.rmtree(directory)
    except FileNotFoundError:
        return
    except OSError:
        time.sleep(_AGAIN_S)
        shutil.rmtree(directory, ignore_errors=True)
        left = [p for p in directory.rglob("*") if p.is_file() and not p.name.startswith(".nfs")]
        if left:
            raise
