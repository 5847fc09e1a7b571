"""What a leaf of a batch of features is made of: each step that its batch wants, and that it lacks.

Its terrain where it has no watershed: the elevations of its feature's box and a margin, channels as
`terrain.nodb` of the batch's `_base` has them, the outlet that fits the feature best, and what
comes of it; a step that its ledger has as done is not done again. Then landuse, soils and weather,
where a document has none.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tasks.project.batches import TARGET
from tasks.run.foreign import ForeignDocument
from tasks.run.nodb import BrokenDocument, Document
from tasks.run.prep import RedisPrep
from tasks.run.steps import TaskEnum
from tasks.wepp.documents import Climate, Landuse, Soils, Watershed

#: Around a feature's box, degrees; the zoom of the map there.
MARGIN, ZOOM = 0.02, 11
_TERRAIN = (
    *(TaskEnum.fetch_dem, TaskEnum.build_channels, TaskEnum.find_outlet),
    *(TaskEnum.build_subcatchments, TaskEnum.abstract_watershed),
)
_DOCUMENTS: dict[TaskEnum, type[Document]] = {
    TaskEnum.build_landuse: Landuse,
    TaskEnum.build_soils: Soils,
    TaskEnum.build_climate: Climate,
}
_MADE = ("hillslopes", "file", "storms")
Box = tuple[float, float, float, float]


def build(wd: Path, runid: str, wants: Callable[[TaskEnum], bool]) -> None:
    """Do the steps for the leaf in `wd` that `wants` says yes to. As the tasks that do them."""
    from tasks import project_rq

    prep = RedisPrep(wd, runid)
    for step in _TERRAIN if _lacks(wd, Watershed) else ():
        if wants(step) and prep[str(step)] is None:
            given = (extent(wd), None, ZOOM) if step is TaskEnum.fetch_dem else ()
            getattr(project_rq, f"{step}_rq")(runid, *given)
    for step, document in _DOCUMENTS.items():
        if wants(step) and _lacks(wd, document):
            getattr(project_rq, f"{step}_rq")(runid)


def extent(wd: Path) -> Box:
    """The box of the leaf's feature with a margin: west, south, east, north, degrees.

    BrokenDocument where the feature has no places.
    """
    path = wd / TARGET
    (feature,) = json.loads(path.read_text(encoding="utf-8"))["features"]
    places = list(_places((feature.get("geometry") or {}).get("coordinates")))
    if not places:
        raise BrokenDocument(f"{path}: its outline has no places")
    east, north = ([place[axis] for place in places] for axis in (0, 1))
    return min(east) - MARGIN, min(north) - MARGIN, max(east) + MARGIN, max(north) + MARGIN


def _places(told: Any) -> Iterator[tuple[float, float]]:
    """The longitudes and latitudes of an outline's corners, however deep its lists are."""
    if isinstance(told, list) and told and not isinstance(told[0], list):
        yield float(told[0]), float(told[1])
    for part in told if isinstance(told, list) else ():
        yield from _places(part) if isinstance(part, list) else ()


def _lacks(wd: Path, document: type[Document]) -> bool:
    """Whether nobody has built the document: it is not there, or holds wishes alone."""
    try:
        found = document.or_new(wd)
    except ForeignDocument:
        return False
    return not any(getattr(found, name, None) for name in _MADE)
