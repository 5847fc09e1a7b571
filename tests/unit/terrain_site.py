"""A site with an elevation model, and a run that has none yet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.crs import CRS
from rasterio.transform import from_origin

#: In degrees: what the site's elevations cover, the map of the run, a place by the stream.
WEST, SOUTH, EAST, NORTH = -117.56, 46.66, -117.44, 46.74
EXTENT = (-117.52, 46.68, -117.48, 46.72)
OUTLET = (-117.4998, 46.684)
CENTER = (-117.5, 46.7)
_STEP = 0.0003


def hills() -> np.ndarray:
    """Two valleys that meet north of the middle of the map, and leave it in the south.

    Ridges lie around them, within the map.
    """
    columns, rows = round((EAST - WEST) / _STEP), round((NORTH - SOUTH) / _STEP)
    lon = WEST + (np.arange(columns) + 0.5) * _STEP
    lat = NORTH - (np.arange(rows) + 0.5) * _STEP
    x, y = np.meshgrid((lon + 117.5) * 1000.0, (lat - 46.7) * 1000.0)
    apart = np.maximum(0.0, y - 2.0) * 0.6
    off = np.minimum(np.abs(x - apart), np.abs(x + apart))
    ripple = 1.5 * np.sin(x * 1.7) * np.cos(y * 1.3)
    return 600.0 + 4.0 * _ridged(y, 17.0) + 9.0 * _ridged(off, 10.0) + ripple


def _ridged(height: np.ndarray, ridge: float) -> np.ndarray:
    """What rises up to a ridge, and falls behind it."""
    return np.minimum(height, 2.0 * ridge - height)


def write(path: Path, values: np.ndarray, **about: Any) -> Path:
    """The site's elevation model, in degrees unless `about` says otherwise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    usual = {
        "driver": "GTiff", "height": values.shape[0], "width": values.shape[1], "count": 1,
        "dtype": "float32", "crs": CRS.from_epsg(4326),
        "transform": from_origin(WEST, NORTH, _STEP, _STEP), "nodata": -32768.0,
    }  # fmt: skip
    with rasterio.open(path, "w", **{**usual, **about}) as raster:
        raster.write(values.astype(np.float32), 1)
    return path
