"""A winter day of a slope: snow and melt by the hour, then the frost in its soil.

NSERL Report 10, chapter 3. Snow comes first in an hour; frost sees the snow that it left.
"""

from __future__ import annotations

from typing import Final

from tasks.hillsim.element.hillslope import Hillslope
from tasks.hillsim.element.today import Weather
from tasks.hillsim.hydrology import frost, heat, snow, storm
from tasks.hillsim.hydrology.snow import Winter
from tasks.hillsim.hydrology.sun import Sky

_STEFAN: Final = 5.67e-8
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
    winter = snow.winter_day(slope.pack, given, sky, number, slope.site.snow)
    _freeze(slope, weather, sky, winter)
    return winter


def _freeze(slope: Hillslope, weather: Weather, sky: Sky, winter: Winter) -> None:
    state, rules = slope.frost, slope.site.frost
    was_frozen = state.frozen
    columns = slope.columns
    moisture, density = _below(slope)
    conducts = heat.soil_conductivity(moisture, density) * rules.soil
    depth = state.bottom + 1.0
    rising = conducts * heat.soil_temperature(slope.site.wave, depth, weather.julian)
    litter = slope.ground.residue.lying / _LITTER_DENSITY / (_LITTER * rules.litter)
    frost.hours(
        _net(slope, weather, sky, winter),
        winter.air,
        winter.depths,
        _blanket(winter, rules.snow),
        _mixing(slope, weather, snowy=winter.depths[0] > 0.0),
        litter,
        rising,
        conducts,
        columns.earth,
        slope.store,
        state.ice,
        state.edges,
    )
    state.count(was_frozen=was_frozen)


def _net(slope: Hillslope, weather: Weather, sky: Sky, winter: Winter) -> list[float]:
    """Net radiation by hour (W/m²) of a surface at air temperature.

    The day's short wave, evenly over its hours. What the surface and the sky send each other by
    long wave is taken as equal, as under clouds; the difference to the air is the coupling's.
    """
    canopy = slope.ground.crop.cover
    bare = slope.site.profile.albedo
    light = weather.radiation * sky.slope_total / max(sky.flat_total, 1e-6)
    light *= _WATTS / 24.0 * (1.0 - canopy)
    snowy, open_ground = light * (1.0 - _SNOW_ALBEDO), light * (1.0 - bare)
    return [snowy if depth > 0.0 else open_ground for depth in winter.depths]


def _blanket(winter: Winter, factor: float) -> list[float]:
    """Resistance of the snow by hour (m²·K/W)."""
    resistances = [0.0] * len(winter.depths)
    for hour in range(len(winter.depths)):
        depth = winter.depths[hour]
        if depth > 0.0:
            conducts = heat.snow_conductivity(winter.densities[hour]) * factor
            resistances[hour] = depth / conducts
    return resistances


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
