"""The channel cell at which a watershed ends: nearest to a place, or fitting a polygon best."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from rasterio import features, warp

from tasks.data.rasters import Place
from tasks.terrain import BadTerrain
from tasks.terrain.compass import Mask
from tasks.terrain.flow import Flow
from tasks.terrain.maps import WGS84

#: So far (m) a channel may be from where somebody pointed.
FARTHEST_M = 500.0
_NO_PART = "the polygon of the watershed lies outside the map, or between its cells"
_Bounds = tuple[float, float, float, float]


def nearest(channel: Mask, place: Place, longitude: float, latitude: float) -> int:
    """The channel cell nearest to a place (degrees), flat; of equal ones the first.

    BadTerrain for a place outside the grid, or with no channel within `FARTHEST_M`.
    """
    said = f"outlet {longitude:g}, {latitude:g}"
    row, column = _on_grid(place, longitude, latitude)
    rows, columns = place.shape
    if not (0.0 <= row < rows and 0.0 <= column < columns):
        raise BadTerrain(f"{said} lies outside the map: choose one within, or fetch another map")
    cells, at = np.flatnonzero(channel), place.transform
    down, along = np.divmod(cells, columns)
    away = np.hypot(down + 0.5 - row, along + 0.5 - column) * at.a
    best = int(np.argmin(away))
    if away[best] > FARTHEST_M:
        raise BadTerrain(
            f"{said}: the nearest channel is {away[best]:.0f} m away, and {FARTHEST_M:g} m may be:"
            " choose a place on a channel"
        )
    return int(cells[best])


def fitting(
    flow: Flow, channel: Mask, place: Place, polygon: Mapping[str, Any]
) -> tuple[int, float]:
    """The channel cell whose watershed fits a polygon (GeoJSON, degrees) best; and how well.

    That is the cells of both over the cells of either, 1 where they are the same. BadTerrain for a
    polygon of which the map has nothing, or that no channel drains.
    """
    if not _meets(place, polygon):
        raise BadTerrain(_NO_PART)
    inside = features.rasterize(
        [warp.transform_geom(WGS84, place.crs, polygon)],
        out_shape=place.shape, transform=place.transform, dtype="uint8",
    ).ravel() > 0  # fmt: skip
    if not (inside & flow.inside).any():
        raise BadTerrain(_NO_PART)
    both = flow.gathered((inside & flow.inside).astype(np.float64))
    fit = np.where(channel, both / (flow.area + inside.sum() - both), 0.0)
    best = int(np.argmax(fit))
    if fit[best] == 0.0:
        raise BadTerrain("no channel drains the polygon of the watershed: give a lower csa or mcl")
    return best, float(fit[best])


def lnglat(place: Place, cell: int) -> tuple[float, float]:
    """Longitude and latitude of the centre of a cell."""
    row, column = divmod(cell, place.shape[1])
    at = place.transform
    east, north = at.c + (column + 0.5) * at.a, at.f + (row + 0.5) * at.e
    (x,), (y,) = warp.transform(place.crs, WGS84, [east], [north])
    return round(x, 7), round(y, 7)


def _on_grid(place: Place, longitude: float, latitude: float) -> tuple[float, float]:
    """Row and column of a place, NaN where it is far away: projections end somewhere."""
    west, south, east, north = _bounds(place)
    if not (west <= longitude <= east and south <= latitude <= north):
        return np.nan, np.nan
    (x,), (y,) = warp.transform(WGS84, place.crs, [longitude], [latitude])
    return (y - place.transform.f) / place.transform.e, (x - place.transform.c) / place.transform.a


def _meets(place: Place, polygon: Mapping[str, Any]) -> bool:
    west, south, east, north = _bounds(place)
    left, bottom, right, top = features.bounds(polygon)
    return bool(left <= east and right >= west and bottom <= north and top >= south)


def _bounds(place: Place) -> _Bounds:
    """West, south, east and north of a grid in degrees."""
    (rows, columns), at = place.shape, place.transform
    bounds: _Bounds = warp.transform_bounds(
        place.crs, WGS84, at.c, at.f + rows * at.e, at.c + columns * at.a, at.f
    )
    return bounds
