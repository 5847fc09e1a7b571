"""One day of an overland flow element, its processes in the order in which they need each other.

Fieldwork, decay, surface, snow, interception, infiltration, water balance, routing, erosion and
growth. Every depth is m over the slope, every mass kg per m of width unless a name says otherwise.
"""

from __future__ import annotations

from typing import Final, final

from tasks.hillsim.cover import fieldwork, surface
from tasks.hillsim.cover.residue import Climate
from tasks.hillsim.cover.surface import Cover, Roots, Thaw
from tasks.hillsim.element import budget, winter
from tasks.hillsim.element.budget import Balance
from tasks.hillsim.element.event import Runoff, recede, route
from tasks.hillsim.element.hillslope import Hillslope
from tasks.hillsim.element.inflow import NOTHING, Inflow, join
from tasks.hillsim.element.today import Properties, Weather
from tasks.hillsim.hydrology import infiltration, storm
from tasks.hillsim.hydrology.evaporation import LANGLEY
from tasks.hillsim.hydrology.frost import frozen_part
from tasks.hillsim.hydrology.infiltration import NO_EXCESS, Excess, Ground
from tasks.hillsim.hydrology.snow import Winter
from tasks.hillsim.hydrology.storm import Hyetograph, Storm
from tasks.hillsim.hydrology.water import Columns
from tasks.hillsim.native import mypyc_attr
from tasks.hillsim.sediment.erosion import Load, stranded

_SOAKED: Final = 0.01
_SATURATED: Final = 0.95
_FULL: Final = 0.99
_DAY: Final = 86400.0
_ALL_DAY: Final = Excess(duration=_DAY)


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Morning:
    """What frost has made of the soil by the morning: for water, and for erosion.

    `solid` says whether there is frost in the upper half of the topsoil.
    """

    def __init__(self, soil: Columns, thaw: Thaw | None, solid: bool) -> None:
        self.soil = soil
        self.thaw = thaw
        self.solid = solid


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Day:
    """All that a day of one element leaves in the outputs; `wetted` m of rain and melt came down.

    `runoff` m over the element, what ran onto it included; `load` the sediment, if any moved.
    """

    def __init__(
        self,
        weather: Weather,
        surface: Properties,
        wetted: float,
        snowfall: float,
        melt: bool,
        balance: Balance,
        runoff: float,
        event: Runoff | None,
        inflow: Inflow,
        load: Load | None,
    ) -> None:
        self.weather = weather
        self.surface = surface
        self.wetted = wetted
        self.snowfall = snowfall
        self.melt = melt
        self.balance = balance
        self.runoff = runoff
        self.event = event
        self.inflow = inflow
        self.load = load


def step(
    slope: Hillslope,
    weather: Weather,
    number: int,
    inflow: Inflow = NOTHING,
    *,
    routed: bool = True,
) -> Day:
    """Take an element through a day; `number` counts the days of the run.

    Without `routed` its runoff is left as a depth, without peak and sediment: a channel's bed.
    """
    if not slope.site.single:
        fieldwork.work(slope.ground, weather.julian)
        slope.ground.residue.decay(Climate(weather.mean, weather.rain, _wetness(slope)))
        _age(slope)
    # Conductivity and erodibility of the day are the morning's, before the hours of frost and melt.
    morning = Morning(slope.now, _thaw(slope), _solid(slope))
    cold = _cold(slope, weather, number)
    # Rain on ground without snow goes on as a storm, frozen or not; melt comes by the hour.
    melt = cold is not None and cold.melted
    rain = _hyetograph(slope, weather, cold if melt else None)
    counted = 0.0 if melt or slope.site.single else weather.rain
    today = _properties(slope, weather, morning, counted)
    reached = rain.depth if rain else 0.0
    if rain and not melt:
        rain = _intercept(slope, rain, today.cover)
    excess = _infiltrate(slope, rain, today, inflow)
    if routed:
        excess = recede(slope, today, excess, inflow)
    infiltrated = (rain.depth if rain else 0.0) + inflow.runoff - excess.depth
    clear = slope.site.sky(weather.julian).clear
    balance = budget.settle(slope, weather, clear, infiltrated, inflow.lateral)
    runoff = excess.depth + balance.saturation
    event: Runoff | None = None
    brought = inflow is not NOTHING and inflow.sediment > 0.0
    load = stranded(inflow.above) if brought else None
    if routed and runoff >= infiltration.LEAST_EXCESS:
        event = route(slope, today, rain, excess, balance.saturation, inflow, melt=melt)
        load = event.load
    _wear(slope, weather, None if melt else rain)
    _grow(slope, weather)
    snowfall, snowy = (cold.snowfall, cold.melted) if cold else (0.0, False)
    return Day(
        weather, today, reached, snowfall, snowy, balance, runoff, event, inflow, load
    )  # fmt: skip


def pass_on(day: Day, slope: Hillslope, below: Hillslope) -> Inflow:
    """What the day's water and sediment of an element are to the element below it."""
    length, event, load = slope.site.shape.length, day.event, day.load
    share = length / below.site.shape.length
    excess = event.excess if event else _ALL_DAY
    return Inflow(
        runoff=day.runoff * share,
        begins=excess.begins,
        duration=excess.duration,
        lateral=[flow * share for flow in day.balance.flows] if day.balance.lateral > 0.0 else None,
        classes=load.classes if load else NOTHING.classes,
        length=event.length if event else length,
        path=event.path if event else 0.0,
    )


def _cold(slope: Hillslope, weather: Weather, number: int) -> Winter | None:
    """The hours of a day on which snow, frost or freezing matter."""
    if not winter.matters(slope, weather):
        slope.frost.count(was_frozen=False)
        return None
    done = winter.step(slope, weather, slope.site.sky(weather.julian), number)
    slope.refresh()
    return done


def _wetness(slope: Hillslope) -> float:
    """Water over pore space of the top 0.2 m (0–1)."""
    water_content, pores = _topsoil(slope)
    return min(1.0, water_content / pores)


def _topsoil(slope: Hillslope) -> tuple[float, float]:
    """Volumetric water and pore space of the top 0.2 m, rock taking its share of the pores."""
    top, columns = slope.site.profile.top, slope.columns
    thickness = columns.thick[0] + columns.thick[1]
    ice = slope.frost.ice
    held = (slope.store[0] + slope.store[1] + ice[0] + ice[1]) / thickness + top.wp
    pores = top.porosity(slope.ground.surface.density) * top.fines
    return held, max(pores, top.fc)


def _age(slope: Hillslope) -> None:
    """Let the surface settle, and give the top two layers the pores of their new density."""
    state = slope.ground.surface
    before = state.density
    surface.age(state, slope.site.profile, slope.ground.residue.buried)
    if state.density != before:
        slope.columns.settle(slope.site.profile.top, state.density)


def _hyetograph(slope: Hillslope, weather: Weather, cold: Winter | None) -> Hyetograph | None:
    """The day's rain as it falls, or the hours of melt as one storm; None where nothing reaches."""
    return as_it_falls(slope, weather) if cold is None else _melt_storm(cold)


def as_it_falls(slope: Hillslope, weather: Weather) -> Hyetograph | None:
    """The day's rain above leaves and litter; None of a dry day."""
    if weather.rain <= 0.0:
        return None
    if weather.points:
        return storm.measured(weather.points)
    if weather.storm is None:
        # All elements of a slope have the same.
        ratio = weather.peak_ratio * slope.site.peak_scale
        weather.storm = storm.hyetograph(
            Storm(weather.rain, weather.duration * 3600.0, weather.peak_time, ratio)
        )
    return weather.storm


def _melt_storm(cold: Winter) -> Hyetograph | None:
    """The hours with water as one storm: peak over mean, and the hour of the peak, as they are."""
    total = cold.total
    if total <= 0.0:
        return None
    largest, place, wet = 0.0, 0, 0
    for amount in cold.hours:
        if amount > 0.0:
            wet += 1
            if amount > largest:
                largest, place = amount, wet
    ratio = largest * wet / total
    return storm.hyetograph(Storm(total, wet * 3600.0, min(place / wet, 0.99), ratio))


def _properties(slope: Hillslope, weather: Weather, morning: Morning, rain: float) -> Properties:
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
    if crop.habit is not None and crop.perennial:
        ground.open_pores = surface.perennial(crop.roots, crop.habit.rtmmax, planted=crop.planted)
    held, pores = _topsoil(slope)
    ke = _conductivity(slope, morning, cover, rain, weather.mean > 0.0, held / pores)
    factors = surface.factors(profile, state, cover, roots, slope.site.sine, slope.site.spacing)
    if morning.thaw is not None:
        factors = surface.thawed(factors, morning.thaw)
    porosity = profile.top.porosity(state.density)
    deficit = max(0.0, pores - min(held, _FULL * pores))
    matric = surface.suction(profile.top, porosity) * deficit
    return Properties(
        porosity=porosity,
        ke=_limited(slope, morning.soil, ke),
        matric=matric,
        roughness=state.roughness,
        live=crop.mass,
        dead=residue.above,
        leaves=crop.leaves,
        factors=factors,
        cover=cover,
        roots=roots,
    )


def _conductivity(
    slope: Hillslope, morning: Morning, cover: Cover, rain: float, warm: bool, wet: float
) -> float:
    """Effective conductivity (m/s) of a topsoil, `wet` of whose pores hold water, frozen or not."""
    ground, profile = slope.ground, slope.site.profile
    soil, law = morning.soil, profile.repellency
    frozen = _in_series(soil, soil.ks) if morning.solid else None
    if frozen is not None and law is None:
        return frozen
    # Ice below a topsoil's upper half that has thawed leaves crust and cover to decide.
    base = profile.top.ks if soil is slope.columns else _in_series(soil, soil.along)
    ke = surface.conductivity(profile, base, ground.surface, cover, rain, warm, ground.open_pores)
    if law is not None:
        ke = surface.repelled(ke, law, wet, profile.top)
    return ke if frozen is None else min(ke, frozen)


def _in_series(soil: Columns, ks: list[float]) -> float:
    """Conductivity of the upper two layers, one after the other (m/s)."""
    thick = soil.thick
    return (thick[0] + thick[1]) / (thick[0] / ks[0] + thick[1] / ks[1])


def _solid(slope: Hillslope) -> bool:
    """Whether there is frost in the upper half of the topsoil."""
    return frozen_part(0.0, slope.columns.thick[0], slope.frost.edges) > 0.0


def _thaw(slope: Hillslope) -> Thaw | None:
    """What frost has made of the topsoil: frozen, or thawed and how wet; None without any."""
    top, columns, frost = slope.site.profile.top, slope.columns, slope.frost
    if not frost.frozen and frost.cycles <= 0:
        return None
    held = (slope.store[0] / columns.thick[0]) - (top.fc - top.wp)
    room = columns.limit[0] / columns.thick[0] - (top.fc - top.wp)
    wet = held / room if room > 0.0 else 0.0
    return Thaw(frost.frozen and not frost.thawing, frost.cycles + frost.thawing, wet)


def _limited(slope: Hillslope, columns: Columns, ke: float) -> float:
    """Conductivity held to that of the layers which are saturated from the surface down."""
    for index in range(len(slope.store)):
        if slope.store[index] < _SATURATED * columns.limit[index]:
            break
        ke = min(ke, columns.ks[index])
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
    return cover * (0.000627 * per_hectare - 3.733e-8 * per_hectare * per_hectare) / 1000.0


def _infiltrate(
    slope: Hillslope, rain: Hyetograph | None, today: Properties, inflow: Inflow
) -> Excess:
    flows = None
    if inflow.runoff > 0.0:
        rain, flows = join(rain, inflow)
    if rain is None:
        return NO_EXCESS
    given = Ground(
        ke=today.ke,
        suction=today.matric,
        hollows=infiltration.hollows(slope.ground.surface.roughness, slope.site.shape.mean),
    )
    return infiltration.infiltrate(rain, given, flows, traced=slope.site.single)


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
