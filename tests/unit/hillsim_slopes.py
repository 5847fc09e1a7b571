"""Builders of hillsim's inputs as documents, with defaults; no files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from tasks.hillsim import engine
from tasks.hillsim.element import hillslope
from tasks.hillsim.element.day import Day
from tasks.hillsim.element.hillslope import Hillslope
from tasks.hillsim.soil import MM_PER_HOUR, Horizon, SoilInput
from tasks.wepp.files.climate import Climate, Means
from tasks.wepp.files.climate_days import days
from tasks.wepp.files.slope import Element as SlopeElement
from tasks.wepp.files.slope import Slope
from tasks.wepp.files.soil import Element, Layer, Restricting, Soil
from tasks.wepp.inputs import Inputs
from tasks.wepp.samples import cover as sample_cover

#: A day's ten columns: mm, h, tp, ip, tmax, tmin (°C), langleys, m/s, degrees, dew point (°C).
DRY = (0.0, 0.0, 0.0, 0.0, 20.0, 8.0, 400.0, 3.0, 180.0, 5.0)


def rainy(mm: float, hours: float = 3.0, tp: float = 0.3, ip: float = 4.0) -> tuple[float, ...]:
    """A warm day with a storm."""
    return (mm, hours, tp, ip, *DRY[4:])


def weather(rows: Iterable[tuple[float, ...]], **changes: Any) -> Climate:
    """A climate of one day a row, from 1 May of year 1 on, unless `start` says otherwise."""
    rows, start = list(rows), changes.pop("start", date(2001, 5, 1))
    dates = [start + timedelta(index) for index in range(len(rows))]
    made = days(
        [day.day for day in dates], [day.month for day in dates],
        [day.year - 2000 for day in dates], zip(*rows, strict=True),
    )  # fmt: skip
    means = Means(*(tuple(float(v) for v in [value] * 12) for value in (18.0, 6.0, 400.0, 60.0)))
    climate = Climate(
        version=5.3, mode=1, wind=0, station="Station: TEST", latitude=42.0, longitude=-93.0,
        elevation=300.0, observed_years=30, begin_year=1, years=1, command="", means=means,
        days=made,
    )  # fmt: skip
    return replace(climate, **changes)


def ground(version: float = 2006.2, **changes: Any) -> Soil:
    """A loam of 0.8 m."""
    layer = Layer(depth=800.0, sand=40.0, clay=20.0, om=3.0, cec=15.0, rock=10.0)
    if version == 7778.0:
        extra = {"bulk_density": 1.2, "ksat": 15.0, "anisotropy": 10.0, "fc": 0.28, "wp": 0.12}
        layer = replace(layer, **extra)
    element = Element(
        name="Loam", texture="loam", albedo=0.2, saturation=0.6, ki=4e6, kr=0.006, tauc=2.5,
        layers=(layer,), ke=None if version >= 7777 else 12.0,
        restricting=None if version < 2006 else Restricting(1, 0.5, 25.0, None),
    )  # fmt: skip
    return Soil(version, "", changes.pop("ksflag", 1), (replace(element, **changes),))


def slope(length: float = 80.0, *gradients: float, width: float = 50.0) -> Slope:
    """A slope with these gradients at equal distances; 0.09 all the way by default."""
    steps = gradients or (0.09, 0.09)
    x = tuple(index / (len(steps) - 1) for index in range(len(steps)))
    return Slope(97.5, 180.0, width, (SlopeElement(length, x, tuple(steps)),))


def documents(
    rows: Iterable[tuple[float, ...]] = (rainy(40.0),),
    *,
    cover: sample_cover.Cover = sample_cover.HIGH_FIRE,
    soil: Soil | None = None,
    form: Slope | None = None,
    climate: Climate | None = None,
) -> Inputs:
    """The four inputs of a hillslope."""
    management = sample_cover.management(cover, 2)
    return Inputs(form or slope(), soil or ground(), management, climate or weather(rows))


def in_line(inputs: Inputs, *lengths: float) -> Inputs:
    """The inputs with their one element repeated, an element to a length (m), top first."""
    (element,), (earth,) = inputs.slope.elements, inputs.soil.elements
    count, schedule = len(lengths), inputs.management.schedule
    return replace(
        inputs,
        slope=replace(
            inputs.slope, elements=tuple(replace(element, length=length) for length in lengths)
        ),
        soil=replace(inputs.soil, elements=(earth,) * count),
        management=replace(
            inputs.management,
            initial_of=(1,) * count,
            schedule=tuple(tuple(year * count for year in turn) for turn in schedule),
        ),
    )


def run(inputs: Inputs) -> tuple[Hillslope, list[Day]]:
    """A slope of one element after all days of the climate, and what each day did."""
    (built,), days = run_chain(inputs)
    return built, [day for (day,) in days]


def run_chain(inputs: Inputs) -> tuple[tuple[Hillslope, ...], list[tuple[Day, ...]]]:
    """The elements after all days of the climate, and what each day did on each."""
    chain = hillslope.chain(inputs)
    return chain, list(engine.days(chain, inputs.climate, 2))


def soil_input(
    horizons: list[tuple[float, ...]], *, version: float, ke: float, **changes: Any
) -> SoilInput:
    """A soil of (mm, sand, clay, om %, cec, rock %) rows and a conductivity in mm/h."""
    made = tuple(
        Horizon(mm / 1e3, sand / 100, clay / 100, om / 100, cec, rock / 100)
        for mm, sand, clay, om, cec, rock in horizons
    )
    given = SoilInput(
        version=version, horizons=made, albedo=0.2, saturation=0.5, ki=4e5, kr=2e-4, tauc=1.0,
        ke=ke * MM_PER_HOUR, adjust_ke=True,
    )  # fmt: skip
    return replace(given, **changes)
