"""Where a run's land burnt: a raster of burn severity, looked at, and laid onto its hillslopes.

::

    0    1    2          3      unburnt, low, moderate, high
    130  131  132        133    the same, as BAER's maps of soil burn severity have it

What the map does not tell is unburnt. Other values need to be told in disturbed.nodb
(`severities`) before the map is taken.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import numpy as np

from tasks.data import places, rasters
from tasks.data.places import NoData
from tasks.data.rasters import Place
from tasks.data.zones import Ints
from tasks.run.directory import NotPrepared
from tasks.wepp.documents import Disturbed

FOLDER = "disturbed"
_USUAL = ({n: n for n in range(4)}, {130 + n: n for n in range(4)})
_SHOWN = 8


def keep(root: Path, name: str) -> dict[int, int]:
    """Make the raster `name` the burn map of the run in `root`; how severe each value of it is.

    `name` is a file of the folder `FOLDER`, or a path below the run. NotPrepared where it is not
    there, NoData where it is no map of burn severity, BrokenDocument, ReadOnlyRun.
    """
    below = _below(root, name)
    given = Disturbed.or_new(root)
    # A map that takes another one's place is not read by that one's values.
    told = given.severities if given.sbs_map in (None, below) else {}
    severities = told or _usual(root / below, _values(root / below))
    if told and (strange := sorted(_values(root / below) - set(told))):
        raise NoData(f"{root / below}: {_listed(strange)} is not among the severities told")
    with Disturbed.locked(root, wait=places.PATIENCE_S) as document:
        document.sbs_map, document.severities = below, severities
    return severities


def severity(root: Path, place: Place) -> Ints | None:
    """How severely each cell of the grid burnt, 0 to 3; None for a run without a burn map.

    NoData for a map that is gone or has other values now.
    """
    document = Disturbed.or_new(root)
    if document.sbs_map is None:
        return None
    path = root / document.sbs_map
    values, told = rasters.laid(path, place)
    found = np.zeros(place.shape, np.int64)
    for value in np.unique(values[told]).tolist():
        if value not in document.severities:
            raise NoData(f"{path}: the value {value} is not among the severities told")
        found[told & (values == value)] = document.severities[value]
    return found


def _below(root: Path, name: str) -> str:
    pure = PurePosixPath(name)
    if not name or pure.is_absolute() or ".." in pure.parts:
        raise NoData(f"burn map {name!r}: it is a file of the run, by its path below it")
    for below in (f"{FOLDER}/{name}", name):
        if (root / below).is_file():
            return below
    raise NotPrepared(f"burn map {name!r}: {root / FOLDER} holds no such file")


def _values(path: Path) -> set[int]:
    """All values of the raster; NoData where it has several bands, or values that are not whole."""
    found: set[int] = set()
    with rasters.opened(path) as raster:
        if raster.count != 1:
            raise NoData(f"{path}: {raster.count} bands; a map of burn severity has one")
        for _, window in raster.block_windows(1):
            values = np.unique(raster.read(1, window=window, masked=True).compressed())
            values = values[np.isfinite(values)]
            if (values != np.floor(values)).any():
                raise NoData(f"{path}: it has values that are not whole: no burn severity")
            found |= {int(value) for value in values}
    return found


def _usual(path: Path, values: set[int]) -> dict[int, int]:
    if not values:
        raise NoData(f"{path} tells nothing: all of its cells are empty")
    for known in _USUAL:
        if values <= set(known):
            return known
    strange = sorted(values - set().union(*_USUAL)) or sorted(values)
    raise NoData(
        f"{path}: {_listed(strange)}: 0 to 3 or 130 to 133 are severities; say in disturbed.nodb"
        " (severities) what others mean"
    )


def _listed(values: list[int]) -> str:
    more = ", …" if len(values) > _SHOWN else ""
    return f"value{'s' * (len(values) > 1)} {', '.join(map(str, values[:_SHOWN]))}{more}"
