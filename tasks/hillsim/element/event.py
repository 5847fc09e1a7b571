"""A day's runoff as an event: joined, routed down the slope, and what it moves."""

from __future__ import annotations

from typing import Final, final

from tasks.hillsim.element.hillslope import Hillslope
from tasks.hillsim.element.inflow import Inflow
from tasks.hillsim.element.today import Properties
from tasks.hillsim.hydrology import routing, storm, wave
from tasks.hillsim.hydrology.infiltration import LEAST_EXCESS, NO_EXCESS, Excess
from tasks.hillsim.hydrology.routing import Flow, Friction
from tasks.hillsim.hydrology.storm import Hyetograph
from tasks.hillsim.native import mypyc_attr
from tasks.hillsim.sediment import erosion
from tasks.hillsim.sediment.erosion import Earth, Load

_DAY: Final = 86400.0


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Runoff:
    """An event that was routed: the excess, the flow, the rain behind it, its sediment.

    `length` (m) and `path` (length over α) are those of the slope that the water has come down.
    """

    def __init__(
        self,
        excess: Excess,
        flow: Flow,
        melt: bool,
        storm_duration: float,
        concentration: float,
        alpha: float,
        load: Load,
        length: float,
        path: float,
    ) -> None:
        self.excess = excess
        self.flow = flow
        self.melt = melt
        self.storm_duration = storm_duration
        self.concentration = concentration
        self.alpha = alpha
        self.load = load
        self.length = length
        self.path = path


def route(
    slope: Hillslope,
    today: Properties,
    rain: Hyetograph | None,
    excess: Excess,
    saturation: float,
    inflow: Inflow,
    *,
    melt: bool,
) -> Runoff:
    """Peak, duration and sediment of a day's runoff, what the soil gave back included."""
    storm_duration = rain.ends[-1] if rain else _DAY
    joined = _joined(excess, saturation, storm_duration)
    shape, state = slope.site.shape, slope.ground.surface
    rough = friction(slope, today)
    length, path = _way(slope, rough, inflow)
    # The whole way down is one plane; depths and rates are over it, the flow's over the element.
    share = shape.length / length
    whole = routing.route(joined.depth * share, joined.duration, joined.peak * share, path)
    if joined.rates is not None:
        rows = hydrograph(joined, share, path)
        whole = routing.flow(joined.depth * share, max([rate for _, rate, _ in rows]))
    flow = Flow(whole.peak / share, whole.duration)
    discharge = flow.peak * shape.length * slope.site.spacing
    state.width = erosion.rill_width(
        discharge, state.width, slope.site.spacing, temporary=slope.site.temporary_rills
    )
    load = _erode(slope, today, joined, flow, rough, inflow, melt=melt)
    travel = routing.travel_time(whole.peak, path)
    alpha = storm.wettest(rain, travel) if rain else min(1.0, travel / _DAY)
    return Runoff(joined, flow, melt, storm_duration, travel, alpha, load, length, path)


def hydrograph(excess: Excess, share: float, path: float) -> list[tuple[float, float, float]]:
    """Time (s), rate (m/s) and depth (m) of an excess that was kept by step, on all of the way.

    `share` is the element's in its length, `path` the way's length over α. Where the recession has
    taken nothing (see `recede`) the soil takes nothing here.
    """
    rates = excess.rates
    if rates is None:
        return []
    over = Hyetograph(rates.ends, [rate * share for rate in rates.rates], rates.step)
    sink = excess.sink * share if over.depth > (1.0 + 1e-9) * excess.depth * share else 0.0
    return wave.hydrograph(over, sink, path, excess.depth * share)


def recede(slope: Hillslope, today: Properties, excess: Excess, inflow: Inflow) -> Excess:
    """The excess less what infiltrates on its way down after it has ended."""
    if excess.depth <= 0.0:
        return excess
    length, path = _way(slope, friction(slope, today), inflow)
    share = slope.site.shape.length / length
    lost = routing.recession(excess.depth * share, excess.duration, path, excess.sink)
    left = max(0.0, 1.0 - lost / excess.depth)
    if excess.depth * left < LEAST_EXCESS:
        return NO_EXCESS
    return excess.less(left)


def _way(slope: Hillslope, rough: Friction, inflow: Inflow) -> tuple[float, float]:
    """Length (m) and resistance of the way down to the foot of the element."""
    shape = slope.site.shape
    length, path = shape.length, routing.resistance(shape.length, shape.mean, rough.total)
    if inflow.runoff > 0.0:
        return length + inflow.length, path + inflow.path
    return length, path


def _joined(excess: Excess, saturation: float, duration: float) -> Excess:
    """The excess with the saturation excess spread over it, or over the storm, or over the day.

    Water that only comes back out of the soil carries nothing off that drops have loosened.
    """
    if saturation <= 0.0:
        return excess
    span = excess.duration or duration
    peak = excess.peak + saturation / span
    rates = excess.rates
    if rates is not None:
        more = [rate + saturation / span if rate > 0.0 else 0.0 for rate in rates.rates]
        rates = Hyetograph(rates.ends, more, rates.step)
    depth = excess.depth + saturation
    return Excess(depth, span, peak, excess.intensity, excess.begins, excess.sink, rates)


def friction(slope: Hillslope, today: Properties) -> Friction:
    """What slows the flow on an element today."""
    crop, state = slope.ground.crop, slope.ground.surface
    live = 0.0
    if crop.habit is not None and crop.habit.hmax > 0.0:
        live = crop.height / crop.habit.hmax * crop.habit.flivmx
    cover = routing.Cover(today.cover.rill, today.cover.interrill, live)
    return routing.friction(cover, state.roughness, state.roughness0, slope.ground.rill_share)


def _erode(
    slope: Hillslope,
    today: Properties,
    excess: Excess,
    flow: Flow,
    rough: Friction,
    inflow: Inflow,
    *,
    melt: bool,
) -> Load:
    site, base = slope.site, slope.site.profile.erodibility
    bed = erosion.Bed(
        spacing=site.spacing,
        width=slope.ground.surface.width,
        kr=base.kr * today.factors.kr,
        tauc=base.tauc * today.factors.tauc,
        friction=rough.rill,
    )
    sheltered = melt or slope.pack.water > 0.0
    event = erosion.Event(
        peak=flow.peak,
        duration=flow.duration,
        depth=excess.depth,
        excess_duration=excess.duration,
        excess_peak=excess.peak,
        intensity=excess.intensity,
        interrill=0.0 if sheltered else base.ki * today.factors.ki,
        melt=melt,
    )
    earth = Earth(site.particles, site.profile.top.sand, slope.ground.surface.roughness)
    return erosion.erode(site.shape, bed, event, earth, inflow.above)
