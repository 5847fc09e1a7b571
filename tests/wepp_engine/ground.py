"""What an engine reads of a hillslope's ground, or of channels': slope file and soil file."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.wepp_engine.records import File, Text

#: From these versions on an engine reads a file of slopes, of soils.
OLDEST_SLOPE, OLDEST_SOIL = 91.5, 90.0
#: What a version below this is: the number of elements, of a file that names no version.
NO_VERSION = 10.0
POINTS, LAYERS, ELEMENTS = 100, 10, 20
_TEXTURE = 5  # sand, clay, organic matter, exchange capacity, rock


@dataclass
class Profile:
    """The slope below the top of an element, or along a channel."""

    azimuth: float
    width: float
    length: float
    pairs: list[tuple[float, float]]


@dataclass
class Ground:
    """The soil of an element: name, texture, the numbers behind them, layers and what is below."""

    name: str
    texture: str
    head: list[float]
    layers: list[list[float]] = field(default_factory=list)
    below: tuple[int, float, float] | None = None
    recovery: list[object] = field(default_factory=list)


def version(file: File, oldest: float, what: str) -> float:
    """The version on the first line, which stops an engine where it is too old."""
    file.skip_comments()
    found = file.reals(1)[0]
    if found <= NO_VERSION:
        file.line -= 1
    elif found < oldest:
        file.stop(f"{what} FILE IS NOT COMPATIBLE")
    return found


def count(file: File, least: int, most: int, what: str) -> int:
    """A count on a line of its own, within its bounds."""
    file.skip_comments()
    found = file.integer()
    if not least <= found <= most:
        file.stop(f"{what} read as {found}. Must be between {least} and {most}")
    return found


def slopes(file: File, elements: int, *, channels: bool, points: int = POINTS) -> list[Profile]:
    """The profiles of so many elements; channels have an azimuth and a width each."""
    version(file, OLDEST_SLOPE, "SLOPE")
    _same_count(file, elements)
    if elements > ELEMENTS and not channels:
        file.stop(f"{elements} elements: arrays are of {ELEMENTS}")
    found: list[Profile] = []
    azimuth = width = 0.0
    for number in range(elements):
        if channels or number == 0:
            file.skip_comments()
            azimuth, width = file.reals(2)
        found.append(_profile(file, azimuth, width, points))
    return found


def _same_count(file: File, elements: int) -> None:
    file.skip_comments()
    found = file.integer()
    if found != elements:
        file.stop(f"{found} elements, the management file has {elements}")


def _profile(file: File, azimuth: float, width: float, points: int) -> Profile:
    file.skip_comments()
    number, length = file.full(int, float)
    if not 2 <= number <= points:
        file.stop(f"{number} slope points: arrays are of {points}, and two are the least")
    file.skip_comments()
    values = file.reals(2 * number)
    pairs = list(zip(values[0::2], values[1::2], strict=True))
    last = pairs[-1][0]
    if pairs[0][0] != 0.0 or last not in (1.0, length):
        file.stop(f"the points go from {pairs[0][0]} to {last}: the ends must be among them")
    if not min(width, length) > 0.0:
        file.stop(f"width {width} and length {length} must be above 0")
    return Profile(azimuth, width, length, pairs)


def soils(file: File, elements: int, *, layers: int = LAYERS) -> tuple[float, list[Ground]]:
    """The version of a soil file and the soils of so many elements."""
    of = version(file, OLDEST_SOIL, "SOIL")
    file.skip_comments()
    file.text(80)
    file.skip_comments()
    found, adjusted = file.full(int, int)
    if found != elements:
        file.stop(f"{found} elements, the management file has {elements}")
    if adjusted not in (0, 1):
        file.stop(f"ksflag {adjusted}")
    return of, [_soil(file, of, layers) for _ in range(elements)]


def _soil(file: File, of: float, layers: int) -> Ground:
    recovery = _recovery(file, of)
    file.skip_comments()
    rest = 6 if of < 7777 else 5
    name, texture, number, *head = file.full(Text(80), Text(80), int, *[float] * rest)
    if not 1 <= number <= layers:
        file.stop(f"{number} layers: arrays are of {layers}")
    ground = Ground(name, texture, head, recovery=recovery)
    for _ in range(number):
        file.skip_comments()
        ground.layers.append(file.reals(_columns(of)))
    depths = [0.0, *(layer[0] for layer in ground.layers)]
    if depths != sorted(set(depths)):
        file.stop(f"the layers' depths do not increase: {depths[1:]}")
    if of >= 2006:
        file.skip_comments()
        flag, middle, below = file.full(int, float, float)
        ground.below = flag, middle, below
    return ground


def _columns(of: float) -> int:
    """Depth and texture; from 7777 on density, conductivity and two waters, then anisotropy too."""
    if of < 7777:
        return 1 + _TEXTURE
    if of < 7778:
        return 5 + _TEXTURE
    return 6 + _TEXTURE + (7 if of >= 9002 else 0)


def _recovery(file: File, of: float) -> list[object]:
    """The line of disturbed land, before an element's own."""
    kinds: dict[float, tuple[type | Text, ...]] = {
        9001.0: (int, Text(80), Text(80), float, float),
        9002.0: (int, Text(80), Text(80), float, float),
        9003.0: (int, Text(80), int, Text(80), float),
        9005.0: (int, Text(80), int, Text(80), int, float, float),
    }
    if of not in kinds:
        return []
    file.skip_comments()
    return file.full(*kinds[of])
