"""A winter day of a slope: snow and melt by the hour, then the frost in its soil.

NSERL Report 10, chapter 3. Snow comes first in an hour; frost sees the snow that it left.
"""

from __future__ import annotations

from typing import Final

from tasks.hillsim.element.hillslope import Hillslope
from tasks.hillsim.element.today import Weather
from tasks.hillsim.hydrology import front, heat, snow, storm
from tasks.hillsim.hydrology.snow import Pack, Winter
from tasks.hillsim.hydrology.sun import Sky

_SNOW_ALBEDO: Final = 0.5
_SNOW_HEIGHT: Final = 0.008
_LITTER_DENSITY: Final = 15.0
_LITTER: Final = 0.05
_WATTS: Final = 1e6 / 3600.0


def matters(slope: Hillslope, weather: Weather) -> bool:
    """Whether a day needs the hour loop: snow lies, soil is frozen or it may freeze."""
    return snow.matters(slope.pack, weather.low) or slope.frost.frozen


def step(slope: Hillslope, weather: Weather, sky: Sky, number: int) -> Winter:
    """Run the day's hours over snow and soil, which are changed; `number` is the day of the run."""
    canopy = slope.ground.crop.cover
    given = snow.Weather(
        rain=weather.rain,
        duration=weather.duration,
        low=weather.low,
        high=weather.high,
        dew=weather.dew,
        radiation=weather.radiation,
        wind=weather.wind if slope.site.has_wind else 0.0,
        canopy=canopy,
        falls=storm.hourly(weather.points) if weather.points else None,
    )
    hours = snow.Hours(slope.pack, given, sky, number, slope.site.snow)
    hours.take(0)
    was_frozen, factor = slope.frost.frozen, slope.site.frost.snow
    front = _front(slope, weather, sky, snowy=hours.depth > 0.0)
    front.take(0, hours.air, hours.depth, _blanket(slope.pack, hours.depth, factor))
    for hour in range(1, 24):
        hours.take(hour)
        front.take(hour, hours.air, hours.depth, _blanket(slope.pack, hours.depth, factor))
    slope.frost.count(was_frozen=was_frozen)
    return hours.end()


def _front(slope: Hillslope, weather: Weather, sky: Sky, *, snowy: bool) -> front.Front:
    """What moves the frost today; `snowy` says whether snow lies in the first hour.

    What lies below the front is not frozen, so that heat only ever rises from it. Net radiation is
    the day's short wave, evenly over its hours. What the surface and the sky send
    each other by long wave is taken as equal, as under clouds; the difference to the air is the
    coupling's.
    """
    state, rules = slope.frost, slope.site.frost
    moisture, density = _below(slope)
    conducts = heat.soil_conductivity(moisture, density) * rules.soil
    depth = state.bottom + 1.0
    light = weather.radiation * sky.slope_total / max(sky.flat_total, 1e-6)
    light *= _WATTS / 24.0 * (1.0 - slope.ground.crop.cover)
    return front.Front(
        open_ground=light * (1.0 - slope.site.profile.albedo),
        snowy=light * (1.0 - _SNOW_ALBEDO),
        mixing=_mixing(slope, weather, snowy=snowy),
        litter=slope.ground.residue.lying / _LITTER_DENSITY / (_LITTER * rules.litter),
        rising=conducts * max(0.0, heat.soil_temperature(slope.site.wave, depth, weather.julian)),
        unfrozen=conducts,
        earth=slope.columns.earth,
        store=slope.store,
        ice=state.ice,
        edges=state.edges,
    )


def _blanket(pack: Pack, depth: float, factor: float) -> float:
    """Resistance of the snow (m²·K/W)."""
    return depth / (heat.snow_conductivity(pack.density) * factor) if depth > 0.0 else 0.0


def _mixing(slope: Hillslope, weather: Weather, *, snowy: bool) -> float:
    """Sensible heat exchange of the surface with the air (W/(m²·K))."""
    crop = slope.ground.crop
    wind = weather.wind if slope.site.has_wind else 2.0
    height = _SNOW_HEIGHT if snowy else slope.ground.surface.roughness
    height = max(height, crop.height * crop.cover)
    return heat.exchange(wind * (1.0 - 0.8 * crop.cover), height)


def _below(slope: Hillslope) -> tuple[float, float]:
    """Volumetric water and density of the layer below the frozen zone."""
    edge, above = slope.frost.bottom, 0.0
    for index, layer in enumerate(slope.site.profile.layers):
        above += layer.thickness
        if above > edge or index == len(slope.store) - 1:
            held = (slope.store[index] + slope.frost.ice[index]) / layer.thickness
            return held + layer.wp, layer.consolidated
    return 0.0, 1300.0
