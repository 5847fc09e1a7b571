"""Two pictures of a run, made of its tables: the watershed's water, its hillslopes' sediment.

They are drawn without a window, in colours that the colour-blind can tell apart, and are the same
bytes for the same tables.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from pyarrow import parquet

from tasks.interchange import sheet
from tasks.interchange.decode import Floats, Ints
from tasks.interchange.hill.passes import PRODUCT as PASS
from tasks.interchange.passing import CLASSES
from tasks.interchange.totals import PRODUCT as TOTALS
from tasks.run.atomic import replacing
from tasks.run.directory import NotPrepared

HYDROGRAPH, SEDIMENT = "hydrograph.png", "sediment_by_hillslope.png"
BARS = 40
"""So many hillslopes have a bar of their own; those that yield less share one."""

_RAIN, _STREAM, _RUNOFF, _SOIL = "#56b4e9", "#0072b2", "#d55e00", "#8c5a2b"
_SIZE = (10.0, 5.0)  # inches
_DPI = 110


def hydrograph(target: Path) -> Path:
    """Draw precipitation, runoff and streamflow by day, of the watershed's table in `target`.

    Streamflow is left out where the engine tells no percolation. NotPrepared, OSError.
    """
    names = ["year", "julian", "Precipitation", "Runoff", "Streamflow"]
    columns = _columns(target / TOTALS.file, names)
    time = _years(columns["year"], columns["julian"])
    figure, axes = _figure()
    rain = axes.twinx()
    rain.fill_between(time, columns["Precipitation"], step="mid", color=_RAIN, linewidth=0)
    most = _top(columns["Precipitation"])
    rain.set_ylim(4.0 * most, 0.0)
    rain.set_yticks([0.0, round(most)])
    rain.set_ylabel("precipitation (mm/d)", loc="top")
    rain.spines[:].set_visible(False)
    flows = [("Streamflow", _STREAM), ("Runoff", _RUNOFF)]
    told = [(name, colour) for name, colour in flows if not np.isnan(columns[name]).all()]
    for name, colour in told:
        axes.plot(time, columns[name], color=colour, linewidth=0.8, label=name.lower())
    axes.set_ylim(0.0, 1.5 * max(_top(columns[name]) for name, _ in told))
    axes.set_xlim(time[0], time[-1])
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_xlabel("year")
    axes.set_ylabel("runoff, streamflow (mm/d over the watershed)")
    axes.set_title("Water of the watershed, day by day", loc="left")
    axes.legend(loc="center left", frameon=False)
    # Flow lies before the rain that hangs from above.
    axes.set_zorder(rain.get_zorder() + 1)
    axes.patch.set_visible(False)
    return _save(figure, target / HYDROGRAPH)


def sediment(target: Path) -> Path:
    """Draw the sediment that leaves each hillslope in a mean year, of their table in `target`.

    NotPrepared, OSError.
    """
    wepp_ids, tonnes = sediment_by_hillslope(target)
    order = np.argsort(-tonnes, kind="stable")
    named, rest = order[:BARS], order[BARS:]
    labels = [str(wepp_ids[at]) for at in named]
    heights = tonnes[named].tolist()
    if len(rest):
        labels.append(f"{len(rest)} more")
        heights.append(float(tonnes[rest].sum()))
    figure, axes = _figure()
    axes.bar(range(len(heights)), heights, color=_SOIL, width=0.8)
    axes.set_xticks(range(len(heights)), labels, rotation=90 if len(labels) > 12 else 0)
    axes.set_xlim(-0.6, len(heights) - 0.4)
    axes.set_xlabel("hillslope (WEPP id), the greatest first")
    axes.set_ylabel("sediment that leaves (t/yr)")
    total = f"{tonnes.sum():,.3g} t/yr from {len(tonnes)} hillslopes"
    axes.set_title(f"Sediment by hillslope: {total}", loc="left")
    return _save(figure, target / SEDIMENT)


def sediment_by_hillslope(target: Path) -> tuple[Ints, Floats]:
    """The WEPP ids of the hillslopes, ascending, and the sediment of each in a mean year, t."""
    path = target / PASS.file
    if not path.exists():
        raise NotPrepared(f"{path} does not exist: make the hillslopes' tables first")
    wanted = ["wepp_id", "year", "runvol", *(f"sedcon_{n}" for n in range(1, CLASSES + 1))]
    mass, days = np.zeros(1), np.zeros(1, dtype=np.int64)
    years: set[int] = set()
    for batch in sheet.batches(path, wanted):
        wepp_id, year, runoff, *sediment = (column.to_numpy() for column in batch.columns)
        size = max(len(mass), int(wepp_id.max(initial=0)) + 1)
        mass, days = np.pad(mass, (0, size - len(mass))), np.pad(days, (0, size - len(days)))
        mass += np.bincount(wepp_id, sum(sediment) * runoff, minlength=size)
        days += np.bincount(wepp_id, minlength=size)
        years |= set(np.unique(year).tolist())
    found = np.flatnonzero(days)
    return found, mass[found] / 1000.0 / max(1, len(years))


def _columns(path: Path, names: list[str]) -> dict[str, Floats]:
    if not path.exists():
        raise NotPrepared(f"{path} does not exist: make the watershed's table first")
    table = parquet.read_table(path, columns=names)
    if not table.num_rows:
        raise NotPrepared(f"{path} has no days to draw")
    return {name: table[name].to_numpy().astype(np.float64) for name in names}


def _years(year: Floats, julian: Floats) -> Floats:
    """Days as years and parts of them."""
    found: Floats = year + (julian - 1.0) / 366.0
    return found


def _top(values: Floats) -> float:
    """The greatest value; 1 where there is none above 0."""
    known = values[np.isfinite(values)]
    return float(known.max()) if len(known) and known.max() > 0.0 else 1.0


def _figure() -> tuple[Any, Any]:
    # Imported late, and without pyplot: no window system is asked for, and no global state kept.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=_SIZE, dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    return figure, axes


def _save(figure: Any, path: Path) -> Path:
    with replacing(path) as file:
        figure.savefig(file, format="png", metadata={"Software": None})
    return path
