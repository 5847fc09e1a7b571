"""A hand-made run as WEPPcloud leaves it before it is prepared: its documents in either dialect."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tasks.wepp.documents import Climate, Landuse, Soils, Watershed, Wepp
from tasks.wepp.files import management, slope, soil
from tasks.wepp.prep.covers import LIBRARY
from tasks.wepp.samples import cover
from tasks.wepp.samples.watershed import write_watershed

BESIDE, BELOW = "beside", "below"  # an object's fields beside its class, or below py/state
NAMES = ("watershed", "landuse", "soils", "climate", "wepp")
_MODE = {"py/reduce": [{"py/type": "site.Mode"}, {"py/tuple": [0]}]}


def an_object(dialect: str, kind: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """An object of class `kind` with these fields, as jsonpickle writes it."""
    if dialect == BELOW:
        return {"py/object": f"site.core.{kind}", "py/state": dict(fields)}
    return {"py/object": f"site.{kind}", **fields}


def write_site(
    wd: Path,
    dialect: str,
    *,
    years: int = 1,
    mods: list[str] | None = None,
    layered: bool = True,
) -> None:
    """The sample watershed of three channels in WEPPcloud's documents, and none of ours.

    Soils are of 7778, or of 2006.2 where they are not `layered`.
    """
    write_watershed(wd, channels=3, years=years)
    for path in (wd / "soils").glob("*.sol") if layered else ():
        path.write_text(soil.dump(_layered(soil.read(path))))
    ours = {
        "watershed": _watershed(wd, dialect),
        "landuse": _landuse(wd, dialect),
        "soils": _soils(wd, dialect),
        "climate": _climate(wd, years),
        "wepp": _wepp(dialect),
    }
    for name, fields in ours.items():
        about = {"wd": str(wd), "_config": "site.cfg", "_mods": mods or ["ash"], "_mode": _MODE}
        document = an_object(dialect, name.title(), about | fields)
        (wd / f"{name}.nodb").write_text(json.dumps(document))


def change(wd: Path, name: str, **fields: Any) -> None:
    """Give a document other fields."""
    path = wd / f"{name}.nodb"
    document = json.loads(path.read_text())
    document.get("py/state", document).update(fields)
    path.write_text(json.dumps(document))


def _layered(found: soil.Soil) -> soil.Soil:
    of_its_own = {"bulk_density": 1.3, "ksat": 15.0, "anisotropy": 10.0, "fc": 0.3, "wp": 0.12}
    (one,) = found.elements
    layers = tuple(replace(layer, **of_its_own) for layer in one.layers)
    below = soil.Restricting(1, 0.01, thickness=10000.0)
    element = replace(one, layers=layers, ke=None, restricting=below)
    return soil.Soil(7778.0, found.comment, found.ksflag, (element,))


def _watershed(wd: Path, dialect: str) -> dict[str, Any]:
    document = Watershed.load(wd)
    into = {c.topaz_id: [] for c in document.channels}
    for channel in document.channels:
        if channel.downstream:
            into[channel.downstream].append(channel.topaz_id)
    network = (f"{top}|{','.join(map(str, tops))}" for top, tops in into.items() if tops)
    (wd / "watershed/network.txt").write_text("\n".join(network) + "\n")
    path = wd / document.channel_slopes
    profiles = slope.read(path)
    # Theirs begin with the channel of the greatest id.
    path.write_text(slope.dump(replace(profiles, elements=profiles.elements[::-1])))
    hills = {str(part.topaz_id): part.topaz_id for part in document.hillslopes}
    return {
        "_subs_summary": {k: an_object(dialect, "Hill", {"topaz_id": t}) for k, t in hills.items()},
        "_chns_summary": {str(top): None for top in into},
    }


def _landuse(wd: Path, dialect: str) -> dict[str, Any]:
    keys = {name: str(40 + number) for number, name in enumerate(LIBRARY)}
    (wd / "landuse").mkdir()
    for name, kind in LIBRARY.items():
        text = management.dump(cover.management(kind, 1))
        (wd / "landuse" / f"{name}.man").write_text(text)
    by_top = {str(top): keys[names[0]] for top, names in Landuse.load(wd).hillslopes.items()}
    return {
        "domlc_d": by_top | {"24": keys["grass"]},
        "managements": {
            key: an_object(
                dialect,
                "ManagementSummary",
                {
                    "key": int(key),
                    "man_fn": f"Site/{name}.man",
                    "disturbed_class": "",
                    **{f"{of}_override": None for of in ("cancov", "inrcov", "rilcov")},
                },
            )
            for name, key in keys.items()
        },
    }


def _soils(wd: Path, dialect: str) -> dict[str, Any]:
    document = Soils.load(wd)
    below = {str(top): keys[0] for top, keys in document.hillslopes.items()}
    return {
        "domsoil_d": below | {"24": document.channels},
        "soils": {
            key: an_object(dialect, "SoilSummary", {"mukey": key, "fname": Path(name).name})
            for key, name in document.soils.items()
        },
    }


def _climate(wd: Path, years: int) -> dict[str, Any]:
    document = Climate.load(wd)
    assert document.file
    of_hills = {str(top): Path(name).name for top, name in document.hillslopes.items()}
    return {
        "_input_years": years, "_observed_start_year": "", "cli_fn": Path(document.file).name,
        "sub_cli_fns": of_hills, "_climate_mode": _MODE,
    }  # fmt: skip


def _wepp(dialect: str) -> dict[str, Any]:
    assert Wepp().channel.critical_shear == 50.0
    return {
        "_wepp_bin": "hillsim", "_multi_ofe": False, "_run_baseflow": True, "_run_frost": True,
        "_run_snow": True, "_run_pmet": False, "_run_tcr": True, "_run_wepp_ui": True,
        "baseflow_opts": an_object(
            dialect, "BaseflowOpts",
            {"gwstorage": 100, "bfcoeff": 0.02, "dscoeff": 0, "bfthreshold": 1},
        ),
        "phosphorus_opts": an_object(
            dialect, "PhosphorusOpts", dict.fromkeys(("surf_runoff", "lateral_flow", "baseflow",
            "sediment")),
        ),
        "tcr_opts": an_object(
            dialect, "TCROpts", {"taumin": 35.0, "taumax": 70.0, "kch": 0.02, "nch": 1.0}
        ),
        "snow_opts": an_object(dialect, "SnowOpts", {"rst": 1.0, "newsnw": 100.0, "ssd": 250.0}),
        "_channel_critical_shear": 19.0, "_channel_erodibility": 2e-6,
    }  # fmt: skip
