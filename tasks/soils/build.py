"""soils.nodb of a run, from a map of soils: which soil file lies below each hillslope.

::

    <[data] soil_files>/2528943.sol         the soil of map unit 2528943
    <[data] soil_files>/2528943-burnt.sol   the same below land whose class has the ground `burnt`

    <run>/soils/ssurgo.tif       the map, on the grid of subcatchments
    <run>/soils/*.sol            the soil files that are used
    <run>/soils/soils.parquet    the map units of each hillslope and channel

A hillslope's unit is that of most of its cells, of equal ones the lowest. Channels have none: their
beds are as `tasks.wepp.prep.soils` has them. The same data give the same bytes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from tasks.data import parcels, places, rasters
from tasks.data.parcels import Parcels, named
from tasks.data.places import NoData
from tasks.interchange.columns import Column
from tasks.run.atomic import replace_bytes
from tasks.run.directory import NotPrepared, RunDirectory
from tasks.wepp.documents import Disturbed, Landuse, Soils
from tasks.wepp.files import soil
from tasks.wepp.prep.given import Given

TABLE = parcels.table(
    "soils/soils.parquet",
    "map unit of soils",
    Column("mukey", "int64", "", "Map unit, null where the map tells none"),
    Column("soil", "string", "", "The soil below the whole of it, where this unit is dominant"),
)
MAP = "soils/ssurgo.tif"


def build(root: Path) -> Soils:
    """Build the soils of the run in `root`; its document.

    NoData names what the site's data lack, with the hillslopes that want it; NotPrepared where the
    run lacks a step before; FormatError for a soil file; ForeignDocument, ReadOnlyRun,
    NoDbAlreadyLockedError, OSError.
    """
    document, land = Soils.or_new(root), Parcels(root)
    grounds = _grounds(root)
    source = raster(root, document)
    units, told = rasters.laid(source, land.place, of_site=document.map is None)
    shares = land.shares(units, told)
    dominant = land.dominant(shares, source)
    below = {top: called(unit, grounds.get(top, "")) for top, unit in dominant.items()}
    files = copied(root, _found(below))
    rasters.write(root / MAP, land.place, units, told)

    def about(top: int, unit: int | None) -> dict[str, object]:
        whole = unit is not None and unit == dominant.get(top)
        return {"mukey": unit, "soil": below.get(top) if whole else None}

    parcels.write(root, TABLE, land.tabulate(shares, about))
    with Soils.locked(root, wait=places.PATIENCE_S) as document:
        document.soils = files
        document.hillslopes = {top: [key] for top, key in below.items()}
        document.channels = ""
    return document


def raster(root: Path, document: Soils) -> Path:
    """The map that the document wants: the run's own, or one of the site's; NoData, NotPrepared."""
    if document.map is None:
        return places.raster("soils", document.ssurgo_db, "maps of soils")
    return Given(RunDirectory(root)).file(document.map, "the map of soils")


def called(unit: int, ground: str) -> str:
    """What the soil of a map unit is called: by the unit, and by what its ground has undergone.

    >>> called(2528943, ""), called(2528943, "burnt")
    ('2528943', '2528943-burnt')
    """
    return f"{unit}-{ground}" if ground else str(unit)


def source_of(key: str) -> Path:
    """Where the site has the soil called so, whether it is there or not; NoData without a place."""
    return places.directory("soil_files", "soil files") / f"{key}.sol"


def copied(root: Path, sources: Mapping[str, Path]) -> dict[str, str]:
    """Copy soil files, by what they are called, into the run; where each lies there.

    FormatError for one that is none; OSError.
    """
    (root / "soils").mkdir(exist_ok=True)
    for key, path in sources.items():
        soil.read(path)
        replace_bytes(root / f"soils/{key}.sol", path.read_bytes())
    return {key: f"soils/{key}.sol" for key in sources}


def _found(below: Mapping[int, str]) -> dict[str, Path]:
    """Where the site has each soil; NoData names those that it has not, and who wants them."""
    wanted = defaultdict(list)
    for top, key in below.items():
        wanted[key].append(top)
    sources = {key: source_of(key) for key in sorted(wanted)}
    lacking = [key for key, path in sources.items() if not path.is_file()]
    if lacking:
        words = "; ".join(f"{sources[key].name} ({named(wanted[key])})" for key in lacking)
        raise NoData(f"{sources[lacking[0]].parent} lacks {words}")
    return sources


def _grounds(root: Path) -> Mapping[int, str]:
    """What the land use says that the grounds of hillslopes have undergone.

    NotPrepared for a run with a burn map whose land use is not built.
    """
    if not Landuse.path(root).exists() and Disturbed.or_new(root).sbs_map is not None:
        raise NotPrepared(f"{root}: it has a burn map: build its landuse before its soils")
    return Landuse.or_new(root).grounds
