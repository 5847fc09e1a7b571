"""Flowpaths: the ways of water from each cell that nothing flows into to the channel, walked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tasks.terrain.compass import Floats
from tasks.terrain.parts import Delineated
from tasks.terrain.profiles import LEAST_SLOPE, along
from tasks.wepp.files import profiles as collections
from tasks.wepp.files import slope
from tasks.wepp.prep.files import put

_VERSION = 97.3


@dataclass(frozen=True, slots=True)
class Walk:
    """A flowpath; its width is that of a cell."""

    name: str
    topaz_id: int
    length: float  # m
    slope_scalar: float  # m/m, over its length
    cells: int


def collection(top: int) -> str:
    """The file of the flowpaths of a hillslope."""
    return f"fps_{top}{collections.SUFFIX}"


def write(folder: Path, of: Delineated, falls: Floats) -> list[Walk]:
    """Write the profiles of all flowpaths, a file for each hillslope; what they are.

    `falls` is the slope of each cell (m/m).
    """
    folder.mkdir(parents=True, exist_ok=True)
    hill = np.flatnonzero((of.ids > 0) & ~of.channel)
    fed = np.bincount(of.flow.down[hill], minlength=of.ids.size) > 0
    sources = hill[~fed[hill]]
    found: list[Walk] = []
    for top in of.hillslopes.tolist():
        begins = sources[of.ids[sources] == top]
        walked = [_walk(of, falls, f"fp_{top}_{n}", top, at) for n, at in enumerate(begins, 1)]
        put(folder / collection(top), "\n".join(text for _, text in walked))
        found.extend(walk for walk, _ in walked)
    return found


def _walk(of: Delineated, falls: Floats, name: str, top: int, begin: int) -> tuple[Walk, str]:
    cells = np.array(list(_cells(of, begin)))
    steps, slopes = of.flow.step[cells], falls[cells]
    length, x, points = along(steps, slopes, of.flow.cell)
    direction = int(of.flow.direction.ravel()[cells[0]])
    aspect = (90.0 + 45.0 * direction) % 360.0
    element = slope.Element(length, x, points)
    text = slope.dump(slope.Slope(_VERSION, aspect, of.flow.cell, (element,)))
    mean = max(float((slopes * steps).sum() / steps.sum()), LEAST_SLOPE)
    return Walk(name, top, length, mean, cells.size), f"# {name}.slp\n{text}"


def _cells(of: Delineated, cell: int) -> Iterator[int]:
    while not of.channel[cell]:
        yield cell
        cell = int(of.flow.down[cell])
