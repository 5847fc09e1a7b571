"""Landuse, soils, weather and wishes of WEPPcloud's own documents, in the words of ours.

What is read of them, and what decides beside them::

    landuse.nodb     domlc_d, managements (man_fn, overrides of covers, disturbed_class)
    soils.nodb       domsoil_d, soils (fname), initial_sat, clip_soils, clip_soils_depth
    climate.nodb     cli_fn, sub_cli_fns, input_years, observed_start_year, ss_batch_storms
    watershed.nodb   clip_hillslopes, clip_hillslope_length
    wepp.nodb        what is run, the coefficients of each, the hydraulics of channels, kslast
    disturbed/disturbed_land_soil_lookup.csv    numbers of plants by soil texture and kind of cover

A management is a file of the run (`landuse/`) or one below [wepp] management_dir; its density after
tillage is that of the soil. What is not read is refused by a ForeignDocument that names it: covers
from satellites, maps of coefficients. A management of fewer years than the run comes round again.
Hillslopes of several elements have files of their own, `hill_<top>.mofe.{slp,sol,man}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from tasks.run import foreign
from tasks.run.foreign import Foreign, ForeignDocument
from tasks.wepp.documents import (
    BedShear,
    ChannelHydraulics,
    Climate,
    CoverChoice,
    Evapotranspiration,
    Frost,
    Groundwater,
    Landuse,
    Phosphorus,
    Snow,
    Soils,
    Water,
    Watershed,
    Wepp,
)
from tasks.wepp.files import soil
from tasks.wepp.site import disturbed, papers
from tasks.wepp.site.disturbed import is_number

_Coefficients = TypeVar("_Coefficients", Groundwater, Phosphorus, Snow, BedShear)
#: What grows in channels, below [wepp] management_dir; without it a cover of the library does.
CHANNEL = "channel.man"
_SATELLITES = ("rap", "rap_ts", "emapr_ts")
#: WEPPcloud's modes of climates of a single storm, and of a batch of them.
_SINGLE_STORM, _STORM_BATCH = (4, 15), 14
_HYDRAULICS = {
    "channel_erodibility": "erodibility",
    "channel_critical_shear": "critical_shear",
    "channel_manning_roughness_coefficient_bare": "bare_n",
    "channel_manning_roughness_coefficient_veg": "n",
    "minimum_channel_width_m": "minimum_width_m",
}
_GROUNDWATER = ("gwstorage", "bfcoeff", "dscoeff", "bfthreshold")
_PHOSPHORUS = ("surf_runoff", "lateral_flow", "baseflow", "sediment")
_FROST = (
    *("wintRed", "fineTop", "fineBot", "ksnowf", "kresf", "ksoilf"),
    *("kfactor1", "kfactor2", "kfactor3"),
)
_MAPS = ("baseflow_gwstorage_map", "channel_critical_shear_map", "kslast_map", "pmet_kcb_map")


def wepp(root: Path) -> Wepp:
    """What is wanted of the model of the run in `root`; ForeignDocument for maps of numbers."""
    path = Wepp.path(root)
    view, wanted = foreign.read(path), papers.wepp(path)
    phosphorus = _floats(papers.told(view, "phosphorus_opts"), _PHOSPHORUS)
    # What WEPPcloud has read of this map stands in the options.
    for name in (*_MAPS, *(() if phosphorus else ("p_surf_runoff_map",))):
        if papers.told(view, name):
            raise ForeignDocument(f"{path}: {name} is a map, which is not read")
    for name in ("dtchr_override", "ichout_override"):
        if papers.told(view, name) is not None:
            raise ForeignDocument(f"{path}: {name} is not read")
    if _runs(view, "baseflow"):
        water = _floats(papers.told(view, "baseflow_opts"), _GROUNDWATER)
        wanted.groundwater = _filled(Groundwater, water) if water else Groundwater()
    if phosphorus:
        wanted.phosphorus = _filled(Phosphorus, phosphorus)
    if _runs(view, "frost"):
        wanted.frost = _frost(_floats(papers.told(view, "frost_opts"), _FROST))
    if _runs(view, "snow"):
        snow = _floats(papers.told(view, "snow_opts"), ("rst", "newsnw", "ssd"))
        wanted.snow = _filled(Snow, snow) if snow else Snow()
    if _runs(view, "pmet"):
        told: dict[str, Any] = {
            "kcb": papers.told(view, "pmet_kcb"),
            "depletion": papers.told(view, "pmet_rawp"),
        }
        given: dict[str, Any] = {k: float(v) for k, v in told.items() if v is not None}
        wanted.evapotranspiration = Evapotranspiration(**given)
    if _runs(view, "tcr"):
        shear = _floats(papers.told(view, "tcr_opts"), ("taumin", "taumax", "kch", "nch"))
        wanted.bed_shear = _filled(BedShear, shear) if shear else BedShear()
    wanted.wepp_ui, wanted.asks_impoundments = _runs(view, "wepp_ui"), True
    wanted.channel = _hydraulics(view)
    wanted.routed_channels = [int(t) for t in papers.told(view, "chn_topaz_ids_of_interest") or ()]
    wanted.years, wanted.clip_length_m = _years(root), _clip(root)
    return wanted


def landuse(root: Path, soils: Soils, channel_man: bool) -> Landuse:
    """What grows on each hillslope of the run in `root`, above which of its `soils`.

    `channel_man`: whether there is a management of channels to share.
    """
    path = Landuse.path(root)
    view = foreign.read(path)
    for mod in papers.told(view, "mods") or ():
        if mod in _SATELLITES:
            raise ForeignDocument(f"{path}: covers of {mod} are not read")
    beds = CoverChoice(**({"shared": CHANNEL, "repeats": True} if channel_man else _BARE))
    if _elsewhere(Wepp.path(root), "multi_ofe") is True:
        return _several(view, beds)
    covers = _Covers(root, view, soils)
    by_top = {int(top): str(key) for top, key in papers.pairs(view.get("domlc_d"))}
    hillslopes = {}
    for top, key in by_top.items():
        if top % 10 != 4 and top in soils.hillslopes:
            hillslopes[top] = [covers.add(key, soils.hillslopes[top][0])]
    found = {**covers.found, "channels": beds}
    return Landuse(covers=found, hillslopes=hillslopes, channels="channels")


def _several(view: Foreign, beds: CoverChoice) -> Landuse:
    """What grows on hillslopes of several elements: a file of each, made with the landuse."""
    tops = [int(top) for top, _ in papers.pairs(view.get("domlc_d")) if not str(top).endswith("4")]
    covers = {f"hill_{t}": CoverChoice(file=_MOFE_MAN.format(t), repeats=True) for t in tops}
    return Landuse(
        covers=covers | {"channels": beds},
        hillslopes={t: [f"hill_{t}"] for t in tops},
        channels="channels",
    )


_MOFE_MAN, _MOFE_SOL = "landuse/hill_{}.mofe.man", "soils/hill_{}.mofe.sol"


_BARE: dict[str, Any] = {"cover": "low_severity_fire", "canopy": 0.01, "interrill": 0.01}


def soils(root: Path) -> Soils:
    """Which soil lies below each hillslope of the run in `root`; its channels have beds."""
    path = Soils.path(root)
    view = foreign.read(path)
    if papers.told(view, "clip_soils_minimum"):
        raise ForeignDocument(f"{path}: clip_soils_minimum is not read")
    files = {str(k): _field(of, "fname", path) for k, of in papers.pairs(view.get("soils"))}
    below = {int(top): str(key) for top, key in papers.pairs(view.get("domsoil_d"))}
    kslast = _elsewhere(Wepp.path(root), "kslast")
    if _elsewhere(Wepp.path(root), "multi_ofe") is True:
        files = {f"hill_{top}": Path(_MOFE_SOL.format(top)).name for top in below}
        below = {top: f"hill_{top}" for top in below}
    saturation, depth = papers.told(view, "initial_sat"), papers.told(view, "clip_soils_depth")
    return Soils(
        soils={key: f"soils/{name}" for key, name in files.items()},
        hillslopes={top: [key] for top, key in below.items() if top % 10 != 4},
        initial_saturation=0.75 if saturation is None else float(saturation),
        clip_depth_mm=float(depth or 1000.0) if papers.told(view, "clip_soils") else None,
        restricting_ksat=None if kslast is None else float(kslast),
    )


def climate(root: Path) -> Climate:
    """The weather of each hillslope of the run in `root`, or its design storms."""
    path = Climate.path(root)
    view = foreign.read(path)
    mode = papers.number(papers.told(view, "climate_mode"))
    if mode == _STORM_BATCH:
        return Climate(storms=_storms(view, path))
    if not view.get("cli_fn"):
        raise ForeignDocument(f"{path}: it names no climate, build it first")
    if mode in _SINGLE_STORM:
        return Climate(storms={1: f"climate/{view.get('cli_fn')}"})
    year = str(papers.told(view, "observed_start_year")).strip()
    of_hills = papers.pairs(papers.told(view, "sub_cli_fns"))
    return Climate(
        file=f"climate/{view.get('cli_fn')}",
        hillslopes={int(top): f"climate/{name}" for top, name in of_hills if name},
        observed_start_year=int(year) if year.isdigit() else None,
        delete_after_interchange=papers.told(view, "delete_after_interchange") is True,
    )


def _storms(view: Foreign, path: Path) -> dict[int, str]:
    """The climates of a batch of design storms, by their numbers."""
    found = {}
    for storm in papers.told(view, "ss_batch_storms") or ():
        number, name = _field(storm, "ss_batch_id", path), _field(storm, "cli_fn", path)
        found[int(number)] = f"climate/{name}"
    if not found:
        raise ForeignDocument(f"{path}: it names no design storms, build them first")
    return found


class _Covers:
    """The covers of a document, one for each pair of a management and a soil."""

    def __init__(self, root: Path, view: Foreign, soils: Soils) -> None:
        self._root, self._path, self._soils = root, Landuse.path(root), soils
        self._managements = dict(papers.pairs(view.get("managements")))
        mods = papers.told(view, "mods") or ()
        self._lookup = disturbed.lookup(root) if "disturbed" in mods else None
        self._tops: dict[str, soil.Layer] = {}
        self.found: dict[str, CoverChoice] = {}

    def add(self, key: str, below: str) -> str:
        """What the choice of management `key` above soil `below` is called; it is in `found`."""
        name = f"{key}/{below}"
        if name not in self.found:
            self.found[name] = self._choice(key, below)
        return name

    def _choice(self, key: str, below: str) -> CoverChoice:
        about = self._managements.get(key)
        if not isinstance(about, Mapping):
            raise ForeignDocument(f"{self._path}: there is no management {key!r}")
        canopy = about.get("cancov_override")
        row = self._row(about, below)
        density = self._top(below).bulk_density
        return CoverChoice(
            repeats=True,
            **self._source(str(_field(about, "man_fn", self._path))),
            canopy=canopy,
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
        kind = about.get("disturbed_class") or ""
        if self._lookup is None or not isinstance(kind, str) or not kind:
            return {}
        kind = next((name for name in ("mulch", "thinning") if name in kind), kind)
        top = self._top(below)
        return self._lookup.get((disturbed.texture(top.clay, top.sand), kind), {})

    def _top(self, key: str) -> soil.Layer:
        if key not in self._tops:
            if key not in self._soils.soils:
                raise ForeignDocument(f"{Soils.path(self._root)}: there is no soil {key!r}")
            found = soil.read(self._root / self._soils.soils[key])
            self._tops[key] = found.elements[0].layers[0]
        return self._tops[key]


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


def _frost(told: list[float]) -> Frost:
    """The rules of frost, as usual where the document has none."""
    if not told:
        return Frost()
    flag, top, below, snow, litter, ground, *shares = told
    return Frost(
        redistribution=int(flag), layers=(int(top), int(below)), factors=(snow, litter, ground),
        shares=shares,
    )  # fmt: skip


def _hydraulics(view: Foreign) -> ChannelHydraulics:
    told = {ours: papers.told(view, theirs) for theirs, ours in _HYDRAULICS.items()}
    given: dict[str, Any] = {k: float(v) for k, v in told.items() if v is not None}
    return ChannelHydraulics(**given)


def _runs(view: Foreign, what: str) -> bool:
    return papers.told(view, f"run_{what}") is True


def _floats(opts: Any, names: tuple[str, ...]) -> list[float]:
    """The numbers of an object by these names; none where one of them is not given."""
    values: list[Any] = [opts.get(n) for n in names] if isinstance(opts, Mapping) else []
    return [float(value) for value in values] if values and all(map(is_number, values)) else []


def _filled(kind: type[_Coefficients], values: list[float]) -> _Coefficients:
    return kind(**dict(zip(kind.model_fields, values, strict=True)))


def _years(root: Path) -> int | None:
    years = _elsewhere(Climate.path(root), "input_years")
    return int(years) if is_number(years) else None


def _clip(root: Path) -> float | None:
    path = Watershed.path(root)
    if _elsewhere(Wepp.path(root), "multi_ofe") is True:
        return None
    length = _elsewhere(path, "clip_hillslope_length") or 300.0
    return float(length) if _elsewhere(path, "clip_hillslopes") else None


def _elsewhere(path: Path, field: str) -> Any:
    """A field of another document of the run, None where that is not there, or ours."""
    try:
        return papers.told(foreign.read(path), field)
    except (FileNotFoundError, ForeignDocument):
        return None


def _field(of: Any, name: str, path: Path) -> Any:
    if not isinstance(of, Mapping) or not of.get(name):
        raise ForeignDocument(f"{path}: an entry of it has no {name}")
    return of[name]
