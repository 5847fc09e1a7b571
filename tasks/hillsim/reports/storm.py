"""The report of a single storm, in the Fortran engines' layout.

Section I tells the storm, what the soil was like and what ran off; II and III are those of the
annual report, for the one event.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from tasks.hillsim.element import event
from tasks.hillsim.element.day import Day
from tasks.hillsim.element.hillslope import Hillslope
from tasks.hillsim.hydrology.infiltration import Excess
from tasks.hillsim.hydrology.routing import GRAVITY
from tasks.hillsim.hydrology.storm import Hyetograph
from tasks.hillsim.numbers import summed
from tasks.hillsim.soil import MM_PER_HOUR
from tasks.wepp.files import loss
from tasks.wepp.files.fortran import fixed, integer

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_RULE = "  " + "-" * 52
_FIRST, _NEXT = "     ANNUAL AVERAGE SUMMARIES", "II.  ON SITE EFFECTS  ON SITE EFFECTS"
_LEAVES = "     A.  AVERAGE ANNUAL SEDIMENT LEAVING PROFILE"


def text(
    report: loss.Loss, chain: Sequence[Hillslope], days: Sequence[Day], rain: Hyetograph | None
) -> str:
    """The text of the report; `report` is the annual one of the one day, `rain` as it fell."""
    lines = loss.dump(report).splitlines()
    first = lines.index(_FIRST) - 2
    after = next(index for index, line in enumerate(lines) if line.startswith(_NEXT))
    leaves = lines.index(_LEAVES)
    when = _date(days[-1])
    kg_m = report.sediment.kg_m
    whole = [
        " Single storm" + " " * 59,
        *lines[1:first],
        *_hydrology(chain, days, rain),
        *lines[after:leaves],
        f"     A.  SEDIMENT LEAVING PROFILE for {when} {fixed(kg_m, 9, 3)} kg/m",
        *lines[leaves + 4 : -1],
        f"     SSA enrichment ratio leaving profile for {when} = {fixed(report.enrichment, 6, 2)}",
    ]
    return "\n".join(whole) + "\n"


def _date(day: Day) -> str:
    when = day.weather
    return f"{_MONTHS[when.month - 1]} {integer(when.day, 3)} {integer(when.year, 4)}"


def _hydrology(
    chain: Sequence[Hillslope], days: Sequence[Day], rain: Hyetograph | None
) -> Iterator[str]:
    when = days[-1].weather
    yield from ("", "", "I.   SINGLE STORM HYDROLOGY", "  --------- ----- " + "-" * 36, "", "")
    date = "".join(integer(value, 3) for value in (when.day, when.month, when.year))
    yield f"  infiltration, rainfall excess, and runoff hydrograph for event of{date}"
    yield from ("", "  hydrology summary", _RULE, "")
    yield f"    rainfall amount         {fixed(when.rain * 1000.0, 10, 2)} (mm)"
    yield f"    rainfall duration       {fixed(when.duration * 60.0, 10, 2)} (min)"
    yield f"    normalized peak intensity {fixed(when.peak_ratio, 8, 2)}"
    yield f"    normalized time to peak {fixed(when.peak_time, 10, 2)}"
    yield from _rainfall(rain)
    for slope, day in zip(chain, days, strict=True):
        yield from _element(slope, day)
    yield from _hydrograph(chain, days)
    yield from _summary(chain, days, rain)


def _rainfall(rain: Hyetograph | None) -> Iterator[str]:
    yield from (
        "",
        "",
        "",
        "  rainfall",
        "        time   intensity",
        "        (min)   (mm/hr)",
        _RULE,
    )
    start = 0.0
    for end, rate in zip(rain.ends, rain.rates, strict=True) if rain else ():
        yield f"    {fixed(start / 60.0, 10, 2)}{fixed(rate / MM_PER_HOUR, 10, 2)}"
        start = end
    yield f"    {fixed(start / 60.0, 10, 2)}{fixed(0.0, 10, 2)}"
    yield from ("", "  " + "*" * 52, "")


def _element(slope: Hillslope, day: Day) -> Iterator[str]:
    found, site = day.surface, slope.site
    rough = event.friction(slope, found)
    yield from ("", "      " + "*" * 27, f"       overland flow element{integer(site.number, 3)}")
    yield from ("      " + "*" * 27, "", " infiltration input parameters", _RULE, "")
    taken_in = (
        ("effective saturated conductivity", found.ke / MM_PER_HOUR, "(mm/h)"),
        ("effective matric potential", found.matric * 1000.0, "(mm)"),
        ("porosity", found.porosity, "(mm/mm)"),
        ("canopy cover", found.cover.canopy * 100.0, "(%)"),
        ("surface cover", found.cover.residue * 100.0, "(%)"),
    )
    yield from _values(taken_in)
    yield from ("", "", "  input runoff parameters", _RULE)
    chezy = math.sqrt(8.0 * GRAVITY / rough.total)
    plane = (
        ("plane length", site.shape.length, "(m)"),
        ("discharge exponent", 1.5, ""),
        ("average slope of profile", site.shape.mean, ""),
        ("chezy coefficient", chezy, "(m**0.5/s)"),
    )
    yield from _values(plane)


def _hydrograph(chain: Sequence[Hillslope], days: Sequence[Day]) -> Iterator[str]:
    """What leaves the foot, over the whole slope; the depth is that up to the row's time."""
    foot = days[-1].event
    if foot is None or foot.excess.rates is None:
        return
    yield from (
        "",
        "",
        "  output runoff hydrograph (95% of depth) for hillslope  1",
        _RULE,
        "",
        "                                  cumul.",
        "      index    time      rate     depth  ",
        "               (min)    (mm/h)     (mm)",
        "     " + "-" * 49,
    )
    share = chain[-1].site.shape.length / foot.length
    rows = event.hydrograph(foot.excess, share, foot.path)
    for index, (time, rate, gone) in enumerate(rows, 1):
        yield (
            f"{integer(index, 10)}{fixed(time / 60.0, 10, 2)}"
            f"{fixed(rate / MM_PER_HOUR, 10, 2)}{fixed(gone * 1000.0, 10, 2)}"
        )
    yield _RULE


def _summary(
    chain: Sequence[Hillslope], days: Sequence[Day], rain: Hyetograph | None
) -> Iterator[str]:
    day, foot = days[-1], days[-1].event
    length = summed([slope.site.shape.length for slope in chain])
    share = chain[-1].site.shape.length / length
    excess = foot.excess if foot else Excess()
    depth, when = day.runoff * share * 1000.0, day.weather
    yield from ("", "", "  runoff hydrograph summary for hillslope  1")
    yield "  ------ ---------- ------- --- --------- --"
    peak_rain = max(rain.rates) if rain else 0.0
    yield from _values(
        (
            ("rainfall volume", when.rain * 1000.0, "(mm)"),
            ("infiltration volume", when.rain * 1000.0 - depth, "(mm)"),
            ("runoff volume", depth, "(mm)"),
            ("peak rainfall intensity", peak_rain / MM_PER_HOUR, "(mm/h)"),
            ("effective rainfall intensity", excess.intensity / MM_PER_HOUR, "(mm/h)"),
            ("effective rainfall duration", excess.duration / 60.0, "(min)"),
            ("peak runoff rate", foot.flow.peak * share / MM_PER_HOUR if foot else 0.0, "(mm/h)"),
            ("duration of rainfall", when.duration * 60.0, "(min)"),
            ("effective runoff duration", foot.flow.duration / 60.0 if foot else 0.0, "(min)"),
            ("effective length", length, "(meters)"),
        )
    )
    yield from ("", "", "")


def _values(rows: Sequence[tuple[str, float, str]]) -> Iterator[str]:
    for label, value, unit in rows:
        yield f"      {label:<33}{fixed(value, 9, 2)} {unit}".rstrip()
