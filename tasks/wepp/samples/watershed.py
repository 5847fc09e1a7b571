"""A sample watershed: a run's documents and their sources, made up for demonstrations and tests.

::

    <run>/{watershed,landuse,soils,climate,wepp}.nodb
    <run>/watershed/slope_files/{hillslopes/hill_<topaz>.slp, flowpaths/<name>.slp, channels.slp}
    <run>/soils/*.sol   <run>/climate/*.cli

The network is a binary tree: channels 24 (the outlet), 34, 44, …, each but the heads with two
channels flowing in. Heads have three hillslopes, the others two. The same arguments give the same
bytes.
"""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

from tasks.run.atomic import replace_text
from tasks.run.nodb import Document
from tasks.wepp.documents import (
    OUTLET,
    ChannelPart,
    Climate,
    CoverChoice,
    FlowpathPart,
    HillslopePart,
    Landuse,
    Soils,
    Watershed,
    Wepp,
)
from tasks.wepp.files import climate, slope, soil
from tasks.wepp.prep.covers import LIBRARY
from tasks.wepp.samples import hillslopes as sample
from tasks.wepp.samples import weather as sample_weather
from tasks.wepp.samples.cover import Cover

CHANNELS, YEARS = 9, 2
_FOREST = [name for name, cover in LIBRARY.items() if cover.forest_soil]
_FARM = [name for name, cover in LIBRARY.items() if not cover.forest_soil]
_HILLS, _FLOWPATHS = "watershed/slope_files/hillslopes", "watershed/slope_files/flowpaths"


def write_watershed(
    run_dir: str | Path,
    channels: int = CHANNELS,
    years: int = YEARS,
    seed: int = 1,
    elements: int = 1,
    flowpaths: int = 0,
    **wanted: Any,
) -> Watershed:
    """Write a sample watershed of an odd number of channels below `run_dir`; returns its document.

    `elements` overland flow elements make a hillslope, `flowpaths` are on each of the first three;
    `wanted` are fields of wepp.nodb. ValueError for numbers that cannot be.
    """
    if channels < 1 or channels % 2 == 0 or min(years, elements) < 1:
        raise ValueError(f"{channels} channels, {years} years, {elements} elements: odd, 1, 1 on")
    run = Path(run_dir)
    for name in (_HILLS, _FLOWPATHS, "soils", "climate"):
        (run / name).mkdir(parents=True, exist_ok=True)
    network = _network(channels)
    parts, covers = _hillslopes(run, network, elements, seed)
    watershed = Watershed(
        hillslopes=parts,
        channels=network,
        flowpaths=_flowpaths(run, parts[:3], flowpaths),
    )
    _write_channels(run, network, seed)
    _keep(run, watershed)
    _keep(run, _landuse(covers, elements))
    _keep(run, _soils(run, covers, elements, seed))
    _keep(run, _climate(run, covers, years, seed))
    _keep(run, Wepp(multi_ofe=elements > 1, run_flowpaths=flowpaths > 0, **wanted))
    return watershed


def _network(count: int) -> list[ChannelPart]:
    """A heap: channel i flows to channel (i-1)/2, channel 0 is the outlet."""
    tops = [24 + 10 * i for i in range(count)]
    below = [OUTLET, *(tops[(i - 1) // 2] for i in range(1, count))]
    return [ChannelPart(topaz_id=t, downstream=b) for t, b in zip(tops, below, strict=True)]


def _hillslopes(
    run: Path, network: list[ChannelPart], elements: int, seed: int
) -> tuple[list[HillslopePart], dict[int, str]]:
    """The hillslopes, their slope files written, and the cover of each."""
    fed = {channel.downstream for channel in network}
    parts, covers = [], {}
    for channel in network:
        sides = (1, 2) if channel.topaz_id in fed else (1, 2, 3)
        for side in sides:
            top = channel.topaz_id - side
            dice = random.Random(f"hillslope {top} {seed}")
            names = _FOREST if dice.random() < 0.6 else _FARM
            covers[top] = dice.choice(names)
            parts.append(_hillslope(run, top, LIBRARY[covers[top]], elements, dice))
    return parts, covers


def _hillslope(
    run: Path, top: int, cover: Cover, elements: int, dice: random.Random
) -> HillslopePart:
    name, whole = f"{_HILLS}/hill_{top}.slp", sample.slope_of(cover, dice)
    replace_text(run / name, slope.dump(whole))
    if elements == 1:
        return HillslopePart(topaz_id=top, slope_file=name)
    several = f"{_HILLS}/hill_{top}.mofe.slp"
    (one,) = whole.elements
    length = round(one.length / elements, 2)
    split = replace(whole, elements=(replace(one, length=length),) * elements)
    replace_text(run / several, slope.dump(split))
    return HillslopePart(topaz_id=top, slope_file=name, mofe_slope_file=several)


def _flowpaths(run: Path, parts: list[HillslopePart], count: int) -> list[FlowpathPart]:
    found = []
    for part in parts:
        whole = slope.read(run / part.slope_file)
        for number in range(1, count + 1):
            name = f"fp_{part.topaz_id}_{number}"
            (one,) = whole.elements
            length = round(one.length * number / count, 2)
            narrow = replace(whole, width=1.0, elements=(replace(one, length=length),))
            replace_text(run / _FLOWPATHS / f"{name}.slp", slope.dump(narrow))
            path = f"{_FLOWPATHS}/{name}.slp"
            found.append(FlowpathPart(name=name, topaz_id=part.topaz_id, slope_file=path))
    return found


def _write_channels(run: Path, network: list[ChannelPart], seed: int) -> None:
    dice = random.Random(f"channels {seed}")
    profiles = []
    for channel in network:
        gradient = round(dice.uniform(0.02, 0.08), 4)
        length, azimuth = round(dice.uniform(120.0, 400.0), 2), round(dice.uniform(0, 359), 1)
        width = 2.0 if channel.downstream == OUTLET else 1.0
        points, fall = (0.0, 0.5, 1.0), (gradient, gradient, round(gradient / 2, 4))
        profiles.append(slope.Element(length, points, fall, azimuth, width))
    first = profiles[0]
    channels = slope.Slope(99.1, first.azimuth or 0.0, first.width or 1.0, tuple(profiles))
    replace_text(run / "watershed/slope_files/channels.slp", slope.dump(channels))


def _landuse(covers: dict[int, str], elements: int) -> Landuse:
    choices = {name: CoverChoice(cover=name) for name in LIBRARY}
    choices["channels"] = CoverChoice(cover="low_severity_fire", canopy=0.01, interrill=0.01)
    return Landuse(
        covers=choices,
        hillslopes={top: [name] * elements for top, name in covers.items()},
        channels="channels",
    )


def _soils(run: Path, covers: dict[int, str], elements: int, seed: int) -> Soils:
    """A soil for each ground below forest and below fields."""
    files, below = {}, {}
    for index, ground in enumerate(sample.GROUNDS):
        for kind, cover in (("forest", LIBRARY[_FOREST[0]]), ("field", LIBRARY[_FARM[0]])):
            key = f"{kind}_{ground.texture.replace(' ', '_')}"
            made = sample.soil_of(cover, ground, random.Random(f"soil {index} {kind} {seed}"))
            files[key] = f"soils/{key}.sol"
            replace_text(run / files[key], soil.dump(made))
    for number, (top, name) in enumerate(covers.items()):
        kind = "forest" if LIBRARY[name].forest_soil else "field"
        texture = sample.GROUNDS[number % len(sample.GROUNDS)].texture.replace(" ", "_")
        below[top] = [f"{kind}_{texture}"] * elements
    return Soils(soils=files, hillslopes=below, channels="forest_loam")


def _climate(run: Path, covers: dict[int, str], years: int, seed: int) -> Climate:
    """One station's weather in the valley, another's on the ridge, where the forest is."""
    names, of = {}, {}
    for top, name in covers.items():
        station = sample.station_of(LIBRARY[name])
        if station.name not in names:
            names[station.name] = f"climate/{station.name.lower().replace(' ', '_')}.cli"
            weather = sample_weather.generate(station, years, seed)
            replace_text(run / names[station.name], climate.dump(weather))
        of[top] = names[station.name]
    return Climate(file=of[min(of)], hillslopes=of, observed_start_year=2001)


def _keep(run: Path, document: Document) -> None:
    replace_text(document.path(run), document.dump())
