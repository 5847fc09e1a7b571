"""The files that no `.run` file names and that decide results all the same, if they lie beside it.

Honoured::

    frost.txt       0 where water does not move in freezing soil, fine layers of top and below (two
                    numbers that are not used) / factors on the heat that snow, litter and soil
                    conduct, then 1 to 3 shares of its conductivity that frozen soil keeps: under
                    annuals and fallow, perennials, trees
    pmetpara.txt    number of lines, then plant,kcb,p,number,remark: evapotranspiration by FAO-56's
                    dual coefficients, basal coefficient and share of water free to take
    snow.txt        a line each: air above which it rains (°C), density of new snow and of snow
                    that has settled (kg/m³)
    gwcoeff.txt     the groundwater below: `tasks.wepp.files.groundwater`
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tasks.wepp.files import fortran, groundwater
from tasks.wepp.files.groundwater import Groundwater
from tasks.wepp.files.records import Records, read_text
from tasks.wepp.files.scenarios import Plant

_QUOTED: Final = re.compile(r"""\s*(?:(?:'[^']*')+|(?:"[^"]*")+)""")
_TREE: Final = 0.10
_MOST_KCB: Final = 2.0
_LIGHTEST: Final = 20.0
_DENSEST: Final = 522.0


@dataclass(frozen=True, slots=True)
class FrostRules:
    """Factors on the conduction of heat, and what frozen soil keeps of its conductivity.

    `moves` says whether water moves between the layers while they freeze.
    """

    snow: float = 1.0
    litter: float = 1.0
    soil: float = 1.0
    bare: float = 1e-5
    perennial: float = 1e-5
    trees: float = 0.5
    moves: bool = True

    def conductivity(self, plant: Plant | None) -> float:
        """The share that soil under a plant keeps; trees are stems thicker than 0.10 m."""
        if plant is None:
            return self.bare
        if plant.diam > _TREE:
            return self.trees
        return self.perennial if plant.rtmmax > 0.0 else self.bare


@dataclass(frozen=True, slots=True)
class SnowRules:
    """Air (°C) above which it rains, density of new snow and of settled snow (kg/m³)."""

    rains_above: float = 0.0
    fresh: float = 100.0
    settled: float = 250.0


@dataclass(frozen=True, slots=True)
class Basal:
    """A plant to FAO-56: `kcb` in full growth, `free` share of water that it takes unstressed."""

    kcb: float
    free: float


@dataclass(frozen=True, slots=True)
class Hidden:
    """What the hidden files say, or what holds without them."""

    frost: FrostRules = field(default_factory=FrostRules)
    snow: SnowRules = field(default_factory=SnowRules)
    basal: dict[str, Basal] | None = None
    ground: Groundwater | None = None


def read(directory: Path) -> Hidden:
    """The hidden files of a directory; FormatError names file and line."""
    path, snow = directory / "frost.txt", directory / "snow.txt"
    basal, ground = directory / "pmetpara.txt", directory / groundwater.NAME
    return Hidden(
        _frost(path) if path.exists() else FrostRules(),
        _snow(snow) if snow.exists() else SnowRules(),
        _basal(basal) if basal.exists() else None,
        groundwater.read(ground) if ground.exists() else None,
    )


def _snow(path: Path) -> SnowRules:
    records = Records(read_text(path), path)
    found = SnowRules(
        records.number("temperature above which it rains"),
        records.number("density of new snow"),
        records.number("density of settled snow"),
    )
    if not (_LIGHTEST <= found.fresh <= found.settled <= _DENSEST and abs(found.rains_above) < 10):
        why = f"new snow of {found.fresh:g}, settled of {found.settled:g} kg/m³"
        records.fail(f"{why}, rain above {found.rains_above:g} °C: no snow is like that")
    return found


def _basal(path: Path) -> dict[str, Basal]:
    """The plants of pmetpara.txt by name; a name that comes again must say the same again."""
    records = Records(read_text(path), path)
    found: dict[str, Basal] = {}
    for _ in range(records.integer("the number of plants")):
        words = _row(records.raw("plant,kcb,p,number,remark"))
        if len(words) < 3:
            records.fail(f"plant,kcb,p,number,remark are wanted, found {','.join(words)!r}")
        kcb, free = (records.parse(word, "kcb or p") for word in words[1:3])
        if not (0.0 <= kcb <= _MOST_KCB and 0.0 <= free < 1.0):
            records.fail(f"kcb {kcb:g}, p {free:g}: from 0 to {_MOST_KCB:g}, and from 0 to below 1")
        plant = Basal(kcb, free)
        if found.setdefault(words[0], plant) != plant:
            records.fail(f"the plant {words[0]!r} comes again with other numbers")
    return found


def _row(line: str) -> list[str]:
    """The words of a plant's line; the first may stand in quotes, and have a comma in them."""
    named = _QUOTED.match(line)
    if named is None:
        return [word.strip() for word in line.split(",")]
    return [fortran.bare(named[0].strip()), *_row(line[named.end() :].strip().removeprefix(","))]


def _frost(path: Path) -> FrostRules:
    records = Records(read_text(path), path)
    moves = records.numbers(3, "redistribution flag and the fine layers of top and below")[0] != 0
    words = records.raw("factors of snow, litter and soil, then shares of frozen soil").split()
    values = [records.parse(word, "a factor") for word in words]
    if not 4 <= len(values) <= 6 or any(value < 0.0 for value in values):
        records.fail(f"4 to 6 factors of 0 or more are wanted, found {' '.join(words)}")
    if min(values[:3]) <= 0.0:
        records.fail("the factors of snow, litter and soil must be above 0")
    shares = [*values[3:], *[values[3]] * (6 - len(values))]
    snow, litter, soil = values[:3]
    bare, perennial, trees = shares
    return FrostRules(snow, litter, soil, bare, perennial, trees, moves)
