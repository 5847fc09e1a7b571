"""Extracts of the site's land cover and soils: an extent's maps, and the files of what is there.

::

    <[data] extracts>/<job id>.tar.gz      what `tasks.extracts.build` made, packed; older ones go
    land_and_soil_rq:<job id>              the channel on which the job tells how it goes
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from tasks.extracts import extent as extents
from tasks.run.frame import performed
from tasks.run.status import Panel
from weppd.task import current, task

TIMEOUT = 43_200
NLCD, SSURGO, CONFIG = "nlcd/2019", "ssurgo/gNATSGSO/2025", "disturbed9002"
_PREFIX, _ID = "land_and_soil_rq", re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}\Z")
_SHOWN = 20


@task(timeout=TIMEOUT, min_timeout=TIMEOUT)
def land_and_soil_rq(
    runid: str | None,
    extent: Sequence[float] | str,
    cfg: str | None = None,
    nlcd_db: str | None = None,
    ssurgo_db: str | None = None,
) -> tuple[str, float]:
    """Make the extract of an extent; returns (the archive's path, seconds).

    `extent` is west, south, east, north in degrees, or with the two latitudes the other way round;
    `cfg` is what ron.nodb calls the configuration; the others are names of the site's maps. It is
    of no run: `runid` is None. ValueError for an extent that is none; errors as of
    `tasks.extracts.build.build` and `tasks.extracts.archive.pack`.
    """
    began, job = time.monotonic(), current().job_id
    voice, call = Panel(current(), _PREFIX, job), f"land_and_soil_rq({job})"
    wanted = {"cfg": cfg or CONFIG, "nlcd_db": nlcd_db or NLCD, "ssurgo_db": ssurgo_db or SSURGO}
    path = performed(voice, call, lambda: _made(voice, extent, wanted))
    result = (str(path), time.monotonic() - began)
    voice.completed(call, result)
    return result


def archive(job_id: str, directory: str) -> Path:
    """Where the archive of a job is to lie; ValueError for an id that is no file's name."""
    if not _ID.match(job_id):
        raise ValueError(f"job id {job_id!r}: letters, digits and ._- name an extract")
    return Path(directory) / f"{job_id}.tar.gz"


def _made(voice: Panel, told: Sequence[float] | str, wanted: dict[str, str]) -> Path:
    from tasks.extracts import archive as archives
    from tasks.extracts import build

    data, extent = current().settings.get("data") or {}, extents.parse(told)
    target = archive(current().job_id, str(data["extracts"]))
    root = target.with_name(current().job_id)
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    try:
        built = build.build(root, extent, int(data["max_map_dimension_px"]), **wanted)
        _tell(voice, built.lacking_classes, "classes of land cover have no row in the table")
        _tell(voice, built.lacking_soils, "soils have no file")
        files = archives.pack(root, target, current().cpus)
    finally:
        shutil.rmtree(root)
    current().log(f"{built.classes} classes, {built.soils} soils, {files} files")
    _sweep(target, float(data["extracts_days"]), float(data["extracts_gib"]) * 2**30)
    return target


def _sweep(made: Path, days: float, most: float) -> None:
    """Remove older extracts; what cannot be removed is told, and fails nobody's extract."""
    from tasks.extracts import shelf

    try:
        gone = shelf.sweep(made.parent, made.stat().st_mtime, days, most)
    except OSError as error:
        text = f"older extracts stay: {error.filename}: {error.strerror}"
        current().log(text, level="warning", volatile=True)
        return
    if gone:
        size = sum(each.size for each in gone) / 1e6
        current().log(f"{len(gone)} older extracts removed, {size:.0f} MB", volatile=True)


def _tell(voice: Panel, lacking: Sequence[int], what: str) -> None:
    """Say which of the map the extract has no file for."""
    if lacking:
        more = ", …" if len(lacking) > _SHOWN else ""
        text = f"{len(lacking)} {what}: {', '.join(map(str, lacking[:_SHOWN]))}{more}"
        voice.status(text)
        current().log(text, level="warning")
