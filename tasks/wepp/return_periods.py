"""How rare the greatest events of a year are: return periods at the outlet, as two tables of text.

::

    return_periods.tsv        a row for each return period: precipitation, runoff, peak, sediment
    return_period_events.tsv  the greatest event of each year by each measure, the rarest first

The return period of the m-th greatest of n annual maxima is (n + 1) / m years (Weibull's plotting
position; Chow, Maidment & Mays 1988, Applied Hydrology, eq. 12.6.1). Between two of them the value
is interpolated over the logarithm of the period; beyond the longest there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pyarrow import parquet

from tasks.run.atomic import replace_text

PERIODS = (2, 5, 10, 20, 25, 50, 100, 200, 500, 1000)
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Measure:
    """What is ranked: its column here with the unit, that of its table, what that is divided by."""

    name: str
    source: str
    per: float = 1.0


#: From the outlet's events, and from the daily table of the watershed.
OUTLET = (
    Measure("runoff_m3", "runoff_volume"),
    Measure("peak_m3_s", "peak_runoff"),
    Measure("sediment_t", "sediment_yield", 1000.0),
)
DAILY = (Measure("precipitation_mm", "Precipitation"), Measure("streamflow_mm", "Streamflow"))
MEASURES = len(OUTLET) + len(DAILY)


@dataclass(frozen=True, slots=True)
class Maxima:
    """The greatest event of each year, descending: values, and year, month and day of each.

    A year without an event has 0 and no month.
    """

    values: Floats
    dates: tuple[tuple[int, int, int], ...]


def write(
    events: Path, days: Path, target: Path, step: Callable[[int], None] = lambda done: None
) -> list[Path]:
    """Write both tables into `target` from the outlet's events and the daily table; their paths.

    `step` is called with 1 for each measure that is ranked.
    """
    daily, outlet = _columns(days, DAILY), _columns(events, OUTLET)
    years = sorted(set(daily["year"].tolist()))
    ranked = {}
    for table, measures in ((daily, DAILY), (outlet, OUTLET)):
        for measure in measures:
            ranked[measure.name] = maxima(table, measure, years)
            step(1)
    texts = {
        "return_periods.tsv": _periods(ranked, len(years)),
        "return_period_events.tsv": _events(ranked, len(years)),
    }
    for name, text in texts.items():
        replace_text(target / name, text)
    return [target / name for name in texts]


def maxima(columns: dict[str, Any], measure: Measure, years: Sequence[int]) -> Maxima:
    """The annual maxima of a measure; of equal events the first of the year, and the first year."""
    values = np.nan_to_num(np.asarray(columns[measure.source], dtype=np.float64)) / measure.per
    found: list[tuple[float, tuple[int, int, int]]] = []
    for year in years:
        (here,) = np.nonzero(columns["year"] == year)
        if len(here) and values[here].max() > 0.0:
            at = int(here[values[here].argmax()])
            date = (year, int(columns["month"][at]), int(columns["day_of_month"][at]))
            found.append((float(values[at]), date))
        else:
            found.append((0.0, (year, 0, 0)))
    found.sort(key=lambda one: (-one[0], one[1]))
    return Maxima(np.array([value for value, _ in found]), tuple(date for _, date in found))


def value(descending: Floats, period: float) -> float | None:
    """The value of a return period (years), from annual maxima in descending order.

    None where it is longer than (n + 1) years, or shorter than the shortest.

    >>> value(np.array([40.0, 20.0, 10.0]), 4.0), value(np.array([40.0, 20.0, 10.0]), 5.0)
    (40.0, None)
    """
    count = len(descending)
    periods = (count + 1) / np.arange(count, 0, -1)
    if not count or period > periods[-1] or period < periods[0]:
        return None
    return float(np.interp(np.log(period), np.log(periods), descending[::-1]))


def _periods(ranked: dict[str, Maxima], years: int) -> str:
    rows = [["return_period_yr", *ranked]]
    for period in PERIODS:
        found = [value(one.values, float(period)) for one in ranked.values()]
        if period <= years + 1:
            rows.append([str(period), *("" if v is None else f"{v:.6g}" for v in found)])
    return _text(rows)


def _events(ranked: dict[str, Maxima], years: int) -> str:
    rows = [["measure", "rank", "return_period_yr", "value", "date"]]
    for name, one in ranked.items():
        for rank, (found, date) in enumerate(zip(one.values, one.dates, strict=True), 1):
            period = f"{(years + 1) / rank:.6g}"
            rows.append([name, str(rank), period, f"{found:.6g}", _date(date)])
    return _text(rows)


def _date(date: tuple[int, int, int]) -> str:
    year, month, day = date
    return f"{year:04d}-{month:02d}-{day:02d}" if month else f"{year:04d}"


def _text(rows: Sequence[Sequence[str]]) -> str:
    return "".join("\t".join(row) + "\n" for row in rows)


def _columns(path: Path, measures: Sequence[Measure]) -> dict[str, Any]:
    names = ["year", "month", "day_of_month", *(measure.source for measure in measures)]
    table = parquet.read_table(path, columns=names)
    return {name: table.column(name).to_numpy() for name in names}
