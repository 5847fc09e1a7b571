"""A small site for tests: a run's subcatchments, and maps and tables to build it from."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.crs import CRS
from rasterio.transform import Affine

from tasks.data.rasters import Place
from tasks.run.atomic import replace_text
from tasks.wepp.files import climate, soil
from tasks.wepp.prep.covers import LIBRARY
from tasks.wepp.samples import hillslopes as sample
from tasks.wepp.samples import weather
from tasks.wepp.samples.watershed import write_watershed

#: UTM zone 11 north, in which the grids of this site are; their corner and their cells (m).
UTM, WEST, NORTH, CELL = CRS.from_epsg(32611), 500_000.0, 5_100_000.0, 30.0


def place(rows: int, columns: int, cell: float = CELL, west: float = WEST, north: float = NORTH):
    """Where a grid of this site lies."""
    return Place(UTM, Affine(cell, 0.0, west, 0.0, -cell, north), (rows, columns))


def write(path: Path, values: Any, where: Place | None = None, nodata: float | None = None) -> Path:
    """A raster of these values, int32, by rows from the north; returns its path."""
    values = np.asarray(values)
    where = where or place(*values.shape)
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(
        path, "w", driver="GTiff", width=values.shape[1], height=values.shape[0], count=1,
        dtype="int32", crs=where.crs, transform=where.transform, nodata=nodata,
    ) as raster:  # fmt: skip
        raster.write(values.astype(np.int32), 1)
    return path


def write_soil(path: Path, seed: int = 1) -> Path:
    """A soil file; other seeds have other soils."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ground = sample.GROUNDS[seed % len(sample.GROUNDS)]
    made = sample.soil_of(LIBRARY["old_forest"], ground, random.Random(seed))
    replace_text(path, soil.dump(made))
    return path


def write_station(path: Path, longitude: float, latitude: float, years: int = 2) -> Path:
    """The climate file of a station there, with years from 1 on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    found = replace(weather.RIDGE, longitude=longitude, latitude=latitude)
    replace_text(path, climate.dump(weather.generate(found, years, 1)))
    return path


#: Each hillslope and the channel of a run of one channel: 22 and 23 beside it, 21 above its head.
IDS = (
    (0, 21, 21, 21, 0),
    (22, 22, 24, 23, 23),
    (22, 22, 24, 23, 23),
    (22, 22, 24, 23, 0),
)


def a_run(root: Path, ids: Sequence[Sequence[int]] = IDS, **sample: Any) -> Path:
    """A sample run of one channel without landuse, soils and weather, on a grid of `ids`."""
    write_watershed(root, **{"channels": 1, "years": 1, **sample})
    for name in ("landuse", "soils", "climate"):
        (root / f"{name}.nodb").unlink()
    for path in (*(root / "soils").iterdir(), *(root / "climate").iterdir()):
        path.unlink()
    write(root / "dem/wbt/subwta.tif", ids, nodata=0)
    return root


def change(root: Path, document: Any, **fields: Any) -> None:
    """Give a document of the run other fields."""
    changed = document.or_new(root).model_copy(update=fields)
    replace_text(document.path(root), changed.dump())
