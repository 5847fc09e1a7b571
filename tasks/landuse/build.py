"""landuse.nodb of a run, from a map of land cover: what grows on each hillslope.

::

    <run>/landuse/nlcd.tif          the map, on the grid of subcatchments
    <run>/landuse/*.man             the management files of classes that have one
    <run>/landuse/landuse.parquet   the classes of each hillslope and channel

A hillslope is what most of its cells are, of equal classes the lowest; where there is a burn map it
burnt as severely as most of its cells did. The same data give the same bytes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tasks.data import parcels, places, rasters
from tasks.data.parcels import Parcels, named
from tasks.data.places import NoData
from tasks.interchange.columns import Column
from tasks.landuse import burns, classes
from tasks.landuse.classes import SEVERITIES, Classes
from tasks.run.atomic import replace_bytes
from tasks.run.directory import RunDirectory
from tasks.wepp.documents import CoverChoice, Landuse
from tasks.wepp.files import management
from tasks.wepp.prep.given import Given
from tasks.wepp.site.landuse import bed

TABLE = parcels.table(
    "landuse/landuse.parquet",
    "class of land cover",
    Column("code", "int32", "", "Class of the map, null where it tells none"),
    Column("name", "string", "", "What the table of classes calls it"),
    Column("landuse", "string", "", "What grows on the whole of it, where this class is dominant"),
)
MAP = "landuse/nlcd.tif"
CHANNELS = "channels"


def build(root: Path) -> Landuse:
    """Build the landuse of the run in `root`; its document.

    NoData names what the site's data or the table lack, with the hillslopes that want it;
    NotPrepared where the run lacks a step before; BrokenDocument for a table; FormatError for a
    management file; ForeignDocument, ReadOnlyRun, NoDbAlreadyLockedError, OSError.
    """
    document, land = Landuse.or_new(root), Parcels(root)
    source = raster(root, document)
    codes, told = rasters.laid(source, land.place, of_site=document.map is None)
    shares = land.shares(codes, told)
    dominant = land.dominant(shares, source)
    table = classes.read(table_path(root, document))
    keys = _burnt(_rows(table, dominant, source), _severities(root, land), table)
    covers = {key: cover(root, table, key) for key in sorted(set(keys.values()))}
    rasters.write(root / MAP, land.place, codes, told)

    def about(top: int, code: int | None) -> dict[str, object]:
        row = None if code is None else table.rows.get(table.key(code) or "")
        grows = keys.get(top) if code is not None and code == dominant.get(top) else None
        return {"code": code, "name": row and row.name, "landuse": grows}

    parcels.write(root, TABLE, land.tabulate(shares, about))
    with Landuse.locked(root, wait=places.PATIENCE_S) as document:
        document.covers = covers | {CHANNELS: channels(root, table)}
        document.hillslopes = {top: [key] for top, key in keys.items()}
        document.channels = CHANNELS
        grounds = {top: table.rows[key].ground for top, key in keys.items()}
        document.grounds = {top: word for top, word in grounds.items() if word}
    return document


def raster(root: Path, document: Landuse) -> Path:
    """The map that the document wants: the run's own, or one of the site's; NoData."""
    if document.map is None:
        return places.raster("landuse", document.nlcd_db, "maps of land cover")
    return Given(RunDirectory(root)).file(document.map, "the map of land cover")


def table_path(root: Path, document: Landuse) -> Path:
    """The table of classes: the run's own, the site's, or that for NLCD; NoData, NotPrepared."""
    if document.classes is not None:
        return Given(RunDirectory(root)).file(document.classes, "the table of classes")
    return places.file("landuse_classes") or classes.NLCD


def cover(root: Path, table: Classes, key: str) -> CoverChoice:
    """What a row of the table says that grows; its management file is copied into the run.

    FormatError for a file that is none, NotPrepared where it is missing.
    """
    row = table.rows[key]
    if row.management is None:
        return row.choice(None)
    source = Given(RunDirectory(root)).shared(row.management, f"class {key} of {table.path}")
    management.read(source)
    below = f"landuse/{source.name}"
    (root / "landuse").mkdir(exist_ok=True)
    replace_bytes(root / below, source.read_bytes())
    return row.choice(below)


def channels(root: Path, table: Classes) -> CoverChoice:
    """What grows in channels: as the table's row `channels` says, else as in WEPPcloud's runs."""
    if CHANNELS in table.rows:
        return cover(root, table, CHANNELS)
    return bed(Given(RunDirectory(root)).shared_directory)


def _rows(table: Classes, dominant: Mapping[int, int], source: Path) -> dict[int, str]:
    """The row of each hillslope, unburnt; NoData names codes without one, and where they are."""
    lacking = defaultdict(list)
    found: dict[int, str] = {}
    for top, code in dominant.items():
        key = table.key(code)
        if key is None:
            lacking[code].append(top)
        else:
            found[top] = key
    if lacking:
        words = "; ".join(
            f"class {code} of {named(tops)}" for code, tops in sorted(lacking.items())
        )
        raise NoData(f"{table.path} has no row for what {source} tells: {words}")
    return found


def _severities(root: Path, land: Parcels) -> dict[int, int]:
    """How severely each hillslope burnt; nothing for a run without a burn map."""
    found = burns.severity(root, land.place)
    if found is None:
        return {}
    shares = land.shares(found, np.ones(found.shape, np.bool_))
    return {top: shares[top].dominant or 0 for top in land.ids.hillslopes}


def _burnt(
    keys: Mapping[int, str], severities: Mapping[int, int], table: Classes
) -> dict[int, str]:
    """The rows that stand in the places of those that burnt; NoData for one that is not told."""
    found: dict[int, str] = {}
    lacking = defaultdict(list)
    for top, key in keys.items():
        burnt = table.burnt(key, severities.get(top, 0))
        if burnt is None:
            lacking[key, severities[top]].append(top)
        else:
            found[top] = burnt
    if lacking:
        words = "; ".join(
            f"class {key} burnt {SEVERITIES[n]} ({named(tops)})"
            for (key, n), tops in sorted(lacking.items())
        )
        raise NoData(f"{table.path} does not say what stands in the place of {words}")
    return found
