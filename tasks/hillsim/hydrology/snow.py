"""The snow store, hour by hour: rain or snow, melt, and what leaves the pack.

Melt after Hendrick, Filgate & Adams (1971), as NSERL Report 10, chapter 3 (Savabi, Young, Benoit)
gives it. Water in m, depths in m, density kg/m³, temperatures °C.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from tasks.hillsim.hidden import SnowRules
from tasks.hillsim.hydrology.sun import Sky, temperature

_FRESH = 100.0
_RELEASES = 350.0
_DENSEST = 522.0
_INCH = 0.0254
_MILES_PER_HOUR = 2.236936
_GAUGE_HEIGHT = 1.57 * math.exp(-math.log(10.0) / 6.0)
_TRACE = 1e-9


@dataclass(frozen=True, slots=True)
class Weather:
    """A winter day: precipitation (m) over a duration (h); °C; MJ/m²; m/s; canopy cover 0–1.

    `falls` is the precipitation by hour (m) where it was measured.
    """

    rain: float
    duration: float
    low: float
    high: float
    dew: float
    radiation: float
    wind: float
    canopy: float
    falls: tuple[float, ...] = ()


@dataclass(slots=True)
class Pack:
    """The snow on the ground: water (m), density (kg/m³), days since the last snowfall."""

    water: float = 0.0
    density: float = _FRESH
    age: float = 0.0

    @property
    def depth(self) -> float:
        """Depth of the snow (m)."""
        return self.water * 1000.0 / self.density if self.water > 0.0 else 0.0

    def fall(self, water: float, fresh: float = _FRESH) -> None:
        """Lay new snow (m of water, kg/m³) on the pack."""
        depth = self.depth + water * 1000.0 / fresh
        self.water += water
        self.density = self.water * 1000.0 / depth
        self.age = 0.0

    def settle(self, most: float) -> None:
        """An hour of a cold day: the pack grows denser by itself, up to `most` kg/m³."""
        if self.density < most:
            grown = self.density * (1.0 + math.exp(-2.0 * self.age) / 24.0)
            self.density = min(most, grown)

    def wet(self, melt: float, rain: float) -> float:
        """Melt snow and take up rain (m); returns the water that leaves, once denser than 350.

        Melt takes depth of dry snow but not its water, so the pack grows denser; rain adds water
        without depth. Only what exceeds 350 kg/m³ runs out.
        """
        depth = max(0.0, self.depth - melt * 1000.0 / self.density)
        self.water += rain
        held = depth * max(_RELEASES, min(self.density, _DENSEST)) / 1000.0
        leaving = max(0.0, self.water - held)
        self.water -= leaving
        if self.water <= _TRACE:
            leaving, self.water, self.density = leaving + self.water, 0.0, _FRESH
        else:
            self.density = min(_DENSEST, self.water * 1000.0 / depth)
        return leaving


@dataclass(frozen=True, slots=True)
class Winter:
    """What a day's hours gave: water to the ground by hour (m), snowfall (m), melt or not.

    By hour as well the air (°C) and the snow's depth (m) and density (kg/m³) at its end.
    """

    hours: tuple[float, ...]
    snowfall: float
    melted: bool
    air: tuple[float, ...]
    depths: tuple[float, ...]
    densities: tuple[float, ...]

    @property
    def total(self) -> float:
        """Water that reached the ground (m)."""
        return sum(self.hours)


def matters(pack: Pack, low: float) -> bool:
    """Whether a day needs the hour loop: snow lies or it may freeze."""
    return pack.water > 0.0 or low <= 0.0


def winter_day(
    pack: Pack, weather: Weather, sky: Sky, day: int, rules: SnowRules | None = None
) -> Winter:
    """Run the day's 24 hours over the pack, which is changed.

    Parameters
    ----------
    pack : the snow on the ground
    weather : of the day
    sky : radiation on the slope by hour
    day : day of the run; decides the hour at which precipitation starts
    rules : when it rains, and how dense snow is
    """
    rules = rules or SnowRules()
    course = [temperature(h + 0.5, sky.sunrise, weather.low, weather.high) for h in range(24)]
    falls = list(weather.falls) or _hourly(weather.rain, weather.duration, start_hour(day))
    had_snow = pack.water > 0.0
    melts = _melts(weather, sky, course, falls)
    cold = (weather.low + weather.high) / 2.0 < 0.0
    hours, depths, densities, snowfall = [], [], [], 0.0
    for air, water, melt in zip(course, falls, melts, strict=True):
        rain = water if air > rules.rains_above else 0.0
        if water > rain:
            pack.fall(water, rules.fresh)
            snowfall += water
        hours.append(_hour(pack, rain, melt, rules.settled if cold else 0.0))
        depths.append(pack.depth)
        densities.append(pack.density)
    pack.age += 1.0
    melted = had_snow or snowfall > 0.0
    columns = (tuple(course), tuple(depths), tuple(densities))
    return Winter(tuple(hours), snowfall, melted, *columns)


def _hour(pack: Pack, rain: float, melt: float, settles: float) -> float:
    """Water (m) that reaches the ground in an hour; the pack settles up to a density (kg/m³)."""
    if pack.water <= 0.0:
        return rain
    pack.settle(settles)
    return pack.wet(min(melt, pack.water), rain)


def start_hour(day: int) -> int:
    """The hour precipitation starts: fixed for the day of the run, spread over 0–23.

    Knuth's multiplicative hash of the day number, so that equal inputs give equal runs.
    """
    return (day * 2654435761 % 2**32) * 24 >> 32


def _hourly(depth: float, duration: float, start: int) -> list[float]:
    """The day's precipitation spread evenly over its hours, kept within the day."""
    falls = [0.0] * 24
    if depth <= 0.0:
        return falls
    count = min(24, max(1, math.ceil(duration)))
    first = min(start, 24 - count)
    for hour in range(first, first + count):
        falls[hour] = depth / count
    return falls


def _melts(weather: Weather, sky: Sky, course: list[float], falls: list[float]) -> list[float]:
    """Melt by hour (m); hours that refreeze are set against those that melt, none on a cold day."""
    if (weather.low + weather.high) / 2.0 < 0.0:
        return [0.0] * 24
    cloud = sky.cloud(weather.radiation)
    melts = [
        hourly_melt(weather, sky.on_slope(weather.radiation, hour), cloud, air, fall)
        for hour, (air, fall) in enumerate(zip(course, falls, strict=True))
    ]
    gained = sum(melt for melt in melts if melt > 0.0)
    share = max(0.0, sum(melts)) / gained if gained > 0.0 else 0.0
    return [max(0.0, melt) * share for melt in melts]


def hourly_melt(weather: Weather, radiation: float, cloud: float, air: float, fall: float) -> float:
    """Melt of an hour (m of water, negative where the pack loses heat).

    Hendrick, Filgate & Adams (1971): short wave, long wave, convection and condensation, rain heat;
    in inches, °F above freezing, miles per hour.

    Parameters
    ----------
    weather : the day's dew point, wind and canopy
    radiation : on the slope in this hour (MJ/m²)
    cloud : fraction 0–1
    air : temperature of the hour (°C)
    fall : precipitation of the hour (m); counts as rain above 0 °C
    """
    warm, damp = 1.8 * air, 1.8 * weather.dew
    canopy, open_sky = weather.canopy, 1.0 - weather.canopy
    wind = weather.wind * _MILES_PER_HOUR
    short = 0.0607 * radiation * open_sky
    long = 0.025 * warm / 24.0 - 0.84 * (1.0 - cloud) * open_sky / 24.0
    mixing = 0.0084 / 24.0 * wind * (1.0 - 0.8 * canopy) * (0.22 * warm + 0.78 * damp)
    under_trees = 0.8 * canopy * 0.045 * warm / 24.0
    inches = fall / _INCH if air > 0.0 else 0.0
    rain_heat = 0.007 * inches * (damp if damp > 0.0 else warm)
    return (short + long + mixing * _GAUGE_HEIGHT + under_trees + rain_heat) * _INCH
