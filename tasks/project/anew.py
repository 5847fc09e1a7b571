"""What a run's builders made of the site's data, made again by the wishes in the run's documents.

::

    terrain.nodb with an outlet                    elevations (unless uploaded) to the watershed
    landuse/landuse.parquet, soils/soils.parquet   landuse and soils
    climate/cligen.log                             weather of stations

What was given, and not built, is left as it is, and so are documents of another program.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tasks.run.foreign import ForeignDocument
from tasks.run.nodb import Document
from tasks.terrain.documents import Terrain
from tasks.wepp.documents import Climate, Landuse, Soils, Watershed

_BUILT: tuple[tuple[str, type[Document], str], ...] = (
    ("build_landuse_rq", Landuse, "landuse/landuse.parquet"),
    ("build_soils_rq", Soils, "soils/soils.parquet"),
    ("build_climate_rq", Climate, "climate/cligen.log"),
)
Call = tuple[str, tuple[Any, ...]]


def build(wd: Path, runid: str) -> None:
    """Do the steps again in the run in `wd`. As the tasks that do them."""
    from tasks import project_rq

    # All of them are told before the first one, which takes away what the later ones made.
    for name, given in list(steps(wd)):
        getattr(project_rq, name)(runid, *given)


def steps(wd: Path) -> Iterator[Call]:
    """The tasks that the run in `wd` was built by, in order, and their arguments but its id."""
    yield from _terrain(Terrain.or_new(wd)) if _is_ours(Watershed, wd) else ()
    for name, document, trace in _BUILT:
        if (wd / trace).is_file() and _is_ours(document, wd):
            yield name, ()


def _terrain(wanted: Terrain) -> Iterator[Call]:
    if wanted.outlet is None:
        return
    if wanted.map is not None:
        yield "fetch_dem_rq", (wanted.map.extent, wanted.map.center, wanted.map.zoom)
    yield "build_channels_rq", ()
    asked = wanted.outlet.asked
    yield ("set_outlet_rq", asked) if asked else ("find_outlet_rq", ())
    yield "build_subcatchments_rq", ()
    yield "abstract_watershed_rq", ()


def _is_ours(document: type[Document], wd: Path) -> bool:
    try:
        document.or_new(wd)
    except ForeignDocument:
        return False
    return True
