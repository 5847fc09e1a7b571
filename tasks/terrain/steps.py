"""The steps from a map to a watershed, each over what the one before left in the run.

::

    dem/dem.tif                          elevations, m: fetched, or uploaded
    dem/wbt/relief.tif                   the same, filled or breached
    dem/wbt/flovec.tif                   D8 pointers as WhiteboxTools writes them (2 is the east)
    dem/wbt/netful.tif                   1 where a channel is, over the whole map
    dem/wbt/{subwta,bound,discha,chnjnt}.tif    see `subcatchments`
    dem/wbt/{netful,subcatchments,channels}[.WGS].geojson

A step takes away what later steps had made of what it changes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tasks.data.places import NoData, file
from tasks.data.rasters import Place
from tasks.run.directory import NotPrepared
from tasks.terrain import BadTerrain, flood, maps, network, outlets, parts, rasters, shapes
from tasks.terrain.compass import POINTERS, Codes, Floats, Ints, Mask
from tasks.terrain.documents import MapPart, OutletPart, Terrain, options, update
from tasks.terrain.flow import Flow, directions
from tasks.terrain.parts import Delineated
from tasks.wepp.documents import Watershed
from tasks.wepp.numbering import WeppTopTranslator
from weppd.task import current

DEM, FOLDER = "dem/dem.tif", "dem/wbt"
TARGET = "dem/target_watershed.geojson"
_RELIEF, _FLOVEC, _NETFUL = (f"{FOLDER}/{name}.tif" for name in ("relief", "flovec", "netful"))
SUBWTA, BOUND, DISCHA, CHNJNT = (
    f"{FOLDER}/{name}.tif" for name in ("subwta", "bound", "discha", "chnjnt")
)
_HECTARE_M2 = 10_000.0
_CHANNELS_FIRST = "build the channels"
_MOST_PX = 4096


@dataclass(frozen=True)
class Drained:
    """A map with its channels: where it lies, the flow over it, and which cells are channel."""

    place: Place
    flow: Flow
    channel: Mask


def fetch_dem(
    root: Path, extent: Sequence[float], center: Sequence[float] | None, zoom: float
) -> Place:
    """Take the site's elevations over `extent` (degrees) for the run's; where they lie.

    NoData where the site has none; BadTerrain.
    """
    source = file("dem")
    if source is None:
        raise NoData("[data] dem is not set in weppd.toml: this site has no elevation model")
    place = maps.place(extent, zoom, _most())
    found = rasters.fetched(source, place)
    about = MapPart.model_validate(
        {
            "extent": tuple(extent), "center": tuple(center) if center else None, "zoom": zoom,
            "cell_m": rasters.cell(place), "source": source.name,
        }
    )  # fmt: skip
    _forget(root, "relief", "flovec", "netful")
    rasters.write(root / DEM, place, found, "float32", rasters.NONE)
    with Terrain.locked(root) as document:
        document.map, document.outlet = about, None
    return place


def build_channels(root: Path, given: Mapping[str, Any]) -> Drained:
    """Make the network of channels of the run's elevations; `given` are fields of terrain.nodb.

    NotPrepared without elevations; BadTerrain where no channel comes of it.
    """
    dem, place = rasters.elevations(root / DEM, _most())
    with Terrain.locked(root) as document:
        update(document, given)
        document.outlet = None
    _forget(root, "relief", "flovec", "netful")
    flooded = flood.fill(_breached(dem, document, rasters.cell(place)))
    flow = Flow(directions(flooded), rasters.cell(place))
    cells = document.csa_ha * _HECTARE_M2 / flow.cell**2
    channel = network.channels(flow, cells, document.mcl_m)
    rasters.write(root / _RELIEF, place, flooded.relief, "float32", rasters.NONE)
    rasters.write(root / _FLOVEC, place, POINTERS[flow.direction], "int16", 0)
    rasters.write(root / _NETFUL, place, channel.astype(np.uint8), "uint8", 0)
    found = shapes.polygons(channel.astype(np.int64), place)
    shapes.write(root / FOLDER, "netful", found, place, lambda _: {})
    return Drained(place, flow, channel)


def set_outlet(root: Path, longitude: float, latitude: float) -> OutletPart:
    """End the watershed at the channel cell nearest to a place; NotPrepared, BadTerrain."""
    try:
        asked = float(longitude), float(latitude)
    except (TypeError, ValueError):
        raise BadTerrain(f"outlet {longitude!r}, {latitude!r}: give degrees") from None
    drained = drained_of(root)
    cell = outlets.nearest(drained.channel, drained.place, *asked)
    return _keep_outlet(root, drained, cell, asked)


def find_outlet(root: Path) -> tuple[OutletPart, float]:
    """End the watershed where it fits the polygon of `TARGET` best; and how well, 0 to 1.

    NotPrepared, BadTerrain.
    """
    polygon = _polygon(root / TARGET)
    drained = drained_of(root)
    cell, fit = outlets.fitting(drained.flow, drained.channel, drained.place, polygon)
    return _keep_outlet(root, drained, cell, None), fit


def subcatchments(root: Path, updates: Mapping[str, Any] | None) -> Delineated:
    """Number the channels and hillslopes above the outlet, and write where they are::

        subwta.tif   the TOPAZ id of each cell           bound.tif    1 in the watershed
        discha.tif   the way to the channel, m           chnjnt.tif   channels that enter a cell
                                                                      of a channel; 0 is a source

    `updates` are options of a page. A watershed that reaches the border of a map that was fetched
    is not whole: BadTerrain, as for options; NotPrepared.
    """
    wanted = options(updates)
    of, place = delineated_of(root)
    if Terrain.load(root).map is not None and (cells := parts.on_border(of)):
        raise BadTerrain(
            f"the watershed reaches the border of the map with {cells} of its cells, and goes on"
            " beyond it: fetch a larger map, or choose an outlet farther up"
        )
    with Terrain.locked(root) as document:
        update(document, wanted)
    _forget(root)
    within = of.ids > 0
    away, _ = of.flow.to_reach(of.channel)
    into = network.inflows(of.flow, of.channel)
    rasters.write(root / BOUND, place, within.astype(np.uint8), "uint8", 0)
    rasters.write(root / DISCHA, place, np.where(within, away, np.nan), "float32", rasters.NONE)
    rasters.write(root / CHNJNT, place, np.where(of.channel, into, 255), "uint8", 255)
    _write_shapes(root, of, place)
    # Last: where it is, the rest is.
    rasters.write(root / SUBWTA, place, of.ids, "int32", 0)
    return of


def drained_of(root: Path) -> Drained:
    """The map with its channels, as an earlier step left it; NotPrepared."""
    pointers, place = rasters.read(root / _FLOVEC, _CHANNELS_FIRST)
    channel, _ = rasters.read(root / _NETFUL, _CHANNELS_FIRST)
    flow = Flow(_codes(pointers), rasters.cell(place))
    return Drained(place, flow, channel.ravel() > 0)


def delineated_of(root: Path) -> tuple[Delineated, Place]:
    """The parts of the watershed above the run's outlet; NotPrepared."""
    drained = drained_of(root)
    outlet = Terrain.load(root).outlet
    if outlet is None:
        raise NotPrepared(f"{Terrain.path(root)} has no outlet: set the outlet first")
    cell = outlet.row * drained.place.shape[1] + outlet.column
    reaches = network.tree(drained.flow, drained.channel, cell)
    return parts.delineated(drained.flow, reaches, cell), drained.place


def relief_of(root: Path) -> Floats:
    """The elevations (m) over which water flows; NotPrepared."""
    values, _ = rasters.read(root / _RELIEF, _CHANNELS_FIRST)
    found = values.astype(np.float64)
    return np.where(found == rasters.NONE, np.nan, found)


def _breached(dem: Floats, document: Terrain, cell: float) -> Floats:
    if document.fill_or_breach == "breach":
        return flood.breach(dem)
    if document.fill_or_breach == "breach_least_cost":
        return flood.breach_least_cost(dem, max(1, round(document.blc_dist_m / cell)))
    return dem


def _keep_outlet(
    root: Path, drained: Drained, cell: int, asked: tuple[float, float] | None
) -> OutletPart:
    row, column = divmod(cell, drained.place.shape[1])
    lnglat = outlets.lnglat(drained.place, cell)
    found = OutletPart(asked=asked, lnglat=lnglat, row=row, column=column)
    _forget(root)
    with Terrain.locked(root) as document:
        document.outlet = found
    return found


def _write_shapes(root: Path, of: Delineated, place: Place) -> None:
    by_top = {reach.topaz_id: reach for reach in of.reaches}
    wepp = WeppTopTranslator(of.hillslopes.tolist(), by_top).wepp
    found = shapes.polygons(of.ids, place)
    hills = {top: shape for top, shape in found.items() if top not in by_top}
    rivers = {top: shape for top, shape in found.items() if top in by_top}
    shapes.write(
        root / FOLDER, "subcatchments", hills, place,
        lambda top: {"TopazID": top, "WeppID": wepp(top)},
    )  # fmt: skip
    shapes.write(
        root / FOLDER, "channels", rivers, place,
        lambda top: {"TopazID": top, "WeppID": wepp(top), "Order": by_top[top].order},
    )  # fmt: skip


def _polygon(path: Path) -> Mapping[str, Any]:
    """The geometry of a GeoJSON file: a polygon, or a feature or collection with one in front."""
    if not path.is_file():
        raise NotPrepared(f"{path} does not exist: a batch writes it for each of its watersheds")
    try:
        found = json.loads(path.read_bytes())
        if found.get("type") == "FeatureCollection":
            found = found["features"][0]
        found = found["geometry"] if found.get("type") == "Feature" else found
        kind = found["type"]
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise BadTerrain(f"{path} is no GeoJSON with a polygon: {error!r}") from None
    if kind not in ("Polygon", "MultiPolygon"):
        raise BadTerrain(f"{path} has a {kind}: a Polygon or MultiPolygon is wanted")
    polygon: Mapping[str, Any] = found
    return polygon


def _codes(pointers: Ints) -> Codes:
    table = np.full(int(POINTERS.max()) + 1, -1, dtype=np.int8)
    table[POINTERS[:8]] = np.arange(8)
    return table[pointers]


def _forget(root: Path, *rasters_of_map: str) -> None:
    """Take away the parts of a watershed that is not any more, and these rasters of its map."""
    gone = (*rasters_of_map, "subwta", "bound", "discha", "chnjnt")
    for name in gone:
        (root / FOLDER / f"{name}.tif").unlink(missing_ok=True)
    for name in (*rasters_of_map, "subcatchments", "channels"):
        for form in (".geojson", ".WGS.geojson"):
            (root / FOLDER / f"{name}{form}").unlink(missing_ok=True)
    empty(root)


def empty(root: Path) -> None:
    """Leave nothing in the run's watershed.nodb that a model could be run from, if there is one."""
    if Watershed.path(root).exists():
        with Watershed.locked(root) as document:
            document.hillslopes, document.channels, document.flowpaths = [], [], []
            document.subcatchments = document.distance_to_channel = None


def _most() -> int:
    found = (current().settings.get("data") or {}).get("max_map_dimension_px")
    return int(found or _MOST_PX)
