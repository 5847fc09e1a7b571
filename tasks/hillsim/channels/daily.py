"""The daily tables of a watershed, in the layouts of the Fortran engines.

::

    ebe      2(1x,i4),1x,i5,1x,f5.1,1x,f12.2,1x,f12.5,1x,f12.1     days with flow at the outlet
    chan.out i6,3i7,f12.0,es14.2        chanwb.out i6,3i7,f13.2,5f11.2      every channel and day
    chnwb    the row of wat, 2(1x,f7.2),3(1x,f10.2): tile, irrigation, water in the channel,
             baseflow (mm over the bed), area of the bed (m²); its Q is the outflow over the bed
    soil     the row of a hillslope's
"""

from __future__ import annotations

from typing import Final

from tasks.hillsim.channels.network import Channel, ChannelDay
from tasks.hillsim.element.today import Weather
from tasks.hillsim.numbers import summed
from tasks.hillsim.reports import daily
from tasks.hillsim.reports.daily import SOIL_HEAD, soil_row
from tasks.wepp.files import channels
from tasks.wepp.files.fortran import fixed, integer

__all__ = ["BALANCE_HEAD", "EVENT_HEAD", "PLOT", "SOIL_HEAD", "WATER_HEAD", "soil_row"]

_LEAST_LISTED: Final = 0.005
_METHODS = {
    channels.EPIC: "Modified EPIC rational",
    channels.CREAMS: "CREAMS",
    channels.KINEMATIC: "Kinematic wave",
    channels.MUSKINGUM_CUNGE: "Muskingum-Cunge",
    channels.MODIFIED: "Modified Muskingum-Cunge",
}
EVENT_HEAD = (
    "",
    "WATERSHED OUTPUT: DISCHARGE FROM WATERSHED OUTLET",
    "(Results listed for Runoff Volume > 0.005m^3)",
    "",
    "Day          Precip.    Runoff      Peak       Sediment",
    "   Month     Depth      Volume      Runoff     Yield",
    "       Year  (mm)       (m^3)       (m^3/s)    (kg)",
    "-------------------------------------------------------",
    "",
)
BALANCE_HEAD = (
    " Channel Water Balance",
    "",
    "  Inflow  = Total inflow above channel outlet, includes baseflow, all sources m^3",
    "  Outflow = Water flow out of channel outlet, m^3",
    "  Storage = Water surface storage at the end of the day, m^3",
    "  Baseflow = Portion of inflow from baseflow, m^3",
    "  Loss = Transmission loss in channel, infiltration, m^3",
    "  Balance = Water balance error at end of day, 0=balanced m^3",
    "     inflow-outflow-loss-(change in surface storage)",
    "",
    "  Year    Day  Elmt_ID Chan_ID    Inflow    Outflow   Storage    Baseflow       Loss"
    "    Balance",
)
_MORE = (
    "   Tile    Irr        Surf       Base       Area",
    "   mm      mm         mm         mm         m^2",
)
PLOT = (
    " Dist. Downslope Elevation Soil Loss",
    "",
    "   (meters)   (meters)  (kg/m**2)",
    "",
    "",
    "",
    " WATERSHED PROFILE OUTPUT NOT AVAILABLE AT THIS TIME",
)


def _water_head() -> tuple[str, ...]:
    """The heading of wat with the names and units of five columns more."""
    lines = list(daily.WATER_HEAD)
    at = next(index for index, line in enumerate(lines) if line.startswith("  OFE"))
    for offset, more in enumerate(_MORE):
        lines[at + offset] += more
    return tuple(lines)


WATER_HEAD = _water_head()


def peak_head(method: int) -> tuple[str, ...]:
    """The heading of chan.out."""
    title = (
        " Channel Routing Output",
        f"   {_METHODS[method]} method",
        "",
        "Peak Flow Time and Rate",
    )
    return (*title, "", "  Year    Day   Elmt_ID Chan_ID  Time(s) Peak_Discharge(m^3/s)")


def event_rows(weather: Weather, done: ChannelDay, year: int) -> tuple[str, ...]:
    """The outlet's row of a day, if enough flows."""
    volume = done.leaving.volume
    if volume <= _LEAST_LISTED:
        return ()
    row = f" {integer(weather.day, 4)} {integer(weather.month, 4)} {integer(year, 5)}"
    row += f" {fixed(weather.rain * 1000.0, 5, 1)} {fixed(volume, 12, 2)}"
    return (f"{row} {fixed(done.peak, 12, 5)} {fixed(summed(list(done.moved.leaving)), 12, 1)}",)


def peak_row(channel: Channel, done: ChannelDay, year: int) -> str:
    """A channel's peak of a day."""
    return f"{_key(channel, done, year)}{fixed(done.peak_time, 12, 0)}{done.peak:14.2E}"


def balance_row(channel: Channel, done: ChannelDay, year: int) -> str:
    """A channel's water of a day."""
    values = (done.leaving.volume, done.stored, done.baseflow, done.loss, 0.0)
    first = fixed(done.inflow, 13, 2)
    # A loss that rounds to nothing has no sign.
    row = "".join(fixed(round(value, 2) + 0.0, 11, 2) for value in values)
    return f"{_key(channel, done, year)}{first}{row}"


def water_row(channel: Channel, done: ChannelDay, year: int) -> str:
    """The water balance of a channel's bed in a day."""
    area = channel.ground.site.area
    depth = done.leaving.volume / area
    row = daily.balance_row(channel.ground, done.day, year, depth, depth)
    more = "".join(f" {fixed(value, 7, 2)}" for value in (0.0, 0.0))
    held, base = (volume / area * 1000.0 for volume in (done.stored, done.baseflow))
    return row + more + "".join(f" {fixed(value, 10, 2)}" for value in (held, base, area))


def _key(channel: Channel, done: ChannelDay, year: int) -> str:
    numbers = (done.day.weather.julian, channel.number, channel.ground.site.number)
    return integer(year, 6) + "".join(integer(value, 7) for value in numbers)
