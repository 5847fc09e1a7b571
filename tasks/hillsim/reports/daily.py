"""The daily tables in the stock layouts: water balance, soil properties, the element's state.

::

    wat      1x,3(1x,i4),2(1x,f7.2),1x,e15.7,4(1x,f7.2),1x,e15.7,5(1x,f7.2),2x,e15.7   every day
    soil     i3,i5,i7,f8.2,8(f7.2)                                                     every day
    element  3(1x,i2),1x,i4,2(1x,f8.3),3(1x,f7.3),f6.3,3(1x,f7.3),1x,f6.3,4(1x,f8.3),
             5(1x,f6.3),1x,f8.3                            days with runoff, the 1st and 15th

Years count from 1. Soil water is all of it, what plants cannot take included. The water
table adds up with what hangs on leaves and litter, for which the layout has no column.
"""

from __future__ import annotations

from typing import Final

from tasks.hillsim.element.day import Day
from tasks.hillsim.element.hillslope import Hillslope
from tasks.hillsim.numbers import hundredths, summed, whole
from tasks.hillsim.reports import tally
from tasks.hillsim.soil import MM_PER_HOUR
from tasks.wepp.files.fortran import fixed, integer, scientific

_RULE = " " + "-" * 142
WATER_HEAD = (
    " DAILY WATER BALANCE",
    "",
    " J=julian day, Y=simulation year",
    " P= precipitation       ",
    " RM=rainfall+irrigation+snowmelt",
    " Q=daily runoff over eff length, Ep=plant transpiration",
    " Es=soil evaporation, Er=residue evaporation",
    " Dp=deep percolationlatqcc=lateral subsurface flow ",
    " UpStrmQ=Runon added to OFE",
    " SubRIn=Subsurface runon added to OFE",
    " Total Soil Water=Unfrozen water in soil profile",
    " frozwt=Frozen water in soil profile",
    " Snow Water=Water in surface snow",
    " QOFE=daily runoff scaled to single OFE ",
    "",
    _RULE,
    "  OFE    J    Y      P      RM     Q                Ep      Es      Er     Dp       UpStrmQ"
    "   SubRIn    latqcc Total-Soil frozwt Snow-Water QOFE",
    "  #      -    -      mm     mm     mm               mm      mm'      mm       mm      mm    "
    "       mm      mm   Water(mm)   mm        mm      mm",
    _RULE,
    "",
)
SOIL_HEAD = (
    " Soil properties, daily output",
    "-" * 78,
    " OFE Day   Y   Poros   Keff  Suct    FC     WP    Rough    Ki     Kr    Tauc",
    "                 %    mm/hr   mm    mm/mm  mm/mm    mm   adjsmt adjsmt adjsmt",
    "-" * 78,
    "",
)
ELEMENT_HEAD = (
    " OFE DD MM YYYY  Precip   Runoff   EffInt PeakRO  EffDur Enrich    Keff   Sm  LeafArea  CanHgt"
    "  Cancov IntCov  RilCov  LivBio DeadBio  Ki    Kr     Tcrit RilWid   SedLeave",
    " na  na na  na     mm       mm     mm/h    mm/h      h    Ratio    mm/h   mm    Index    m    "
    "   %       %       %     Kg/m^2  Kg/m^2  na    na      na     m       kg/m",
)
_REPORTED = (1, 15)


def water_row(slope: Hillslope, day: Day, year: int) -> str:
    """A day's row of the water balance; the state is the evening's."""
    return balance_row(slope, day, year, over_path(slope, day, day.runoff), day.runoff)


def balance_row(slope: Hillslope, day: Day, year: int, runoff: float, below: float) -> str:
    """The row with a runoff over the flow's path, and over the element (m)."""
    balance, when = day.balance, day.weather
    cells = [
        "",
        "",
        whole(slope.site.number, 4),
        whole(when.julian, 4),
        whole(year, 4),
        hundredths(when.rain * 1000.0),
        hundredths(day.wetted * 1000.0),
        _exact(runoff),
        hundredths(balance.plants * 1000.0),
        hundredths(balance.soil * 1000.0),
        hundredths(balance.litter * 1000.0),
        hundredths(balance.percolation * 1000.0),
        _exact(day.inflow.runoff),
        hundredths(balance.arrived * 1000.0),
        hundredths(balance.lateral * 1000.0),
        hundredths(_liquid(slope) * 1000.0),
        hundredths((slope.frost.water + slope.bound) * 1000.0),
        hundredths(slope.pack.water * 1000.0),
        "",
        _exact(below),
    ]
    return " ".join(cells)


def _liquid(slope: Hillslope) -> float:
    """Water of the soil that is not frozen (m)."""
    return summed(slope.store) + slope.columns.earth.held - slope.bound


def over_path(slope: Hillslope, day: Day, value: float) -> float:
    """A depth or rate over the element as one over all the slope that the water has come down."""
    return value * (slope.site.shape.length / day.event.length) if day.event else value


def soil_row(slope: Hillslope, day: Day, year: int) -> str:
    """A day's row of the soil properties, as the day's rain met them."""
    found, top = day.surface, slope.site.profile.top
    cells = [
        whole(slope.site.number, 3),
        whole(day.weather.julian, 5),
        whole(year, 7),
        " ",
        hundredths(found.porosity * 100.0),
        hundredths(found.ke / MM_PER_HOUR),
        hundredths(found.matric * 1000.0),
        hundredths(top.fc),
        hundredths(top.wp),
        hundredths(found.roughness * 1000.0),
        hundredths(found.factors.ki),
        hundredths(found.factors.kr),
        hundredths(found.factors.tauc),
    ]
    return "".join(cells)


def element_row(slope: Hillslope, day: Day, year: int, *, always: bool = False) -> str | None:
    """The element's row of a day with runoff, or of the 1st and 15th; None on others."""
    when, event = day.weather, day.event
    if event is None and when.day not in _REPORTED and not always:
        return None
    dates = (slope.site.number, when.day, when.month, year)
    return _row(_ELEMENT, (*dates, *_flow(slope, day), *_state(slope, day)))


def _flow(slope: Hillslope, day: Day) -> tuple[float, ...]:
    """Precipitation to enrichment; zeros on a day without an event."""
    event, rain = day.event, day.weather.rain * 1000.0
    if event is None:
        return rain, 0.0, 0.0, 0.0, 0.0, 0.0
    return (
        rain,
        over_path(slope, day, day.runoff) * 1000.0,
        event.excess.intensity / MM_PER_HOUR,
        over_path(slope, day, event.flow.peak) / MM_PER_HOUR,
        event.flow.duration / 3600.0,
        tally.enrichment(slope, event.load.classes),
    )


def _state(slope: Hillslope, day: Day) -> tuple[float, ...]:
    """Conductivity to sediment; erodibilities in 1e6 kg·s/m⁴, 1e-3 s/m and Pa."""
    found, base = day.surface, slope.site.profile.erodibility
    cover, factors = found.cover, found.factors
    return (
        found.ke / MM_PER_HOUR,
        _liquid(slope) * 1000.0,
        found.leaves,
        cover.height,
        cover.canopy * 100.0,
        cover.interrill * 100.0,
        cover.rill * 100.0,
        found.live,
        found.dead,
        base.ki * factors.ki / 1e6,
        base.kr * factors.kr * 1e3,
        base.tauc * factors.tauc,
        slope.ground.surface.width,
        day.event.load.leaving if day.event else 0.0,
    )


_Edit = tuple[str, int, int]
"""Blanks before a number, its width and decimals (−1: an integer)."""


class _Layout:
    """A row's edits, and the same as one format that nearly all rows fit."""

    def __init__(self, edits: list[_Edit]) -> None:
        self.edits = edits
        self.whole = "".join([before + _percent(width, form) for before, width, form in edits])
        self.width = sum([len(before) + width for before, width, _ in edits])


def _percent(width: int, form: int) -> str:
    return f"%{width}d" if form == _INTEGER else f"%{width}.{form}f"


_INTEGER: Final = -1
_ELEMENT = _Layout(
    [
        *[(" ", 2, _INTEGER)] * 3,
        (" ", 4, _INTEGER),
        *[(" ", 8, 3)] * 2,
        *[(" ", 7, 3)] * 3,
        ("", 6, 3),
        *[(" ", 7, 3)] * 3,
        (" ", 6, 3),
        *[(" ", 8, 3)] * 4,
        *[(" ", 6, 3)] * 5,
        (" ", 8, 3),
    ]
)
_NOTHING: Final = "  0.0000000E+00"


def _exact(depth: float) -> str:
    """A depth (m) as mm in e15.7."""
    return scientific(depth * 1000.0, 15, 7) if depth else _NOTHING


def _row(layout: _Layout, values: tuple[object, ...]) -> str:
    """The row; what does not fit its width, and no number, goes the long way."""
    usual = layout.whole % values
    if len(usual) == layout.width and "n" not in usual:
        return usual
    return "".join(
        [edit[0] + _edited(edit, value) for edit, value in zip(layout.edits, values, strict=True)]
    )


def _edited(edit: _Edit, value: object) -> str:
    _, width, form = edit
    if isinstance(value, int):
        return integer(value, width)
    assert isinstance(value, float)
    return fixed(value, width, form)
