"""The sun over a slope: extraterrestrial radiation by hour, and the day's course of temperature.

Solar geometry after Swift (1976) and Duffie & Beckman; the temperature course after de Wit, as
NSERL Report 10, chapter 3, uses it. Angles in radians, radiation in MJ/m².
"""

from __future__ import annotations

import math
from typing import Final, final

from tasks.hillsim.numbers import summed

_SOLAR_HOUR: Final = 4.921
_CLEAR: Final = 0.75
_OVERCAST: Final = 0.40
_WARMEST: Final = 14.0
# The sun's angle in the middle of each hour, from the south.
_ANGLES: Final = [(hour + 0.5 - 12.0) * math.pi / 12.0 for hour in range(24)]
_COSINES: Final = [math.cos(angle) for angle in _ANGLES]
_SINES: Final = [math.sin(angle) for angle in _ANGLES]


@final
class Sky:
    """A day above a slope: extraterrestrial radiation by hour, on slope and flat; sunrise."""

    def __init__(
        self, hourly: list[float], slope_total: float, flat_total: float, sunrise: float
    ) -> None:
        self.hourly = hourly
        self.slope_total = slope_total
        self.flat_total = flat_total
        self.sunrise = sunrise
        self._swings: list[float] = []

    @property
    def swings(self) -> list[float]:
        """The course of temperature in the middle of each hour, worked out once; see `swing`."""
        if not self._swings:
            self._swings = [swing(hour + 0.5, self.sunrise) for hour in range(24)]
        return self._swings

    @property
    def clear(self) -> float:
        """Radiation of a clear day on the flat (MJ/m²)."""
        return _CLEAR * self.flat_total

    def cloud(self, radiation: float) -> float:
        """Cloud fraction from measured radiation (MJ/m²): 0 at transmissivity 0.75, 1 at 0.40."""
        through = radiation / max(self.flat_total, 1e-6)
        return min(1.0, max(0.0, (_CLEAR - through) / (_CLEAR - _OVERCAST)))

    def on_slope(self, radiation: float, hour: int) -> float:
        """What of the day's radiation on the flat falls on the slope in an hour (MJ/m²)."""
        return radiation * self.hourly[hour] / max(self.flat_total, 1e-6)


def sky(day: int, latitude: float, slope: float, azimuth: float) -> Sky:
    """The sun of a day of the year.

    Parameters
    ----------
    day : Julian day, 1–366
    latitude : degrees, north positive
    slope : m/m
    azimuth : degrees clockwise from north, the way the slope faces
    """
    season = 2.0 * math.pi * (day - 1) / 365.0
    tilt = -0.4092797 * math.cos(2.0 * math.pi * (day + 10) / 365.0)
    distance = 1.0 + 0.0335 * math.cos(season)
    lat, incline, facing = math.radians(latitude), math.atan(slope), math.radians(azimuth)
    up, across = math.sin(lat) * math.sin(tilt), math.cos(lat) * math.cos(tilt)
    # Of the sun's direction at an hour: what points north, less what its angle takes; and east.
    high, low = math.cos(lat) * math.sin(tilt), math.sin(lat) * math.cos(tilt)
    east = -math.cos(tilt)
    level, steep = math.cos(incline), math.sin(incline)
    northward, eastward = math.cos(facing), math.sin(facing)
    hourly, flat = [0.0] * 24, 0.0
    for hour in range(24):
        turned = _COSINES[hour]
        height = up + across * turned
        if height <= 0.0:
            continue
        flat += _SOLAR_HOUR * distance * height
        along = (high - low * turned) * northward + east * _SINES[hour] * eastward
        # The cosine between sun and the slope's normal.
        beam = height * level + along * steep
        hourly[hour] = _SOLAR_HOUR * distance * max(0.0, beam)
    return Sky(hourly, summed(hourly), flat, 12.0 - _half_day(lat, tilt))


def _half_day(lat: float, tilt: float) -> float:
    inside = min(1.0, max(-1.0, -math.tan(lat) * math.tan(tilt)))
    return math.acos(inside) * 12.0 / math.pi


def temperature(hour: float, sunrise: float, low: float, high: float) -> float:
    """Temperature at an hour: `low` at sunrise, `high` at 14 h, half cosines between them (°C)."""
    return (high + low) / 2.0 + (high - low) / 2.0 * swing(hour, sunrise)


def swing(hour: float, sunrise: float) -> float:
    """Where between the day's low (−1, at sunrise) and high (1, at 14 h) temperature stands."""
    rise = max(0.1, _WARMEST - sunrise)
    if sunrise <= hour <= _WARMEST:
        return -math.cos(math.pi * (hour - sunrise) / rise)
    since = hour - _WARMEST if hour > _WARMEST else hour + 24.0 - _WARMEST
    return math.cos(math.pi * since / (24.0 - rise))
