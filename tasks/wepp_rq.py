"""Running the model: a hillslope, all of a run's hillslopes, the channel network.

Every function here is a task, called by producers under its dotted name with a run id first. They
work on a run directory whose `wepp/runs` was prepared, and speak on `<runid>:wepp`. `wepp_bin` is
the name of an executable in `[wepp] bin_dir`, or "hillsim".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tasks.run.directory import WATERSHED, RunDirectory
from tasks.run.frame import framed
from tasks.run.progress import Progress
from tasks.run.status import Panel
from tasks.run.steps import TaskEnum
from tasks.wepp import binary, hillslopes
from tasks.wepp.hillslopes import Hillslope
from tasks.wepp.pool import fan_out
from tasks.wepp.reconcile import Reconciled, ledger_of
from tasks.wepp.simulation import Simulation, prepare
from weppd.task import current, task

TIMEOUT = 43_200
PANEL = "wepp"


@task(timeout=TIMEOUT, min_timeout=TIMEOUT)
@framed(PANEL)
def run_hillslope_rq(runid: str, wepp_id: int, wepp_bin: str | None = None) -> tuple[bool, float]:
    """Run hillslope `wepp_id` of a run; returns (True, seconds).

    SimulationFailed where the engine did not end well with whole outputs; NotPrepared, BadAnswers,
    UnknownBinary and RunError for what stands against starting it.
    """
    run, engine = _run(runid), _engine(wepp_bin)
    (row,) = _simulate([prepare(run, _number(wepp_id), engine)])
    return True, row.seconds


@task(timeout=TIMEOUT, min_timeout=TIMEOUT, cpus="all")
@framed(PANEL, step=TaskEnum.run_wepp_hillslopes)
def _run_hillslopes_rq(runid: str, wepp_bin: str | None = None) -> tuple[bool, float]:
    """Run the hillslopes of a run, `ctx.cpus` at a time; returns (True, seconds of them together).

    Those that the run's ledger has as done, from the same inputs by the same engine, are not run
    again. The first that fails stops the rest. Writes `wepp/output/interchange/hillslopes.parquet`.
    """
    run, engine = _run(runid), _engine(wepp_bin)
    run.hillslope_table.unlink(missing_ok=True)
    simulations = [prepare(run, wepp_id, engine) for wepp_id in run.hillslopes()]
    work = Reconciled(ledger_of(runid, run), simulations)
    progress = Progress(Panel(current(), runid, PANEL), len(simulations), "hillslopes")
    progress.skip(len(work.done))
    rows = [hillslopes.row(done, seconds) for done, seconds in work.done]

    def ended(simulation: Simulation, seconds: float) -> None:
        work.add(simulation, seconds)
        progress.step()

    with work:
        rows += _simulate(work.left, ended)
    hillslopes.write(run.hillslope_table, rows)
    current().log(f"{len(rows)} hillslopes, engine={engine.name}")
    return True, sum(row.seconds for row in rows)


@task(timeout=TIMEOUT, min_timeout=TIMEOUT)
@framed(PANEL)
def run_watershed_rq(runid: str, wepp_bin: str | None = None) -> tuple[bool, float]:
    """Run the channel network of a run, `pw0.run`; returns (True, seconds).

    The hillslopes must have been run: their pass files are its input.
    """
    run, engine = _run(runid), _engine(wepp_bin, network=True)
    simulation = prepare(run, WATERSHED, engine)
    took: list[float] = []

    def ended(done: Simulation, code: int, seconds: float) -> None:
        done.conclude(code)
        took.append(seconds)

    fan_out([simulation], 1, Simulation.start, ended)
    current().log(f"watershed of {len(simulation.answers.passes)}, engine={engine.name}")
    return True, took[0]


@task(timeout=TIMEOUT, min_timeout=TIMEOUT, cpus=0)
@framed(PANEL)
def run_wepp_rq(runid: str, wepp_bin: str | None = None) -> str:
    """Enqueue the stages of a WEPP run over prepared inputs; returns the final job's id.

    What can be seen to be missing fails here: the run, its hillslopes, the executable.
    """
    _run(runid).hillslopes()
    _engine(wepp_bin)
    ctx = current()
    ran = ctx.enqueue(
        _run_hillslopes_rq, runid, wepp_bin, label="jobs:1,func:run_hillslopes_rq", timeout=TIMEOUT
    )
    final = ctx.enqueue(
        _log_complete_rq,
        runid,
        label="jobs:6,func:_log_complete_rq",
        depends_on=[ran],
        timeout=TIMEOUT,
    )
    Panel(ctx, runid, PANEL).enqueued(f"run_wepp_rq({runid})", final)
    return final


@task(timeout=TIMEOUT, min_timeout=TIMEOUT, cpus=0)
@framed(PANEL, trigger="WEPP_RUN_TASK_COMPLETED")
def _log_complete_rq(runid: str) -> None:
    """Tell the panel that the run is complete: the page reloads its results on this."""
    current().log("WEPP run complete")


def _run(runid: str) -> RunDirectory:
    return RunDirectory(current().run_dir(runid))


def _engine(wepp_bin: str | None, *, network: bool = False) -> binary.Engine:
    engine = binary.choose(current().settings.get("wepp") or {}, wepp_bin, network=network)
    if engine.path is None:
        if network:
            raise binary.UnknownBinary(
                "hillsim simulates hillslopes only: give run_watershed_rq the wepp_bin of an"
                " executable in [wepp] bin_dir"
            )
        binary.warm_up()
    return engine


def _number(wepp_id: int) -> int:
    if type(wepp_id) is not int or wepp_id < 1:
        raise ValueError(f"wepp_id {wepp_id!r}: give the number of a hillslope, from 1")
    return wepp_id


def _simulate(
    simulations: Sequence[Simulation], done: Callable[[Simulation, float], None] | None = None
) -> list[Hillslope]:
    """Run them over the job's CPUs; `done` is called after each. The rows, in no order."""
    ctx = current()
    rows: list[Hillslope] = []

    def ended(simulation: Simulation, code: int, seconds: float) -> None:
        simulation.conclude(code)
        row = hillslopes.row(simulation, seconds)
        rows.append(row)
        item = f"h{row.wepp_id:04d}"
        ctx.log(hillslopes.line(row), item=item)
        ctx.log(f"{seconds:.2f} s", item=item, volatile=True)
        if done:
            done(simulation, seconds)

    fan_out(simulations, ctx.cpus, Simulation.start, ended)
    return rows
