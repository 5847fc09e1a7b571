"""A sample run: hillslopes made up for demonstrations and tests, in WEPP's own formats.

::

    <run>/wepp/runs/p<i>.slp .sol .man .cli .run     one set for each hillslope, as production
    <run>/wepp/output/                               names and answers it

Covers, soils and slopes differ from hillslope to hillslope. Forest soils are of version 7778, the
others of 2006.2. Two stations give the weather; hillslopes of one station share its file by hard
links, as production's do. The same arguments give the same bytes.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from tasks.wepp.files import climate, management, runfile, slope, soil
from tasks.wepp.samples import cover as sample_cover
from tasks.wepp.samples import weather as sample_weather
from tasks.wepp.samples.cover import COVERS, Cover
from tasks.wepp.samples.weather import RIDGE, VALLEY, Station

YEARS = 6
# A profile: slope over mean slope, at equal distances from the top to the foot.
_SHAPES = (
    (1.0, 1.0),
    (0.3, 1.5, 0.3),
    (0.2, 0.8, 1.6, 1.2, 0.4),
    (1.6, 1.1, 0.6, 0.3),
    (0.4, 0.8, 1.2, 1.6),
)
_STEEP, _GENTLE = (0.12, 0.45), (0.03, 0.12)


@dataclass(frozen=True, slots=True)
class Ground:
    """A soil texture of sample runs."""

    name: str
    texture: str
    sand: float  # %
    clay: float  # %
    fc: float  # m3/m3
    wp: float  # m3/m3
    ksat: float  # mm/h
    kr: float  # s/m


GROUNDS = (
    Ground("Loam", "loam", 42.0, 18.0, 0.27, 0.11, 18.0, 5.0e-4),
    Ground("Silt loam", "silt loam", 20.0, 15.0, 0.31, 0.12, 12.0, 7.0e-4),
    Ground("Sandy loam", "sandy loam", 62.0, 11.0, 0.20, 0.08, 32.0, 4.0e-4),
    Ground("Clay loam", "clay loam", 30.0, 32.0, 0.34, 0.19, 7.0, 3.0e-4),
)


def write_sample(
    run_dir: str | Path, hillslopes: int = 12, years: int = YEARS, seed: int = 1
) -> Path:
    """Write a sample run of `hillslopes` hillslopes and `years` years below `run_dir`.

    Returns `<run_dir>/wepp/runs`. Files of the same names are replaced, others are left alone.
    ValueError where a number is below 1; OSError, also where a file system has no hard links.
    """
    if hillslopes < 1 or years < 1:
        raise ValueError(f"{hillslopes} hillslopes, {years} years: both must be 1 or more")
    runs = Path(run_dir) / "wepp" / "runs"
    runs.mkdir(parents=True, exist_ok=True)
    (runs.parent / "output").mkdir(exist_ok=True)
    shared: dict[Station, Path] = {}
    for number in range(1, hillslopes + 1):
        cover = COVERS[(number - 1) % len(COVERS)]
        _write_hillslope(runs, number, cover, years, random.Random(f"hillslope {number} {seed}"))
        _write_climate(runs / f"p{number}.cli", station_of(cover), years, seed, shared)
    return runs


def _write_hillslope(
    runs: Path, number: int, cover: Cover, years: int, dice: random.Random
) -> None:
    texts = {
        "slp": slope.dump(slope_of(cover, dice)),
        "sol": soil.dump(soil_of(cover, GROUNDS[(number - 1) % len(GROUNDS)], dice)),
        "man": management.dump(sample_cover.management(cover, years)),
        "run": runfile.dump(runfile.production(number, years)),
    }
    for suffix, text in texts.items():
        _write(runs / f"p{number}.{suffix}", text)


def _write_climate(
    path: Path, station: Station, years: int, seed: int, shared: dict[Station, Path]
) -> None:
    if station not in shared:
        shared[station] = path
        _write(path, climate.dump(sample_weather.generate(station, years, seed)))
        return
    path.unlink(missing_ok=True)
    path.hardlink_to(shared[station])


def _write(path: Path, text: str) -> None:
    # A climate of an older sample may be linked to by other names: it is not written through.
    path.unlink(missing_ok=True)
    path.write_text(text, encoding="latin-1")


def station_of(cover: Cover) -> Station:
    """The station whose weather falls on a cover."""
    return RIDGE if cover.forest_soil else VALLEY


def slope_of(cover: Cover, dice: random.Random) -> slope.Slope:
    """A profile as steep as such a cover's would be."""
    mean = dice.uniform(*(_STEEP if cover.forest_soil else _GENTLE))
    shape = dice.choice(_SHAPES)
    steps = len(shape) - 1
    x = tuple(round(i / steps, 4) for i in range(len(shape)))
    gradients = tuple(round(mean * part, 4) for part in shape)
    element = slope.Element(round(dice.uniform(40.0, 180.0), 2), x, gradients)
    azimuth, width = round(dice.uniform(0.0, 359.0), 1), round(dice.uniform(30.0, 250.0), 2)
    return slope.Slope(97.5, azimuth, width, (element,))


def soil_of(cover: Cover, ground: Ground, dice: random.Random) -> soil.Soil:
    """A soil of this ground below a cover."""
    version = 7778.0 if cover.forest_soil else 2006.2
    depths = (150.0, 450.0, round(dice.uniform(700.0, 1200.0)))
    layers = tuple(_layer(ground, n, depth, version) for n, depth in enumerate(depths))
    restricting = (
        soil.Restricting(1, 0.5, thickness=10_000.0)
        if version == 7778.0
        else soil.Restricting(0, 0.0, anisotropy=0.0)
    )
    interrill = round(dice.uniform(0.4e6, 1.2e6) if cover.forest_soil else 4.5e6)
    element = soil.Element(
        ground.name, ground.texture, albedo=0.2, saturation=0.6, ki=float(interrill),
        kr=ground.kr if cover.forest_soil else 10.0 * ground.kr, tauc=round(dice.uniform(1, 3), 2),
        layers=layers, ke=None if version == 7778.0 else ground.ksat / 2.0,
        restricting=restricting,
    )  # fmt: skip
    return soil.Soil(version, f"{ground.name}, {cover.name}", 1, (element,))


def _layer(ground: Ground, number: int, depth: float, version: float) -> soil.Layer:
    om = (5.0, 1.5, 0.5)[number]
    cec = round(2.0 * om + 0.5 * ground.clay, 1)
    rock = (5.0, 10.0, 25.0)[number]
    layer = soil.Layer(depth, ground.sand, ground.clay, om, cec, rock)
    if version != 7778.0:
        return layer
    return soil.Layer(
        depth, ground.sand, ground.clay, om, cec, rock, bulk_density=(1.1, 1.25, 1.4)[number],
        ksat=ground.ksat * (2.0, 1.0, 0.5)[number], anisotropy=10.0, fc=ground.fc, wp=ground.wp,
    )  # fmt: skip
