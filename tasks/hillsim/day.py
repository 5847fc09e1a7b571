"""One day of a hillslope, its processes in the order in which they depend on each other.

Fieldwork, decay, surface, snow, interception, infiltration, water balance, routing, erosion and
growth. Every depth is m over the slope, every mass kg per m of width unless a name says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

from tasks.hillsim import budget, fieldwork, infiltration, snow, storm, surface
from tasks.hillsim.budget import Balance
from tasks.hillsim.evaporation import LANGLEY
from tasks.hillsim.event import Runoff, route
from tasks.hillsim.hillslope import Hillslope
from tasks.hillsim.infiltration import Excess, Ground
from tasks.hillsim.residue import Climate
from tasks.hillsim.snow import Winter
from tasks.hillsim.storm import Hyetograph, Storm
from tasks.hillsim.surface import Cover, Roots
from tasks.hillsim.today import Properties, Weather

_SOAKED = 0.01
_SATURATED = 0.95
_FULL = 0.99


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
    balance = budget.settle(slope, weather, sky.clear, infiltrated)
    runoff = excess.depth + balance.saturation
    event = None
    if runoff >= infiltration.LEAST_EXCESS:
        event = route(slope, today, rain, excess, balance.saturation, melt=melt)
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
    state = slope.ground.surface
    before = state.density
    surface.age(state, slope.site.profile, slope.ground.residue.buried)
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
    return Properties(
        porosity=porosity,
        ke=_limited(slope, ke),
        matric=matric,
        roughness=state.roughness,
        live=crop.mass,
        dead=residue.above,
        leaves=crop.leaves,
        factors=factors,
        cover=cover,
        roots=roots,
    )


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
