"""How covers grow back after a fire, of WEPPcloud's own documents.

::

    disturbed.nodb       sol_ver: soils of 9005 let covers grow back; fire_date
    revegetation.nodb    cover_transform_fn: in revegetation/, shares of what grew before the fire
    landuse.nodb         desc of each management: how severely its land burnt
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tasks.run.foreign import ForeignDocument
from tasks.wepp.documents import Landuse, Revegetation
from tasks.wepp.site import papers
from tasks.wepp.site.disturbed import is_number

#: The version of soils whose covers grow back.
_GROWS_BACK = 9005.0
UNBURNT = "Unburned"
#: Severities by what a description has of them, in the order in which it is asked for it.
_SEVERITIES = (
    *(("low", "Low"), ("prescribed", "Low")),
    *(("mod", "Moderate"), ("high", "High")),
)


def revegetation(root: Path) -> Revegetation | None:
    """How covers grow back on the run in `root`; None where its soils do not let them.

    ForeignDocument for a day that is none.
    """
    path = root / "disturbed.nodb"
    version = papers.elsewhere(path, "sol_ver")
    if not is_number(version) or float(version) != _GROWS_BACK:
        return None
    told = papers.elsewhere(path, "fire_date")
    if not told:
        return Revegetation()
    words = str(told).replace("/", " ").replace("-", " ").split()
    try:
        month, day, year = map(int, words)
        fire = Revegetation(fire=(month, day, year))
    except ValueError:
        raise ForeignDocument(f"{path}: fire_date {told!r}: month, day, year are read") from None
    name = papers.elsewhere(root / "revegetation.nodb", "cover_transform_fn")
    if not name:
        return fire
    fire.recovery, fire.severities = f"revegetation/{Path(name).name}", _severities(root)
    # The fire itself takes of the covers what the table leaves: builds are told so.
    fire.simulates_fire = True
    return fire


def _severities(root: Path) -> dict[int, list[str]]:
    """How severely each hillslope burnt, element by element from the top; of one, one."""
    path = Landuse.path(root)
    managements = dict(papers.pairs(papers.elsewhere(path, "managements")))
    several = dict(papers.pairs(papers.elsewhere(path, "domlc_mofe_d")))
    found = {}
    for top, key in papers.pairs(papers.elsewhere(path, "domlc_d")):
        keys: list[Any] = [key]
        if parts := dict(papers.pairs(several.get(top))):
            keys = [parts[element] for element in sorted(parts, key=int)]
        found[int(top)] = [_severity(managements.get(str(one))) for one in keys]
    return found


def _severity(about: Any) -> str:
    """How severely land burnt, by the description of its management.

    >>> _severity({"desc": "Shrub Moderate Severity Fire"}), _severity({"desc": "Young forest"})
    ('Moderate', 'Unburned')
    """
    text = str(about.get("desc") or "").lower() if isinstance(about, Mapping) else ""
    if "unburned" in text or "sev" not in text or "fire" not in text:
        return UNBURNT
    return next((severity for word, severity in _SEVERITIES if word in text), UNBURNT)
