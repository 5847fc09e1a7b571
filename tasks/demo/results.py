"""What came of the sample watershed, read from its tables: rows for the screen."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from tasks.run.directory import RunDirectory
from weppd.client import JobView

JOBS = ("stage", "job", "state", "seconds")
OUTLET = ("at the outlet", "value", "unit")
_ROWS = {
    "Total contributing area to outlet": "contributing area",
    "Avg. Ann. Precipitation volume in contributing area": "precipitation",
    "Avg. Ann. water discharge from outlet": "water discharge",
    "Avg. Ann. sediment discharge from outlet": "sediment discharge",
    "Avg. Ann. Sed. delivery per unit area of watershed": "sediment, by area",
    "Sediment Delivery Ratio for Watershed": "delivery ratio",
}
Rows = list[tuple[str, ...]]


def jobs(children: Mapping[str, JobView]) -> Rows:
    """A row for each job of the tree, by stage, with the seconds that it ran."""
    rows: Rows = []
    for label, view in children.items():
        stage, _, name = label.removeprefix("jobs:").partition(",func:")
        rows.append((stage, name, view.status, f"{_seconds(view):.2f}"))
    return rows


def outlet(tables: Path) -> Rows:
    """The means of a year at the outlet; volumes also as depths over the contributing area."""
    from pyarrow import parquet

    found = {
        row["key"]: (float(row["value"]), str(row["units"] or ""))
        for row in parquet.read_table(tables / "loss_pw0.out.parquet").to_pylist()
    }
    rows: Rows = [(short, f"{found[key][0]:g}", found[key][1]) for key, short in _ROWS.items()]
    area_ha, rain_m3, discharge_m3 = (found[key][0] for key in list(_ROWS)[:3])
    for place, name, volume in (
        (2, "precipitation", rain_m3),
        (4, "water discharge", discharge_m3),
    ):
        rows.insert(place, (name, f"{volume / (10.0 * area_ha):.1f}", "mm/yr"))
    return rows


def return_periods(tables: Path) -> tuple[tuple[str, ...], Rows]:
    """The head, its units on a line of their own, and the rows of `return_periods.tsv`."""
    with open(tables / "return_periods.tsv", encoding="utf-8", newline="") as file:
        head, *rows = [tuple(row) for row in csv.reader(file, delimiter="\t")]
    rows = [tuple(map(_figure, row)) for row in rows]
    period, *measures = head
    names = (name.partition("_") for name in measures)
    units = (f"{name}\n{unit.replace('_', '/')}" for name, _, unit in names)
    return (f"returns in\n{period.rpartition('_')[2]}", *units), rows


def places(run: RunDirectory) -> list[tuple[str, Path]]:
    """Where what was made lies."""
    here = run.interchange
    return [
        ("run", run.root),
        ("log", run.root / "rq.log"),
        ("tables", here / "totalwatsed3.parquet"),
        ("about them", here / "README.md"),
        ("pictures", here / "hydrograph.png"),
        ("", here / "sediment_by_hillslope.png"),
    ]


def _figure(text: str) -> str:
    """A number with four digits that count.

    >>> _figure("41.4948"), _figure("3226.11"), _figure("0.30924"), _figure("2")
    ('41.49', '3226', '0.3092', '2')
    """
    value = float(text)
    return f"{value:.0f}" if abs(value) >= 1000.0 else f"{value:.4g}"


def _seconds(view: JobView) -> float:
    if not (view.started_at and view.ended_at):
        return 0.0
    began, ended = map(datetime.fromisoformat, (view.started_at, view.ended_at))
    return (ended - began).total_seconds()
