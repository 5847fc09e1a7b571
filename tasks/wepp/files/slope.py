"""The slope file, `p<i>.slp`: the profile of a hillslope, element by element from the top.

::

    97.5                              version: 97.3, 97.5; 99.1 for channels
    1                                 number of overland flow elements (channels)
    100.000 30.000                    azimuth (deg), width (m)       [99.1: before each channel]
    3 35.000                          points, length (m)                         for each element
    0.0000,0.0400 0.5,0.09 1,0.01     distance (0-1 of the length), slope (m/m)  for each point

Channels of versions from 2023 on have elevation and order behind the width; read as 99.1.
Lines that begin with `#` are skipped. The engines check nothing and run to their success marker on
negative or NaN slopes; here they are errors.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from tasks.wepp.files.records import Records, read_text

HILLSLOPE_VERSIONS = (97.3, 97.5)
CHANNEL_VERSION = 99.1
_ABSTRACTED = 2023.0
# What no hillslope and no channel goes beyond (m, m, m, m/m, degrees).
_SHORTEST, _LONGEST, _WIDEST, _STEEPEST, _TURN = 0.001, 20_000.0, 1_000_000.0, 10.0, 360.0


@dataclass(frozen=True, slots=True)
class Element:
    """The profile of an overland flow element, or of a channel, from its top to its foot.

    `azimuth` and `width` are a channel's own; None in the elements of a hillslope.
    """

    length: float  # m
    x: tuple[float, ...]  # distance from the top, 0-1 of the length, ascending
    slope: tuple[float, ...]  # m/m at each x
    azimuth: float | None = None  # deg
    width: float | None = None  # m


@dataclass(frozen=True, slots=True)
class Slope:
    """A slope file. For channels, azimuth and width are those of the first."""

    version: float
    azimuth: float  # deg, the aspect
    width: float  # m
    elements: tuple[Element, ...]


def read(path: str | Path) -> Slope:
    """The slope file at `path`; FormatError, OSError."""
    return parse(read_text(path), path)


def parse(text: str, path: str | Path = "slope") -> Slope:
    """The slope file that `text` is; FormatError names `path` and the line."""
    records = Records(text, path)
    version = records.number("the version of the slope file")
    facing = _facing
    if version >= _ABSTRACTED:
        version, facing = CHANNEL_VERSION, _of_a_network
    if version not in (*HILLSLOPE_VERSIONS, CHANNEL_VERSION):
        records.fail(f"version {version:g}: slope files of 97.3, 97.5 and 99.1 are read")
    count = int(*records.spelt(1, "the number of elements"))
    if count < 1:
        records.fail(f"{count} elements: at least 1 is wanted")
    if version == CHANNEL_VERSION:
        azimuth, width, elements = _channels(records, count, facing)
    else:
        azimuth, width, elements = _planes(records, count)
    records.end()
    return Slope(version, azimuth, width, elements)


def dump(slope: Slope) -> str:
    """The text of a slope file; each value in the shortest form that reads back the same."""
    lines = [f"{slope.version:g}", str(len(slope.elements))]
    if slope.version != CHANNEL_VERSION:
        lines.append(f"{slope.azimuth!r} {slope.width!r}")
    for element in slope.elements:
        if slope.version == CHANNEL_VERSION:
            lines.append(f"{element.azimuth!r} {element.width!r}")
        lines.append(f"{len(element.x)} {element.length!r}")
        pairs = zip(element.x, element.slope, strict=True)
        lines.append(" ".join(f"{x!r},{slope!r}" for x, slope in pairs))
    return "\n".join(lines) + "\n"


_Parts = tuple[float, float, tuple[Element, ...]]


def _planes(records: Records, count: int) -> _Parts:
    azimuth, width = _facing(records)
    return azimuth, width, tuple(_element(records) for _ in range(count))


def _channels(
    records: Records, count: int, facing: Callable[[Records], tuple[float, float]]
) -> _Parts:
    channels = []
    for _ in range(count):
        azimuth, width = facing(records)
        channels.append(replace(_element(records), azimuth=azimuth, width=width))
    first = channels[0]
    return first.azimuth or 0.0, first.width or 0.0, tuple(channels)


def _facing(records: Records) -> tuple[float, float]:
    azimuth, width = records.numbers(2, "azimuth (deg) and width (m)")
    _check_facing(records, azimuth, width)
    return azimuth, width


def _of_a_network(records: Records) -> tuple[float, float]:
    azimuth, width, *_ = records.numbers(4, "azimuth (deg), width, elevation (m) and order")
    _check_facing(records, azimuth % 360.0, width)
    return azimuth % 360.0, width


def _check_facing(records: Records, azimuth: float, width: float) -> None:
    if not abs(azimuth) <= _TURN:
        records.fail(f"azimuth {azimuth:g} degrees: it must be within -360 and 360")
    if not _SHORTEST <= width <= _WIDEST:
        records.fail(f"width {width:g} m: from {_SHORTEST:g} to {_WIDEST:g} are wanted")


def _element(records: Records) -> Element:
    what = "the number of slope points and the length (m)"
    counted, reach = records.spelt(2, what)
    count, length = int(counted), records.parse(reach, what)
    if count < 2:
        records.fail(f"{count} slope points: 2 or more are wanted")
    if not _SHORTEST <= length <= _LONGEST:
        records.fail(f"length {length:g} m: from {_SHORTEST:g} to {_LONGEST:g} are wanted")
    values = records.numbers(2 * count, f"{count} pairs of distance and slope")
    x, slope = values[0::2], values[1::2]
    _check(records, x, slope)
    return Element(length, x, slope)


def _check(records: Records, x: tuple[float, ...], slope: tuple[float, ...]) -> None:
    if x[0] != 0.0 or x[-1] != 1.0 or any(a >= b for a, b in pairwise(x)):
        records.fail("the distances must ascend from 0 to 1: " + " ".join(f"{v:g}" for v in x))
    for place, value in zip(x, slope, strict=True):
        if value < 0.0:
            records.fail(f"slope {value:g} at {place:g} of the length: it must not be negative")
        if value > _STEEPEST:
            why = f"slope {value:g} at {place:g} of the length: more than {_STEEPEST:g} m/m"
            records.fail(f"{why} is no slope (is it in per cent?)")
