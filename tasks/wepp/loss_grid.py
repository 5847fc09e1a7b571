"""Where soil is lost and where it stays: the loss along each hillslope, laid over its cells.

A cell at the distance d from the channel lies at x = L (1 - d / d_max) of a profile of length L,
where d_max is the greatest distance of its hillslope: the farthest cell is the profile's top. The
loss between two points of the profile is interpolated. `wepp/plots/loss.asc` has kg/m2 a year,
above 0 where soil is detached; channels and what lies outside have no value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tasks.run.nodb import BrokenDocument
from tasks.wepp.files import fortran, grid
from tasks.wepp.files.errors import CutShort
from tasks.wepp.prep.given import Given

Floats = npt.NDArray[np.float64]
_HEADINGS, _DECIMALS = 4, 4


def sources(given: Given) -> list[Path]:
    """The rasters, which the watershed has, and the plots that are read."""
    names = (given.watershed.subcatchments, given.watershed.distance_to_channel)
    rasters = [given.file(str(name), "the raster") for name in names]
    plots = (f"wepp/output/H{number}.plot.dat" for number in range(1, given.ids.sub_n + 1))
    return [*rasters, *(given.file(name, "the plot") for name in plots)]


def make(given: Given, step: Callable[[int], None] = lambda done: None) -> Path:
    """Write the grid of a run whose hillslopes were run; returns its path.

    `step` is called with 1 for each hillslope whose profile is laid.
    NotPrepared for a raster or a plot that is missing, BrokenDocument where the rasters do not fit
    each other, FormatError.
    """
    subcatchments, distance, *plots = sources(given)
    of, away = grid.read(subcatchments), grid.read(distance)
    if of.values.shape != away.values.shape:
        shapes = f"{of.values.shape} and {away.values.shape}"
        raise BrokenDocument(f"{subcatchments} and {distance} differ in their cells: {shapes}")
    profiles = dict(zip(given.ids.hillslopes, plots, strict=True))

    def told(top: int) -> tuple[Floats, Floats]:
        step(1)
        return profile(profiles[top])

    losses = laid(of.values, away.values, told, set(profiles))
    path = given.run.root / "wepp" / "plots" / "loss.asc"
    path.parent.mkdir(parents=True, exist_ok=True)
    grid.write(path, replace(of, values=losses), _DECIMALS)
    return path


def laid(
    subcatchments: Floats,
    distance: Floats,
    profile_of: Callable[[int], tuple[Floats, Floats]],
    hillslopes: set[int],
) -> Floats:
    """The loss of each cell.

    Parameters
    ----------
    subcatchments : TOPAZ id of each cell, NaN outside
    distance : distance to the channel, m, NaN where it is not known
    profile_of : distances from the top (m) and losses (kg/m2) of a hillslope
    hillslopes : the ids that have a profile; other cells have no loss
    """
    losses = np.full(subcatchments.shape, np.nan)
    for top in sorted(hillslopes):
        cells = (subcatchments == top) & ~np.isnan(distance)
        if not cells.any():
            continue
        along, loss = profile_of(top)
        away = distance[cells]
        greatest = float(away.max())
        share = 1.0 - away / greatest if greatest > 0.0 else np.ones_like(away)
        losses[cells] = np.interp(along[0] + share * (along[-1] - along[0]), along, loss)
    return losses


def profile(path: Path) -> tuple[Floats, Floats]:
    """Distances from the top (m) and losses (kg/m2) of a plot file; CutShort, FormatError."""
    lines = path.read_text(encoding="latin-1").splitlines()[_HEADINGS:]
    rows = [[fortran.column(word) for word in line.split()] for line in lines if line.strip()]
    if not rows or any(len(row) != 3 for row in rows):
        raise CutShort(path, len(rows) + _HEADINGS, "rows of distance, elevation, loss are wanted")
    table = np.array(rows)
    return table[:, 0], table[:, 2]
