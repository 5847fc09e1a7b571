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

from tasks.hillsim.element.day import Day
from tasks.hillsim.element.hillslope import Hillslope
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
    head = "".join(f" {integer(value, 4)}" for value in (slope.site.number, when.julian, year))
    taken = (balance.plants, balance.soil, balance.litter, balance.percolation)
    held = sum(slope.store) + slope.columns.held_back
    kept = (balance.arrived, balance.lateral, held, slope.frost.water, slope.pack.water)
    return (
        f" {head}{_millimetres(when.rain, day.wetted)} {scientific(runoff * 1000.0, 15, 7)}"
        f"{_millimetres(*taken)} {scientific(day.inflow.runoff * 1000.0, 15, 7)}"
        f"{_millimetres(*kept)}  {scientific(below * 1000.0, 15, 7)}"
    )


def over_path(slope: Hillslope, day: Day, value: float) -> float:
    """A depth or rate over the element as one over all the slope that the water has come down."""
    return value * (slope.site.shape.length / day.event.length) if day.event else value


def soil_row(slope: Hillslope, day: Day, year: int) -> str:
    """A day's row of the soil properties, as the day's rain met them."""
    found, top = day.surface, slope.site.profile.top
    head = f"{integer(slope.site.number, 3)}{integer(day.weather.julian, 5)}{integer(year, 7)}"
    values = (
        found.ke / MM_PER_HOUR,
        found.matric * 1000.0,
        top.fc,
        top.wp,
        found.roughness * 1000.0,
        found.factors.ki,
        found.factors.kr,
        found.factors.tauc,
    )
    return head + fixed(found.porosity * 100.0, 8, 2) + "".join(fixed(v, 7, 2) for v in values)


def element_row(slope: Hillslope, day: Day, year: int, *, always: bool = False) -> str | None:
    """The element's row of a day with runoff, or of the 1st and 15th; None on others."""
    when, event = day.weather, day.event
    if event is None and when.day not in _REPORTED and not always:
        return None
    dates = "".join(f" {integer(value, 2)}" for value in (slope.site.number, when.day, when.month))
    return f"{dates} {integer(year, 4)}{_flow(slope, day)}{_state(slope, day)}"


def _flow(slope: Hillslope, day: Day) -> str:
    """Precipitation to enrichment; zeros on a day without an event."""
    event = day.event
    runoff = over_path(slope, day, day.runoff) if event else 0.0
    depths = _columns(8, 3, day.weather.rain * 1000.0, runoff * 1000.0)
    if event is None:
        return depths + _columns(7, 3, 0.0, 0.0, 0.0) + fixed(0.0, 6, 3)
    peak = over_path(slope, day, event.flow.peak)
    rates = (event.excess.intensity / MM_PER_HOUR, peak / MM_PER_HOUR)
    enriched = tally.enrichment(slope, event.load.classes)
    return depths + _columns(7, 3, *rates, event.flow.duration / 3600.0) + fixed(enriched, 6, 3)


def _state(slope: Hillslope, day: Day) -> str:
    """Conductivity to sediment; erodibilities in 1e6 kg·s/m⁴, 1e-3 s/m and Pa."""
    found, base = day.surface, slope.site.profile.erodibility
    cover, factors = found.cover, found.factors
    leaving = day.event.load.leaving if day.event else 0.0
    held = sum(slope.store) + slope.columns.held_back
    shares = (cover.canopy * 100.0, cover.interrill * 100.0, cover.rill * 100.0)
    soil = (
        base.ki * factors.ki / 1e6,
        base.kr * factors.kr * 1e3,
        base.tauc * factors.tauc,
        slope.ground.surface.width,
    )
    return (
        _columns(7, 3, found.ke / MM_PER_HOUR, held * 1000.0, found.leaves)
        + _columns(6, 3, cover.height)
        + _columns(8, 3, *shares, found.live)
        + _columns(6, 3, found.dead, *soil)
        + _columns(8, 3, leaving)
    )


def _columns(width: int, decimals: int, *values: float) -> str:
    return "".join(f" {fixed(value, width, decimals)}" for value in values)


def _millimetres(*depths: float) -> str:
    return _columns(7, 2, *(depth * 1000.0 for depth in depths))
