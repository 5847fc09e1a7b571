"""Maps of classes, laid onto a grid by nearest neighbour, and grids of classes as GeoTIFF.

A cell of the grid has the class of the map's cell that its centre lies in, in whatever projection
the map is; where the map has none, or ends before, it has none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio import warp
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.io import MemoryFile
from rasterio.transform import Affine
from rasterio.vrt import WarpedVRT

from tasks.data.places import NoData
from tasks.data.zones import Bools, Ints
from tasks.run.atomic import replace_bytes
from tasks.run.directory import NotPrepared

#: Written where a grid has no class, in type int32.
NONE = -(2**31)
_BEYOND = -(2.0**60)
_PLAIN = {
    **dict.fromkeys((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"), "GTiff"),
    b"EHFA_HEADER_TAG": "HFA",
    b"ncols": "AAIGrid",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a grid lies: its projection, the corner and cells of it, and its rows and columns."""

    crs: CRS
    transform: Affine
    shape: tuple[int, int]


@contextmanager
def opened(path: Path, *, of_site: bool = False) -> Iterator[Any]:
    """The raster at `path`; NoData where it is missing, broken, or in no projection.

    One `of_site` may be in any format. Others somebody may have uploaded: these are not in formats
    that name further files or addresses to read, whatever the file is called.
    """
    try:
        with rasterio.open(path, driver=None if of_site else _plain(path)) as raster:
            if raster.crs is None:
                raise NoData(f"{path} has no projection: write it anew with the one that it is in")
            yield raster
    except RasterioError as error:
        raise NoData(f"{path} cannot be read as a raster: {error}") from error


def _plain(path: Path) -> str:
    """The format of a file by how it begins, of those that are whole in themselves; NoData."""
    try:
        with open(path, "rb") as file:
            begins = file.read(16)
    except OSError as error:
        raise NoData(f"{path} cannot be read: {error.strerror}") from error
    for mark, driver in _PLAIN.items():
        if begins.lower().startswith(mark.lower()):
            return driver
    raise NoData(f"{path} is no GeoTIFF, no ERDAS Imagine file and no ESRI ASCII grid")


def laid(path: Path, place: Place, *, of_site: bool = False) -> tuple[Ints, Bools]:
    """The classes of the map at `path` on the grid at `place`, and where it tells them; NoData.

    `of_site` as for `opened`.
    """
    with opened(path, of_site=of_site) as raster, _warped(raster, place) as warped:
        values = warped.read(1)
    told = np.isfinite(values) & (values != _BEYOND)
    return np.where(told, values, 0).astype(np.int64), told


def zones(path: Path) -> tuple[Ints, Place]:
    """The ids of a grid of subcatchments, 0 where it has none, and where it lies.

    NotPrepared where there is no such grid; NoData where it cannot be read.
    """
    if not path.is_file():
        raise NotPrepared(f"{path} does not exist: delineate the run's subcatchments first")
    with opened(path) as raster:
        ids = raster.read(1, masked=True).filled(0)
        place = Place(raster.crs, raster.transform, raster.shape)
    return np.where(np.isfinite(ids), ids, 0).astype(np.int64), place


def geographic(
    place: Place, cells: Sequence[tuple[float, float]]
) -> tuple[list[float], list[float]]:
    """Longitudes and latitudes (degrees, WGS84) of rows and columns of a grid."""
    of = place.transform
    x = [of.c + of.a * column + of.b * row for row, column in cells]
    y = [of.f + of.d * column + of.e * row for row, column in cells]
    east, north = warp.transform(place.crs, "EPSG:4326", x, y)
    return list(east), list(north)


def write(path: Path, place: Place, values: Ints, told: Bools) -> None:
    """Write a grid of classes as a GeoTIFF, whole; the same grid gives the same bytes. OSError."""
    rows, columns = place.shape
    about = {
        "driver": "GTiff", "width": columns, "height": rows, "count": 1, "dtype": "int32",
        "crs": place.crs, "transform": place.transform, "nodata": NONE, "compress": "deflate",
    }  # fmt: skip
    with MemoryFile() as memory:
        with memory.open(**about) as raster:
            raster.write(np.where(told, values, NONE).astype(np.int32), 1)
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_bytes(path, bytes(memory.getbuffer()))


def _warped(raster: Any, place: Place) -> WarpedVRT:
    rows, columns = place.shape
    # As float64, which has room for a value that says "none" and "beyond the map".
    # Which cell a centre lies in is reckoned to a thousandth of a cell, and not to an eighth.
    return WarpedVRT(
        raster, crs=place.crs, transform=place.transform, width=columns, height=rows,
        resampling=Resampling.nearest, tolerance=0.001, dtype="float64", nodata=_BEYOND,
    )  # fmt: skip
