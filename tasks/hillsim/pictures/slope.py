"""A hillslope to be looked at: `python -m tasks.hillsim plot RUN_DIR p1 [FILE]`.

Draws the profile with what it loses and gains in a mean year, the water of a mean year by month,
and the largest storm: its rain and the flow at the foot. Writes an SVG file, `p1.hillsim.svg` in
the run's `wepp/output` if none is named.
"""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from tasks.hillsim import engine, forms, hidden
from tasks.hillsim.channels import hydrograph
from tasks.hillsim.element import hillslope
from tasks.hillsim.element.day import Day, as_it_falls
from tasks.hillsim.element.event import Runoff
from tasks.hillsim.element.hillslope import Hillslope
from tasks.hillsim.errors import Refusal
from tasks.hillsim.pictures import svg
from tasks.hillsim.reports import hillslope as reports
from tasks.hillsim.reports.tally import Tally
from tasks.hillsim.soil import MM_PER_HOUR
from tasks.wepp import inputs
from tasks.wepp.files import runfile
from tasks.wepp.files.forms import HillslopeRun
from tasks.wepp.inputs import Inputs

_LOSS, _GAIN, _WATER, _RAIN, _AIR, _DEEP = (
    "#b5482a", "#2a7d4f", "#225588", "#8fb7dd", "#d9a441", "#6b5b95",
)  # fmt: skip
_STEP = 300.0
#: A flow that is no more than what rounding leaves (m/s).
_TRICKLE = 1e-12


@dataclass(slots=True)
class _Seen:
    """What the drawing needs of a run: sums by month (m), and the largest storm."""

    rain: list[float] = field(default_factory=lambda: [0.0] * 12)
    runoff: list[float] = field(default_factory=lambda: [0.0] * 12)
    air: list[float] = field(default_factory=lambda: [0.0] * 12)
    deep: list[float] = field(default_factory=lambda: [0.0] * 12)
    largest: tuple[Day, Runoff] | None = None

    def add(self, days: tuple[Day, ...], shares: list[float]) -> None:
        """Add a day of every element, which have these shares of the slope."""
        foot = days[-1]
        month = foot.weather.month - 1
        self.rain[month] += foot.weather.rain
        self.runoff[month] += foot.runoff * shares[-1]
        for day, share in zip(days, shares, strict=True):
            balance = day.balance
            self.air[month] += (balance.plants + balance.soil + balance.litter) * share
            self.deep[month] += balance.percolation * share
        self.deep[month] += foot.balance.lateral * shares[-1]
        if foot.event is not None and self._larger(foot, foot.event):
            self.largest = (foot, foot.event)

    def _larger(self, day: Day, event: Runoff) -> bool:
        """Rain before melt, which has no storm to show; then the deeper runoff."""
        if self.largest is None:
            return True
        seen = self.largest[0]
        return (not event.melt, day.runoff) > (not seen.melt, seen.runoff)


def draw(run_dir: Path, name: str, target: Path | None = None) -> Path:
    """Draw hillslope `name` ("p1") of a run; the path of the drawing.

    Refusal, FormatError and OSError as of a run.
    """
    runs = run_dir / "wepp" / "runs"
    run = runfile.read(runs / f"{name}.run")
    if not isinstance(run, HillslopeRun):
        raise Refusal(runs / f"{name}.run", "continuous runs of a hillslope are drawn")
    given = inputs.read(run, runs)
    forms.check(run, given, runs)
    chain = hillslope.chain(given, hidden.read(runs))
    sums, seen = Tally(tuple(slope.site.shape.length for slope in chain)), _Seen()
    for days in engine.days(chain, given.climate, run.years):
        sums.add(days)
        seen.add(days, sums.shares)
    panels = [_profile(given, sums, run.years), _balance(seen, run.years), *_storm(chain, seen)]
    target = target or run_dir / "wepp" / "output" / f"{name}.hillsim.svg"
    fell = f"{sums.precip * 1000 / run.years:.0f} mm of rain and snow"
    heading = f"{name}: mean of {run.years} years, {fell}"
    target.write_text(svg.page(panels, heading=heading), encoding="utf-8")
    return target


def _profile(given: Inputs, sums: Tally, years: int) -> svg.Panel:
    """The slope's line, in metres, and its mean annual loss: below the line lost, above laid."""
    rows = reports.profile(given, sums, years)
    length, top = rows[-1][0], max(row[1] for row in rows)
    most = max((abs(row[2]) for row in rows), default=0.0) or 1.0
    tall = max(top, 0.05 * length)
    scale = 0.3 * tall / most
    panel = svg.Panel(
        f"loss (red), deposition (green): up to {most * 10:.3g} t/ha/yr",
        "distance (m)", "height (m)", (0.0, -0.4 * tall), (length, 1.4 * tall),
    )  # fmt: skip
    starts = [(0.0, _top(rows)), *((x, h) for x, h, _ in rows)]
    cells = list(zip(starts, rows, strict=False))
    for sign, alike in groupby(cells, key=lambda cell: (cell[1][2] > 0.0) - (cell[1][2] < 0.0)):
        if sign:
            panel.area(_band(list(alike), scale), _LOSS if sign > 0 else _GAIN)
    panel.line(starts, "#333")
    return panel


_Row = tuple[float, float, float]


def _top(rows: Sequence[_Row]) -> float:
    """The height where the first cell begins, as steep as the second."""
    (x, h, _), (below, low, _) = rows[0], rows[1]
    return h + (h - low) / (below - x) * x


def _band(cells: list[tuple[tuple[float, float], _Row]], scale: float) -> list[tuple[float, float]]:
    """Down the slope's line and back along what its cells lose or gain, times the scale."""
    line, edge = [cells[0][0]], []
    for (start, high), (x, h, lost) in cells:
        line.append((x, h))
        edge += [(start, high - lost * scale), (x, h - lost * scale)]
    return [*line, *reversed(edge)]


def _balance(seen: _Seen, years: int) -> svg.Panel:
    """Rain and snow as bars; runoff, what goes into the air and what drains as lines."""
    columns = (seen.rain, seen.runoff, seen.air, seen.deep)
    rain, runoff, air, deep = ([v * 1000.0 / years for v in column] for column in columns)
    most = max(*rain, *air, *deep, 1.0) * 1.35
    stored = sum(rain) - sum(runoff) - sum(air) - sum(deep)
    panel = svg.Panel(
        f"water by month (mm a year below; stored {stored:+.0f})",
        "month", "mm", (0.5, 0.0), (12.5, most), marks=tuple(range(1, 13)),
    )  # fmt: skip
    for month, value in enumerate(rain, 1):
        panel.bar(month, 0.7, value, _RAIN)
    entries = [(_RAIN, f"rain {sum(rain):.0f}")]
    for name, values, colour in (
        ("to air", air, _AIR),
        ("drainage", deep, _DEEP),
        ("runoff", runoff, _WATER),
    ):
        panel.line([(month, value) for month, value in enumerate(values, 1)], colour)
        entries.append((colour, f"{name} {sum(values):.0f}"))
    panel.key(entries)
    return panel


def _storm(chain: tuple[Hillslope, ...], seen: _Seen) -> list[svg.Panel]:
    """Rain as bars and the flow at the foot as a line (mm/h) of the largest storm."""
    if seen.largest is None:
        return []
    day, event = seen.largest
    when, site = day.weather, chain[-1].site
    rain = None if event.melt else as_it_falls(chain[-1], when)
    flows = [0.0] * round(hydrograph.DAY / _STEP)
    whole = sum(slope.site.shape.length for slope in chain)
    share = site.shape.length / whole
    hydrograph.add_storm(flows, _STEP, day.runoff * share, event.flow.peak * share)
    line = _flow(flows, event.excess.begins)
    most = max(max(rain.rates) / MM_PER_HOUR if rain else 0.0, max(y for _, y in line)) * 1.25
    end = max(line[-1][0], rain.ends[-1] / 3600.0 if rain else 0.0, 0.5)
    what = "melt runoff" if event.melt else "storm"
    title = f"largest {what}: {when.day} {calendar.month_abbr[when.month]} of year {when.year}"
    panel = svg.Panel(title, "hours", "mm/h", (0.0, 0.0), (end * 1.02, max(most, 0.1)))
    ran = (_WATER, f"runoff {day.runoff * share * 1000:.1f} mm")
    panel.key([ran] if event.melt else [(_RAIN, f"rain {when.rain * 1e3:.0f} mm"), ran])
    start = 0.0
    for until, rate in zip(rain.ends, rain.rates, strict=True) if rain else ():
        wide = (until - start) / 3600.0
        panel.bar(start / 3600.0 + wide / 2.0, wide, rate / MM_PER_HOUR, _RAIN)
        start = until
    panel.line(line, _WATER)
    return [panel]


def _flow(flows: list[float], begins: float) -> list[tuple[float, float]]:
    """The flow at the foot (h, mm/h) from the storm's beginning until it has run out."""
    last = max(i for i, flow in enumerate(flows) if flow > _TRICKLE)
    line = [(0.0, 0.0), (begins / 3600.0, 0.0)]
    for i in range(last + 1):
        line.append(((begins + (i + 0.5) * _STEP) / 3600.0, flows[i] / MM_PER_HOUR))
    return [*line, ((begins + (last + 1.5) * _STEP) / 3600.0, 0.0)]
