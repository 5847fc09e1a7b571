"""The part of the earth that is asked for: west, south, east and north, in degrees."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

#: Where the zones of the UTM grid end.
_SOUTH, _NORTH = -80.0, 84.0


@dataclass(frozen=True, slots=True)
class Extent:
    """A box of longitudes and latitudes (degrees, WGS84); `parse` is the way to one."""

    west: float
    south: float
    east: float
    north: float

    @property
    def centre(self) -> tuple[float, float]:
        """Longitude and latitude of its middle."""
        return (self.west + self.east) / 2.0, (self.south + self.north) / 2.0


def parse(told: object) -> Extent:
    """The extent of four numbers, or of a text of them with commas; ValueError.

    Producers have written west, south, east, north, and west, north, east, south: which of the two
    latitudes is the northern one, they themselves say.
    """
    words = told.split(",") if isinstance(told, str) else told
    if not isinstance(words, Iterable):
        raise ValueError(f"extent {told!r}: four numbers are wanted: west, south, east, north")
    try:
        numbers = [float(word) for word in words]
    except (TypeError, ValueError):
        numbers = []
    if len(numbers) != 4 or not all(map(math.isfinite, numbers)):
        raise ValueError(f"extent {told!r}: four numbers are wanted: west, south, east, north")
    west, one, east, other = numbers
    found = Extent(west, min(one, other), east, max(one, other))
    if not (-180.0 <= west < east <= 180.0 and _SOUTH <= found.south < found.north <= _NORTH):
        raise ValueError(
            f"extent {told!r}: west to east from -180 to 180 degrees, south to north from"
            f" {_SOUTH:g} to {_NORTH:g}, and neither of them nothing, are wanted"
        )
    return found
