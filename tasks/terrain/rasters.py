"""Rasters of a run's terrain: read with what is wrong named, written whole, the same bytes anew."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rasterio.enums import Resampling
from rasterio.io import MemoryFile
from rasterio.vrt import WarpedVRT

from tasks.data.rasters import Place, opened
from tasks.run.atomic import replace_bytes
from tasks.run.directory import NotPrepared
from tasks.terrain import BadTerrain, maps
from tasks.terrain.compass import Floats

#: What elevations, distances and slopes have where there is none.
NONE = -9999.0


def fetched(source: Path, place: Place) -> Floats:
    """The elevations (m) of the raster at `source` on the grid at `place`, NaN where it has none.

    Between cells they are interpolated. NoData for a raster that cannot be read, BadTerrain for one
    that has nothing there, and for a plain of one height, such as the sea.
    """
    rows, columns = place.shape
    with opened(source, of_site=True) as raster, WarpedVRT(
        raster, crs=place.crs, transform=place.transform, width=columns, height=rows,
        resampling=Resampling.bilinear, dtype="float32", nodata=NONE,
    ) as warped:  # fmt: skip
        found = _elevations(warped.read(1))
    return _with_relief(found, source)


def elevations(path: Path, most: int) -> tuple[Floats, Place]:
    """An elevation model as it is: in a projection in metres, square cells, north up.

    NotPrepared where there is none; NoData; BadTerrain says what it is not, or that it is larger
    than `most` cells each way.
    """
    if not path.is_file():
        raise NotPrepared(f"{path} does not exist: fetch the elevation model, or upload one, first")
    with opened(path) as raster:
        place = Place(raster.crs, raster.transform, raster.shape)
        maps.refuse_larger(str(path), *place.shape, most)
        _refuse_odd(path, place)
        values = raster.read(1, masked=True)
    return _with_relief(_elevations(values.astype(np.float64).filled(NONE)), path), place


def read(path: Path, step: str) -> tuple[npt.NDArray[Any], Place]:
    """The values of a raster that an earlier step made; NotPrepared names that, NoData."""
    if not path.is_file():
        raise NotPrepared(f"{path} does not exist: {step} first")
    with opened(path) as raster:
        return raster.read(1), Place(raster.crs, raster.transform, raster.shape)


def write(path: Path, place: Place, values: npt.NDArray[Any], kind: str, nodata: float) -> None:
    """Write values as a GeoTIFF of the type `kind`, NaN as `nodata`. OSError."""
    rows, columns = place.shape
    filled = np.where(np.isnan(values), nodata, values) if values.dtype.kind == "f" else values
    about = {
        "driver": "GTiff", "width": columns, "height": rows, "count": 1, "dtype": kind,
        "crs": place.crs, "transform": place.transform, "nodata": nodata, "compress": "deflate",
    }  # fmt: skip
    with MemoryFile() as memory:
        with memory.open(**about) as raster:
            raster.write(filled.reshape(place.shape).astype(kind), 1)
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_bytes(path, bytes(memory.getbuffer()))


def cell(place: Place) -> float:
    """The side of a cell (m)."""
    return float(place.transform.a)


def _elevations(values: npt.NDArray[Any]) -> Floats:
    return np.where(np.isfinite(values) & (values != NONE), values, np.nan).astype(np.float64)


def _with_relief(found: Floats, source: Path) -> Floats:
    told = found[~np.isnan(found)]
    if not told.size:
        raise BadTerrain(f"{source} has no elevation there: the map lies outside of it")
    if told.min() == told.max():
        raise BadTerrain(f"{source}: all of the map lies at {told[0]:g} m, as the sea does")
    return found


def _refuse_odd(path: Path, place: Place) -> None:
    across, _, _, _, down, _ = place.transform[:6]
    if not place.crs.is_projected or not math.isclose(place.crs.linear_units_factor[1], 1.0):
        raise BadTerrain(f"{path} is in {place.crs}, and no projection in metres: warp it to UTM")
    if place.transform.b or place.transform.d or not math.isclose(across, -down, rel_tol=1e-6):
        raise BadTerrain(f"{path}: its cells are no squares to the north: warp it to some that are")
