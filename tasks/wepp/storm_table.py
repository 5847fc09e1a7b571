"""The table of a run's design storms: what each hillslope yielded under each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tasks.interchange import sheet
from tasks.interchange.columns import Column, Product
from tasks.run.directory import RunDirectory
from tasks.run.progress import Progress
from tasks.wepp import storms
from tasks.wepp.steps import once

TABLE = Product(
    "storms.parquet",
    "Design storms: what leaves the foot of each hillslope under each of them.",
    (
        Column("storm", "int32", "", "Number of the storm in climate.nodb"),
        Column("wepp_id", "int32", "", "WEPP id of the hillslope"),
        Column("topaz_id", "int32", "", "TOPAZ id of the hillslope"),
        Column("runoff", "float64", "mm", "Runoff at its foot"),
        Column("sediment", "float64", "kg/m", "Sediment that leaves its foot, per metre of width"),
    ),
)


def make(runid: str, run: RunDirectory, progress: Callable[[int], Progress]) -> bool:
    """Make it, unless the run's ledger has it; NotPrepared, FormatError, OSError.

    `progress` begins one of so many reports.
    """
    told = progress(storms.simulated(run))
    made = once(runid, run, "storms", storms.reports(run), lambda: [_write(run, told)])
    told.end()
    return made


def _write(run: RunDirectory, told: Progress) -> Path:
    found = []
    for row in storms.rows(run):
        found.append(row)
        told.step()
    columns = {column.name: [row[i] for row in found] for i, column in enumerate(TABLE.columns)}
    path = run.interchange / TABLE.file
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.write(path, TABLE.schema(), [TABLE.batch(len(found), columns)])
    return path
