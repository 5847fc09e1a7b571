"""Parts of a watershed as GeoJSON, for maps: in the grid's projection, and in WGS84.

::

    <name>.geojson, <name>.WGS.geojson      a MultiPolygon for each id: {"TopazID", "WeppID", …}
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from rasterio import features, warp

from tasks.data.rasters import Place
from tasks.run.atomic import replace_text
from tasks.terrain.compass import Ints
from tasks.terrain.maps import WGS84

Shapes = Mapping[int, dict[str, Any]]
_DEGREES = 7


def polygons(ids: Ints, place: Place) -> Shapes:
    """The cells of each id but 0 as a MultiPolygon, ascending by id."""
    grid = ids.reshape(place.shape).astype(np.int32)
    parts: dict[int, list[Any]] = {}
    for shape, value in features.shapes(grid, mask=grid > 0, transform=place.transform):
        parts.setdefault(int(value), []).append(shape["coordinates"])
    return {top: {"type": "MultiPolygon", "coordinates": parts[top]} for top in sorted(parts)}


def write(
    folder: Path, name: str, shapes: Shapes, place: Place, about: Callable[[int], Mapping[str, Any]]
) -> None:
    """Write both files of these shapes, each with what `about` tells of its id. OSError."""
    geometries = list(shapes.values())
    degrees = warp.transform_geom(place.crs, WGS84, geometries, precision=_DEGREES)
    rows = [dict(about(top)) for top in shapes]
    code = place.crs.to_epsg()
    projected = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:EPSG::{code}"}}
    _put(folder / f"{name}.geojson", rows, geometries, {"crs": projected} if code else {})
    _put(folder / f"{name}.WGS.geojson", rows, degrees, {})


def _put(path: Path, rows: list[dict[str, Any]], geometries: list[Any], head: Any) -> None:
    found = [
        {"type": "Feature", "properties": row, "geometry": geometry}
        for row, geometry in zip(rows, geometries, strict=True)
    ]
    collection = {"type": "FeatureCollection", **head, "features": found}
    replace_text(path, json.dumps(collection, separators=(",", ":")) + "\n")
