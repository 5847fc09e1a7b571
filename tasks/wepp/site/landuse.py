"""What grows on WEPPcloud's own documents' land, in the words of ours.

What is read of them, and what decides beside them::

    landuse.nodb     domlc_d, managements (man_fn, overrides of covers, disturbed_class)
    disturbed/disturbed_land_soil_lookup.csv    numbers of plants by soil texture and kind of cover
    rap_ts.nodb, rap/rap_ts.parquet             canopies that satellites saw, as `satellites` has it

A management is a file of the run (`landuse/`) or one below [wepp] management_dir; its density after
tillage is that of the soil. One of fewer years than the run comes round again. Hillslopes of
several elements have files of their own, `hill_<top>.mofe.man`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from tasks.run import foreign
from tasks.run.foreign import Foreign, ForeignDocument
from tasks.wepp.documents import CoverChoice, Landuse, Soils, Water, Wepp
from tasks.wepp.files import soil
from tasks.wepp.site import disturbed, papers, satellites

#: What grows in channels, below [wepp] management_dir; without it a cover of the library does.
CHANNEL = "channel.man"
_BARE: dict[str, Any] = {"cover": "low_severity_fire", "canopy": 0.01, "interrill": 0.01}
_MOFE = "landuse/hill_{}.mofe.man"


def landuse(root: Path, soils: Soils, shared: Path | None) -> Landuse:
    """What grows on each hillslope of the run in `root`, above which of its `soils`.

    `shared` is the directory of the site's managements, if it has one.
    """
    path = Landuse.path(root)
    view = foreign.read(path)
    beds = bed(shared)
    if papers.elsewhere(Wepp.path(root), "multi_ofe") is True:
        return _several(view, beds)
    covers = _Covers(root, view, soils)
    by_top = {int(top): str(key) for top, key in papers.pairs(view.get("domlc_d"))}
    hillslopes = {}
    for top, key in by_top.items():
        if top % 10 != 4 and top in soils.hillslopes:
            hillslopes[top] = [covers.add(top, key, soils.hillslopes[top][0])]
    found = {**covers.found, "channels": beds}
    return Landuse(covers=found, hillslopes=hillslopes, channels="channels")


def bed(shared: Path | None) -> CoverChoice:
    """What grows in channels, where `shared` is the directory of the site's managements."""
    has_one = shared is not None and (shared / CHANNEL).is_file()
    return CoverChoice(**({"shared": CHANNEL, "repeats": True} if has_one else _BARE))


def _several(view: Foreign, beds: CoverChoice) -> Landuse:
    """What grows on hillslopes of several elements: a file of each, made with the landuse."""
    tops = [int(top) for top, _ in papers.pairs(view.get("domlc_d")) if not str(top).endswith("4")]
    covers = {f"hill_{t}": CoverChoice(file=_MOFE.format(t), repeats=True) for t in tops}
    return Landuse(
        covers=covers | {"channels": beds},
        hillslopes={t: [f"hill_{t}"] for t in tops},
        channels="channels",
    )


class _Covers:
    """The covers of a document, one for each management, soil and canopy that was seen."""

    def __init__(self, root: Path, view: Foreign, soils: Soils) -> None:
        self._root, self._path, self._soils = root, Landuse.path(root), soils
        self._managements = dict(papers.pairs(view.get("managements")))
        self._disturbed = "disturbed" in (papers.told(view, "mods") or ())
        self._seen = satellites.canopies(root, view)
        self._tops: dict[str, soil.Layer] = {}
        self.found: dict[str, CoverChoice] = {}

    def add(self, top: int, key: str, below: str) -> str:
        """What the choice of management `key` above soil `below` is called; it is in `found`."""
        about = self._managements.get(key)
        if not isinstance(about, Mapping):
            raise ForeignDocument(f"{self._path}: there is no management {key!r}")
        seen = self._seen(top, _kind(about))
        name = f"{key}/{below}" + ("" if seen is None else f"/{seen:g}")
        if name not in self.found:
            self.found[name] = self._choice(about, below, seen)
        return name

    def _choice(self, about: Mapping[str, Any], below: str, seen: float | None) -> CoverChoice:
        canopy = about.get("cancov_override")
        row = self._row(about, below)
        density = self._top(below).bulk_density
        return CoverChoice(
            repeats=True,
            **self._source(str(papers.field(about, "man_fn", self._path))),
            canopy=canopy if seen is None else seen,
            interrill=about.get("inrcov_override"),
            rill=about.get("rilcov_override"),
            leaf_area=1.0 if canopy is None else canopy,
            plant=_plant(row, about, overridden=canopy is not None),
            initial={} if density is None else {"bdtill": density} | _prefixed(row, "ini.data."),
            water=_water(row),
        )

    def _source(self, name: str) -> dict[str, str]:
        for below in (f"landuse/{name}", f"landuse/{Path(name).name}"):
            if (self._root / below).is_file():
                return {"file": below}
        return {"shared": name}

    def _row(self, about: Mapping[str, Any], below: str) -> Mapping[str, float]:
        kind = _kind(about)
        if not self._disturbed or not kind:
            return {}
        top = self._top(below)
        return self._lookup.get((disturbed.texture(top.clay, top.sand), kind), {})

    @cached_property
    def _lookup(self) -> Mapping[tuple[str, str], Mapping[str, float]]:
        return disturbed.lookup(self._root)

    def _top(self, key: str) -> soil.Layer:
        if key not in self._tops:
            if key not in self._soils.soils:
                raise ForeignDocument(f"{Soils.path(self._root)}: there is no soil {key!r}")
            found = soil.read(self._root / self._soils.soils[key])
            self._tops[key] = found.elements[0].layers[0]
        return self._tops[key]


def _kind(about: Mapping[str, Any]) -> str:
    """What a management says that burnt or was treated, in the words of the table; may be ""."""
    kind = about.get("disturbed_class") or ""
    if not isinstance(kind, str):
        return ""
    return next((name for name in satellites.TREATED if name in kind), kind)


def _plant(row: Mapping[str, float], about: Mapping[str, Any], *, overridden: bool) -> Any:
    """What a row changes of plants: roots and leaves only where no canopy was given."""
    found = _prefixed(row, "plant.data.")
    if overridden or "developed" in str(about.get("disturbed_class")):
        return found
    return {name: row[name] for name in ("rdmax", "xmxlai") if name in row} | found


def _prefixed(row: Mapping[str, float], prefix: str) -> dict[str, float]:
    return {name.removeprefix(prefix): v for name, v in row.items() if name.startswith(prefix)}


def _water(row: Mapping[str, float]) -> Water | None:
    if "pmet_kcb" not in row or "pmet_rawp" not in row:
        return None
    return Water(kcb=row["pmet_kcb"], depletion=row["pmet_rawp"])
