"""One day of a hillslope, its processes in the order in which they depend on each other.

Fieldwork, decay, surface, snow, interception, infiltration, water balance, routing, erosion and
growth. Every depth is m over the slope, every mass kg per m of width unless a name says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

from tasks.hillsim import (
    erosion,
    evaporation,
    fieldwork,
    infiltration,
    routing,
    snow,
    storm,
    surface,
    water,
)
from tasks.hillsim.erosion import Earth, Load
from tasks.hillsim.evaporation import LANGLEY, Air
from tasks.hillsim.hillslope import Hillslope
from tasks.hillsim.infiltration import Excess, Ground
from tasks.hillsim.residue import Climate
from tasks.hillsim.routing import Flow, Friction
from tasks.hillsim.snow import Winter
from tasks.hillsim.storm import Hyetograph, Storm
from tasks.hillsim.surface import Cover, Factors, Roots

_DAY = 86400.0
_SOAKED = 0.01
_SATURATED = 0.95
_FULL = 0.99


@dataclass(frozen=True, slots=True)
class Weather:
    """A day of the climate file, `rain` in m, `duration` in h, radiation in MJ/m²."""

    day: int
    month: int
    year: int
    julian: int
    rain: float
    duration: float
    peak_time: float
    peak_ratio: float
    high: float
    low: float
    radiation: float
    wind: float
    dew: float

    @property
    def mean(self) -> float:
        """Mean temperature (°C)."""
        return (self.high + self.low) / 2.0


@dataclass(frozen=True, slots=True)
class Properties:
    """The surface of a day: porosity, conductivity (m/s), suction term (m), factors."""

    porosity: float
    ke: float
    matric: float
    factors: Factors
    cover: Cover
    roots: Roots


@dataclass(frozen=True, slots=True)
class Balance:
    """Where a day's water went (m): into the soil, out of it, and what could not stay in it."""

    infiltrated: float
    plants: float
    soil: float
    litter: float
    percolation: float
    lateral: float
    saturation: float


@dataclass(frozen=True, slots=True)
class Runoff:
    """An event that was routed: the excess, the flow, the rain behind it, its sediment."""

    excess: Excess
    flow: Flow
    melt: bool
    storm_duration: float
    concentration: float
    alpha: float
    load: Load


@dataclass(frozen=True, slots=True)
class Day:
    """All that a day leaves in the outputs; `wetted` m of rain and melt reached the ground."""

    weather: Weather
    surface: Properties
    wetted: float
    snowfall: float
    winter: bool
    balance: Balance
    runoff: float
    event: Runoff | None


def step(slope: Hillslope, weather: Weather, number: int) -> Day:
    """Take the slope through a day; `number` counts the days of the run."""
    ground = slope.ground
    fieldwork.work(ground, weather.julian)
    ground.residue.decay(Climate(weather.mean, weather.rain, _wetness(slope)))
    _age(slope)
    sky = slope.site.sky(weather.julian)
    winter = _winter(slope, weather, number) if snow.matters(slope.pack, weather.low) else None
    melt = winter is not None and (winter.melted or slope.pack.water > 0.0)
    rain = _hyetograph(slope, weather, winter if melt else None)
    today = _properties(slope, weather, 0.0 if melt else weather.rain)
    reached = rain.depth if rain else 0.0
    if rain and not melt:
        rain = _intercept(slope, rain, today.cover)
    excess = _infiltrate(slope, rain, today) if rain else Excess()
    infiltrated = (rain.depth if rain else 0.0) - excess.depth
    balance = _balance(slope, weather, sky.clear, infiltrated)
    runoff = excess.depth + balance.saturation
    event = None
    if runoff >= infiltration.LEAST_EXCESS:
        event = _route(slope, today, rain, excess, balance.saturation, melt=melt)
    _wear(slope, weather, None if melt else rain)
    _grow(slope, weather)
    snowfall = winter.snowfall if winter else 0.0
    return Day(weather, today, reached, snowfall, winter is not None, balance, runoff, event)


def _wetness(slope: Hillslope) -> float:
    """Water over pore space of the top 0.2 m (0–1)."""
    water_content, pores = _topsoil(slope)
    return min(1.0, water_content / pores)


def _topsoil(slope: Hillslope) -> tuple[float, float]:
    """Volumetric water and pore space of the top 0.2 m, both of the whole soil, rock included."""
    top, columns = slope.site.profile.top, slope.columns
    thickness = columns.thick[0] + columns.thick[1]
    held = (slope.store[0] + slope.store[1]) / thickness + top.wp
    pores = (columns.limit[0] + columns.limit[1]) / thickness + top.wp
    return float(held), float(pores)


def _age(slope: Hillslope) -> None:
    """Let the surface settle, and give the top two layers the pores of their new density."""
    state, top = slope.ground.surface, slope.site.profile.top
    before = state.density
    surface.age(state, top, slope.ground.residue.buried)
    if state.density != before:
        for index in range(2):
            slope.columns.settle(index, slope.site.profile.layers[index], state.density)


def _winter(slope: Hillslope, weather: Weather, number: int) -> Winter:
    given = snow.Weather(
        rain=weather.rain,
        duration=weather.duration,
        low=weather.low,
        high=weather.high,
        dew=weather.dew,
        radiation=weather.radiation,
        wind=weather.wind if slope.site.has_wind else 0.0,
        canopy=slope.ground.crop.cover,
    )
    return snow.winter_day(slope.pack, given, slope.site.sky(weather.julian), number)


def _hyetograph(slope: Hillslope, weather: Weather, winter: Winter | None) -> Hyetograph | None:
    """The day's rain as it falls, or the hours of melt as one storm; None where nothing reaches."""
    if winter is not None:
        return _melt_storm(winter)
    if weather.rain <= 0.0:
        return None
    ratio = weather.peak_ratio * slope.site.peak_scale
    return storm.hyetograph(
        Storm(weather.rain, weather.duration * 3600.0, weather.peak_time, ratio)
    )


def _melt_storm(winter: Winter) -> Hyetograph | None:
    """The hours with water as one storm: peak over mean, and the hour of the peak, as they are."""
    wet = [amount for amount in winter.hours if amount > 0.0]
    total = winter.total
    if total <= 0.0:
        return None
    largest = max(wet)
    peak_time = (wet.index(largest) + 1.0) / len(wet)
    ratio = largest * len(wet) / total
    return storm.hyetograph(Storm(total, len(wet) * 3600.0, min(peak_time, 0.99), ratio))


def _properties(slope: Hillslope, weather: Weather, rain: float) -> Properties:
    ground, profile = slope.ground, slope.site.profile
    state, crop, residue = ground.surface, ground.crop, ground.residue
    cover = Cover(
        canopy=crop.cover,
        height=crop.height,
        interrill=residue.interrill_cover,
        rill=residue.rill_cover,
        rill_share=ground.rill_share,
    )
    roots = Roots(crop.shallow_roots(), residue.roots, residue.buried)
    plants = 1.0
    if crop.plant is not None and crop.perennial:
        plants = surface.perennial(crop.roots, crop.plant.rtmmax, planted=crop.planted)
    ke = surface.conductivity(profile, state, cover, rain, weather.mean > 0.0, plants)
    factors = surface.factors(profile, state, cover, roots, slope.site.sine, slope.site.spacing)
    porosity = profile.top.porosity(state.density)
    held, pores = _topsoil(slope)
    deficit = max(0.0, pores - min(held, _FULL * pores))
    matric = surface.suction(profile.top, porosity) * deficit
    return Properties(porosity, _limited(slope, ke), matric, factors, cover, roots)


def _limited(slope: Hillslope, ke: float) -> float:
    """Conductivity held to that of the layers which are saturated from the surface down."""
    columns = slope.columns
    for index in range(len(slope.store)):
        if slope.store[index] < _SATURATED * columns.limit[index]:
            break
        ke = min(ke, float(columns.ks[index]))
    return max(ke, slope.site.profile.ke_floor)


def _intercept(slope: Hillslope, rain: Hyetograph, cover: Cover) -> Hyetograph:
    """Leaves, then litter, catch the start of the storm, as much as they have room for."""
    crop, residue = slope.ground.crop, slope.ground.residue
    snowy = slope.pack.water > 0.0
    left = rain.depth
    leaves = min(left, max(0.0, catch(cover.canopy, crop.mass) - slope.on_leaves))
    left -= leaves
    room = 0.0 if snowy else catch(cover.residue, residue.above) - slope.on_litter
    litter = min(left, max(0.0, room))
    slope.on_leaves += leaves
    slope.on_litter += litter
    return storm.withhold(rain, leaves + litter)


def catch(cover: float, mass: float) -> float:
    """Rain (m) that matter of a mass (kg/m²) over a share of the ground can hold.

    `cover·(0.000627 m − 3.733e−8 m²)/1000`, m in kg/ha up to 8000; Savabi & Stott, NSERL Report 10.
    """
    per_hectare = min(8000.0, mass * 1e4)
    return cover * (0.000627 * per_hectare - 3.733e-8 * per_hectare**2) / 1000.0


def _infiltrate(slope: Hillslope, rain: Hyetograph, today: Properties) -> Excess:
    columns = slope.columns
    room = sum(max(0.0, columns.limit[i] - slope.store[i]) for i in range(2))
    given = Ground(
        ke=today.ke,
        suction=today.matric,
        room=float(room),
        leak=min(float(min(columns.ks)), slope.site.bottom),
        hollows=infiltration.hollows(slope.ground.surface.roughness, slope.site.shape.mean),
    )
    return infiltration.infiltrate(rain, given)


def _balance(slope: Hillslope, weather: Weather, clear: float, infiltrated: float) -> Balance:
    c = slope.columns
    water.soak(infiltrated, c.thick, slope.store)
    slope.stages.wet(infiltrated)
    percolation = water.percolate(slope.store, c.limit, c.drained, c.ks, c.power, slope.site.bottom)
    plants, soil, litter = _evaporate(slope, weather, clear)
    saturation = water.push_up(slope.store, c.limit)
    steep = slope.site.sine / slope.site.shape.length
    lateral = water.drain_sideways(
        slope.store, c.limit, c.drained, c.ks, c.power, c.thick, c.aniso, steep
    )
    return Balance(infiltrated, plants, soil, litter, percolation, lateral, saturation)


def _evaporate(slope: Hillslope, weather: Weather, clear: float) -> tuple[float, float, float]:
    """Transpiration (with what leaves held), soil and litter evaporation of the day (m)."""
    snowy = slope.pack.water > 0.0
    share = evaporation.shading(slope.ground.residue.above)
    air = Air(
        mean=weather.mean,
        dew=weather.dew,
        radiation=weather.radiation,
        clear=clear,
        wind=weather.wind,
        has_wind=slope.site.has_wind,
        elevation=slope.site.elevation,
    )
    albedo = evaporation.ground_albedo(slope.site.profile.albedo, share, snow=snowy)
    potential = evaporation.potential(air, albedo)
    plants = _transpire(slope, potential)
    if snowy:
        return plants, 0.0, 0.0
    demand = min(potential * share, potential - plants)
    litter = min(slope.on_litter, demand)
    slope.on_litter -= litter
    soil = min(slope.stages.demand(demand - litter), float(slope.store[0]))
    slope.store[0] -= soil
    return plants, soil, litter


def _transpire(slope: Hillslope, potential: float) -> float:
    crop, c = slope.ground.crop, slope.columns
    demand = potential * min(1.0, crop.leaves / 3.0)
    leaves = min(slope.on_leaves, demand)
    slope.on_leaves -= leaves
    taken = 0.0
    if crop.plant is not None and crop.root_depth > 0.0:
        tolerance = min(0.4, max(0.1, crop.plant.pltol or 0.25))
        taken = float(
            evaporation.transpire(
                demand - leaves, crop.root_depth, tolerance, c.thick, c.limit, slope.store
            )
        )
    slope.stress = (leaves + taken) / demand if demand > 1e-9 else 1.0
    return leaves + taken


def _route(
    slope: Hillslope,
    today: Properties,
    rain: Hyetograph | None,
    excess: Excess,
    saturation: float,
    *,
    melt: bool,
) -> Runoff:
    """Peak, duration and sediment of a day's runoff, what the soil gave back included."""
    storm_duration = rain.ends[-1] if rain else _DAY
    joined = _joined(excess, saturation, storm_duration, rain.depth if rain else 0.0)
    shape, state = slope.site.shape, slope.ground.surface
    rough = _friction(slope, today)
    flow = routing.route(
        joined.depth, joined.duration, joined.peak, shape.length, shape.mean, rough.total
    )
    discharge = flow.peak * shape.length * slope.site.spacing
    state.width = erosion.rill_width(
        discharge, state.width, slope.site.spacing, temporary=slope.site.temporary_rills
    )
    load = _erode(slope, today, joined, flow, rough, melt=melt)
    travel = routing.travel_time(flow.peak, shape.length, shape.mean, rough.total)
    alpha = storm.wettest(rain, travel) if rain else min(1.0, travel / _DAY)
    return Runoff(joined, flow, melt, storm_duration, travel, alpha, load)


def _joined(excess: Excess, saturation: float, duration: float, rain: float) -> Excess:
    """The excess with the saturation excess spread over it, or over the storm, or over the day."""
    if saturation <= 0.0:
        return excess
    span = excess.duration or duration
    intensity = excess.intensity or rain / span
    return Excess(excess.depth + saturation, span, excess.peak + saturation / span, intensity)


def _friction(slope: Hillslope, today: Properties) -> Friction:
    crop, state = slope.ground.crop, slope.ground.surface
    live = 0.0
    if crop.plant is not None and crop.plant.hmax > 0.0:
        live = crop.height / crop.plant.hmax * crop.plant.flivmx
    cover = routing.Cover(today.cover.rill, today.cover.interrill, live)
    return routing.friction(cover, state.roughness, state.roughness0, slope.ground.rill_share)


def _erode(
    slope: Hillslope, today: Properties, excess: Excess, flow: Flow, rough: Friction, *, melt: bool
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
    return erosion.erode(site.shape, bed, event, earth)


def _wear(slope: Hillslope, weather: Weather, rain: Hyetograph | None) -> None:
    """Add a day, and its rain, to what tillage is followed by."""
    state = slope.ground.surface
    if rain is not None:
        state.rain += rain.depth
        state.energy += storm.energy(rain)
    state.days += 1.0
    if state.rain > _SOAKED:
        state.settled += 1.0


def _grow(slope: Hillslope, weather: Weather) -> None:
    crop = slope.ground.crop
    plant = crop.plant
    if plant is not None:
        dead = crop.grow(weather.mean, weather.low, weather.radiation / LANGLEY, slope.stress)
        slope.ground.lay(dead, plant)
