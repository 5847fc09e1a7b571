"""The grid that a page's map asks for: the UTM zone of its centre, cells of 10 or 30 m.

A pixel of a page's map at zoom z is 2 pi R cos(latitude) / (256 2^z) m wide (Web Mercator,
EPSG:3857, R = 6378137 m). Of 10 and 30 m, the resolutions of the national elevation models, the
grid has the one that is nearer by its ratio: 10 m where a pixel is less than sqrt(10 x 30) m, which
is 17.3, from zoom 13 on at 45 degrees.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from rasterio import warp
from rasterio.crs import CRS
from rasterio.transform import Affine

from tasks.data.rasters import Place
from tasks.terrain import BadTerrain

WGS84 = CRS.from_epsg(4326)
FINE_M, COARSE_M = 10.0, 30.0
_RADIUS_M, _TILE = 6_378_137.0, 256
#: UTM ends there.
_SOUTH, _NORTH = -80.0, 84.0
_ZOOMS = (0.0, 24.0)


def place(extent: Sequence[float], zoom: float, most: int) -> Place:
    """The grid over `extent` (west, south, east, north; degrees), at most `most` cells each way.

    BadTerrain names what of it cannot be.
    """
    west, south, east, north = _checked(extent, zoom)
    cell, crs = cell_of((south + north) / 2.0, zoom), utm((west + east) / 2.0, (south + north) / 2)
    left, bottom, right, top = warp.transform_bounds(WGS84, crs, west, south, east, north)
    first, last = math.floor(left / cell), math.ceil(right / cell)
    lowest, highest = math.floor(bottom / cell), math.ceil(top / cell)
    rows, columns = highest - lowest, last - first
    refuse_larger(f"the map of {_shown(extent)}", rows, columns, most)
    return Place(crs, Affine(cell, 0.0, first * cell, 0.0, -cell, highest * cell), (rows, columns))


def refuse_larger(what: str, rows: int, columns: int, most: int) -> None:
    """BadTerrain for more cells than `most` in a row or column."""
    if max(rows, columns) > most:
        raise BadTerrain(
            f"{what} is {columns} x {rows} cells: [data] max_map_dimension_px allows {most} each"
            " way; zoom in, or out to larger cells"
        )


def cell_of(latitude: float, zoom: float) -> float:
    """The side of a cell (m) for a map at `zoom`.

    >>> cell_of(45.0, 12), cell_of(45.0, 13)
    (30.0, 10.0)
    """
    around = 2.0 * math.pi * _RADIUS_M * math.cos(math.radians(latitude))
    pixel = around / (_TILE * 2.0**zoom)
    return FINE_M if pixel < math.sqrt(FINE_M * COARSE_M) else COARSE_M


def utm(longitude: float, latitude: float) -> CRS:
    """The UTM zone of a place, on WGS84; without Norway's exceptions.

    >>> utm(-117.5, 46.7).to_epsg(), utm(18.4, -33.9).to_epsg()
    (32611, 32734)
    """
    zone = min(60, int((longitude + 180.0) // 6.0) + 1)
    return CRS.from_epsg((32600 if latitude >= 0.0 else 32700) + zone)


def _checked(extent: Sequence[float], zoom: float) -> tuple[float, float, float, float]:
    try:
        west, south, east, north = (float(value) for value in extent)
        level = float(zoom)
    except (TypeError, ValueError):
        wanted = "west, south, east, north in degrees, and a zoom"
        raise BadTerrain(f"extent {extent!r}, zoom {zoom!r}: give {wanted}") from None
    if not (-180.0 <= west < east <= 180.0 and _SOUTH <= south < north <= _NORTH):
        raise BadTerrain(
            f"extent {_shown(extent)}: west must be below east, within 180 degrees, and south below"
            f" north, within {_SOUTH:g} and {_NORTH:g}"
        )
    if not _ZOOMS[0] <= level <= _ZOOMS[1]:
        raise BadTerrain(f"zoom {zoom}: it is from {_ZOOMS[0]:g} to {_ZOOMS[1]:g}")
    return west, south, east, north


def _shown(extent: Sequence[float]) -> str:
    return ", ".join(f"{float(value):g}" for value in extent)
