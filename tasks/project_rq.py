"""Projects as a whole: what a run is made of, a copy of it, its archives, its mark, and a trial of
all of its model.

Every function here is a task, called by producers under its dotted name with a run id first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from tasks.project import archives, ground, trial, undisturbed, whole
from tasks.run.absent import Absent, absent
from tasks.run.directory import READONLY
from tasks.run.frame import framed
from tasks.run.locks import PER_RUN
from tasks.run.prep import RedisPrep
from tasks.run.status import Panel
from tasks.run.steps import TaskEnum
from weppd.task import current, task

TIMEOUT = 43_200
_ZOOM = 12
#: The extent is that of an elevation model that somebody uploaded.
_UPLOADED = 3


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


@task(timeout=TIMEOUT, min_timeout=TIMEOUT, lock=PER_RUN)
@framed("climate", trigger="CLIMATE_BUILD_TASK_COMPLETED", step=TaskEnum.build_climate, builds=True)
def upload_cli_rq(runid: str, cli_filename: str) -> None:
    """Take a file that was uploaded into the run's `climate/` for the weather everywhere.

    ValueError for a name that leads elsewhere; NotPrepared, FormatError, ForeignDocument, OSError,
    and those of a run that is not to be changed.
    """
    from tasks.project import weather

    with ground.building(runid) as run:
        found = weather.take(run, cli_filename)
    current().log(f"weather of {cli_filename}: {len(found.days)} days, {found.station.strip()}")


@task(timeout=TIMEOUT, min_timeout=TIMEOUT)
@framed("archive", trigger="ARCHIVE_COMPLETE")
def archive_rq(runid: str, comment: str | None = None) -> str:
    """Put all of the run but its archives into a new one; returns the archive's path.

    ValueError for a comment of more than 40 characters; RunUnderWay and NoDbAlreadyLockedError
    where the model runs; OSError, which leaves no part of an archive.
    """
    with whole.archiving(runid, "ARCHIVE") as run:
        names = archives.files(run.root)
        progress = whole.progress(runid, "archive", len(names))
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
    with whole.archiving(runid, "RESTORE") as run:
        run.refuse_readonly()
        path = archives.named(run.root, archive_name)
        names = archives.entries(path)
        archives.restore(run.root, path, names, whole.progress(runid, "archive", len(names)).step)
        RedisPrep(run.root, runid).reload()
    current().log(f"{len(names)} files restored")


@task(timeout=TIMEOUT, min_timeout=TIMEOUT)
@framed("fork")
def fork_rq(runid: str, new_runid: str, undisturbify: bool = False) -> str:
    """Copy the run under a new id, where its own lies; returns the copy's directory.

    With `undisturbify` the copy is as if nothing had burnt: its landuse and soils are built anew,
    and jobs that run it are enqueued; FORK_COMPLETE comes after their last. NotCopied for an id
    that is bad or taken; RunUnderWay, NoDbAlreadyLockedError, OSError; errors of the builders and
    of run_wepp_rq, which leave no copy.
    """
    voice = Panel(current(), runid, "fork")
    try:
        if undisturbify:
            return str(undisturbed.fork(runid, new_runid))
        path = whole.copied(runid, new_runid, "fork")
    except Exception:
        voice.trigger("FORK_FAILED")
        raise
    voice.trigger("FORK_COMPLETE")
    return str(path)


@task(timeout=TIMEOUT, min_timeout=TIMEOUT, cpus=0)
@framed("fork", trigger="FORK_COMPLETE")
def _finish_fork_rq(runid: str) -> None:
    """Tell the run's page that its copy has been run."""


@task(timeout=TIMEOUT, min_timeout=TIMEOUT, cpus="all")
@framed("wepp")
def test_run_rq(runid: str) -> tuple[str, ...]:
    """Run the whole model anew over `<runid>-latest`, a copy of the run, in this one job.

    Returns the locks that had to be cleared; the rest as of `tasks.project.trial.afresh`.
    """
    return trial.afresh(runid)


@task(timeout=TIMEOUT, min_timeout=TIMEOUT, lock=PER_RUN)
@framed("channel_delineation", step=TaskEnum.fetch_dem, builds=True)
def fetch_dem_rq(
    runid: str,
    extent: Sequence[float],
    center: Sequence[float] | None = None,
    zoom: float | None = None,
    map_object: object = None,
) -> None:
    """Take the site's elevations over `extent` (west, south, east, north; degrees) for the run's.

    `map_object` is what older pages have besides. Errors as of `tasks.terrain.steps.fetch_dem`.
    """
    from tasks.terrain import steps

    with ground.changing(runid, TaskEnum.fetch_dem) as root:
        place = steps.fetch_dem(root, extent, center, _ZOOM if zoom is None else zoom)
    rows, columns = place.shape
    current().log(f"{columns} x {rows} cells of {place.transform.a:g} m, {place.crs}")


@task(timeout=TIMEOUT, min_timeout=TIMEOUT, lock=PER_RUN)
@framed(
    "channel_delineation",
    trigger="BUILD_CHANNELS_TASK_COMPLETED",
    step=TaskEnum.build_channels,
    builds=True,
)
def build_channels_rq(
    runid: str,
    csa: float | None = None,
    mcl: float | None = None,
    wbt_fill_or_breach: str | None = None,
    wbt_blc_dist: float | None = None,
) -> None:
    """Make the channels: `csa` ha drain into each, and `mcl` m is the shortest; as it was for None.

    Depressions are filled, or breached as far as `wbt_blc_dist` (m). Errors as of
    `tasks.terrain.steps.build_channels`.
    """
    from tasks.terrain import steps

    given = {
        "csa_ha": csa, "mcl_m": mcl, "fill_or_breach": wbt_fill_or_breach,
        "blc_dist_m": wbt_blc_dist,
    }  # fmt: skip
    with ground.changing(runid, TaskEnum.build_channels) as root:
        drained = steps.build_channels(root, given)
    current().log(f"{drained.channel.sum()} cells of channels of {drained.channel.size}")


@task(timeout=TIMEOUT, min_timeout=TIMEOUT, cpus=0)
@framed("channel_delineation", builds=True)
def fetch_dem_and_build_channels_rq(
    runid: str,
    extent: Sequence[float] | None,
    center: Sequence[float] | None,
    zoom: float | None,
    csa: float | None = None,
    mcl: float | None = None,
    wbt_fill_or_breach: str | None = None,
    wbt_blc_dist: float | None = None,
    set_extent_mode: int = 0,
    map_bounds_text: str | None = None,
    map_object: object = None,
) -> str:
    """Enqueue both; with `set_extent_mode` 3, for which dem.tif was uploaded, the channels alone.

    Returns the id of the last job.
    """
    fetched = {"extent": extent, "center": center, "zoom": zoom}
    fetch = [("fetch_dem_rq", TaskEnum.fetch_dem, fetched)]
    channels = {
        "csa": csa, "mcl": mcl, "wbt_fill_or_breach": wbt_fill_or_breach,
        "wbt_blc_dist": wbt_blc_dist,
    }  # fmt: skip
    if set_extent_mode == _UPLOADED:
        ground.uploaded(runid)
        fetch = []
    return ground.enqueue(
        runid,
        *fetch,
        ("build_channels_rq", TaskEnum.build_channels, channels),
    )


@task(timeout=TIMEOUT, min_timeout=TIMEOUT, lock=PER_RUN)
@framed("outlet", trigger="SET_OUTLET_TASK_COMPLETED", step=TaskEnum.set_outlet, builds=True)
def set_outlet_rq(runid: str, outlet_lng: float, outlet_lat: float) -> None:
    """End the watershed at the channel cell nearest to a place (degrees).

    Errors as of `tasks.terrain.steps.set_outlet`.
    """
    from tasks.terrain import steps

    with ground.changing(runid, TaskEnum.set_outlet) as root:
        found = steps.set_outlet(root, outlet_lng, outlet_lat)
    current().log("outlet {:.6f}, {:.6f}".format(*found.lnglat))


@task(timeout=TIMEOUT, min_timeout=TIMEOUT, lock=PER_RUN)
@framed("outlet", trigger="SET_OUTLET_TASK_COMPLETED", step=TaskEnum.find_outlet, builds=True)
def find_outlet_rq(runid: str) -> None:
    """End the watershed where it fits the polygon that a batch wrote into the run best.

    Errors as of `tasks.terrain.steps.find_outlet`.
    """
    from tasks.terrain import steps

    with ground.changing(runid, TaskEnum.find_outlet) as root:
        found, fit = steps.find_outlet(root)
    current().log("outlet {:.6f}, {:.6f}".format(*found.lnglat) + f", {fit:.0%} of both")


@task(timeout=TIMEOUT, min_timeout=TIMEOUT, lock=PER_RUN)
@framed(
    "subcatchment_delineation",
    trigger="BUILD_SUBCATCHMENTS_TASK_COMPLETED",
    step=TaskEnum.build_subcatchments,
    builds=True,
)
def build_subcatchments_rq(runid: str, updates: Mapping[str, Any] | None = None) -> None:
    """Number the channels and hillslopes above the outlet; `updates` are options of the page.

    Errors as of `tasks.terrain.steps.subcatchments`.
    """
    from tasks.terrain import steps

    with ground.changing(runid, TaskEnum.build_subcatchments) as root:
        of = steps.subcatchments(root, updates)
    current().log(f"{of.hillslopes.size} hillslopes, {len(of.reaches)} channels")


@task(timeout=TIMEOUT, min_timeout=TIMEOUT, lock=PER_RUN)
@framed(
    "subcatchment_delineation",
    trigger="WATERSHED_ABSTRACTION_TASK_COMPLETED",
    step=TaskEnum.abstract_watershed,
    builds=True,
)
def abstract_watershed_rq(runid: str) -> None:
    """Make the profile of each hillslope and channel, and the document that WEPP is run from.

    Errors as of `tasks.terrain.abstraction.abstract`.
    """
    from tasks.terrain import abstraction

    with ground.changing(runid, TaskEnum.abstract_watershed) as root:
        made = abstraction.abstract(root)
    parts = f"{made.hillslopes} hillslopes, {made.channels} channels, {made.flowpaths} flowpaths"
    current().log(f"{parts}, {made.area_m2 / 1e4:.2f} ha")


@task(timeout=TIMEOUT, min_timeout=TIMEOUT, cpus=0)
@framed("subcatchment_delineation", builds=True)
def build_subcatchments_and_abstract_watershed_rq(
    runid: str, updates: Mapping[str, Any] | None = None
) -> str:
    """Enqueue both; returns the id of the last job."""
    return ground.enqueue(
        runid,
        ("build_subcatchments_rq", TaskEnum.build_subcatchments, {"updates": updates}),
        ("abstract_watershed_rq", TaskEnum.abstract_watershed, {}),
    )


@task(timeout=TIMEOUT, min_timeout=TIMEOUT, lock=PER_RUN)
@framed("watershed", step=TaskEnum.init_sbs_map, builds=True)
def init_sbs_map_rq(runid: str, sbs_map: str) -> dict[int, int]:
    """Take a raster of burn severity as the run's; how severe (0 to 3) each of its values is.

    `sbs_map` is a file of the run's folder `disturbed`, or a path below the run. Errors as of
    `tasks.landuse.burns.keep`, and those of a run that is not to be changed.
    """
    from tasks.landuse import burns

    with ground.building(runid) as run:
        severities = burns.keep(run.root, sbs_map)
        RedisPrep(run.root, runid).has_sbs = True
    return severities


@task(timeout=TIMEOUT, min_timeout=TIMEOUT, lock=PER_RUN)
@framed("landuse", trigger="LANDUSE_BUILD_TASK_COMPLETED", step=TaskEnum.build_landuse, builds=True)
def build_landuse_rq(runid: str) -> None:
    """Build what grows on each hillslope, from the site's map of land cover or the run's own.

    Errors as of `tasks.landuse.build.build`, and those of a run that is not to be changed.
    """
    from tasks.landuse import build

    with ground.building(runid) as run:
        built = build.build(run.root)
    grown = sorted({key for keys in built.hillslopes.values() for key in keys})
    current().log(f"{len(built.hillslopes)} hillslopes: {', '.join(grown)}")


@task(timeout=TIMEOUT, min_timeout=TIMEOUT, lock=PER_RUN)
@framed("soils", trigger="SOILS_BUILD_TASK_COMPLETED", step=TaskEnum.build_soils, builds=True)
def build_soils_rq(runid: str) -> None:
    """Build which soil lies below each hillslope, from the site's map of soils or the run's own.

    Errors as of `tasks.soils.build.build`, and those of a run that is not to be changed.
    """
    from tasks.soils import build

    with ground.building(runid) as run:
        built = build.build(run.root)
    current().log(f"{len(built.hillslopes)} hillslopes: {', '.join(sorted(built.soils))}")


@task(timeout=TIMEOUT, min_timeout=TIMEOUT, lock=PER_RUN)
@framed("climate", trigger="CLIMATE_BUILD_TASK_COMPLETED", step=TaskEnum.build_climate, builds=True)
def build_climate_rq(runid: str) -> None:
    """Build the weather of a run from the site's stations.

    Errors as of `tasks.climate.build.build`, and those of a run that is not to be changed.
    """
    from tasks.climate import build

    with ground.building(runid) as run:
        built = build.build(run.root)
    current().log(f"weather: {', '.join(sorted({str(built.file), *built.hillslopes.values()}))}")


# pytest is not to take it for one of its own.
setattr(test_run_rq, "__test__", False)  # noqa: B010


# What else production has under this name is refused by it.
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
