"""The daily reports of the channel network: discharge, water balances, soil, events at the outlet.

::

    chan.out      Year Day Elmt_ID Chan_ID Time(s) Peak_Discharge(m^3/s)
    chanwb.out    Year Day Elmt_ID Chan_ID Inflow Outflow Storage Baseflow Loss Balance
    chnwb.txt     OFE J Y and the columns of hillslopes' water balance, then Tile Irr Surf Base Area
    soil_pw0.txt  the columns of hillslopes' soil reports
    ebe_pw0.txt   day mo year Precip Runoff Peak Sediment; WEPPcloud: three pollutants, element

Channels are counted from 1 in chnwb and soil (their OFE), elements go on from the hillslopes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from tasks.interchange.calendar import Calendar
from tasks.interchange.columns import (
    DAY_OF_MONTH,
    JULIAN,
    MONTH,
    OFE,
    OFE_ID,
    SIM_DAY_INDEX,
    SIMULATION_YEAR,
    WATER_YEAR,
    WEPP_ID,
    YEAR,
    Column,
    Product,
    by_julian,
    by_month,
    floats,
)
from tasks.interchange.hill import soil as hill_soil
from tasks.interchange.hill import water as hill_wat
from tasks.interchange.table import Places, free, parted, places
from tasks.interchange.text import Block


@dataclass(frozen=True, slots=True)
class Network:
    """What reports do not tell: the calendar, and the outlet's element (None: not known)."""

    calendar: Calendar
    outlet: int | None


@dataclass(frozen=True, slots=True)
class Daily:
    """One report: the file it is read from, its table, and what makes rows of a block of it."""

    source: str
    product: Product
    rows: Callable[[Block, Sequence[str], Network], pa.Table]


_KEYS = (
    *(YEAR, SIMULATION_YEAR, JULIAN, MONTH, DAY_OF_MONTH, WATER_YEAR),
    Column("Elmt_ID", "int32", "", "Element of the watershed: channels go on from the hillslopes"),
    Column("Chan_ID", "int32", "", "Channel, from 1"),
)
PEAKS = Product(
    "chan.out.parquet",
    "Peak discharge of the channels, and when in the day it comes.",
    (
        *_KEYS,
        *floats(
            ("Time (s)", "s", "Time of the peak, from midnight"),
            ("Peak_Discharge (m^3/s)", "m^3/s", "Peak discharge of the day"),
        ),
    ),
)
ROUTED = Product(
    "chanwb.parquet",
    "Daily water balance of the routed channels.",
    (
        *_KEYS,
        *floats(
            ("Inflow (m^3)", "m^3", "Inflow above the outlet of the channel, baseflow included"),
            ("Outflow (m^3)", "m^3", "Flow out of the channel"),
            ("Storage (m^3)", "m^3", "Water in the channel at the end of the day"),
            ("Baseflow (m^3)", "m^3", "Part of the inflow that is baseflow"),
            ("Loss (m^3)", "m^3", "Infiltration from the channel"),
            ("Balance (m^3)", "m^3", "Error of the balance at the end of the day"),
        ),
    ),
)
_RENAMED = {"Total-Soil Water": "Total Soil Water", "Snow-Water": "Snow Water"}
_CHANNEL_BALANCE = (
    *((_RENAMED.get(c.name, c.name), c.units, c.description) for c in hill_wat.BALANCE),
    ("Surf", "mm", "Water on the surface"),
    ("Base", "mm", "Baseflow that comes from outside"),
    ("Area", "m^2", "Area of the channel, to which the depths apply"),
)
BALANCE = Product(
    "chnwb.parquet",
    "Daily water balance of the channels' own ground.",
    (
        WEPP_ID,
        *(JULIAN, YEAR, SIMULATION_YEAR, MONTH, DAY_OF_MONTH, WATER_YEAR),
        OFE,
        Column("J", "int16", "", "Day of the year, as the report gives it"),
        Column("Y", "int16", "", "Year, as the report gives it"),
        *floats(*((f"{name} ({units})", units, about) for name, units, about in _CHANNEL_BALANCE)),
    ),
)
SOIL = Product(
    "soil_pw0.parquet",
    "Daily soil properties of the channels.",
    (
        *(WEPP_ID, OFE_ID, YEAR),
        Column("day", "int16", "", "Day of the year, as the report gives it"),
        *(JULIAN, MONTH, DAY_OF_MONTH, WATER_YEAR, OFE),
        *hill_soil.PROPERTIES,
    ),
)
_OUTLET_MEASURES = floats(
    ("precip", "mm", "Precipitation"),
    ("runoff_volume", "m^3", "Runoff at the outlet"),
    ("peak_runoff", "m^3/s", "Peak discharge at the outlet"),
    ("sediment_yield", "kg", "Sediment at the outlet"),
    ("soluble_pollutant", "kg", "Soluble pollutant at the outlet; null where it is not told"),
    ("particulate_pollutant", "kg", "Pollutant on sediment at the outlet; null where not told"),
    ("total_pollutant", "kg", "Pollutant at the outlet; null where it is not told"),
)
EVENTS = Product(
    "ebe_pw0.parquet",
    "Days with runoff at the outlet of the watershed: volume, peak and sediment.",
    (
        *(YEAR, SIM_DAY_INDEX, SIMULATION_YEAR, MONTH, DAY_OF_MONTH, JULIAN, WATER_YEAR),
        *_OUTLET_MEASURES,
        Column("element_id", "int32", "", "Element of the outlet channel"),
    ),
)


def peaks(block: Block, head: Sequence[str], network: Network) -> pa.Table:
    """The rows of a block of `chan.out`."""
    return _routed(block, network, PEAKS, _PEAKS, "a row of the channels' peaks")


def routed(block: Block, head: Sequence[str], network: Network) -> pa.Table:
    """The rows of a block of `chanwb.out`."""
    return _routed(block, network, ROUTED, _ROUTED, "a row of the channels' balance")


def _routed(block: Block, network: Network, product: Product, where: Places, what: str) -> pa.Table:
    measures = product.columns[len(_KEYS) :]
    table = parted(block, (4 + len(measures),), where, what)
    values: dict[str, Any] = {c.name: table.numbers(at) for at, c in enumerate(measures, 4)}
    values |= by_julian(table, network.calendar, year=0, julian=1)
    values |= {"Elmt_ID": table.integers(2), "Chan_ID": table.integers(3)}
    return product.batch(len(table), values)


def balance(block: Block, head: Sequence[str], network: Network) -> pa.Table:
    """The rows of a block of `chnwb.txt`; builds of 2024 put them under another head."""
    measures = BALANCE.columns[-len(_CHANNEL_BALANCE) :]
    table = free(block, (3 + len(measures), 17), "a row of the channels' ground")
    found = enumerate(measures[: table.count - 3], 3)
    values: dict[str, Any] = {column.name: table.numbers(at) for at, column in found}
    values |= by_julian(table, network.calendar, year=2, julian=1)
    channel = table.integers(0)
    values |= {"wepp_id": channel, "OFE": channel}
    return BALANCE.batch(len(table), {**values, "J": table.integers(1), "Y": table.integers(2)})


def soil(block: Block, head: Sequence[str], network: Network) -> pa.Table:
    """The rows of a block of `soil_pw0.txt`."""
    table = hill_soil.read(block, head)
    channel = table.integers(0)
    values = {**hill_soil.properties(table), **by_julian(table, network.calendar, 2, 1)}
    values |= {"wepp_id": channel, "ofe_id": channel, "OFE": channel, "day": table.integers(1)}
    return SOIL.batch(len(table), values)


def events(block: Block, head: Sequence[str], network: Network) -> pa.Table:
    """The rows of a block of `ebe_pw0.txt`."""
    table = free(block, (_STOCK_EVENT, _CLOUD_EVENT, _CLOUD_EVENT + 1), "an event at the outlet")
    measures = _OUTLET_MEASURES[: table.count - 3]
    values: dict[str, Any] = {c.name: table.numbers(at) for at, c in enumerate(measures, 3)}
    values |= by_month(table, network.calendar, year=2, month=1, day=0)
    told = table.count > _CLOUD_EVENT
    return EVENTS.batch(
        len(table),
        {**values, "element_id": table.integers(_CLOUD_EVENT) if told else network.outlet},
    )


_PEAKS = places("i6,3(i7),f12.0,e14.2")
_ROUTED = places("i6,3(i7),f13.2,5(f11.2)")
_STOCK_EVENT, _CLOUD_EVENT = 7, 10
DAILY = (
    Daily("ebe_pw0.txt", EVENTS, events),
    Daily("chan.out", PEAKS, peaks),
    Daily("chanwb.out", ROUTED, routed),
    Daily("chnwb.txt", BALANCE, balance),
    Daily("soil_pw0.txt", SOIL, soil),
)
