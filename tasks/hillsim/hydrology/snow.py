"""The snow store, hour by hour: rain or snow, melt, and what leaves the pack.

Melt after Hendrick, Filgate & Adams (1971), as NSERL Report 10, chapter 3 (Savabi, Young, Benoit)
gives it. Water in m, depths in m, density kg/m³, temperatures °C.
"""

from __future__ import annotations

import math
from typing import Final, final

from tasks.hillsim.hidden import SnowRules
from tasks.hillsim.hydrology.sun import Sky
from tasks.hillsim.native import mypyc_attr
from tasks.hillsim.numbers import summed

_FRESH: Final = 100.0
_RELEASES: Final = 350.0
_DENSEST: Final = 522.0
_INCH: Final = 0.0254
_MILES_PER_HOUR: Final = 2.236936
_GAUGE_HEIGHT: Final = 1.57 * math.exp(-math.log(10.0) / 6.0)
_TRACE: Final = 1e-9
_NONE: Final = [0.0] * 24


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Weather:
    """A winter day: precipitation (m) over a duration (h); °C; MJ/m²; m/s; canopy cover 0–1.

    `falls` is the precipitation by hour (m) where it was measured.
    """

    def __init__(
        self,
        rain: float,
        duration: float,
        low: float,
        high: float,
        dew: float,
        radiation: float,
        wind: float,
        canopy: float,
        falls: list[float] | None = None,
    ) -> None:
        self.rain = rain
        self.duration = duration
        self.low = low
        self.high = high
        self.dew = dew
        self.radiation = radiation
        self.wind = wind
        self.canopy = canopy
        self.falls = falls


@final
class Pack:
    """The snow on the ground: water (m), density (kg/m³), day of the last snowfall.

    The snowfall's own day is the first: on a whole first day snow gains a seventh of its density,
    as the engines' tables have it, on the second a fiftieth.
    """

    def __init__(self, water: float = 0.0, density: float = _FRESH, age: float = 0.0) -> None:
        self.water = water
        self.density = density
        self.age = age
        self._seen = -1.0
        self._pace = 1.0

    @property
    def depth(self) -> float:
        """Depth of the snow (m)."""
        return self.water * 1000.0 / self.density if self.water > 0.0 else 0.0

    def fall(self, water: float, fresh: float = _FRESH) -> None:
        """Lay new snow (m of water, kg/m³) on the pack."""
        depth = self.depth + water * 1000.0 / fresh
        self.water += water
        self.density = self.water * 1000.0 / depth
        self.age = 1.0

    def settle(self, most: float) -> None:
        """An hour of a cold day: the pack grows denser by itself, up to `most` kg/m³."""
        if self.density < most:
            if self._seen != self.age:
                # The same in all hours of a day.
                self._seen = self.age
                self._pace = 1.0 + math.exp(-2.0 * self.age) / 24.0
            self.density = min(most, self.density * self._pace)

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


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Winter:
    """What a day's hours gave: water to the ground by hour (m), snowfall (m), melt or not."""

    def __init__(self, hours: list[float], snowfall: float, melted: bool) -> None:
        self.hours = hours
        self.snowfall = snowfall
        self.melted = melted

    @property
    def total(self) -> float:
        """Water that reached the ground (m)."""
        return summed(self.hours)


def matters(pack: Pack, low: float) -> bool:
    """Whether a day needs the hour loop: snow lies or it may freeze."""
    return pack.water > 0.0 or low <= 0.0


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Hours:
    """A day's 24 hours over the pack, which is changed; to be taken one after the other.

    After an hour `air` (°C) is its temperature and `depth` (m) that of the snow at its end.

    Parameters
    ----------
    pack : the snow on the ground
    weather : of the day
    sky : radiation on the slope by hour
    day : day of the run; decides the hour at which precipitation starts
    rules : when it rains, and how dense snow is
    """

    def __init__(
        self, pack: Pack, weather: Weather, sky: Sky, day: int, rules: SnowRules | None = None
    ) -> None:
        rules = rules or SnowRules()
        self.pack = pack
        self.air = 0.0
        self.depth = 0.0
        self._swings = sky.swings
        self._mean = (weather.high + weather.low) / 2.0
        self._swing = (weather.high - weather.low) / 2.0
        self._above: float = rules.rains_above
        self._fresh: float = rules.fresh
        self._settles: float = rules.settled if self._mean < 0.0 else 0.0
        self._falls: list[float] = []
        if weather.falls is not None:
            self._falls = weather.falls
        elif weather.rain > 0.0:
            self._falls = _hourly(weather.rain, weather.duration, start_hour(day))
        self._melts: list[float] = []
        if pack.water > 0.0 or self._falls:
            self._melts = _melts(weather, sky, self._falls)
        self._snow = pack.water > 0.0
        self._snowfall = 0.0
        self._hours: list[float] = []

    def take(self, hour: int) -> None:
        """Let it rain or snow, and the pack settle and melt, in an hour of the day (0–23)."""
        self.air = self._mean + self._swing * self._swings[hour]
        pack, rain = self.pack, 0.0
        if self._falls:
            water = self._falls[hour]
            rain = water if self.air > self._above else 0.0
            if water > rain:
                pack.fall(water, self._fresh)
                self._snowfall += water
        leaving = _hour(pack, rain, self._melts[hour] if self._melts else 0.0, self._settles)
        if leaving != 0.0:
            self._hours = self._hours or [0.0] * 24
            self._hours[hour] = leaving
        self.depth = pack.depth

    def end(self) -> Winter:
        """The day that has passed."""
        self.pack.age += 1.0
        melted = self._snow or self._snowfall > 0.0
        return Winter(self._hours or _NONE, self._snowfall, melted)


def _hour(pack: Pack, rain: float, melt: float, settles: float) -> float:
    """Water (m) that reaches the ground in an hour; the pack settles up to a density (kg/m³)."""
    if pack.water <= 0.0:
        return rain
    pack.settle(settles)
    if melt <= 0.0 and rain <= 0.0 and pack.water > _TRACE:
        return 0.0
    return pack.wet(min(melt, pack.water), rain)


def start_hour(day: int) -> int:
    """The hour precipitation starts: fixed for the day of the run, spread over 0–23.

    Knuth's multiplicative hash of the day number, so that equal inputs give equal runs.
    """
    return (day * 2654435761 % 2**32) * 24 >> 32


def _hourly(depth: float, duration: float, start: int) -> list[float]:
    """The day's precipitation spread evenly over its hours, kept within the day."""
    falls = [0.0] * 24
    count = min(24, max(1, math.ceil(duration)))
    first = min(start, 24 - count)
    for hour in range(first, first + count):
        falls[hour] = depth / count
    return falls


def _melts(weather: Weather, sky: Sky, falls: list[float]) -> list[float]:
    """Melt by hour (m) of the hours above 0 °C, for which the equation is made.

    Of a day whose mean is below 0 °C, or on which nothing melts, nothing: no list. What the pack
    loses by night is not taken off: so the engines' tables of snow depth have it.
    """
    mean, swing = (weather.high + weather.low) / 2.0, (weather.high - weather.low) / 2.0
    if mean < 0.0:
        return []
    cloud = sky.cloud(weather.radiation)
    melts = [0.0] * 24
    gained = 0.0
    for hour in range(24):
        air = mean + swing * sky.swings[hour]
        if air <= 0.0:
            continue
        light = sky.on_slope(weather.radiation, hour)
        melt = hourly_melt(weather, light, cloud, air, falls[hour] if falls else 0.0)
        if melt > 0.0:
            melts[hour] = melt
            gained += melt
    return melts if gained > 0.0 else []


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
