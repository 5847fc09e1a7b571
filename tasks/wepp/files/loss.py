"""The loss report of a hillslope, `H<i>.loss.dat`: annual means, abbreviated, metric.

::

     Annual; abbreviated (Metric Units)         title
                                                banner, up to the names of the inputs
        MANAGEMENT: p1.man …                    inputs
    I.   RAINFALL AND RUNOFF SUMMARY            sums and annual means (mm)
    II.  ON SITE EFFECTS
      A.  AREA OF NET SOIL LOSS                 only where there is any
      B.  AREA OF SOIL DEPOSITION               only where there is any
      C.  SOIL LOSS/DEPOSITION ALONG …          100 points for each element, in three columns
    III. OFF SITE EFFECTS                       what leaves: kg/m, kg, t/ha; particle classes
         Average annual SSA enrichment ratio    the last line

The lines are templates in `loss_layout`. The stock layout (2010) is written, byte for byte; builds
of 2024 differ in blanks and a block D, and are read as well. Reports of a single storm, in English
units or detailed are other layouts: refused by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.wepp.files import loss_layout as layout
from tasks.wepp.files.edits import Edit, line_of
from tasks.wepp.files.errors import CutShort, FormatError, Refused
from tasks.wepp.files.records import read_text


@dataclass(frozen=True, slots=True)
class Sources:
    """The inputs as the report names them; `planes` are (name, texture) of each element's soil."""

    management: str
    practice: tuple[str, str, str]
    slope: str
    climate: str
    station: str  # the climate's station line, see `station_line`
    soil: str
    planes: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Water:
    """Section I. Sums over the simulation, then annual means."""

    first_year: int
    last_year: int
    storms: int
    precip_mm: float
    rain_events: int
    rain_runoff_mm: float
    melt_events: int
    melt_runoff_mm: float
    years: int
    mean_precip_mm: float
    mean_rain_runoff_mm: float
    mean_melt_runoff_mm: float


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of the slope with net loss or net deposition, m from the top; kg/m2."""

    start_m: float
    end_m: float
    mean: float
    stdev: float
    most: float
    most_m: float
    least: float
    least_m: float


@dataclass(frozen=True, slots=True)
class Area:
    """Section II A or B. Losses are positive, depositions negative, kg/m2."""

    mean: float  # over all stretches
    most: float
    most_m: float
    stretches: tuple[Stretch, ...]
    points: tuple[tuple[float, float], ...] = ()  # single points: m, kg/m2


@dataclass(frozen=True, slots=True)
class Point:
    """A point of the profile."""

    distance_m: float
    loss_kg_m2: float  # + detachment, - deposition
    element: int  # from 1


@dataclass(frozen=True, slots=True)
class Sediment:
    """Section III A: what leaves the profile in a mean year."""

    kg_m: float  # per metre of width
    kg: float
    width_m: float
    t_ha: float
    area_ha: float


@dataclass(frozen=True, slots=True)
class ParticleClass:
    """Section III B: one class of sediment particles; percentages by mass."""

    number: int
    diameter_mm: float
    gravity: float
    sand: float
    silt: float
    clay: float
    om: float
    detached: float  # fraction of the detached sediment
    leaving: float  # fraction of the sediment in the flow that leaves


@dataclass(frozen=True, slots=True)
class Loss:
    """A loss report. `banner` are the lines between title and inputs, the engine's own words."""

    title: str
    banner: tuple[str, ...]
    sources: Sources
    water: Water
    detachment: Area | None
    deposition: Area | None
    profile: tuple[Point, ...]
    sediment: Sediment
    classes: tuple[ParticleClass, ...]
    enrichment: float

    @property
    def mean_runoff_mm(self) -> float:
        """Mean annual runoff from rain, snow melt and winter storms, mm."""
        return self.water.mean_rain_runoff_mm + self.water.mean_melt_runoff_mm

    @property
    def soil_loss_kg_m2(self) -> float:
        """Mean annual soil loss over the area of net detachment; 0 where there is none."""
        return self.detachment.mean if self.detachment else 0.0


TITLE = "Annual; abbreviated (Metric Units)"


def read(path: str | Path) -> Loss:
    """The loss report at `path`; FormatError, CutShort where it is not whole, OSError."""
    return parse(read_text(path), path)


def parse(text: str, path: str | Path = "loss") -> Loss:
    """The loss report that `text` is; FormatError names `path` and the line."""
    report = _Report(text, path)
    title, banner = _front(report)
    sources, water = _sources(report), Water(**report.values(layout.WATER))
    detachment = _area(report, layout.DETACHMENT, line_of(layout.PROFILE_TITLE))
    deposition = _area(report, layout.DEPOSITION, line_of(layout.PROFILE_TITLE))
    return Loss(
        title, banner, sources, water, detachment, deposition, _profile(report),
        Sediment(**report.values(layout.SEDIMENT)), _classes(report),
        report.values((layout.ENRICHMENT,))["enrichment"],
    )  # fmt: skip


def dump(loss: Loss) -> str:
    """The text of a loss report in the stock layout."""
    return "\n".join(_lines(loss)) + "\n"


def station_line(station: str, version: float) -> str:
    """How reports name a climate: line 3 of its file, 75 characters, and CLIGEN's version."""
    return f"    {station[:75]:<75}{version:5.2f}"


class _Report:
    """A cursor over the report; what is looked for must follow."""

    def __init__(self, text: str, path: str | Path) -> None:
        self.path, self.lines, self.at = path, text.splitlines(), 0

    def values(self, templates: tuple[str, ...]) -> dict[str, Any]:
        """The values of the templates' lines, which follow in this order."""
        found: dict[str, Any] = {}
        for template in templates:
            if "{" in template:
                found |= self.find(line_of(template))
        return found

    def find(self, edit: Edit) -> dict[str, Any]:
        """The values of the next line that `edit` reads; the cursor goes behind it."""
        index, found = self.look(edit)
        if found is None:
            raise CutShort(self.path, len(self.lines), f"the report ends without {edit.label!r}")
        self.at = index + 1
        return found

    def look(self, edit: Edit) -> tuple[int, dict[str, Any] | None]:
        """Where the next line is that `edit` reads, and its values; the cursor stays."""
        for index in range(self.at, len(self.lines)):
            found = edit.read(self.lines[index])
            if found is not None:
                return index, found
        return len(self.lines), None

    def rows(self, edit: Edit) -> Iterator[dict[str, Any]]:
        """The values of the lines from the cursor on that `edit` reads, up to the first other."""
        while self.at < len(self.lines):
            index, found = self.look(edit)
            if found is None or index != self.at:
                return
            self.at += 1
            yield found


def _front(report: _Report) -> tuple[str, tuple[str, ...]]:
    if not report.lines:
        raise CutShort(report.path, 0, "the report is empty")
    title = report.lines[0].strip()
    if title != TITLE:
        raise Refused(report.path, 1, f"a report {title!r} is not read, only {TITLE!r}")
    index, _ = report.look(line_of(layout.MANAGEMENT))
    banner = tuple(line.rstrip() for line in report.lines[1:index])
    return title, banner


def _sources(report: _Report) -> Sources:
    management = report.find(line_of(layout.MANAGEMENT))["management"]
    practice = [report.find(line_of(layout.PRACTICE[0]))["practice"]]
    practice += [line[16:].rstrip() for line in report.lines[report.at : report.at + 2]]
    report.at += 2
    slope = report.find(line_of(layout.SLOPE))["slope"]
    climate = report.find(line_of(layout.CLIMATE))["climate"]
    station = report.lines[report.at]
    soil = report.find(line_of(layout.SOIL))["soil"]
    planes = tuple((p["name"], p["texture"]) for p in report.rows(line_of(layout.PLANE)))
    lines = (practice[0], practice[1], practice[2])
    return Sources(management, lines, slope, climate, station, soil, planes)


def _area(report: _Report, block: layout.Block, before: Edit) -> Area | None:
    end, _ = report.look(before)
    start, _ = report.look(line_of(block.title))
    if start > end:
        return None
    means = report.values((block.mean, block.most))
    report.find(line_of(layout.RULE))
    stretches = tuple(Stretch(**row) for row in report.rows(line_of(layout.STRETCH)))
    points: tuple[tuple[float, float], ...] = ()
    if report.look(line_of(block.points[-2]))[0] < min(end, _next_block(report)):
        report.find(line_of(layout.POINTS_RULE))
        points = tuple((row["at"], row["value"]) for row in report.rows(line_of(layout.POINT)))
    return Area(**means, stretches=stretches, points=points)


def _next_block(report: _Report) -> int:
    return report.look(line_of(layout.DEPOSITION.title))[0]


def _profile(report: _Report) -> tuple[Point, ...]:
    for line in (layout.PROFILE_TITLE, layout.RULE):
        report.find(line_of(line))
    report.at += 1
    columns: tuple[list[Point], ...] = ([], [], [])
    while report.at < len(report.lines) and report.lines[report.at].strip():
        words = report.lines[report.at].split()
        _points(report, words, columns)
        report.at += 1
    return tuple(point for column in columns for point in column)


def _points(report: _Report, words: list[str], columns: tuple[list[Point], ...]) -> None:
    row = " ".join(words)
    edit = line_of("{distance_m:f7.2} {loss_kg_m2:f9.3} {element:i2}")
    if len(words) not in (3, 6, 9):
        raise FormatError(report.path, report.at + 1, f"{row!r} is no row of the profile")
    for column, start in zip(columns, range(0, len(words), 3), strict=False):
        found = edit.read(" ".join(words[start : start + 3]))
        if found is None:
            raise FormatError(report.path, report.at + 1, f"{row!r} is no row of the profile")
        column.append(Point(**found))


def _classes(report: _Report) -> tuple[ParticleClass, ...]:
    for _ in range(2):
        report.find(line_of(layout.CLASS_HEADING[-1]))
    return tuple(ParticleClass(**row) for row in report.rows(line_of(layout.CLASS)))


def _lines(loss: Loss) -> Iterator[str]:
    yield f" {loss.title:<71}"
    yield from loss.banner
    yield from _source_lines(loss.sources)
    yield from (line_of(line).of(loss.water) for line in layout.WATER)
    for block, area in ((layout.DETACHMENT, loss.detachment), (layout.DEPOSITION, loss.deposition)):
        if area is not None:
            yield from _area_lines(block, area)
    yield from layout.PROFILE_HEADING
    yield from _profile_lines(loss.profile)
    yield from (line_of(line).of(loss.sediment) for line in layout.SEDIMENT)
    yield from layout.CLASS_HEADING
    yield from (line_of(layout.CLASS).of(row) for row in loss.classes)
    yield from (layout.CLASS_HEADING[-1], "", "")
    yield line_of(layout.ENRICHMENT).write({"enrichment": loss.enrichment})


def _source_lines(sources: Sources) -> Iterator[str]:
    yield line_of(layout.MANAGEMENT).of(sources)
    for template, line in zip(layout.PRACTICE, sources.practice, strict=True):
        yield line_of(template).write({"practice": line})
    yield line_of(layout.SLOPE).of(sources)
    yield line_of(layout.CLIMATE).of(sources)
    yield sources.station
    yield line_of(layout.SOIL).of(sources)
    for number, (name, texture) in enumerate(sources.planes, 1):
        yield line_of(layout.PLANE).write({"plane": number, "name": name, "texture": texture})


def _area_lines(block: layout.Block, area: Area) -> Iterator[str]:
    yield from block.above
    yield block.title
    yield ""
    yield from (line_of(line).of(area) for line in (block.mean, block.most))
    yield from block.heading
    yield from (line_of(layout.STRETCH).of(stretch) for stretch in area.stretches)
    if area.points:
        yield from block.points
        for at, value in area.points:
            yield line_of(layout.POINT).write({"at": at, "value": value})


def _profile_lines(points: tuple[Point, ...]) -> Iterator[str]:
    rows = -(-len(points) // 3)
    for row in range(rows):
        yield "     ".join(line_of(layout.PROFILE_POINT).of(p) for p in points[row::rows])
