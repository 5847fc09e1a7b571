"""What WEPPcloud's own table changes on land that burnt or was treated, by kind and soil.

::

    disturbed/disturbed_land_soil_lookup.csv    luse,stext,rdmax,xmxlai,pmet_kcb,pmet_rawp,…
    disturbed/…_lookup_extended.csv             in its place, where disturbed.nodb has chosen it

`luse` is the kind of cover, `stext` one of four textures or "all". Columns that begin with
`plant.data.` and `ini.data.` are numbers of plants and of the first day.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from tasks.run.foreign import ForeignDocument
from tasks.wepp.site import papers

_LOOKUP, _EXTENDED = "disturbed/disturbed_land_soil_lookup{}.csv", "extended"


def lookup(root: Path) -> dict[tuple[str, str], dict[str, float]]:
    """The numbers of each texture and kind of cover; what is no number is left out.

    Kinds of burnt forest go by their short names as well.
    """
    path = root / _LOOKUP.format("")
    chosen = papers.elsewhere(root / "disturbed.nodb", "active_lookup_variant")
    if str(chosen).strip().lower() == _EXTENDED and (root / _LOOKUP.format("_extended")).is_file():
        path = root / _LOOKUP.format("_extended")
    if not path.is_file():
        raise ForeignDocument(f"{path} does not exist: it changes what grows on disturbed land")
    found: dict[tuple[str, str], dict[str, float]] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            kind = (row.get("luse") or row.get("disturbed_class") or "").strip()
            ground = (row.get("stext") or row.get("texid") or "").strip()
            numbers = {name: float(text) for name, text in row.items() if is_number(text)}
            for one in _TEXTURES if ground == "all" else (ground,):
                found[one, kind] = numbers
                if kind.startswith("forest ") and "fire" in kind:
                    found.setdefault((one, kind.removeprefix("forest ")), numbers)
    return found


_TEXTURES = ("clay loam", "loam", "sand loam", "silt loam")


def texture(clay: float, sand: float) -> str:
    """One of four textures, by percents of clay and sand, as WEPPcloud's tables name them.

    >>> texture(15.0, 40.0), texture(7.0, 66.8), texture(35.0, 30.0), texture(10.0, 20.0)
    ('loam', 'sand loam', 'clay loam', 'silt loam')
    """
    both = clay + sand
    if both <= 50.0 and (clay <= 27.0 or sand <= 20.0):
        return "silt loam"
    if 6.0 <= clay <= 27.0 and 50.0 < both <= 72.0 and sand <= 52.0:
        return "loam"
    if sand > 52.0 or (sand >= 50.0 and (clay < 6.0 or both > 72.0)):
        return "sand loam"
    return "clay loam"


def is_number(text: Any) -> bool:
    """Whether a text is a number, or a value one."""
    try:
        float(text)
    except (TypeError, ValueError):
        return False
    return True
