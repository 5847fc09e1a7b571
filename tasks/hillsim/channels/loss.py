"""The report of a watershed, loss_pw0: inputs, structure, the sums of each year and their means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tasks.hillsim import VERSION
from tasks.hillsim.channels import outlet
from tasks.hillsim.channels.outlet import ChannelSums, HillslopeSums, Period, Sums
from tasks.hillsim.numbers import summed
from tasks.hillsim.output import BANNER
from tasks.wepp.files import loss
from tasks.wepp.files.forms import WatershedRun
from tasks.wepp.files.fortran import fixed, integer
from tasks.wepp.files.structure import Structure
from tasks.wepp.inputs import Inputs

_PARTICLES = (
    "",
    "-----------------------------------------------------------------------",
    "                             Particle Composition              Fraction",
    "Class  Diameter  Specific  ------------------------            In Flow",
    "         (mm)    Gravity   % Sand   % Silt   % Clay   % O.M.   Exiting",
    "-" * 79,
)
_STRUCTURE = (
    *("", "", "                  WATERSHED STRUCTURE INPUT FILE"),
    *("                  ------------------------------", ""),
)
_MATRIX = (
    "",
    "                            (CONTRIBUTING ELEMENTS MATRIX)",
    "                       HILLSLOPE          CHANNEL        IMPOUNDMENT",
    "ELEM.    ELEMENT",
    " #     FED    NUM    L     R     T     L     R     T     L     R     T",
    "---    ---    ---   ---   ---   ---   ---   ---   ---   ---   ---   ---",
    "",
)
_SLOPES = (
    "                 Runoff        Subrunoff     Soil          Sediment      Sediment",
    "                 Volume        Volume        Loss          Deposition    Yield",
    "Hillslopes       (m^3)         (m^3)         (kg)          (kg)          (kg)",
    "----------       ----------    ----------    ----------    ----------    ----------",
)
_SLOPE_AREAS = ("      Hillslope", "         Area", "        (ha)", "    ----------")
_CHANNELS = (
    "Channels         Discharge     Sediment      Soil          Upland        Subsuface Flow",
    "and              Volume        Yield         Loss          Charge        Volume",
    "Impoundments     (m^3)         (tonne)       (kg)          (m^3)         (m^3)",
    "------------     ----------    ----------    ----------   ----------   ----------",
    "",
)
_CHANNEL_MEANS = (
    "Channels         Discharge     Sediment        Soil          Upland        Subsuface Flow"
    "   Contributing",
    "and              Volume        Yield           Loss          Charge        Volume"
    "          Area",
    "Impoundments     (m^3)         (tonne)         (kg)          (m^3)         (m^3)"
    "            (ha)",
    "------------     ----------    ----------      ----------   ----------   ----------"
    "          ----------",
    "",
)


def report(run: WatershedRun, given: Inputs, structure: Structure, sums: Sums) -> list[str]:
    """The lines of the report; each year only where the `.run` file asks for them."""
    lines = [*_sources(run, given), *_structure(structure)]
    if run.loss_option:
        for year, period in sums.years.items():
            lines += _year(sums, year, period)
    return [*lines, *_means(sums, run.years)]


def _sources(run: WatershedRun, given: Inputs) -> Iterator[str]:
    kind = "Yearly " if run.loss_option else "Annual "
    yield f" {kind} average watershed    values;Abbreviated{' ' * 24}"
    yield from BANNER
    yield from ("", f"     WATERSHED INPUT DATA FILES - HILLSIM {VERSION}", "", "")
    named = (
        ("WATERSHED PASS", run.master), ("WAT. STRUCTURE", run.structure),
        ("  WAT. CHANNEL", run.chn), ("    MANAGEMENT", run.man),
    )  # fmt: skip
    for label, name in named:
        yield f"{label}: {name:<50}"
    practice = given.management.head.description
    for label, text in zip((" MAN. PRACTICE: ", " " * 16, " " * 16), practice, strict=True):
        yield f"{label}{text:<60}"
    yield f"         SLOPE: {run.slp:<50}"
    yield f"       CLIMATE: {run.cli:<50}"
    yield loss.station_line(given.climate.station, given.climate.version)
    yield f"          SOIL: {run.sol:<50}"
    for number, element in enumerate(given.soil.elements, 1):
        yield f"      CHANNEL{integer(number, 3)} {element.name[:20]:<20}{element.texture[:20]:<20}"


def _structure(structure: Structure) -> Iterator[str]:
    yield from _STRUCTURE
    yield f"Hillslope Elements: 1-{integer(structure.hillslopes, 4)}"
    yield from _MATRIX
    for index, feeds in enumerate(structure.channels):
        number = structure.hillslopes + index + 1
        names = [f"H{value}" if value else "" for value in feeds.hillslopes]
        names += [f"C{value}" if value else "" for value in feeds.channels]
        row = "".join(f"{name:<6}" for name in (*names, "", "", ""))
        yield f"{integer(number, 4)}   CHANNEL{integer(index + 1, 4)}   {row}"
    yield from [""] * 3


def _year(sums: Sums, year: int, period: Period) -> Iterator[str]:
    title = f"ANNUAL SUMMARY FOR WATERSHED IN YEAR {integer(year, 5)}"
    yield from ("", f"{' ' * 18}{title}", f"{' ' * 18}{'-' * len(title)}", "", "", *_SLOPES)
    for number, slope in enumerate(period.slopes, 1):
        yield f"Hill {integer(number, 6)}" + _columns(14, 1, *_slope(slope))
    yield from ("", "", "", *_CHANNELS)
    for number, channel in enumerate(period.channels, 1):
        first, *rest = _channel(channel)
        yield f"Channel{integer(number, 6)}" + fixed(first, 13, 1) + _columns(14, 1, *rest)
    out, area = period.channels[-1], sums.basin.area
    depth = out.discharge / area * 1000.0
    yield ""
    rain = fixed(period.precip * 1000.0, 8, 2)
    yield f"{integer(period.storms, 4)} storms produced {rain} mm. of rainfall"
    yield ""
    yield f"{integer(period.events, 4)} events produced {fixed(depth, 8, 2)} mm. of runoff  "
    yield "     passing through the watershed outlet"
    yield from ("", "", "Delivery From Channel Outlet:", "-------- ---- ------- ------", "")
    yield from _delivery(period, area)
    yield from ("", "", "Sediment Particle Information Leaving Channel", *_PARTICLES)
    yield from outlet.particles(sums.basin, period.classes)
    yield from ("", "", "", "")


def _delivery(period: Period, area: float) -> Iterator[str]:
    out, lost = period.channels[-1], _lost(period)
    rain, yielded = period.precip * area, out.sediment / 1e3
    rows = (
        ("Total contributing area to outlet", fixed(area / 1e4, 11, 2), "ha"),
        ("Total precipitation volume in contributing area", fixed(rain, 11, 0), "m^3"),
        ("Total irrigation volume in contributing area", fixed(0.0, 11, 0), "m^3"),
        ("Total water discharge from outlet", fixed(out.discharge, 11, 0), "m^3"),
        ("Total hillslope soil loss in contributing area", fixed(lost[0] / 1e3, 14, 1), "tonnes"),
        ("Total channel soil loss", fixed(lost[1] / 1e3, 14, 1), "tonnes"),
        ("Total sediment discharge from outlet", fixed(yielded, 14, 1), "tonnes"),
        ("Sed. delivery per unit area of watershed", fixed(yielded * 1e4 / area, 14, 1), "T/ha"),
        ("Sediment Delivery Ratio for Watershed", fixed(_ratio(out, lost), 11, 3), ""),
    )  # fmt: skip
    for label, value, unit in rows:
        yield f"{label:<48}={value} {unit}".rstrip()


def _means(sums: Sums, years: int) -> Iterator[str]:
    whole, area = sums.whole, sums.basin.area
    yield from ("", f"{years:>21} YEAR AVERAGE ANNUAL VALUES FOR WATERSHED")
    yield from ("               ------ ---- ------- ------ ------ --- ---------", "", "", "")
    for line, more in zip(_SLOPES, _SLOPE_AREAS, strict=True):
        yield line + more
    for number, (slope, size) in enumerate(zip(whole.slopes, sums.basin.slopes, strict=True), 1):
        row = _columns(14, 2, *(value / years for value in _slope(slope)))
        yield f"Hill{integer(number, 8)}{row}{fixed(size / 1e4, 10, 2)}"
    yield from ("", "", "", *_CHANNEL_MEANS)
    pairs = zip(whole.channels, sums.basin.channels, strict=True)
    for number, (channel, place) in enumerate(pairs, 1):
        values = [value / years for value in _channel(channel)]
        edits = zip(
            (*values, place.area / 1e4), (11, 10, 25, 12, 10, 8), (1,) * 5 + (2,), strict=True
        )
        yield f"Channel{integer(number, 5)}" + "".join(fixed(*edit) for edit in edits)
    depth = whole.channels[-1].discharge / area * 1000.0 / years
    storms, rain = round(whole.storms / years), whole.precip * 1000.0 / years
    tail = "on an AVERAGE ANNUAL basis"
    yield ""
    yield f"{integer(storms, 4)} storms produced {fixed(rain, 12, 2)} mm. of rainfall {tail}"
    yield ""
    events = round(whole.events / years)
    yield f"{integer(events, 4)} events produced {fixed(depth, 12, 2)} mm. of runoff"
    yield f"     passing through the watershed outlet {tail}"
    yield from ("", "", " Average Annual Delivery From Channel Outlet:")
    yield from (" ------- ------ -------- ---- ------- ------", "")
    yield from _mean_delivery(whole, area, years)
    yield from ("", "", "Sediment Particle Information Leaving Channel:", *_PARTICLES)
    yield from outlet.particles(sums.basin, whole.classes)


def _mean_delivery(whole: Period, area: float, years: int) -> Iterator[str]:
    out, lost = whole.channels[-1], _lost(whole)
    rain, water = whole.precip * area / years, out.discharge / years
    yielded = out.sediment / 1e3 / years
    rows = (
        ("Total contributing area to outlet", fixed(area / 1e4, 31, 2), " ha"),
        ("Avg. Ann. Precipitation volume in contributing area", fixed(rain, 29, 0), "   m^3/yr"),
        ("Avg. Ann. irrigation volume in contributing area", fixed(0.0, 29, 0), "   m^3/yr"),
        ("Avg. Ann. water discharge from outlet", fixed(water, 29, 0), "   m^3/yr"),
        ("Avg. Ann. total hillslope soil loss", fixed(lost[0] / 1e3 / years, 30, 1), "  tonnes/yr"),
        ("Avg. Ann. total channel soil loss", fixed(lost[1] / 1e3 / years, 30, 1), "  tonnes/yr"),
        ("Avg. Ann. sediment discharge from outlet", fixed(yielded, 30, 1), "  tonnes/yr"),
        ("Avg. Ann. Sed. delivery per unit area of watershed",
         fixed(yielded * 1e4 / area, 30, 1), "  T/ha/yr"),
        ("Sediment Delivery Ratio for Watershed", fixed(_ratio(out, lost), 32, 3), ""),
    )  # fmt: skip
    for label, value, unit in rows:
        yield f"{label:<52}={value}{unit}"


def _lost(period: Period) -> tuple[float, float]:
    """What the hillslopes and the channels lose (kg)."""
    return summed([s.detached for s in period.slopes]), summed([c.eroded for c in period.channels])


def _ratio(out: ChannelSums, lost: tuple[float, float]) -> float:
    return out.sediment / summed(list(lost)) if summed(list(lost)) > 0.0 else 0.0


def _slope(slope: HillslopeSums) -> Sequence[float]:
    return slope.runoff, slope.lateral, slope.detached, slope.deposited, slope.sediment


def _channel(channel: ChannelSums) -> Sequence[float]:
    tonnes = channel.sediment / 1000.0
    return channel.discharge, tonnes, channel.eroded, channel.inflow, channel.lateral


def _columns(width: int, decimals: int, *values: float) -> str:
    return "".join(fixed(value, width, decimals) for value in values)
