"""Soils, weather and wishes of WEPPcloud's own documents, in the words of ours.

What is read of them::

    soils.nodb       domsoil_d, soils (fname), initial_sat, clip_soils{,_minimum}, their depths
    climate.nodb     cli_fn, sub_cli_fns, input_years, observed_start_year, ss_batch_storms
    watershed.nodb   clip_hillslopes, clip_hillslope_length
    wepp.nodb        what is run, the coefficients of each, the hydraulics of channels, kslast, maps

What maps tell of these numbers is read as `maps` has it, how covers grow back as `regrowth`.
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
    Evapotranspiration,
    Frost,
    Groundwater,
    Phosphorus,
    Snow,
    Soils,
    Watershed,
    Wepp,
)
from tasks.wepp.site import maps, papers, regrowth
from tasks.wepp.site.disturbed import is_number

_Coefficients = TypeVar("_Coefficients", Phosphorus, Snow, BedShear)
#: WEPPcloud's modes of climates of a single storm, and of a batch of them.
_SINGLE_STORM, _STORM_BATCH = (4, 15), 14
_LEAST_STEP_S = 60
_MOFE = "soils/hill_{}.mofe.sol"
_HYDRAULICS = {
    "channel_erodibility": "erodibility",
    "channel_critical_shear": "critical_shear",
    "channel_manning_roughness_coefficient_bare": "bare_n",
    "channel_manning_roughness_coefficient_veg": "n",
    "minimum_channel_width_m": "minimum_width_m",
}
#: What documents call these numbers, in the order of our fields.
_GROUNDWATER = ("gwstorage", "bfcoeff", "dscoeff", "bfthreshold")
_PHOSPHORUS = ("surf_runoff", "lateral_flow", "baseflow", "sediment")
_FROST = (
    *("wintRed", "fineTop", "fineBot", "ksnowf", "kresf", "ksoilf"),
    *("kfactor1", "kfactor2", "kfactor3"),
)


def wepp(root: Path) -> Wepp:
    """What is wanted of the model of the run in `root`; ForeignDocument."""
    path = Wepp.path(root)
    view, wanted = foreign.read(path), papers.wepp(path)
    if _runs(view, "baseflow"):
        wanted.groundwater = _groundwater(view)
    wanted.phosphorus = _phosphorus(view)
    if _runs(view, "frost"):
        wanted.frost = _frost(_floats(papers.told(view, "frost_opts"), _FROST))
    if _runs(view, "snow"):
        snow = _floats(papers.told(view, "snow_opts"), ("rst", "newsnw", "ssd"))
        wanted.snow = _filled(Snow, snow) if snow else Snow()
    if _runs(view, "pmet"):
        wanted.evapotranspiration = _evapotranspiration(view)
    if _runs(view, "tcr"):
        shear = _floats(papers.told(view, "tcr_opts"), ("taumin", "taumax", "kch", "nch"))
        wanted.bed_shear = _filled(BedShear, shear) if shear else BedShear()
    wanted.wepp_ui, wanted.asks_impoundments = _runs(view, "wepp_ui"), True
    wanted.channel, wanted.revegetation = _hydraulics(view), regrowth.revegetation(root)
    wanted.routed_channels = [int(t) for t in papers.told(view, "chn_topaz_ids_of_interest") or ()]
    shown, step = papers.told(view, "ichout_override"), papers.told(view, "dtchr_override")
    # As production has it: another output than these two, and a step that is none, are as usual.
    wanted.channel_output = shown if shown in (1, 3) else None
    wanted.channel_step_s = max(_LEAST_STEP_S, int(step)) if is_number(step) else None
    wanted.years, wanted.clip_length_m = _years(root), _clip(root)
    return wanted


def _groundwater(view: Foreign) -> Groundwater:
    """What the document says of the water below the soil; what its maps say at the outlet wins."""
    water = _floats(papers.told(view, "baseflow_opts"), _GROUNDWATER)
    found = dict(zip(Groundwater.model_fields, water, strict=True)) if water else {}
    for name, ours in zip(_GROUNDWATER, Groundwater.model_fields, strict=True):
        value = maps.at_outlet(view, f"baseflow_{name}_map", lambda value: value >= 0.0)
        if value is not None:
            found[ours] = value
    return Groundwater(**found)


def _phosphorus(view: Foreign) -> Phosphorus | None:
    """The concentrations; what maps say at the outlet wins. None where one of them is not known."""
    opts = papers.told(view, "phosphorus_opts")
    numbers = dict(opts) if isinstance(opts, Mapping) else {}
    whole = bool(_floats(numbers, _PHOSPHORUS))
    for name in _PHOSPHORUS:
        try:
            value = maps.at_outlet(view, f"p_{name}_map", lambda value: value > 0.0)
        except ForeignDocument:
            # What WEPPcloud has read of its maps stands in the options.
            if not whole:
                raise
            value = None
        if value is not None:
            numbers[name] = value
    found = _floats(numbers, _PHOSPHORUS)
    return _filled(Phosphorus, found) if found else None


def _evapotranspiration(view: Foreign) -> Evapotranspiration:
    """How plants take water; a map's number at the watershed's centre is that of all plants."""
    told = {"kcb": papers.told(view, "pmet_kcb"), "depletion": papers.told(view, "pmet_rawp")}
    given: dict[str, Any] = {name: float(v) for name, v in told.items() if v is not None}
    mapped = maps.at_centre(view, "pmet_kcb_map", lambda value: value >= 0.0)
    if mapped is not None:
        given |= {"kcb": mapped, "everywhere": True}
    return Evapotranspiration(**given)


def soils(root: Path) -> Soils:
    """Which soil lies below each hillslope of the run in `root`; its channels have beds."""
    path = Soils.path(root)
    view = foreign.read(path)
    files = {str(k): papers.field(of, "fname", path) for k, of in papers.pairs(view.get("soils"))}
    below = {int(top): str(key) for top, key in papers.pairs(view.get("domsoil_d"))}
    kslast, tops = (
        papers.elsewhere(Wepp.path(root), "kslast"),
        sorted(t for t in below if t % 10 != 4),
    )
    if papers.elsewhere(Wepp.path(root), "multi_ofe") is True:
        files = {f"hill_{top}": Path(_MOFE.format(top)).name for top in below}
        below = {top: f"hill_{top}" for top in below}
    saturation, depth = papers.told(view, "initial_sat"), papers.told(view, "clip_soils_depth")
    least = papers.told(view, "clip_soils_minimum") and papers.told(
        view, "clip_soils_minimum_depth"
    )
    return Soils(
        soils={key: f"soils/{name}" for key, name in files.items()},
        hillslopes={top: [key] for top, key in below.items() if top % 10 != 4},
        initial_saturation=0.75 if saturation is None else float(saturation),
        clip_depth_mm=float(depth or 1000.0) if papers.told(view, "clip_soils") else None,
        least_depth_mm=float(least) if least else None,
        restricting_ksat=None if kslast is None else float(kslast),
        restricting_ksats=_mapped_ksats(root, tops),
    )


def _mapped_ksats(root: Path, tops: list[int]) -> dict[int, float]:
    """The conductivity below the soils of hillslopes, where a map of the run's model tells it."""
    try:
        view = foreign.read(Wepp.path(root))
    except (FileNotFoundError, ForeignDocument):
        return {}
    return maps.at_hillslopes(view, "kslast_map", lambda value: value > 0.0, tops)


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
        number, name = papers.field(storm, "ss_batch_id", path), papers.field(storm, "cli_fn", path)
        found[int(number)] = f"climate/{name}"
    if not found:
        raise ForeignDocument(f"{path}: it names no design storms, build them first")
    return found


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
    shear = maps.at_centre(view, "channel_critical_shear_map", lambda value: value >= 0.0)
    if shear is not None:
        given["critical_shear"] = shear
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
    years = papers.elsewhere(Climate.path(root), "input_years")
    return int(years) if is_number(years) else None


def _clip(root: Path) -> float | None:
    path = Watershed.path(root)
    if papers.elsewhere(Wepp.path(root), "multi_ofe") is True:
        return None
    length = papers.elsewhere(path, "clip_hillslope_length") or 300.0
    return float(length) if papers.elsewhere(path, "clip_hillslopes") else None
