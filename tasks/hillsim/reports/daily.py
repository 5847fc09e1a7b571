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
from tasks.hillsim.element.event import Runoff
from tasks.hillsim.element.hillslope import Hillslope
from tasks.hillsim.numbers import exact, hundredths, summed, thousandths, whole
from tasks.hillsim.reports import tally
from tasks.hillsim.soil import MM_PER_HOUR

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
_SUMMER: Final = f"{hundredths(0.0)} {hundredths(0.0)}"
_DRY: Final = f"{_SUMMER} {exact(0.0)}"
_ALONE: Final = f"{exact(0.0)} {hundredths(0.0)}"
_NO_FLOW: Final = "   0.000   0.000   0.000   0.000 0.000"


def water_row(slope: Hillslope, day: Day, year: int) -> str:
    """A day's row of the water balance; the state is the evening's."""
    return balance_row(slope, day, year, over_path(slope, day, day.runoff), day.runoff)


def balance_row(slope: Hillslope, day: Day, year: int, runoff: float, below: float) -> str:
    """The row with a runoff over the flow's path, and over the element (m)."""
    balance, when, bound = day.balance, day.weather, slope.bound
    return (
        f"  {whole(slope.site.number, 4)} {whole(when.julian, 4)} {whole(year, 4)}"
        f" {_fallen(when.rain, day.wetted, runoff)} {hundredths(balance.plants * 1000.0)}"
        f" {hundredths(balance.soil * 1000.0)} {hundredths(balance.litter * 1000.0)}"
        f" {hundredths(balance.percolation * 1000.0)}"
        f" {_from_above(day.inflow.runoff, balance.arrived)}"
        f" {hundredths(balance.lateral * 1000.0)}"
        f" {hundredths(_liquid(slope, bound) * 1000.0)}"
        f" {_frozen(slope.frost.water + bound, slope.pack.water)}  {exact(below * 1000.0)}"
    )


def _fallen(rain: float, wetted: float, runoff: float) -> str:
    """Precipitation, what reached the ground, runoff (m): nothing on most days."""
    if rain == 0.0 and wetted == 0.0 and runoff == 0.0:
        return _DRY
    return f"{hundredths(rain * 1000.0)} {hundredths(wetted * 1000.0)} {exact(runoff * 1000.0)}"


def _from_above(runoff: float, seeped: float) -> str:
    """What ran and seeped onto the element (m): nothing on the uppermost."""
    if runoff == 0.0 and seeped == 0.0:
        return _ALONE
    return f"{exact(runoff * 1000.0)} {hundredths(seeped * 1000.0)}"


def _frozen(ice: float, snow: float) -> str:
    """Ice and snow (m of water): none in summer."""
    if ice == 0.0 and snow == 0.0:
        return _SUMMER
    return f"{hundredths(ice * 1000.0)} {hundredths(snow * 1000.0)}"


def _liquid(slope: Hillslope, bound: float) -> float:
    """Water of the soil that is not frozen (m); `bound` is its ice below wilting point."""
    return summed(slope.store) + slope.columns.earth.held - bound


def over_path(slope: Hillslope, day: Day, value: float) -> float:
    """A depth or rate over the element as one over all the slope that the water has come down."""
    return value * (slope.site.shape.length / day.event.length) if day.event else value


def soil_row(slope: Hillslope, day: Day, year: int) -> str:
    """A day's row of the soil properties, as the day's rain met them."""
    found, top, factors = day.surface, slope.site.profile.top, day.surface.factors
    return (
        f"{whole(slope.site.number, 3)}{whole(day.weather.julian, 5)}{whole(year, 7)} "
        f"{hundredths(found.porosity * 100.0)}{hundredths(found.ke / MM_PER_HOUR)}"
        f"{hundredths(found.matric * 1000.0)}{hundredths(top.fc)}{hundredths(top.wp)}"
        f"{hundredths(found.roughness * 1000.0)}{hundredths(factors.ki)}"
        f"{hundredths(factors.kr)}{hundredths(factors.tauc)}"
    )


def element_row(slope: Hillslope, day: Day, year: int, *, always: bool = False) -> str | None:
    """The element's row of a day with runoff, or of the 1st and 15th; None on others."""
    when, event = day.weather, day.event
    if event is None and not (when.day in (1, 15) or always):
        return None
    date = f" {whole(slope.site.number, 2)} {whole(when.day, 2)} {whole(when.month, 2)}"
    flow = _NO_FLOW if event is None else _flow(slope, day, event)
    return (
        f"{date} {whole(year, 4)} {thousandths(when.rain * 1000.0, 8)} {flow} {_state(slope, day)}"
    )


def _flow(slope: Hillslope, day: Day, event: Runoff) -> str:
    """Runoff to enrichment, before which there is no blank."""
    enrichment = tally.enrichment(slope, event.load.classes)
    return (
        f"{thousandths(over_path(slope, day, day.runoff) * 1000.0, 8)}"
        f" {thousandths(event.excess.intensity / MM_PER_HOUR, 7)}"
        f" {thousandths(over_path(slope, day, event.flow.peak) / MM_PER_HOUR, 7)}"
        f" {thousandths(event.flow.duration / 3600.0, 7)}{thousandths(enrichment, 6)}"
    )


def _state(slope: Hillslope, day: Day) -> str:
    """Conductivity to sediment; erodibilities in 1e6 kg·s/m⁴, 1e-3 s/m and Pa."""
    found, base = day.surface, slope.site.profile.erodibility
    cover, factors = found.cover, found.factors
    return (
        f"{thousandths(found.ke / MM_PER_HOUR, 7)}"
        f" {thousandths(_liquid(slope, slope.bound) * 1000.0, 7)}"
        f" {thousandths(found.leaves, 7)} {thousandths(cover.height, 6)}"
        f" {thousandths(cover.canopy * 100.0, 8)} {thousandths(cover.interrill * 100.0, 8)}"
        f" {thousandths(cover.rill * 100.0, 8)} {thousandths(found.live, 8)}"
        f" {thousandths(found.dead, 6)} {thousandths(base.ki * factors.ki / 1e6, 6)}"
        f" {thousandths(base.kr * factors.kr * 1e3, 6)}"
        f" {thousandths(base.tauc * factors.tauc, 6)}"
        f" {thousandths(slope.ground.surface.width, 6)}"
        f" {thousandths(day.event.load.leaving if day.event else 0.0, 8)}"
    )
