"""A day's water in the soil: what soaks in, what plants and air take, what drains or comes back.

The order is that of the engines' daily tables, whose wet soils end their days full to the brim:
percolation, evapotranspiration, lateral flow, then what a layer cannot hold goes up. Processes of
NSERL Report 10, chapter 5. Depths in m.
"""

from __future__ import annotations

from typing import Final, final

from tasks.hillsim.element.hillslope import Hillslope
from tasks.hillsim.element.today import Weather
from tasks.hillsim.hidden import Basal
from tasks.hillsim.hydrology import evaporation, water
from tasks.hillsim.hydrology import reference as fao
from tasks.hillsim.hydrology.evaporation import Air
from tasks.hillsim.native import mypyc_attr
from tasks.hillsim.numbers import summed

_LEAST_EXPOSED: Final = 0.01


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Balance:
    """Where a day's water went (m): into the soil, out of it, and what could not stay in it.

    `arrived` came sideways from the slope above; `flows` is the lateral flow by layer.
    """

    def __init__(
        self,
        infiltrated: float,
        plants: float,
        soil: float,
        litter: float,
        percolation: float,
        lateral: float,
        saturation: float,
        arrived: float,
        flows: list[float],
    ) -> None:
        self.infiltrated = infiltrated
        self.plants = plants
        self.soil = soil
        self.litter = litter
        self.percolation = percolation
        self.lateral = lateral
        self.saturation = saturation
        self.arrived = arrived
        self.flows = flows


def settle(
    slope: Hillslope,
    weather: Weather,
    clear: float,
    infiltrated: float,
    lateral: list[float] | None = None,
) -> Balance:
    """Take the soil's water through the rest of the day.

    Parameters
    ----------
    clear : clear-sky radiation (MJ/m²)
    infiltrated : m
    lateral : m by layer, from the slope above
    """
    c = slope.now
    arrived = summed(lateral) if lateral else 0.0
    # What seeps in from above enters as rain does: the engines' tables have half of it evaporate.
    reached = infiltrated + arrived
    water.soak(reached, c.thick, slope.store)
    percolation = water.percolate(slope.store, c.full, c.drained, c.ks, c.power, _bottom(slope))
    plants, soil, litter = _evaporate(slope, weather, clear, reached)
    steep = slope.site.sine / slope.site.shape.length
    flows = [0.0] * len(slope.store)
    sideways = water.drain_sideways(
        slope.store, c.full, c.drained, c.along, c.power, c.thick, c.aniso, steep, flows
    )
    saturation = water.push_up(slope.store, c.limit)
    return Balance(
        infiltrated, plants, soil, litter, percolation, sideways, saturation, arrived, flows
    )


def _bottom(slope: Hillslope) -> float:
    """Conductivity out of the lowest layer (m/s), which may be frozen."""
    lowest = slope.now.ks[len(slope.store) - 1]
    return min(slope.site.bottom, lowest) if slope.frost.frozen else slope.site.bottom


def _evaporate(
    slope: Hillslope, weather: Weather, clear: float, infiltrated: float
) -> tuple[float, float, float]:
    """Transpiration (with what leaves held), soil and litter evaporation of the day (m)."""
    snowy = slope.pack.water > 0.0
    air = Air(
        mean=weather.mean,
        dew=weather.dew,
        radiation=weather.radiation,
        clear=clear,
        wind=weather.wind,
        has_wind=slope.site.has_wind,
        elevation=slope.site.elevation,
        high=weather.high,
        low=weather.low,
    )
    if slope.site.basal is not None:
        return _dual(slope, air, slope.site.basal, snowy=snowy)
    share = evaporation.shading(slope.ground.residue.above)
    albedo = evaporation.ground_albedo(slope.site.profile.albedo, share, snow=snowy)
    potential = evaporation.potential(air, albedo)
    asked = potential * min(1.0, slope.ground.crop.leaves / 3.0)
    plants = _transpire(slope, asked)
    # What shades the ground shades it whether the plants find their water or not.
    demand = max(0.0, min(potential * share, potential - asked))
    litter = 0.0 if snowy else min(slope.on_litter, demand)
    slope.on_litter -= litter
    soil = min(slope.stages.evaporate(infiltrated, demand - litter), slope.store[0])
    slope.store[0] = slope.store[0] - soil
    return plants, soil, litter


def _dual(
    slope: Hillslope, air: Air, plants: dict[str, Basal], *, snowy: bool
) -> tuple[float, float, float]:
    """The same by FAO-56's reference and dual coefficients; snow lets no soil evaporate."""
    crop, c = slope.ground.crop, slope.now
    reference = fao.evapotranspiration(air)
    coefficients = plants.get(crop.plant.head.name) if crop.plant is not None else None
    kcb = fao.basal(coefficients.kcb, crop.leaves, crop.height, air) if coefficients else 0.0
    free = coefficients.free if coefficients else 0.0
    demand = kcb * reference
    lacking, held = _rooted(slope, crop.root_depth)
    grown = _take(slope, demand, fao.stress(lacking, held, free, demand), 0.0)
    limit, exposed = fao.most(kcb, crop.height, air), max(_LEAST_EXPOSED, 1.0 - crop.cover)
    wet = reference * fao.bare(1.0, kcb, limit, exposed, 0.0)
    litter = 0.0 if snowy else min(slope.on_litter, wet)
    slope.on_litter -= litter
    total = c.drained[0] + 0.5 * c.earth.wilting[0] * c.thick[0]
    kr = fao.dryness(max(0.0, c.drained[0] - slope.store[0]), slope.stages.limit, total)
    mulch = slope.ground.residue.interrill_cover
    asked = reference * fao.bare(kr, kcb, limit, exposed, mulch) - litter
    soil = 0.0 if snowy else min(max(0.0, asked), slope.store[0])
    slope.store[0] = slope.store[0] - soil
    return grown, soil, litter


def _rooted(slope: Hillslope, depth: float) -> tuple[float, float]:
    """What the rooted layers lack of the water that plants can take, and all of it (m)."""
    c = slope.now
    lacking, held, above = 0.0, 0.0, 0.0
    for index in range(len(slope.store)):
        part = min(1.0, max(0.0, depth - above) / c.thick[index])
        held += part * c.drained[index]
        lacking += part * max(0.0, c.drained[index] - slope.store[index])
        above += c.thick[index]
    return lacking, held


def _transpire(slope: Hillslope, demand: float) -> float:
    crop = slope.ground.crop
    tolerance = min(0.4, max(0.1, crop.habit.pltol or 0.25)) if crop.habit is not None else 0.0
    return _take(slope, demand, 1.0, tolerance)


def _take(slope: Hillslope, demand: float, share: float, tolerance: float) -> float:
    """What leaves held, then from the roots this share of the rest; sets the day's stress."""
    crop, c = slope.ground.crop, slope.now
    leaves = min(slope.on_leaves, demand)
    slope.on_leaves -= leaves
    taken = 0.0
    # Roots go no deeper than the soil does.
    depth = min(crop.root_depth, c.earth.depth)
    if crop.plant is not None and depth > 0.0:
        taken = evaporation.transpire(
            share * (demand - leaves), depth, tolerance, c.thick, c.limit, slope.store
        )
    slope.stress = (leaves + taken) / demand if demand > 1e-9 else 1.0
    return leaves + taken
