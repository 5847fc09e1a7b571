"""Running the model: a hillslope, all of a run's hillslopes, the channel network.

Every function here is a task, called by producers under its dotted name with a run id first. They
work on a run directory whose `wepp/runs` was prepared, and speak on `<runid>:wepp`. `wepp_bin` is
the name of an executable in `[wepp] bin_dir`, or "hillsim".

What only some of them need is imported by those: a job's process imports this module first.
"""

from __future__ import annotations

from tasks.run.absent import Absent, absent
from tasks.run.directory import WATERSHED, to_change
from tasks.run.frame import framed
from tasks.run.locks import PER_RUN, WORKING, locked
from tasks.run.notify import notify
from tasks.run.steps import TaskEnum
from tasks.wepp import hillslopes, jobs, plan
from tasks.wepp.prep import files
from tasks.wepp.reconcile import Reconciled, ledger_of
from tasks.wepp.running import alone, entered, finish, simulate
from tasks.wepp.simulation import numbered, prepare
from weppd.task import current, task

TIMEOUT = plan.TIMEOUT
PANEL = jobs.PANEL
#: Seconds for which another may still hold what a job must have for itself.
_PATIENCE_S = 5.0


@task(timeout=TIMEOUT, min_timeout=TIMEOUT)
@framed(PANEL)
def run_hillslope_rq(runid: str, wepp_id: int, wepp_bin: str | None = None) -> tuple[bool, float]:
    """Run hillslope `wepp_id` of a run; returns (True, seconds).

    SimulationFailed where the engine did not end well with whole outputs; NotPrepared, BadAnswers,
    UnknownBinary and RunError for what stands against starting it.
    """
    run, engine = to_change(runid), jobs.engine(wepp_bin)
    one = prepare(run, numbered(wepp_id), engine)
    years = jobs.years(runid, one)
    ((_, seconds),) = simulate([one], meanwhile=years.look)
    years.end()
    return True, seconds


@task(timeout=TIMEOUT, min_timeout=TIMEOUT, cpus="all")
@framed(PANEL, step=TaskEnum.run_wepp_hillslopes)
def _run_hillslopes_rq(runid: str, wepp_bin: str | None = None) -> tuple[bool, float]:
    """Run the hillslopes of a run, `ctx.cpus` at a time; returns (True, seconds of them together).

    Those that the run's ledger has as done, from the same inputs by the same engine, are not run
    again. The first that fails stops the rest. Writes `wepp/output/interchange/hillslopes.parquet`;
    of a run of design storms, each hillslope is run under each, and their table is made later.
    """
    from tasks.wepp import wanted

    run, engine = to_change(runid), jobs.engine(wepp_bin)
    run.hillslope_table.unlink(missing_ok=True)
    found = wanted.hillslopes(run, engine)
    progress = jobs.progress(runid, found.total, "hillslopes")
    work = Reconciled(ledger_of(runid, run), found.simulations, progress.skip)
    with locked(runid, WORKING, wait=_PATIENCE_S), work:
        rows = entered(work, progress.step, None if found.stormy else hillslopes.preload)
    rows += [(hillslopes.row(done), seconds) for done, seconds in work.done]
    progress.end()
    if not found.stormy:
        hillslopes.write(run.hillslope_table, [row for row, _ in rows])
    current().log(f"{len(rows)} hillslopes, engine={engine.name}")
    return True, sum(seconds for _, seconds in rows)


@task(timeout=TIMEOUT, min_timeout=TIMEOUT)
@framed(PANEL)
def run_flowpath_rq(runid: str, flowpath: str, wepp_bin: str | None = None) -> tuple[bool, float]:
    """Run the flowpath of this name, prepared anew; returns (True, seconds). Its files stay.

    NotPrepared for a flowpath that watershed.nodb does not name, and as run_hillslope_rq.
    """
    from tasks.wepp import flowpaths

    found, engine = flowpaths.of(to_change(runid)), jobs.engine(wepp_bin)
    number = found.number(flowpath)
    flowpaths.prepare(found, [number])
    one = prepare(found.directory, number, engine)
    return True, alone(one, jobs.years(runid, one))


@task(timeout=TIMEOUT, min_timeout=TIMEOUT, cpus="all")
@framed(PANEL)
def _run_flowpaths_rq(runid: str, wepp_bin: str | None = None) -> tuple[bool, float]:
    """Run the flowpaths of a run, and make their table; returns (True, seconds of them together).

    Their answers, logs and loss reports are removed behind the table; plots stay.
    """
    from tasks.wepp import flowpaths, tables

    found, engine, ctx = flowpaths.of(to_change(runid)), jobs.engine(wepp_bin), current()
    progress = jobs.progress(runid, len(found.parts), "flowpaths")
    seconds = flowpaths.run_all(runid, found, engine, ctx.cpus, progress.step)
    tables.document(runid, found.given.run)
    progress.end()
    ctx.log(f"{len(found.parts)} flowpaths, engine={engine.name}")
    return True, seconds


@task(timeout=TIMEOUT, min_timeout=TIMEOUT)
@framed(PANEL)
def run_watershed_rq(runid: str, wepp_bin: str | None = None) -> tuple[bool, float]:
    """Run the channel network of a run, `pw0.run`; returns (True, seconds).

    The hillslopes must have been run: their pass files are its input. A network that the run's
    ledger has as done is not run again.
    """
    run, engine = to_change(runid), jobs.engine(wepp_bin, network=True)
    simulation = prepare(run, WATERSHED, engine)
    work = Reconciled(ledger_of(runid, run), [simulation])
    years = jobs.years(runid, simulation)
    with locked(runid, WORKING, wait=_PATIENCE_S), work:
        took = finish(work, 1, meanwhile=years.look)
    took += sum(seconds for _, seconds in work.done)
    years.end()
    current().log(f"watershed of {len(simulation.answers.passes)}, engine={engine.name}")
    return True, took


# -- single storms, each in a directory of its own


@task(timeout=TIMEOUT, min_timeout=TIMEOUT)
@framed(PANEL)
def run_ss_batch_hillslope_rq(
    runid: str, wepp_id: int, wepp_bin: str | None = None, ss_batch_id: int | None = None
) -> tuple[bool, float]:
    """Run a hillslope under the single storm `ss_batch_id` of climate.nodb; (True, seconds).

    As run_hillslope_rq; BrokenDocument where the run has no such storm.
    """
    from tasks.wepp import storms
    from tasks.wepp.prep.given import Given

    run, engine = to_change(runid), jobs.engine(wepp_bin)
    storm = storms.directory(run, ss_batch_id)
    (one,) = storms.prepare(Given(run), storm, [numbered(wepp_id)], engine)
    return True, alone(one, jobs.years(runid, one))


@task(timeout=TIMEOUT, min_timeout=TIMEOUT)
@framed(PANEL)
def run_ss_batch_watershed_rq(
    runid: str, wepp_bin: str | None = None, ss_batch_id: int | None = None
) -> tuple[bool, float]:
    """Run the channel network under a single storm; returns (True, seconds).

    As run_watershed_rq, in the storm's directory: storms run side by side.
    """
    from tasks.wepp import storms

    run, engine = to_change(runid), jobs.engine(wepp_bin, network=True)
    return True, storms.route(runid, run, storms.directory(run, ss_batch_id), engine)


# -- dispatchers: each enqueues the plan from one of its beginnings, behind what builds the run


@task(timeout=TIMEOUT, min_timeout=TIMEOUT, cpus=0, lock=PER_RUN)
@framed(PANEL)
def run_wepp_rq(runid: str, wepp_bin: str | None = None, clean: bool = False) -> str:
    """Enqueue a whole WEPP run, from the documents to the tables; returns the final job's id.

    Only what is unfinished is done, as the run's ledger has it; `clean` begins afresh. What can be
    seen to be missing fails here: the run, its documents, the executable.
    """
    return jobs.launch(runid, plan.WHOLE, wepp_bin, clean)


@task(timeout=TIMEOUT, min_timeout=TIMEOUT, cpus=0, lock=PER_RUN)
@framed(PANEL)
def run_wepp_noprep_rq(runid: str, wepp_bin: str | None = None, clean: bool = False) -> str:
    """Enqueue a WEPP run over the inputs that are in `wepp/runs`; returns the final job's id."""
    return jobs.launch(runid, plan.NOPREP, wepp_bin, clean)


@task(timeout=TIMEOUT, min_timeout=TIMEOUT, cpus=0, lock=PER_RUN)
@framed(PANEL)
def run_wepp_watershed_rq(runid: str, wepp_bin: str | None = None, clean: bool = False) -> str:
    """Enqueue the channel network, prepared anew, over hillslopes that were run; as run_wepp_rq."""
    return jobs.launch(runid, plan.WATERSHED, wepp_bin, clean)


@task(timeout=TIMEOUT, min_timeout=TIMEOUT, cpus=0, lock=PER_RUN)
@framed(PANEL)
def run_wepp_watershed_noprep_rq(
    runid: str, wepp_bin: str | None = None, clean: bool = False
) -> str:
    """Enqueue the channel network as it is prepared, over hillslopes that were run."""
    return jobs.launch(runid, plan.WATERSHED_NOPREP, wepp_bin, clean)


# -- stage 0, and the network's preparation: from documents to files


@task(timeout=plan.PREP_TIMEOUT)
@framed(PANEL)
def _prep_slopes_rq(runid: str) -> None:
    """Write `p<id>.slp`, cut to the greatest length where one is set."""
    jobs.prepare(runid, "SLOPES")


@task(timeout=plan.PREP_TIMEOUT)
@framed(PANEL)
def _prep_managements_rq(runid: str) -> None:
    """Write `p<id>.man` from the library of covers, or from management files."""
    jobs.prepare(runid, "COVERS")


@task(timeout=plan.PREP_TIMEOUT)
@framed(PANEL)
def _prep_soils_rq(runid: str) -> None:
    """Write `p<id>.sol`."""
    jobs.prepare(runid, "SOILS")


@task(timeout=plan.PREP_TIMEOUT)
@framed(PANEL)
def _prep_climates_rq(runid: str) -> None:
    """Link `p<id>.cli` to the climates."""
    jobs.prepare(runid, "CLIMATES")


@task(timeout=plan.PREP_TIMEOUT)
@framed(PANEL)
def _prep_multi_ofe_rq(runid: str) -> None:
    """Write slopes, managements and soils of several overland flow elements each."""
    jobs.prepare(runid, "SLOPES", "COVERS", "SOILS")


@task(timeout=plan.PREP_TIMEOUT)
@framed(PANEL)
def _prep_remaining_rq(runid: str) -> None:
    """Write `p<id>.run` and the coefficient files that are in effect."""
    jobs.prepare(runid, "ANSWERS")


@task(timeout=plan.PREP_TIMEOUT)
@framed(PANEL)
def _prep_watershed_rq(runid: str) -> None:
    """Write `pw0.*` and `chan.inp`."""
    jobs.prepare(runid, "NETWORK")


# -- the tables; those of the reports are made by `tasks.interchange_rq`. Jobs that production's
# pipeline enqueued before the change name them here.


@task(timeout=TIMEOUT, min_timeout=TIMEOUT, cpus="all")
def _build_hillslope_interchange_rq(runid: str) -> tuple[bool, float]:
    """Make the tables of a run's hillslopes; returns (True, seconds)."""
    from tasks import interchange_rq

    return interchange_rq._build_hillslope_interchange_rq(runid)


@task(timeout=TIMEOUT, min_timeout=TIMEOUT)
def _build_totalwatsed3_rq(runid: str) -> tuple[bool, float]:
    """Make the daily table of the whole watershed; returns (True, seconds)."""
    from tasks import interchange_rq

    return interchange_rq._build_totalwatsed3_rq(runid)


@task(timeout=TIMEOUT, min_timeout=TIMEOUT)
def _post_watershed_interchange_rq(runid: str) -> tuple[bool, float]:
    """Make the tables of a run's channel network; returns (True, seconds)."""
    from tasks import interchange_rq

    return interchange_rq._post_watershed_interchange_rq(runid)


@task(timeout=TIMEOUT, min_timeout=TIMEOUT)
@framed(PANEL)
def _analyze_return_periods_rq(runid: str) -> None:
    """Make `return_periods.tsv` of the outlet's events and of the daily table."""
    from tasks.wepp import tables

    tables.of_return_periods(runid, to_change(runid), lambda n: jobs.progress(runid, n, "measures"))


# -- after the network


@task(timeout=TIMEOUT, cpus=0)
@framed(PANEL)
def _post_run_cleanup_out_rq(runid: str) -> None:
    """Put what the network wrote beside its answers (`chan.out`, …) among the outputs."""
    from tasks.wepp import strays

    strays.gather(to_change(runid), lambda n: jobs.progress(runid, n, "files"))


@task(timeout=TIMEOUT, min_timeout=TIMEOUT)
@framed(PANEL)
def _post_make_loss_grid_rq(runid: str) -> None:
    """Lay the loss along each hillslope over its cells: `wepp/plots/loss.asc`."""
    from tasks.wepp import tables

    told, run = (lambda n: jobs.progress(runid, n, "hillslopes")), to_change(runid)
    if why := tables.of_losses(runid, run, told):
        jobs.voice(runid).skipped(f"_post_make_loss_grid_rq({runid})", why)


@task(timeout=TIMEOUT, cpus=0)
@framed(PANEL)
def _run_hillslope_watbal_rq(runid: str) -> None:
    """Leave out a step of production's: the last job of a pipeline on its way waits for it."""
    why = "H.wat.parquet has the water balance of each hillslope"
    jobs.voice(runid).skipped(f"_run_hillslope_watbal_rq({runid})", why)


@task(timeout=TIMEOUT, min_timeout=TIMEOUT)
@framed(PANEL)
def _cleanup_raw_rq(runid: str) -> None:
    """Remove the daily reports of hillslopes where climate.nodb says so: their tables are made."""
    from tasks.wepp import tables

    told, run = (lambda n: jobs.progress(runid, n, "reports")), to_change(runid)
    if removed := tables.remove_reports(runid, run, told):
        current().log(f"{removed} reports removed")


@task(timeout=TIMEOUT)
def compress_fn(fn: str) -> str:
    """Replace a file of a run by `<fn>.gz`; returns its path. ValueError for one of no run."""
    from tasks.wepp.compress import below, compress

    run = current().settings.get("run") or {}
    return str(compress(below([*run.get("roots", ()), run.get("batch_root", "")], fn)))


@task(timeout=TIMEOUT, min_timeout=TIMEOUT, cpus=0)
@framed(PANEL, trigger="WEPP_RUN_TASK_COMPLETED", step=TaskEnum.run_wepp_watershed)
def _log_complete_rq(runid: str, notified: bool = True) -> None:
    """Tell the panel that the run is complete, and people: the page reloads its results on this.

    NotPrepared where the run's ledger does not have its channel network as done.
    """
    from tasks.wepp import announce, closing

    run = to_change(runid)
    closing.refuse_unfinished(run, ledger_of(runid, run))
    files.sweep(run.root / "wepp")
    current().log("WEPP run complete")
    jobs.progress(runid, ledger_of(runid, run).count(), "steps").end()
    if notified:
        notify(announce.complete(runid, run))


# What else production has under this name is refused by it.
post_dss_export_rq: Absent = absent(__name__, "post_dss_export_rq")
_post_legacy_arc_export_rq: Absent = absent(__name__, "_post_legacy_arc_export_rq")
_post_gpkg_export_rq: Absent = absent(__name__, "_post_gpkg_export_rq")
_build_swat_inputs_rq: Absent = absent(__name__, "_build_swat_inputs_rq")
_run_swat_rq: Absent = absent(__name__, "_run_swat_rq")
_post_prep_details_rq: Absent = absent(__name__, "_post_prep_details_rq")
