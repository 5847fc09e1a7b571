"""What the scenarios of a run tell of each hillslope, and what is written of a choice.

::

    {omni,_pups/omni}/scenarios.hillslope_summaries.parquet     a row for each one and scenario
    watershed/hillslopes.parquet                                wepp_id, slope_scalar, area (m2)
    path/analysis_frame.parquet, hillslope_sdyd.parquet, untreatable_hillslopes.parquet

Without the table of hillslopes no slopes can be asked for. Treatments are matched by their labels.
The watershed's measure is the sum of the hillslopes' NTU, sediment yield over runoff and baseflow
(g/l).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.interchange import sheet
from tasks.interchange.columns import Column, Product
from tasks.path_ce.documents import Asked
from tasks.run.directory import NotPrepared
from tasks.run.nodb import BrokenDocument

SUMMARIES = "scenarios.hillslope_summaries.parquet"
_PLACES = ("omni", "_pups/omni")
_SEVERITIES = {
    **dict.fromkeys((105, 119, 129), "High"),
    **dict.fromkeys((118, 120, 130), "Moderate"),
    **dict.fromkeys((106, 121, 131), "Low"),
}
_HA = 1e-4


@dataclass(frozen=True, slots=True)
class Hillslope:
    """A hillslope: area (ha), slope (degrees), and yields (t) and NTU by scenario."""

    wepp_id: int
    topaz_id: int
    landuse: int | None
    severity: str
    area: float
    slope: float | None
    yields: Mapping[str, float]
    ntu: Mapping[str, float]


def read(root: Path, asked: Asked) -> list[Hillslope]:
    """The hillslopes of the run in `root`, ascending, under the scenarios that are asked for.

    NotPrepared names a table that is missing, BrokenDocument a scenario, a column or a value that
    one lacks.
    """
    path = next((p for n in _PLACES if (p := root / n / SUMMARIES).is_file()), root / "omni")
    if path.name != SUMMARIES:
        raise NotPrepared(f"{path / SUMMARIES} does not exist: run the scenarios first")
    ground = _ground(root / "watershed" / "hillslopes.parquet", asked)
    scenarios = [asked.post_fire_scenario, *(t.scenario for t in asked.treatment_options)]
    if asked.undisturbed_scenario:
        scenarios.append(asked.undisturbed_scenario)
    told: dict[str, dict[int, Mapping[str, Any]]] = {name: {} for name in scenarios}
    for row in _rows(path):
        if row.get("scenario") in told:
            told[row["scenario"]].setdefault(_id(row, "wepp_id", "WeppID", path), row)
    for name in scenarios:
        if not told[name]:
            raise BrokenDocument(f"{path}: it has no scenario {name!r}: run that first")
    of_fire = told[asked.post_fire_scenario]
    return [
        _hillslope(number, {n: told[n].get(number) for n in scenarios}, asked, ground, path)
        for number in sorted(of_fire)
    ]


def _hillslope(
    number: int,
    rows: Mapping[str, Mapping[str, Any] | None],
    asked: Asked,
    ground: Mapping[int, Mapping[str, Any]],
    path: Path,
) -> Hillslope:
    lacking = [name for name, row in rows.items() if row is None]
    if lacking or (ground and number not in ground):
        where = f"scenario {lacking[0]!r}" if lacking else "watershed/hillslopes.parquet"
        raise BrokenDocument(f"{path}: hillslope {number} is not in {where}")
    fire = rows[asked.post_fire_scenario]
    assert fire is not None
    code = str(fire.get("landuse", fire.get("Landuse")) or "").strip()
    landuse = int(code) if code.isdigit() else None
    told = ground.get(number, {})
    slope, area = (float(told.get(name) or 0.0) for name in ("slope_scalar", "area"))
    area = area * _HA or _value(fire, "Hillslope Area (ha)", path)
    known = {name: row for name, row in rows.items() if row is not None}
    return Hillslope(
        number,
        _id(fire, "topaz_id", "TopazID", path),
        landuse,
        _severity(code, landuse),
        area,
        math.degrees(math.atan(slope)) if told else None,
        {name: _yield(row, path) for name, row in known.items()},
        {name: _ntu(row, path) for name, row in known.items()},
    )


def _ground(path: Path, asked: Asked) -> Mapping[int, Mapping[str, Any]]:
    if not path.exists() and asked.slope_range == (None, None):
        return {}
    return {int(row["wepp_id"]): row for row in _rows(path)}


def _severity(code: str, landuse: int | None) -> str:
    """By WEPPcloud's codes, or by the words of a cover of the library."""
    words = code.lower().replace("_", " ").split()
    named = [s for s in ("High", "Moderate", "Low") if s.lower() in words and "fire" in words]
    return named[0] if named else _SEVERITIES.get(landuse or 0, "Unknown")


def _yield(row: Mapping[str, Any], path: Path) -> float:
    if row.get("Sediment Yield (t)") is not None:
        return _value(row, "Sediment Yield (t)", path)
    area = _value(row, "Hillslope Area (ha)", path)
    return _value(row, "Sediment Yield (kg/ha)", path) * area / 1000.0


def _ntu(row: Mapping[str, Any], path: Path) -> float:
    if row.get("NTU (g/L)") is not None:
        return _value(row, "NTU (g/L)", path)
    area = _value(row, "Hillslope Area (ha)", path)
    depth = _value(row, "Runoff (mm)", path) + _value(row, "Baseflow (mm)", path)
    return _yield(row, path) * 1000.0 / (depth * area * 10.0) if depth > 0.0 else 0.0


def _value(row: Mapping[str, Any], name: str, path: Path) -> float:
    found = row.get(name)
    if not isinstance(found, int | float) or not math.isfinite(found):
        raise BrokenDocument(f"{path}: {name} is {found!r} in a row of {row.get('scenario')!r}")
    return float(found)


def _id(row: Mapping[str, Any], name: str, older: str, path: Path) -> int:
    found = row.get(name, row.get(older))
    if found is None or not str(found).isdigit():
        raise BrokenDocument(f"{path}: {name} is {found!r} in a row of {row.get('scenario')!r}")
    return int(found)


def _rows(path: Path) -> list[dict[str, Any]]:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        return list(parquet.read_table(path).to_pylist())
    except FileNotFoundError:
        raise NotPrepared(f"{path} does not exist: run the step that makes it first") from None
    except pa.ArrowInvalid as error:
        raise BrokenDocument(f"{path} is no table: {error}") from error


_KEYS = (
    Column("wepp_id", "int32", "", "WEPP id of the hillslope"),
    Column("topaz_id", "int32", "", "TOPAZ id of the hillslope"),
)


def analysis(asked: Asked) -> Product:
    """The table of all that was looked at; its columns are those of the treatments' labels."""
    cases = {"post-fire": "after the fire"}
    cases |= {"undisturbed": "without a fire"} if asked.undisturbed_scenario else {}
    cases |= {f"post-treat {t.label}": f"after {t.label}" for t in asked.treatment_options}
    cases |= {f"reduction {t.label}": f"that {t.label} saves" for t in asked.treatment_options}
    figures = [
        column
        for case, words in cases.items()
        for column in (
            Column(f"Sdyd {case}", "float64", "t", f"Sediment yield {words}"),
            Column(f"NTU {case}", "float64", "g/l", f"Sediment in runoff and baseflow {words}"),
        )
    ]
    about = (
        Column("Landuse", "int32", "", "Code of the land use"),
        Column("Burn severity", "string", "", "High, Moderate, Low, or Unknown"),
        Column("area", "float64", "ha", "Area"),
        Column("slope_deg", "float64", "deg", "Slope"),
    )
    text = "Hillslopes after a fire, treated and not."
    return Product("analysis_frame.parquet", text, (*_KEYS, *about, *figures))


FINAL = Product(
    "hillslope_sdyd.parquet",
    "What each hillslope yields when those that were chosen are treated.",
    (*_KEYS, Column("final_Sdyd", "float64", "t", "Sediment yield")),
)
UNTREATABLE = Product(
    "untreatable_hillslopes.parquet",
    "Hillslopes that no treatment helps.",
    (*_KEYS, Column("final_Sdyd", "float64", "t", "Sediment yield after the fire")),
)


def frame(asked: Asked, hills: Sequence[Hillslope]) -> dict[str, list[object]]:
    """The columns of `analysis`."""
    fire, bare = asked.post_fire_scenario, asked.undisturbed_scenario
    found: dict[str, list[object]] = {
        "wepp_id": [hill.wepp_id for hill in hills],
        "topaz_id": [hill.topaz_id for hill in hills],
        "Landuse": [hill.landuse for hill in hills],
        "Burn severity": [hill.severity for hill in hills],
        "area": [hill.area for hill in hills],
        "slope_deg": [hill.slope for hill in hills],
    }
    cases = {"post-fire": fire} | ({"undisturbed": bare} if bare else {})
    cases |= {f"post-treat {t.label}": t.scenario for t in asked.treatment_options}
    for case, scenario in cases.items():
        found[f"Sdyd {case}"] = [hill.yields[scenario] for hill in hills]
        found[f"NTU {case}"] = [hill.ntu[scenario] for hill in hills]
    for t in asked.treatment_options:
        found[f"Sdyd reduction {t.label}"] = [h.yields[fire] - h.yields[t.scenario] for h in hills]
        found[f"NTU reduction {t.label}"] = [h.ntu[fire] - h.ntu[t.scenario] for h in hills]
    return found


def write(folder: Path, product: Product, columns: Mapping[str, list[object]]) -> Path:
    """Write a table of these columns; returns its path. OSError."""
    folder.mkdir(exist_ok=True)
    path = folder / product.file
    sheet.write(path, product.schema(), [product.batch(len(columns["wepp_id"]), columns)])
    return path
