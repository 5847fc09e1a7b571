"""Numbers of WEPPcloud's documents that maps tell: rasters of the site, looked at where a run lies.

::

    baseflow_{gwstorage,bfcoeff,dscoeff,bfthreshold}_map    at the outlet, from 0 on
    p_{surf_runoff,lateral_flow,baseflow,sediment}_map      at the outlet, above 0
    pmet_kcb_map, channel_critical_shear_map                at the watershed's centre, from 0 on
    kslast_map                                              at each hillslope's centre, above 0

A place has the value of the cell that it lies in, in whatever projection the raster is. Where a map
has no value, none of those that count, or ends before, what the document itself says stands. A
raster is of a format that is whole in itself: it names no other file, and no address.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tasks.run.foreign import Foreign, ForeignDocument
from tasks.wepp.documents import Watershed
from tasks.wepp.site import papers

#: Longitude and latitude, degrees.
Place = tuple[float, float]
_WGS84 = "EPSG:4326"


def at_outlet(view: Foreign, name: str, counts: Callable[[float], bool]) -> float | None:
    """What the map `name` of a document says at the outlet of its run; None without one.

    ForeignDocument for a map that cannot be read, or an outlet that is not told.
    """
    return _one(view, name, counts, _outlet)


def at_centre(view: Foreign, name: str, counts: Callable[[float], bool]) -> float | None:
    """The same at the centre of the watershed."""
    return _one(view, name, counts, _centre)


def at_hillslopes(
    view: Foreign, name: str, counts: Callable[[float], bool], tops: Sequence[int]
) -> dict[int, float]:
    """What the map `name` says at the centres of these hillslopes, where it says something."""
    path = papers.told(view, name)
    if not path:
        return {}
    centres = _centres(view.path.parent)
    if lacking := [top for top in tops if top not in centres]:
        where = Watershed.path(view.path.parent)
        raise ForeignDocument(f"{where}: {name} wants the centre of hillslope {lacking[0]}")
    found = zip(tops, _values(view, name, [centres[top] for top in tops]), strict=True)
    return {top: value for top, value in found if value is not None and counts(value)}


def _one(
    view: Foreign,
    name: str,
    counts: Callable[[float], bool],
    place_of: Callable[[Path], Place | None],
) -> float | None:
    if not papers.told(view, name):
        return None
    place = place_of(view.path.parent)
    if place is None:
        where = Watershed.path(view.path.parent)
        raise ForeignDocument(f"{where}: {name} wants a place that it does not tell")
    (value,) = _values(view, name, [place])
    return value if value is not None and counts(value) else None


def _values(view: Foreign, name: str, places: Sequence[Place]) -> list[float | None]:
    from rasterio import warp

    from tasks.data import rasters
    from tasks.data.places import NoData

    path = Path(str(papers.told(view, name)))
    # What is no file of this host (an address, say) is nothing that a library should go and fetch.
    if not path.is_file():
        raise ForeignDocument(f"{view.path}: {name}: {path} does not exist")
    try:
        with rasters.opened(path) as raster:
            east, north = warp.transform(_WGS84, raster.crs, *zip(*places, strict=True))
            cells = raster.sample(zip(east, north, strict=True), indexes=1, masked=True)
            return [_number(cell[0]) for cell in cells]
    except NoData as error:
        raise ForeignDocument(f"{view.path}: {name}: {error}") from error


def _number(cell: Any) -> float | None:
    """A cell's value; None where the raster has none."""
    import numpy as np

    return float(cell) if cell is not np.ma.masked and np.isfinite(cell) else None


def _outlet(root: Path) -> Place | None:
    for path in (Watershed.path(root), root / "topaz.nodb"):
        found = papers.elsewhere(path, "outlet")
        if isinstance(found, dict):
            return _place(found.get("actual_loc"))
    return None


def _centre(root: Path) -> Place | None:
    return _place(papers.elsewhere(Watershed.path(root), "centroid"))


def _centres(root: Path) -> dict[int, Place]:
    """Of each hillslope: of the table beside the document, or of an older document itself."""
    table = root / "watershed" / "hillslopes.parquet"
    if table.exists():
        return dict(_tabled(table))
    hills = papers.pairs(papers.elsewhere(Watershed.path(root), "subs_summary"))
    found = {int(top): _place(of.get("centroid")) for top, of in hills if isinstance(of, dict)}
    return {top: place for top, place in found.items() if place is not None}


def _tabled(path: Path) -> Iterator[tuple[int, Place]]:
    from pyarrow import parquet

    names = ("topaz_id", "centroid_lon", "centroid_lat")
    if not set(names) <= set(parquet.read_schema(path).names):
        return
    columns = parquet.read_table(path, columns=list(names)).to_pydict()
    for top, *place in zip(*(columns[name] for name in names), strict=True):
        if None not in place:
            yield int(top), (float(place[0]), float(place[1]))


def _place(found: Any) -> Place | None:
    """A place as documents have it: two numbers, or an object that has them as `lnglat`."""
    if isinstance(found, dict):
        found = found.get("lnglat", found.get("_lnglat"))
    if isinstance(found, (list, tuple)) and len(found) == 2 and None not in found:
        return float(found[0]), float(found[1])
    return None
