"""A picture of a watershed: its ground, its hillslopes by their side, its channels, its outlet.

It is drawn without a window, and is the same bytes for the same watershed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tasks.data.rasters import Place
from tasks.run.atomic import replacing
from tasks.terrain.compass import Floats, Ints, Mask
from tasks.terrain.parts import Delineated

FILE = "watershed/watershed.png"
#: Of the last digit of an id, for the colour-blind as well: head, right, left; channels.
_SIDES = {1: "#f0e442", 2: "#e69f00", 3: "#56b4e9"}
_WORDS = {1: "head", 2: "right bank", 3: "left bank"}
_STREAM, _EDGE, _OUTLET = "#0072b2", "#333333", "#d55e00"
_INCHES, _DPI, _MARGIN = 9.0, 110, 3
_SUN, _HEIGHT = np.radians(315.0), np.radians(45.0)
#: So many hillslopes have their ids written; of more, nobody could read them.
_NAMED = 60


def draw(root: Path, of: Delineated, place: Place, relief: Floats) -> Path:
    """Draw the watershed into `FILE` below `root`; returns its path. OSError."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    ids, ground, extent = _cut(of, place, relief)
    rows, columns = ids.shape
    high, wide = _INCHES * min(1.0, rows / columns), _INCHES * min(1.0, columns / rows)
    figure = Figure(figsize=(max(wide, 4.0) + 1.2, max(high, 4.0) + 1.0), layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(_shaded(ground, of.flow.cell), cmap="gray", extent=extent, vmin=0.0, vmax=1.0)
    axes.imshow(_coloured(ids), extent=extent, interpolation="nearest")
    _name(axes, of, place)
    axes.plot(*_at(place, of.outlet), "v", color=_OUTLET, markersize=9)
    axes.set_title(_title(of), loc="left")
    axes.set_xlabel(f"east (m, EPSG:{place.crs.to_epsg()})")
    axes.set_ylabel("north (m)")
    axes.ticklabel_format(useOffset=False, style="plain")
    axes.locator_params(axis="x", nbins=4)
    axes.tick_params(labelsize=8)
    _legend(axes)
    path = root / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        FigureCanvasAgg(figure).print_figure(
            file, format="png", dpi=_DPI, metadata={"Software": None}
        )
    return path


def _cut(
    of: Delineated, place: Place, relief: Floats
) -> tuple[Ints, Floats, tuple[float, float, float, float]]:
    """Ids and elevations of the watershed and a margin; west, east, south, north."""
    ids = of.ids.reshape(place.shape)
    down, along = np.nonzero(ids)
    top, bottom = max(0, down.min() - _MARGIN), min(place.shape[0], down.max() + _MARGIN + 1)
    left, right = max(0, along.min() - _MARGIN), min(place.shape[1], along.max() + _MARGIN + 1)
    at = place.transform
    extent = (at.c + left * at.a, at.c + right * at.a, at.f + bottom * at.e, at.f + top * at.e)
    return ids[top:bottom, left:right], relief[top:bottom, left:right], extent


def _shaded(ground: Floats, cell: float) -> Floats:
    """How much of the sun's light falls on each cell, 0 to 1."""
    south, east = np.gradient(ground, cell)
    across, up = np.cos(_HEIGHT), np.sin(_HEIGHT)
    light = up - east * np.sin(_SUN) * across + south * np.cos(_SUN) * across
    shade = light / np.sqrt(1.0 + east**2 + south**2)
    light_on: Floats = np.clip(np.nan_to_num(shade, nan=1.0), 0.0, 1.0)
    return light_on


def _coloured(ids: Ints) -> Floats:
    from matplotlib.colors import to_rgba

    found = np.zeros((*ids.shape, 4))
    for side, colour in _SIDES.items():
        found[(ids > 0) & (ids % 10 == side)] = to_rgba(colour, 0.55)
    found[_edges(ids)] = to_rgba(_EDGE, 0.55)
    found[(ids > 0) & (ids % 10 == 4)] = to_rgba(_STREAM)
    return found


def _edges(ids: Ints) -> Mask:
    """Cells with another hillslope to the right or below."""
    found = np.zeros(ids.shape, dtype=bool)
    found[:, :-1] |= ids[:, :-1] != ids[:, 1:]
    found[:-1] |= ids[:-1] != ids[1:]
    within: Mask = found & (ids > 0)
    return within


def _name(axes: Any, of: Delineated, place: Place) -> None:
    """Write the id of each part beside the middle of its cells, where there are not too many."""
    tops = np.unique(of.ids[of.ids > 0])
    if tops.size > _NAMED:
        return
    for top in tops.tolist():
        cells = np.flatnonzero(of.ids == top)
        row, column = np.divmod(cells, place.shape[1])
        # The cell that is nearest to the middle: that may lie in another part.
        away = np.hypot(row - row.mean(), column - column.mean())
        east, north = _at(place, int(cells[np.argmin(away)]))
        colour, weight = (_STREAM, "bold") if top % 10 == 4 else (_EDGE, "normal")
        axes.text(
            east, north, str(top), fontsize=7, color=colour, fontweight=weight, ha="center",
            va="center", bbox={"boxstyle": "round,pad=0.12", "fc": "white", "lw": 0, "alpha": 0.7},
        )  # fmt: skip


def _at(place: Place, cell: int) -> tuple[float, float]:
    row, column = divmod(cell, place.shape[1])
    at = place.transform
    return at.c + (column + 0.5) * at.a, at.f + (row + 0.5) * at.e


def _title(of: Delineated) -> str:
    area = np.count_nonzero(of.ids) * of.flow.cell**2 / 1e4
    return f"{len(of.hillslopes)} hillslopes, {len(of.reaches)} channels, {area:,.1f} ha"


def _legend(axes: Any) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    shown: list[Any] = [
        Patch(color=colour, alpha=0.55, label=_WORDS[side]) for side, colour in _SIDES.items()
    ]
    shown.append(Patch(color=_STREAM, label="channel"))
    shown.append(Line2D([], [], marker="v", color=_OUTLET, linestyle="", label="outlet"))
    axes.legend(
        handles=shown, loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=8
    )
