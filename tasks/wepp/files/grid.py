"""A grid, as delineations leave them: ESRI ASCII (`.asc`, `.ARC`), or GeoTIFF (`.tif`).

::

    ncols 3
    nrows 2
    xllcorner 500000.0        or xllcenter, yllcenter
    yllcorner 5100000.0
    cellsize 30.0             m
    NODATA_value -9999        -9999 where it is not told
    24 22 22                  nrows × ncols values, the northern row first, lines as they come
    24 23 23

What the head says is kept as it stands, so that a grid that is written lies where its source did.
Grids are written as ASCII; a GeoTIFF's head is what such a file of it would have.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tasks.run.atomic import replace_text
from tasks.wepp.files.errors import CutShort, FormatError

Floats = npt.NDArray[np.float64]
_WANTED = ("ncols", "nrows", "cellsize")
_NODATA, _USUAL = "nodata_value", "-9999"
_RASTERS = (".tif", ".tiff")


@dataclass(frozen=True, slots=True)
class Grid:
    """`values` by row and column, NaN where the grid has none; `head` by lower-case word."""

    head: Mapping[str, str]
    values: Floats


def read(path: Path) -> Grid:
    """The grid at `path`; FormatError names file and line, OSError."""
    if path.suffix.lower() in _RASTERS:
        return _read_raster(path)
    lines = path.read_text(encoding="latin-1").splitlines()
    head: dict[str, str] = {}
    for line in lines:
        words = line.split()
        if len(words) != 2 or not words[0][:1].isalpha():
            break
        head[words[0].lower()] = words[1]
    missing = [word for word in _WANTED if word not in head]
    if missing:
        raise FormatError(path, len(head), f"the head lacks {', '.join(missing)}")
    return Grid(head, _values(path, head, lines[len(head) :]))


def write(path: Path, grid: Grid, decimals: int) -> None:
    """Write the grid at `path`, whole; OSError."""
    nodata = grid.head.get(_NODATA, _USUAL)
    head = {**grid.head, _NODATA: nodata}
    rows = [f"{word} {value}" for word, value in head.items()]
    for line in grid.values:
        rows.append(" ".join(nodata if np.isnan(v) else f"{v:.{decimals}f}" for v in line))
    replace_text(path, "\n".join(rows) + "\n")


def _read_raster(path: Path) -> Grid:
    import rasterio
    from rasterio.errors import RasterioError

    try:
        # A GeoTIFF and nothing that only is called so: other formats name further files to read.
        with rasterio.open(path, driver="GTiff") as raster:
            places, values = raster.transform, raster.read(1, masked=True)
    except RasterioError as error:
        raise FormatError(path, 0, f"it cannot be read as a raster: {error}") from error
    if places.b or places.d or places.a != -places.e:
        raise FormatError(path, 0, "its cells are no squares to the north")
    rows, columns = values.shape
    head: dict[str, object] = {
        "ncols": columns, "nrows": rows, "xllcorner": places.c,
        "yllcorner": places.f + rows * places.e, "cellsize": places.a,
    }  # fmt: skip
    floats = values.astype(np.float64).filled(np.nan)
    return Grid({word: str(value) for word, value in head.items()}, floats)


def _values(path: Path, head: Mapping[str, str], lines: list[str]) -> Floats:
    try:
        shape = (int(head["nrows"]), int(head["ncols"]))
        found = np.array(" ".join(lines).split(), dtype=np.float64)
        nodata = float(head.get(_NODATA, _USUAL))
    except ValueError as error:
        raise FormatError(path, 0, str(error)) from None
    if found.size < shape[0] * shape[1]:
        wanted = f"{shape[0]} rows of {shape[1]} values"
        raise CutShort(path, len(head) + len(lines), f"{found.size} values, not {wanted}")
    if found.size > shape[0] * shape[1]:
        raise FormatError(path, 0, f"{found.size} values are more than {shape[0]} x {shape[1]}")
    values = found.reshape(shape)
    return np.where(values == nodata, np.nan, values)
