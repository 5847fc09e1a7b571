"""The documents, maps and files of an extent, in a directory that is laid out like a run's.

::

    ron.nodb  landuse.nodb  soils.nodb
    landuse/nlcd.tif    landuse/<class>.man      what grows where a class stands
    soils/ssurgo.tif    soils/<map unit>.sol

The maps are on the grid that a page's map of the extent at zoom `ZOOM` asks for, as `terrain.maps`
has it. What the site has no management or soil file for is in the maps and not beside them: it is
told, and in the documents as `lacking`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tasks.data import rasters
from tasks.data.places import NoData
from tasks.data.rasters import Place
from tasks.extracts.extent import Extent
from tasks.landuse import build as landuse
from tasks.landuse import classes
from tasks.landuse.classes import Classes
from tasks.run.atomic import replace_text
from tasks.run.nodb import Document
from tasks.soils import build as soils
from tasks.terrain import maps
from tasks.wepp.documents import CoverChoice, Landuse, Ron, Soils
from tasks.wepp.files import management
from tasks.wepp.prep import covers
from tasks.wepp.samples import cover as sample_cover

ZOOM = 12


@dataclass(frozen=True, slots=True)
class Built:
    """How many classes and soils there are, and the codes that the site has no files for."""

    classes: int
    soils: int
    lacking_classes: Sequence[int]
    lacking_soils: Sequence[int]


def build(
    root: Path, extent: Extent, most: int, *, cfg: str, nlcd_db: str, ssurgo_db: str
) -> Built:
    """Build all of it in the directory `root`, on maps of at most `most` cells each way.

    BadTerrain for more; NoData for a map that the site has not or that tells nothing of the extent,
    for a table without any of its classes, for soils without any file; BrokenDocument, FormatError,
    NotPrepared for what is wrong with the site's files; OSError.
    """
    where = [extent.west, extent.south, extent.east, extent.north]
    place = maps.place(where, ZOOM, most)
    about = {"extent": where, "center": list(extent.centre), "zoom": ZOOM}
    _keep(root, Ron.model_validate({"config": cfg, "map": about}))
    grown, no_class = _landuse(root, place, nlcd_db)
    below, no_soil = _soils(root, place, ssurgo_db)
    return Built(grown, below, no_class, no_soil)


def _landuse(root: Path, place: Place, name: str) -> tuple[int, list[int]]:
    document = Landuse(nlcd_db=name)
    source = landuse.raster(root, document)
    codes = _laid(source, place, root / landuse.MAP)
    table = classes.read(landuse.table_path(root, document))
    keys = {code: table.key(code) for code in codes}
    lacking = [code for code, key in keys.items() if key is None]
    if len(lacking) == len(codes):
        raise NoData(f"{table.path} has no row for any class of {source}: {codes}")
    document.covers = {
        key: _grown(root, table, key) for key in sorted({key for key in keys.values() if key})
    }
    _keep(root, Landuse.model_validate(document.model_dump() | {"lacking": lacking}))
    return len(document.covers), lacking


def _grown(root: Path, table: Classes, key: str) -> CoverChoice:
    """What a row says that grows, as a management file in the extract."""
    choice = landuse.cover(root, table, key)
    if choice.cover is None:
        return choice
    found = sample_cover.management(covers.LIBRARY[choice.cover], 1)
    below = f"landuse/{'any' if key == classes.ANY else key}.man"
    replace_text(root / below, management.dump(covers.changed(found, choice)))
    return CoverChoice(file=below, repeats=True)


def _soils(root: Path, place: Place, name: str) -> tuple[int, list[int]]:
    document = Soils(ssurgo_db=name)
    source = soils.raster(root, document)
    units = _laid(source, place, root / soils.MAP)
    sources = {unit: soils.source_of(soils.called(unit, "")) for unit in units}
    there = {str(unit): path for unit, path in sources.items() if path.is_file()}
    lacking = [unit for unit in units if str(unit) not in there]
    if not there:
        raise NoData(f"{sources[units[0]].parent} has no file of any soil of {source}: {units}")
    document.soils = soils.copied(root, there)
    _keep(root, Soils.model_validate(document.model_dump() | {"lacking": lacking}))
    return len(there), lacking


def _laid(source: Path, place: Place, path: Path) -> list[int]:
    """Write a map of the site on the grid; its values, ascending. NoData where it tells nothing."""
    values, told = rasters.laid(source, place, of_site=True)
    if not told.any():
        raise NoData(f"{source}: it tells nothing of the extent")
    rasters.write(path, place, values, told)
    return [int(value) for value in np.unique(values[told])]


def _keep(root: Path, document: Document) -> None:
    replace_text(document.path(root), document.dump())
