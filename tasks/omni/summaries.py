"""What each hillslope and the outlet did under each scenario: tables of a run and its scenarios.

::

    omni/scenarios.hillslope_summaries.parquet      a row for each hillslope and scenario
    omni/scenarios.out.parquet                      the outlet's figures, by key

The run itself is in them under what it is called among its scenarios.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tasks.interchange import sheet
from tasks.interchange.columns import Column, Product
from tasks.omni import children
from tasks.run.directory import NotPrepared, RunDirectory
from tasks.wepp.prep.given import Given

_DEPTHS = {"Runoff (mm)": "Runoff", "Lateral Flow (mm)": "Subrunoff", "Baseflow (mm)": "Baseflow"}
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
                *(("Runoff", "mm"), ("Lateral Flow", "mm"), ("Baseflow", "mm")),
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


def write(root: Path, wanted: list[str]) -> list[Path]:
    """Write the tables of the run in `root` and of its scenarios `wanted`; returns their paths.

    NotPrepared names a table of one of them that is missing.
    """
    places = {children.base(root): root} | {name: children.place(root, name) for name in wanted}
    folder = root / "omni"
    folder.mkdir(exist_ok=True)
    made = []
    for product, rows in ((HILLSLOPES, _hillslopes), (OUTLET, _outlet)):
        found = [row for name, place in places.items() for row in rows(place, name)]
        names = [column.name for column in product.columns]
        columns = {name: [row.get(name) for row in found] for name in names}
        made.append(folder / product.file)
        sheet.write(made[-1], product.schema(), [product.batch(len(found), columns)])
    return made


def _hillslopes(root: Path, scenario: str) -> list[dict[str, Any]]:
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
    return [row | {"scenario": scenario} for row in _read(root, "loss_pw0.out.parquet")]


def _read(root: Path, name: str) -> list[dict[str, Any]]:
    from pyarrow import parquet

    path = RunDirectory(root).interchange / name
    if not path.exists():
        raise NotPrepared(f"{path} does not exist: run the model there first")
    return list(parquet.read_table(path).to_pylist())
