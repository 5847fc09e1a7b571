"""The parts of a watershed as tables: `watershed/{hillslopes,channels,flowpaths}.parquet`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rasterio import warp

from tasks.data import parcels
from tasks.data.rasters import Place
from tasks.interchange.columns import Column, Product
from tasks.terrain.compass import Floats, Ints
from tasks.terrain.maps import WGS84
from tasks.terrain.parts import Delineated
from tasks.terrain.profiles import Profile
from tasks.terrain.walks import Walk
from tasks.wepp.numbering import WeppTopTranslator

_IDS = (
    Column("topaz_id", "int32", "", "TOPAZ id"),
    Column("wepp_id", "int32", "", "WEPP id"),
)
_SHAPE = (
    Column("length", "float64", "m", "Length of the profile"),
    Column("width", "float64", "m", "Width"),
    Column("area", "float64", "m^2", "Area of its cells"),
    Column("aspect", "float64", "deg", "The way it faces or runs, from north, clockwise"),
    Column("slope_scalar", "float64", "m/m", "Mean slope"),
    Column("elevation", "float64", "m", "Mean elevation of its cells"),
    Column("centroid_lon", "float64", "deg", "Longitude of the centre of its cells, WGS84"),
    Column("centroid_lat", "float64", "deg", "Latitude of it"),
)
HILLSLOPES = Product(
    "watershed/hillslopes.parquet", "Hillslopes: a row for each.", (*_IDS, *_SHAPE)
)
CHANNELS = Product(
    "watershed/channels.parquet",
    "Channels: a row for each, the outlet last.",
    (
        *_IDS,
        Column("chn_enum", "int32", "", "Number among the channels, from 1"),
        Column("downstream", "int32", "", "TOPAZ id of the channel that it enters, 0 for none"),
        Column("order", "int32", "", "Strahler order"),
        Column("areaup", "float64", "m^2", "Area that drains through its end"),
        *_SHAPE,
    ),
)
FLOWPATHS = Product(
    "watershed/flowpaths.parquet",
    "Flowpaths: a row for each.",
    (
        Column("flowpath", "string", "", "Name of the flowpath"),
        Column("topaz_id", "int32", "", "TOPAZ id of its hillslope"),
        Column("wepp_id", "int32", "", "WEPP id of its hillslope"),
        Column("length", "float64", "m", "Length"),
        Column("slope_scalar", "float64", "m/m", "Mean slope"),
        Column("cells", "int32", "", "Cells that it leads through"),
    ),
)
_DEGREES, _METRES = 7, 3
Row = Mapping[str, Any]


def write(
    root: Path,
    of: Delineated,
    place: Place,
    relief: Floats,
    hills: Sequence[Profile],
    rivers: Sequence[Profile],
    walked: Sequence[Walk],
) -> None:
    """Write the tables below `root`; that of flowpaths where some were walked. OSError."""
    ids = WeppTopTranslator([p.topaz_id for p in hills], [p.topaz_id for p in rivers])
    centres = _centres(of.ids, place, relief)
    parcels.write(root, HILLSLOPES, _rows(hills, ids, centres))
    more = _of_channels(of, ids)
    parcels.write(
        root, CHANNELS, ({**row, **more[row["topaz_id"]]} for row in _rows(rivers, ids, centres))
    )
    if walked:
        parcels.write(root, FLOWPATHS, _walked(walked, ids))


def _rows(
    parts: Sequence[Profile], ids: WeppTopTranslator, centres: Mapping[int, Row]
) -> Iterator[dict[str, Any]]:
    for one in parts:
        yield {
            "topaz_id": one.topaz_id, "wepp_id": ids.wepp(one.topaz_id), "length": one.length,
            "width": one.width, "area": one.area, "aspect": one.aspect,
            "slope_scalar": one.slope_scalar, **centres[one.topaz_id],
        }  # fmt: skip


def _of_channels(of: Delineated, ids: WeppTopTranslator) -> dict[int, Row]:
    cell = of.flow.cell**2
    return {
        reach.topaz_id: {
            "chn_enum": ids.chn_enum(reach.topaz_id),
            "downstream": reach.downstream,
            "order": reach.order,
            "areaup": float(of.flow.area[reach.cells[-1]]) * cell,
        }
        for reach in of.reaches
    }


def _walked(walked: Sequence[Walk], ids: WeppTopTranslator) -> Iterator[Row]:
    for walk in walked:
        yield {
            "flowpath": walk.name, "topaz_id": walk.topaz_id, "wepp_id": ids.wepp(walk.topaz_id),
            "length": walk.length, "slope_scalar": walk.slope_scalar, "cells": walk.cells,
        }  # fmt: skip


def _centres(ids: Ints, place: Place, relief: Floats) -> dict[int, Row]:
    """The mean height and the centre of the cells of each id."""
    cells = np.flatnonzero(ids)
    tops, which, count = np.unique(ids[cells], return_inverse=True, return_counts=True)
    row, column = np.divmod(cells, place.shape[1])
    height = np.bincount(which, relief.ravel()[cells]) / count
    at = place.transform
    east = at.c + at.a * (np.bincount(which, column + 0.5) / count)
    north = at.f + at.e * (np.bincount(which, row + 0.5) / count)
    longitude, latitude = warp.transform(place.crs, WGS84, east, north)
    told = zip(tops.tolist(), height.tolist(), longitude, latitude, strict=True)
    return {
        top: {
            "elevation": round(z, _METRES), "centroid_lon": round(x, _DEGREES),
            "centroid_lat": round(y, _DEGREES),
        }
        for top, z, x, y in told
    }  # fmt: skip
