"""Covers that the Rangeland Analysis Platform tells year by year: a table of a run, in percent.

::

    band      1 annual forbs and grasses, 2 bare ground, 3 litter, 4 perennial forbs and grasses,
              5 shrubs, 6 trees
    year, topaz_id
    mofe_id   an element of the hillslope from 1, or -1 for the whole
    value
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tasks.run.nodb import BrokenDocument

ANNUALS, BARE, LITTER, PERENNIALS, SHRUBS, TREES = range(1, 7)
#: What grows.
PLANTS = (ANNUALS, PERENNIALS, SHRUBS, TREES)
WHOLE = -1
_COLUMNS = ("band", "year", "topaz_id", "mofe_id", "value")
#: Percents by band, year, TOPAZ id and element.
Covers = Mapping[tuple[int, int, int, int], float]


def read(path: Path) -> Covers:
    """The covers of the table at `path`; BrokenDocument where it is none."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        columns = parquet.read_table(path, columns=list(_COLUMNS)).to_pydict()
    except (pa.ArrowInvalid, KeyError) as error:
        raise BrokenDocument(f"{path} is no table of covers: {error}") from error
    rows = zip(*(columns[name] for name in _COLUMNS), strict=True)
    return {(int(b), int(y), int(t), int(e)): float(v) for b, y, t, e, v in rows if v is not None}


def canopies(path: Path, year: int) -> dict[int, float]:
    """The canopy (0-1) of each hillslope in a year, by TOPAZ id: all that grows together."""
    covers = read(path)
    tops = {top for _, of, top, element in covers if (of, element) == (year, WHOLE)}
    return {
        top: sum(covers.get((band, year, top, WHOLE), 0.0) for band in PLANTS) / 100.0
        for top in tops
    }
