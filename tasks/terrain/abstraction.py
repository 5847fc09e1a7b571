"""The watershed as WEPP is run over it: a profile for each hillslope and channel, and documents.

::

    watershed/slope_files/hillslopes/hill_<topaz>.slp       97.3
    watershed/slope_files/channels.slp                      99.1, the outlet last
    watershed/slope_files/flowpaths/fps_<topaz>.slps        where they are walked
    watershed/{hillslopes,channels,flowpaths}.parquet       see `tables`
    watershed/network.txt                                   24|34,44: what flows into a channel
    watershed/watershed.png                                 what it looks like
    watershed.nodb
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.run.directory import NotPrepared
from tasks.terrain import BadTerrain, picture, profiles, steps, tables, walks
from tasks.terrain.documents import Terrain
from tasks.terrain.parts import Delineated
from tasks.terrain.profiles import Profile
from tasks.wepp.documents import ChannelPart, FlowpathPart, HillslopePart, Watershed, Wepp
from tasks.wepp.files import slope
from tasks.wepp.prep.files import put

_SLOPES = "watershed/slope_files"
_HILLS, _WALKS, _RIVERS = (
    f"{_SLOPES}/{name}" for name in ("hillslopes", "flowpaths", "channels.slp")
)
_HILL_VERSION = 97.3
#: Bankfull width (m) over the drained area (km2), all of the United States: Bieger et al. 2015,
#: Journal of the American Water Resources Association 51(3), 842-858.
_BIEGER_M, _BIEGER_POWER = 2.70, 0.352
_KM2 = 1e6


@dataclass(frozen=True)
class Abstracted:
    """A watershed in numbers."""

    hillslopes: int
    channels: int
    flowpaths: int
    area_m2: float


def abstract(root: Path) -> Abstracted:
    """Make the profiles and the document of the run's watershed.

    NotPrepared where an earlier step is missing; BadTerrain for a watershed without hillslopes.
    """
    if not (root / steps.SUBWTA).is_file():
        raise NotPrepared(f"{root / steps.SUBWTA} does not exist: build the subcatchments first")
    of, place = steps.delineated_of(root)
    if not of.hillslopes.size:
        raise BadTerrain("the watershed has no hillslope: choose an outlet farther down")
    wanted, relief = Terrain.load(root), steps.relief_of(root)
    falls = profiles.slopes(of, relief)
    hills = profiles.hillslopes(of, falls, wanted.longest_m)
    rivers = profiles.channels(of, falls, _widths(root, of, wanted))
    steps.empty(root)
    shutil.rmtree(root / "watershed", ignore_errors=True)
    walked = walks.write(root / _WALKS, of, falls) if wanted.walk_flowpaths else []
    _write_slopes(root, hills, rivers)
    _write_network(root, of)
    tables.write(root, of, place, relief, hills, rivers, walked)
    picture.draw(root, of, place, relief)
    _keep(root, of, hills, rivers, _flowpaths(walked))
    area = float((of.ids > 0).sum()) * of.flow.cell**2
    return Abstracted(len(hills), len(rivers), len(walked), area)


def _widths(root: Path, of: Delineated, wanted: Terrain) -> dict[int, float]:
    """How wide each channel is (m): by what it drains, or as narrow as channels may be."""
    if not wanted.bieger2015_widths:
        least = Wepp.model_fields["channel"].default.minimum_width_m
        return dict.fromkeys((reach.topaz_id for reach in of.reaches), least)
    cell = of.flow.cell**2 / _KM2
    drained = {reach.topaz_id: of.flow.area[reach.cells[-1]] * cell for reach in of.reaches}
    return {top: round(_BIEGER_M * float(a) ** _BIEGER_POWER, 4) for top, a in drained.items()}


def _write_slopes(root: Path, hills: Sequence[Profile], rivers: Sequence[Profile]) -> None:
    (root / _HILLS).mkdir(parents=True, exist_ok=True)
    for one in hills:
        element = slope.Element(one.length, one.x, one.slope)
        text = slope.dump(slope.Slope(_HILL_VERSION, one.aspect, one.width, (element,)))
        put(root / _slope_file(one.topaz_id), text)
    elements = tuple(slope.Element(r.length, r.x, r.slope, r.aspect, r.width) for r in rivers)
    first = rivers[0]
    whole = slope.Slope(slope.CHANNEL_VERSION, first.aspect, first.width, elements)
    put(root / _RIVERS, slope.dump(whole))


def _slope_file(top: int) -> str:
    return f"{_HILLS}/hill_{top}.slp"


def _write_network(root: Path, of: Delineated) -> None:
    fed = (reach for reach in of.reaches if reach.above)
    lines = (f"{r.topaz_id}|{','.join(map(str, r.above))}\n" for r in fed)
    put(root / "watershed/network.txt", "".join(lines))


def _flowpaths(walked: Sequence[walks.Walk]) -> Iterator[FlowpathPart]:
    for walk in walked:
        where = f"{_WALKS}/{walks.collection(walk.topaz_id)}"
        yield FlowpathPart(name=walk.name, topaz_id=walk.topaz_id, slope_file=where)


def _keep(
    root: Path,
    of: Delineated,
    hills: Sequence[Profile],
    rivers: Sequence[Profile],
    flowpaths: Iterator[FlowpathPart],
) -> None:
    below = {reach.topaz_id: reach.downstream for reach in of.reaches}
    with Watershed.locked(root) as document:
        document.hillslopes = [
            HillslopePart(topaz_id=one.topaz_id, slope_file=_slope_file(one.topaz_id))
            for one in hills
        ]
        document.channels = [
            ChannelPart(topaz_id=one.topaz_id, downstream=below[one.topaz_id]) for one in rivers
        ]
        document.channel_slopes, document.flowpaths = _RIVERS, list(flowpaths)
        document.subcatchments, document.distance_to_channel = steps.SUBWTA, steps.DISCHA
