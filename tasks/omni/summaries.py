"""What each hillslope and the outlet did under each scenario: tables of a run and its scenarios.

::

    omni/scenarios.hillslope_summaries.parquet      a row for each hillslope and scenario
    omni/scenarios.out.parquet                      the outlet's figures, by key
    omni/contrasts.out.parquet                      the same of contrasts, beside the control's

The run itself is in them under what it is called among its scenarios.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tasks.interchange import sheet
from tasks.interchange.columns import Column, Product
from tasks.omni import children
from tasks.omni.documents import Contrast
from tasks.run.directory import NotPrepared, RunDirectory
from tasks.wepp.prep.given import Given

OUTCOME = "loss_pw0.out.parquet"
_DEPTHS = {"Runoff (mm)": "Runoff", "Lateral Flow (mm)": "Subrunoff", "Baseflow (mm)": "Baseflow"}
_WATER = ("Runoff", "Lateral Flow", "Baseflow")
_MASSES = ("Soil Loss", "Sediment Deposition", "Sediment Yield")
HILLSLOPES = Product(
    "scenarios.hillslope_summaries.parquet",
    "Hillslopes in a mean year, under each scenario.",
    (
        Column("wepp_id", "int32", "", "WEPP id of the hillslope"),
        Column("topaz_id", "int32", "", "TOPAZ id of the hillslope"),
        Column("landuse", "string", "", "Its cover, or covers from the top"),
        Column("soil", "string", "", "Its soil, or soils from the top"),
        Column("Hillslope Area (ha)", "float64", "ha", "Area"),
        *(
            Column(f"{name} ({unit})", "float64", unit, f"Mean annual {name.lower()}")
            for name, unit in (
                *((name, "mm") for name in _WATER),
                *((name, "kg/ha") for name in _MASSES),
                *((name, "t") for name in _MASSES),
            )
        ),
        Column("NTU (g/L)", "float64", "g/l", "Sediment yield over runoff and baseflow"),
        Column("scenario", "string", "", "The scenario"),
    ),
)
OUTLET = Product(
    "scenarios.out.parquet",
    "The outlet in a mean year, under each scenario.",
    (
        Column("key", "string", "", "What it is, in the words of the loss report"),
        Column("value", "float64", "", "Its value"),
        Column("units", "string", "", "Its unit"),
        Column("scenario", "string", "", "The scenario"),
    ),
)
CONTRASTS = Product(
    "contrasts.out.parquet",
    "The outlet in a mean year, under each contrast and under its control.",
    (
        Column("key", "string", "", "What it is, in the words of the loss report"),
        Column("v", "float64", "", "Its value under the contrast"),
        Column("units", "string", "", "Its unit"),
        Column("control_scenario", "string", "", "The scenario of all other hillslopes"),
        Column("contrast_topaz_id", "int32", "", "The chosen hillslope; null where it is several"),
        Column("contrast", "string", "", "The scenario of the chosen hillslopes"),
        Column("_contrast_name", "string", "", "Control, chosen hillslopes and contrast"),
        Column("contrast_id", "int32", "", "Number of the contrast, from 1"),
        Column("control_v", "float64", "", "Its value under the control"),
        Column("control_units", "string", "", "The unit of that"),
        Column("control-contrast_v", "float64", "", "What the contrast takes away"),
    ),
)
#: Columns of the hillslopes by which they are ranked, under the names that documents have.
OBJECTIVES = {
    **{f"{name.replace(' ', '_')}_mm": f"{name} (mm)" for name in _WATER},
    **{f"{name.replace(' ', '_')}_t": f"{name} (t)" for name in _MASSES},
}


def write(root: Path, wanted: list[str]) -> list[Path]:
    """Write the tables of the run in `root` and of its scenarios `wanted`; returns their paths.

    NotPrepared names a table of one of them that is missing.
    """
    places = {children.base(root): root} | {name: children.place(root, name) for name in wanted}
    made = []
    for product, rows in ((HILLSLOPES, hillslopes), (OUTLET, _outlet)):
        made.append(_put(root, product, [r for n, at in places.items() for r in rows(at, n)]))
    return made


def write_contrasts(
    root: Path,
    found: Mapping[int, Contrast],
    runs: Mapping[int, Path],
    controls: Mapping[str, Path],
) -> Path:
    """Write the table of the contrasts `found`, run in `runs`; `controls` are those of scenarios.

    NotPrepared names a table of one of them that is missing.
    """
    rows = []
    for number, one in found.items():
        before = {row["key"]: row for row in _read(controls[one.control_scenario], OUTCOME)}
        for row in _read(runs[number], OUTCOME):
            control = before.get(row["key"], {"value": None, "units": None})
            both = None not in (row["value"], control["value"])
            rows.append({
                "key": row["key"], "v": row["value"], "units": row["units"],
                "control_scenario": one.control_scenario, "contrast": one.contrast_scenario,
                "contrast_topaz_id": one.topaz_ids[0] if len(one.topaz_ids) == 1 else None,
                "_contrast_name": one.name, "contrast_id": number,
                "control_v": control["value"], "control_units": control["units"],
                "control-contrast_v": control["value"] - row["value"] if both else None,
            })  # fmt: skip
    return _put(root, CONTRASTS, rows)


def _put(root: Path, product: Product, rows: list[dict[str, Any]]) -> Path:
    path = root / "omni" / product.file
    path.parent.mkdir(exist_ok=True)
    columns = {column.name: [row.get(column.name) for row in rows] for column in product.columns}
    sheet.write(path, product.schema(), [product.batch(len(rows), columns)])
    return path


def hillslopes(root: Path, scenario: str) -> list[dict[str, Any]]:
    """The rows of the run in `root`, which is `scenario`. NotPrepared where it was not run."""
    given = Given(RunDirectory(root), hills_only=True)
    tops = given.ids.hillslopes
    rows = []
    for row in _read(root, "loss_pw0.hill.parquet"):
        number = int(row["Hillslopes"])
        if row["Type"] != "Hill" or not 1 <= number <= len(tops):
            continue
        top, area = tops[number - 1], float(row["Hillslope Area"])
        found: dict[str, Any] = {
            "wepp_id": number,
            "topaz_id": top,
            "landuse": ",".join(
                children.called(given.landuse, key) for key in given.landuse.hillslopes.get(top, ())
            ),
            "soil": ",".join(given.soils.hillslopes.get(top, ())),
            "Hillslope Area (ha)": area,
            "scenario": scenario,
        }
        for name, theirs in _DEPTHS.items():
            found[name] = float(row[f"{theirs} Volume"] or 0.0) / (10.0 * area)
        for name in _MASSES:
            found[f"{name} (kg/ha)"] = float(row[name]) / area
            found[f"{name} (t)"] = float(row[name]) / 1000.0
        rows.append(found | {"NTU (g/L)": _ntu(row)})
    return rows


def _ntu(row: Mapping[str, Any]) -> float:
    water = float(row["Runoff Volume"] or 0.0) + float(row["Baseflow Volume"] or 0.0)
    return float(row["Sediment Yield"]) / water if water > 0.0 else 0.0


def _outlet(root: Path, scenario: str) -> list[dict[str, Any]]:
    return [row | {"scenario": scenario} for row in _read(root, OUTCOME)]


def _read(root: Path, name: str) -> list[dict[str, Any]]:
    from pyarrow import parquet

    path = RunDirectory(root).interchange / name
    if not path.exists():
        raise NotPrepared(f"{path} does not exist: run the model there first")
    return list(parquet.read_table(path).to_pylist())
