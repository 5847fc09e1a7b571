"""Canopies that satellites saw, where WEPPcloud's documents want these in place of a management's.

::

    rap_ts.nodb             rap_start_year, rap_end_year: the years of the table
    rap/rap_ts.parquet      percents by band, year and hillslope
    landuse.nodb            hillslope_cancovs: of a single year, as fractions

Of the table, the plants' bands of the first year of the weather are summed; weather of other years
has the managements' own canopies. Land that burnt or was treated keeps what was made for it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tasks.run.foreign import Foreign, ForeignDocument
from tasks.wepp import rap
from tasks.wepp.documents import Climate
from tasks.wepp.files import climate_head
from tasks.wepp.site import papers

#: Kinds of land that was treated, by a part of their names.
TREATED = ("mulch", "thinning")
TABLE = "rap/rap_ts.parquet"
_AS_SEEN = ("forest", "shrub", "tall grass")
Canopies = Callable[[int, str], float | None]


def canopies(root: Path, landuse: Foreign) -> Canopies:
    """The canopy of a hillslope by its TOPAZ id and the kind of its land; None keeps its own.

    ForeignDocument, BrokenDocument for covers that are wanted and not there.
    """
    mods = papers.told(landuse, "mods") or ()
    once = dict(papers.pairs(papers.told(landuse, "hillslope_cancovs")))
    if "rap_ts" in mods:
        if once:
            raise ForeignDocument(f"{landuse.path}: it has covers of rap and of rap_ts")
        return _of_years(root, "disturbed" in mods)
    if once and "disturbed" in mods:
        return lambda top, kind: None if kind in TREATED else _of(once, top, landuse.path)
    return lambda top, kind: None


def _of_years(root: Path, disturbed: bool) -> Canopies:
    path, table, first = root / "rap_ts.nodb", root / TABLE, _first_year(root)
    years = [papers.elsewhere(path, f"rap_{end}_year") for end in ("start", "end")]
    if None in years or not table.is_file():
        raise ForeignDocument(f"{table} does not exist, or {path} has no years: fetch them first")
    if first is None or not int(years[0]) <= first <= int(years[1]):
        return lambda top, kind: None
    seen = rap.canopies(table, first)

    def canopy(top: int, kind: str) -> float | None:
        burnt = disturbed and kind.strip().lower() not in _AS_SEEN
        return None if burnt else _of(seen, top, table)

    return canopy


def _of(seen: dict[str, float] | dict[int, float], top: int, path: Path) -> float:
    by_name = {str(key): value for key, value in seen.items()}
    if str(top) not in by_name:
        raise ForeignDocument(f"{path}: it has no canopy of hillslope {top}")
    return min(1.0, max(0.0, float(by_name[str(top)])))


def _first_year(root: Path) -> int | None:
    name = papers.elsewhere(Climate.path(root), "cli_fn")
    path = root / "climate" / str(name)
    return climate_head.first_year(path) if path.is_file() else None
