"""Projects as a whole: what a run is made of, a copy of it, its archives, its mark, and a trial of
all of its model.

Every function here is a task, called by producers under its dotted name with a run id first.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path

from tasks.project import archives, copies, trial
from tasks.run.absent import Absent, absent
from tasks.run.directory import READONLY, RunDirectory
from tasks.run.frame import framed
from tasks.run.locks import WORKING, clear_locks, locked
from tasks.run.prep import RedisPrep
from tasks.run.progress import Progress
from tasks.run.status import Panel
from tasks.run.steps import TaskEnum
from tasks.wepp import dispatch, plan
from weppd.task import current, task

TIMEOUT = 43_200
_LATEST = "-latest"


@task(timeout=TIMEOUT, min_timeout=TIMEOUT, cpus=0)
@framed("command", step=TaskEnum.set_readonly)
def set_run_readonly_rq(runid: str, readonly: bool) -> bool:
    """Mark the run READONLY, or take the mark away; returns whether it is marked now."""
    root = current().run_dir(runid)
    RedisPrep(root, runid).set_rq_job_id("set_readonly", current().job_id)
    if readonly:
        (root / READONLY).touch()
    else:
        (root / READONLY).unlink(missing_ok=True)
    return readonly


@task(timeout=TIMEOUT, min_timeout=TIMEOUT)
@framed("climate", trigger="CLIMATE_BUILD_TASK_COMPLETED", step=TaskEnum.build_climate)
def upload_cli_rq(runid: str, cli_filename: str) -> None:
    """Take a file that was uploaded into the run's `climate/` for the weather everywhere.

    ValueError for a name that leads elsewhere; NotPrepared, FormatError, ForeignDocument,
    ReadOnlyRun, NoDbAlreadyLockedError, OSError.
    """
    from tasks.project import weather

    found = weather.take(RunDirectory(current().run_dir(runid)), cli_filename)
    current().log(f"weather of {cli_filename}: {len(found.days)} days, {found.station.strip()}")


@task(timeout=TIMEOUT, min_timeout=TIMEOUT)
@framed("archive", trigger="ARCHIVE_COMPLETE")
def archive_rq(runid: str, comment: str | None = None) -> str:
    """Put all of the run but its archives into a new one; returns the archive's path.

    ValueError for a comment of more than 40 characters; RunUnderWay and NoDbAlreadyLockedError
    where the model runs; OSError, which leaves no part of an archive.
    """
    with _archiving(runid, "ARCHIVE") as run:
        names = archives.files(run.root)
        progress = _progress(runid, "archive", len(names))
        path = archives.write(
            run.root, runid, datetime.now(UTC), comment or "", names, progress.step
        )
    current().log(f"{len(names)} files archived")
    return str(path)


@task(timeout=TIMEOUT, min_timeout=TIMEOUT)
@framed("archive", trigger="RESTORE_COMPLETE")
def restore_archive_rq(runid: str, archive_name: str) -> None:
    """Make the run what this one of its archives holds, its ledger too.

    BrokenArchive for an archive that is not there, broken, or leads out of the run, of which
    nothing is restored; ReadOnlyRun, RunUnderWay, NoDbAlreadyLockedError, OSError.
    """
    with _archiving(runid, "RESTORE") as run:
        run.refuse_readonly()
        path = archives.named(run.root, archive_name)
        names = archives.entries(path)
        archives.restore(run.root, path, names, _progress(runid, "archive", len(names)).step)
        RedisPrep(run.root, runid).reload()
    current().log(f"{len(names)} files restored")


@task(timeout=TIMEOUT, min_timeout=TIMEOUT)
@framed("fork", trigger="FORK_COMPLETE")
def fork_rq(runid: str, new_runid: str, undisturbify: bool = False) -> str:
    """Copy the run under a new id, where its own lies; returns the copy's directory.

    NotCopied for an id that is bad or taken, and for `undisturbify`: landuse and soils would have
    to be built anew, which no task here does. RunUnderWay, NoDbAlreadyLockedError, OSError.
    """
    try:
        if undisturbify:
            raise copies.NotCopied("undisturbify: landuse and soils are built by no task here")
        return str(_copied(runid, new_runid, "fork"))
    except Exception:
        Panel(current(), runid, "fork").trigger("FORK_FAILED")
        raise


@task(timeout=TIMEOUT, min_timeout=TIMEOUT, cpus="all")
@framed("wepp")
def test_run_rq(runid: str) -> tuple[str, ...]:
    """Run the whole model anew over `<runid>-latest`, a copy of the run, in this one job.

    A copy from before is removed. Terrain, landuse, soils and weather are those of the run's
    documents. Returns the locks that had to be cleared. Errors as of fork_rq, run_wepp_rq and the
    jobs that this enqueues.
    """
    latest = runid + _LATEST
    before = copies.place(current().run_dir(runid), latest)
    if before.is_dir():
        dispatch.refuse(latest, RunDirectory(before))
        shutil.rmtree(before)
    RedisPrep.forget(latest)
    cleared = tuple(clear_locks(latest))
    run = RunDirectory(_copied(runid, latest, "wepp"))
    dispatch.forget(latest, run, plan.WHOLE)
    dispatch.unstamp(latest, plan.WHOLE)
    trial.run_all(latest, run)
    return cleared


@task(timeout=TIMEOUT, min_timeout=TIMEOUT)
@framed("watershed", step=TaskEnum.init_sbs_map)
def init_sbs_map_rq(runid: str, sbs_map: str) -> dict[int, int]:
    """Take a raster of burn severity as the run's; how severe (0 to 3) each of its values is.

    `sbs_map` is a file of the run's folder `disturbed`, or a path below the run. Errors as of
    `tasks.landuse.burns.keep`, and those of a run that is not to be changed.
    """
    from tasks.landuse import burns

    run = _to_build(runid)
    severities = burns.keep(run.root, sbs_map)
    RedisPrep(run.root, runid).has_sbs = True
    return severities


@task(timeout=TIMEOUT, min_timeout=TIMEOUT)
@framed("landuse", trigger="LANDUSE_BUILD_TASK_COMPLETED", step=TaskEnum.build_landuse)
def build_landuse_rq(runid: str) -> None:
    """Build what grows on each hillslope, from the site's map of land cover or the run's own.

    Errors as of `tasks.landuse.build.build`, and those of a run that is not to be changed.
    """
    from tasks.landuse import build

    built = build.build(_to_build(runid).root)
    grown = sorted({key for keys in built.hillslopes.values() for key in keys})
    current().log(f"{len(built.hillslopes)} hillslopes: {', '.join(grown)}")


@task(timeout=TIMEOUT, min_timeout=TIMEOUT)
@framed("soils", trigger="SOILS_BUILD_TASK_COMPLETED", step=TaskEnum.build_soils)
def build_soils_rq(runid: str) -> None:
    """Build which soil lies below each hillslope, from the site's map of soils or the run's own.

    Errors as of `tasks.soils.build.build`, and those of a run that is not to be changed.
    """
    from tasks.soils import build

    built = build.build(_to_build(runid).root)
    current().log(f"{len(built.hillslopes)} hillslopes: {', '.join(sorted(built.soils))}")


@task(timeout=TIMEOUT, min_timeout=TIMEOUT)
@framed("climate", trigger="CLIMATE_BUILD_TASK_COMPLETED", step=TaskEnum.build_climate)
def build_climate_rq(runid: str) -> None:
    """Build the weather of a run from the site's stations.

    Errors as of `tasks.climate.build.build`, and those of a run that is not to be changed.
    """
    from tasks.climate import build

    built = build.build(_to_build(runid).root)
    current().log(f"weather: {', '.join(sorted({str(built.file), *built.hillslopes.values()}))}")


# pytest is not to take it for one of its own.
setattr(test_run_rq, "__test__", False)  # noqa: B010


def _to_build(runid: str) -> RunDirectory:
    """The run, which is not marked READONLY, and in which no model runs."""
    run = RunDirectory(current().run_dir(runid))
    run.refuse_readonly()
    dispatch.refuse(runid, run)
    return run


@contextmanager
def _archiving(runid: str, event: str) -> Iterator[RunDirectory]:
    """The run while it is archived or restored: by one job, while no model runs in it."""
    run = RunDirectory(current().run_dir(runid))
    prep, voice = RedisPrep(run.root, runid), Panel(current(), runid, "archive")
    prep.set_archive_job_id(current().job_id)
    try:
        with _still(runid, run):
            yield run
    except Exception:
        voice.trigger(f"{event}_FAILED")
        raise
    finally:
        prep.clear_archive_job_id()


@contextmanager
def _still(runid: str, run: RunDirectory) -> Iterator[None]:
    """While no model runs in the run, and none can begin."""
    dispatch.refuse(runid, run)
    # A run that is marked is nobody's to change: no model can run in it.
    marked = (run.root / READONLY).exists()
    with nullcontext() if marked else locked(runid, WORKING):
        yield


def _copied(runid: str, new_runid: str, panel: str) -> Path:
    wd = current().run_dir(runid)
    with _still(runid, RunDirectory(wd)):
        target, names = copies.place(wd, new_runid), copies.files(wd)
        progress = _progress(runid, panel, len(names))
        copies.copy(wd, target, runid, new_runid, names, progress.step)
    RedisPrep(target, new_runid)
    return target


def _progress(runid: str, panel: str, files: int) -> Progress:
    return Progress(Panel(current(), runid, panel), max(1, files), "files")


# What else production has under this name is refused by it.
fetch_dem_rq: Absent = absent(__name__, "fetch_dem_rq")
build_channels_rq: Absent = absent(__name__, "build_channels_rq")
fetch_dem_and_build_channels_rq: Absent = absent(__name__, "fetch_dem_and_build_channels_rq")
set_outlet_rq: Absent = absent(__name__, "set_outlet_rq")
build_subcatchments_rq: Absent = absent(__name__, "build_subcatchments_rq")
abstract_watershed_rq: Absent = absent(__name__, "abstract_watershed_rq")
build_subcatchments_and_abstract_watershed_rq: Absent = absent(
    __name__, "build_subcatchments_and_abstract_watershed_rq"
)
build_treatments_rq: Absent = absent(__name__, "build_treatments_rq")
build_rangeland_cover_rq: Absent = absent(__name__, "build_rangeland_cover_rq")
run_ash_rq: Absent = absent(__name__, "run_ash_rq")
run_debris_flow_rq: Absent = absent(__name__, "run_debris_flow_rq")
run_rhem_rq: Absent = absent(__name__, "run_rhem_rq")
fetch_and_analyze_rap_ts_rq: Absent = absent(__name__, "fetch_and_analyze_rap_ts_rq")
fetch_and_analyze_openet_ts_rq: Absent = absent(__name__, "fetch_and_analyze_openet_ts_rq")
delete_run_rq: Absent = absent(__name__, "delete_run_rq")
gc_runs_rq: Absent = absent(__name__, "gc_runs_rq")
compile_dot_logs_rq: Absent = absent(__name__, "compile_dot_logs_rq")
