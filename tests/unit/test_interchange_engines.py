"""Every number of real reports, and of hillsim's, arrives in the tables."""

from __future__ import annotations

import io
import math
import re
from pathlib import Path

import pyarrow.compute as pc
import pytest
from pyarrow import parquet

from tasks import hillsim, interchange
from tasks.interchange.hill import ebe as hill_ebe
from tasks.interchange.hill import element as hill_element
from tasks.interchange.hill import passes as hill_pass
from tasks.interchange.hill import soil as hill_soil
from tasks.interchange.hill import water as hill_wat
from tasks.run.directory import RunDirectory
from tasks.wepp.files import fortran, passfile
from tasks.wepp.samples.hillslopes import write_sample

DATA = Path(__file__).parents[3] / "shared" / "data" / "wepp"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"no real WEPP files at {DATA}")
BUILDS = {"2010": (1, 9, 33, 37, 47, 75, 78), "2024": (1, 9, 33, 37, 47, 60, 75, 78)}
#: Where a report's rows have more to them than numbers in the table's order.
NAMES = {
    "ebe": [column.name for column in hill_ebe.PRODUCT.columns[7:]],
    "element": [column.name for column in hill_element.PRODUCT.columns[9:]],
    "soil": [column.name for column in hill_soil.PROPERTIES],
    "wat": [column.name for column in hill_wat.BALANCE],
}
FIRST = {"ebe": 3, "element": 4, "soil": 3, "wat": 3}
SHORT = {"P": 3, "Q": 4, "Total-Soil Water": 5, "Ep": 8, "Es": 9, "Er": 10}


def one_run(root: Path, build: str, hillslope: int) -> RunDirectory:
    """A run of one real hillslope, its climate and profile besides."""
    run = RunDirectory(root)
    run.runs.mkdir(parents=True)
    run.output.mkdir()
    for suffix in ("cli", "slp"):
        name = f"p{hillslope}.{suffix}"
        (run.runs / name).symlink_to(DATA / "runs" / name)
    for path in (DATA / f"output-{build}").glob(f"H{hillslope}.*.dat"):
        (run.output / path.name).symlink_to(path)
    return run


def words_of(path: Path) -> list[list[str]]:
    """The rows of a report by blanks; touching numbers do not occur in these."""
    lines = path.read_text(encoding="latin-1").splitlines()
    return [line.split() for line in lines if re.match(r"\s*[0-9]", line)]


def same(found: float, wanted: float) -> bool:
    return found == wanted or (math.isnan(found) and math.isnan(wanted))


@needs_data
@pytest.mark.parametrize(
    ("build", "hillslope"), [(build, hill) for build, hills in BUILDS.items() for hill in hills]
)
def test_every_number_of_real_reports_is_in_the_tables(
    tmp_path: Path, build: str, hillslope: int
) -> None:
    """Read word by word, rows and values are the same: both engines, agriculture to road."""
    run = one_run(tmp_path, build, hillslope)
    interchange.hillslopes(run)
    for kind, first in FIRST.items():
        path = run.output / f"H{hillslope}.{kind}.dat"
        table = parquet.read_table(run.interchange / f"H.{kind}.parquet")
        rows = words_of(path) if path.exists() else []
        assert table.num_rows == len(rows)
        short = kind == "wat" and rows and len(rows[0]) == 13
        where = SHORT if short else {name: at for at, name in enumerate(NAMES[kind], first)}
        for name, at in where.items():
            if rows and at < len(rows[0]):
                wanted = [fortran.column(row[at]) for row in rows]
                found = table[name].to_pylist()
                assert all(map(same, found, wanted)), (kind, name)


@needs_data
@pytest.mark.parametrize("build", BUILDS)
def test_the_pass_table_is_what_the_reader_of_single_files_reads(
    tmp_path: Path, build: str
) -> None:
    """Events, drainage in second lines, lateral flow and quiet days, number by number."""
    run = one_run(tmp_path, build, 37)
    interchange.hillslopes(run)
    rows = parquet.read_table(run.interchange / "H.pass.parquet").to_pylist()
    days = passfile.read(run.output / "H37.pass.dat").days
    assert [(row["year"], row["julian"]) for row in rows] == [(d.year, d.julian) for d in days]
    storms = 0
    for row, day in zip(rows, days, strict=True):
        if isinstance(day, passfile.Event):
            storms += 1
            assert (row["dur"], row["runvol"], row["peakro"], row["tdep"]) == (
                day.duration_s, day.runoff_m3, day.peak_m3_s, day.deposited_kg,
            )  # fmt: skip
            assert [row[f"sedcon_{n}"] for n in range(1, 6)] == list(day.sediment_kg_m3)
            assert [row[f"frcflw_{n}"] for n in range(1, 6)] == list(day.fractions)
        if not isinstance(day, passfile.NoEvent):
            assert row["sbrunv"] == day.lateral_m3
            assert (row["drainq"], row["drrunv"]) == (day.drainage or (0.0, 0.0))
    assert storms > 20


@needs_data
@pytest.mark.parametrize("build", BUILDS)
def test_real_days_follow_each_other(tmp_path: Path, build: str) -> None:
    """The dates of a daily report count every day once, leap days by the climate."""
    run = one_run(tmp_path, build, 1)
    interchange.hillslopes(run)
    for name in ("H.soil", "H.wat", "H.pass"):
        table = parquet.read_table(run.interchange / f"{name}.parquet")
        assert table["sim_day_index"].to_pylist() == list(range(1, table.num_rows + 1))
    days = set(zip(*(table[name].to_pylist() for name in ("month", "day_of_month")), strict=True))
    assert (2, 29) in days
    assert len(days) == 366


def test_hillsims_reports_become_tables(tmp_path: Path) -> None:
    """What the embedded engine writes is read like that of the others."""
    run = RunDirectory(tmp_path)
    write_sample(tmp_path, hillslopes=2, years=1)
    for number in run.hillslopes():
        hillsim.run(run.run_file(number), run.runs, io.StringIO())
    interchange.hillslopes(run)
    water = parquet.read_table(run.interchange / "H.wat.parquet")
    handed = parquet.read_table(run.interchange / "H.pass.parquet")
    assert water.num_rows == handed.num_rows == 2 * 365
    assert water["Area"].null_count == 0
    assert pc.sum(water["P"]).as_py() > 100.0
    assert hill_pass.PRODUCT.schema().equals(handed.schema)
