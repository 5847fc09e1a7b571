"""The stations of a site: where each climate file's weather is, and which is nearest to a place.

Distances are along great circles of a sphere of the earth's mean radius (haversine formula,
Sinnott, R. W. 1984, Sky and Telescope 68, 159).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tasks.data.places import NoData
from tasks.wepp.files import climate_head
from tasks.wepp.files.errors import FormatError

#: Mean radius of the earth, km (IUGG).
RADIUS_KM = 6371.0088


@dataclass(frozen=True, slots=True)
class Station:
    """A climate file of days: its name below the site's directory, where it is, and its years."""

    name: str
    path: Path
    latitude: float  # degrees north
    longitude: float  # degrees east
    first_year: int
    years: int


def stations(directory: Path) -> list[Station]:
    """The stations with files below `directory`, by name; single storms are none.

    NoData where there are none; FormatError for a file whose head is not a climate file's.
    """
    found = []
    for path in sorted(directory.rglob("*.cli")):
        if climate_head.mode(path) == climate_head.CONTINUOUS:
            latitude, longitude, _, _, first, years = climate_head.whereabouts(path)
            if not (abs(latitude) <= 90.0 and abs(longitude) <= 360.0):
                raise FormatError(path, 5, f"{latitude} {longitude} is no place on the earth")
            name = path.relative_to(directory).as_posix()
            found.append(Station(name, path, latitude, longitude, int(first), int(years)))
    if not found:
        raise NoData(f"{directory} holds no climate file (*.cli) of days")
    return found


def nearest(known: Iterable[Station], longitude: float, latitude: float) -> tuple[Station, float]:
    """The station nearest to a place (degrees), of equal ones the first by name, and its km."""
    by_distance = (
        (distance_km((longitude, latitude), (each.longitude, each.latitude)), each.name, each)
        for each in known
    )
    km, _, station = min(by_distance)
    return station, km


def distance_km(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The way between two places, each longitude and latitude in degrees, in km.

    >>> round(distance_km((0.0, 0.0), (180.0, 0.0)), 1)
    20015.1
    """
    (west, south), (east, north) = (tuple(map(math.radians, place)) for place in (one, other))
    squared = (
        math.sin((north - south) / 2.0) ** 2
        + math.cos(south) * math.cos(north) * math.sin((east - west) / 2.0) ** 2
    )
    return 2.0 * RADIUS_KM * math.asin(min(1.0, math.sqrt(squared)))
