"""Reports of hillslopes become tables with names, units and dates, in whatever layout they come."""

from __future__ import annotations

import gzip
import json
import math
import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from tasks import interchange
from tasks.hillsim.reports.daily import WATER_HEAD
from tasks.interchange import hills, sheet, text
from tasks.run.directory import NotPrepared, RunDirectory
from tasks.wepp.files import ebe, passfile
from tasks.wepp.files.errors import CutShort, FormatError, Refused
from tests.unit import interchange_texts as texts
from tests.unit.test_wepp_daily_outputs import PASS, ROWS, WRAPPED

WATER = (1, 60, 1, 12.5, 11.0, 3.25, 0.5, 1.5, 0.25, 2.0, 0.0, 0.1, 0.75, 180.5, 4.5, 20.0, 3.25)
LOSS = (Path(__file__).parents[1] / "golden" / "wepp" / "loss.dat").read_text(encoding="latin-1")
ELEMENT = (
    "  1 29  2    1   12.500    3.250  45.739  33.962   0.182 1.025   5.385 155.135   0.061  0.019"
    "    3.328   18.270   18.270    0.007  0.032  0.912  2.462  2.427  0.100    2.979"
)


def rows_of(run: RunDirectory, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = parquet.read_table(
        run.interchange / f"{table}.parquet"
    ).to_pylist()
    return found


def test_a_stock_water_balance_keeps_every_number(tmp_path: Path) -> None:
    """All 14 measures stand under the names that readers know, dated by the climate."""
    run = texts.run_of(tmp_path, {"H3.wat.dat": texts.wat(WATER)}, leap=(1,))
    interchange.hillslopes(run)
    assert rows_of(run, "H.wat") == [
        {
            "wepp_id": 3, "ofe_id": 1, "year": 1, "sim_day_index": 60, "julian": 60, "month": 2,
            "day_of_month": 29, "water_year": 1, "OFE": 1, "P": 12.5, "RM": 11.0, "Q": 3.25,
            "Ep": 0.5, "Es": 1.5, "Er": 0.25, "Dp": 2.0, "UpStrmQ": 0.0, "SubRIn": 0.1,
            "latqcc": 0.75, "Total-Soil Water": 180.5, "frozwt": 4.5, "Snow-Water": 20.0,
            "QOFE": 3.25, "Tile": None, "Irr": None, "Area": None,
        }
    ]  # fmt: skip


def test_the_water_balance_of_weppcloud_has_drains_irrigation_and_area(tmp_path: Path) -> None:
    """Its builds append three columns, which are taken as they are."""
    more = texts.wat_row(WATER) + "    1.25    2.50  1050.00"
    text = "\n".join((*WATER_HEAD, more)) + "\n"
    run = texts.run_of(tmp_path, {"H1.wat.dat": text})
    interchange.hillslopes(run)
    (row,) = rows_of(run, "H.wat")
    assert (row["Tile"], row["Irr"], row["Area"], row["QOFE"]) == (1.25, 2.5, 1050.0, 3.25)


def test_the_short_water_balance_of_2024_leaves_null_what_it_lacks(tmp_path: Path) -> None:
    """Its snow comes as depth and density; nobody can tell percolation from it."""
    row = "  1  60    1  12.50   3.25 185.00 23.46 16.07 0.50 1.50 0.25 19.6 112.2\n"
    text = f"{texts.SHORT_HEAD}\n{row}"
    run = texts.run_of(tmp_path, {"H1.wat.dat": text})
    interchange.hillslopes(run)
    (row,) = rows_of(run, "H.wat")
    assert (row["P"], row["Q"], row["Total-Soil Water"], row["Es"]) == (12.5, 3.25, 185.0, 1.5)
    assert row["Snow-Water"] == pytest.approx(19.6 * 0.1122)
    assert [row[name] for name in ("RM", "Dp", "latqcc", "frozwt", "QOFE")] == [None] * 5


def test_areas_are_shared_by_the_lengths_of_the_elements(tmp_path: Path) -> None:
    """Depths of an element apply to its part of what the pass file says the hillslope has."""
    below = (2, *WATER[1:])
    run = texts.run_of(
        tmp_path,
        {"H1.wat.dat": texts.wat(WATER, below), "H1.pass.dat": passfile.dump(PASS)},
    )
    (run.runs / "p1.slp").write_text("97.5\n2\n100 30\n2 10.0\n0,.1 1,.1\n2 25.0\n0,.1 1,.1\n")
    interchange.hillslopes(run)
    assert [row["Area"] for row in rows_of(run, "H.wat")] == pytest.approx([300.0, 750.0])


def test_stars_blanks_and_exponents_without_their_letter(tmp_path: Path) -> None:
    """An overflow is NaN, a blank 0, `0.12345-101` is a very small number."""
    line = texts.wat_row(WATER)
    line = line.replace("  12.50", "*******").replace("0.3250000E+01", "0.1234500-101", 1)
    line = line.replace(" 180.50", "       ")
    run = texts.run_of(tmp_path, {"H1.wat.dat": "\n".join((*WATER_HEAD, line)) + "\n"})
    interchange.hillslopes(run)
    (row,) = rows_of(run, "H.wat")
    assert math.isnan(row["P"])
    assert (row["Q"], row["Total-Soil Water"]) == (0.12345e-101, 0.0)


def test_soil_numbers_that_touch_are_told_apart(tmp_path: Path) -> None:
    """A suction of four digits fills its column to the one before."""
    row = (1, 1, 1, 40.58, 1006.04, 2005.9, 0.13, 0.04, 16.35, 0.03, 0.12, 1.25)
    run = texts.run_of(tmp_path, {"H1.soil.dat": texts.soil(row)})
    interchange.hillslopes(run)
    (found,) = rows_of(run, "H.soil")
    assert (found["Poros"], found["Keff"], found["Suct"]) == (40.58, 1006.04, 2005.9)
    assert (found["Tauc"], found["Saturation"], found["TSW"]) == (1.25, None, None)


def test_soil_reports_of_weppcloud_have_saturation_and_water(tmp_path: Path) -> None:
    """Two columns more, known by the head."""
    stock = texts.soil((1, 1, 1, 40.58, 6.04, 5.9, 0.13, 0.04, 16.35, 0.03, 0.12, 1.25))
    text = stock.replace("  Tauc\n", "  Tauc  Saturation  TSW\n", 1)
    text = text.replace("adjsmt\n", "adjsmt  frac  mm\n", 1).rstrip() + "   0.75  240.10\n"
    run = texts.run_of(tmp_path, {"H1.soil.dat": text})
    interchange.hillslopes(run)
    (row,) = rows_of(run, "H.soil")
    assert (row["Tauc"], row["Saturation"], row["TSW"]) == (1.25, 0.75, 240.1)


@pytest.mark.parametrize(
    ("old", "new"), [("Suct", "Pond"), ("mm/hr", "in/hr"), (" OFE Day", " X Day")]
)
def test_a_soil_report_with_other_columns_or_units_is_refused(
    tmp_path: Path, old: str, new: str
) -> None:
    """A number is never put under a name that may be wrong."""
    text = texts.soil((1, 1, 1, *[1.0] * 9)).replace(old, new, 1)
    run = texts.run_of(tmp_path, {"H1.soil.dat": text})
    with pytest.raises(FormatError, match=r"H1\.soil\.dat"):
        interchange.hillslopes(run)


def test_elements_are_dated_by_month_and_day(tmp_path: Path) -> None:
    """29 February of a year that has it only in the climate is day 60, and numbers may touch."""
    touching = ELEMENT.replace("   0.182 1.025", "   0.18211.025")
    run = texts.run_of(tmp_path, {"H1.element.dat": texts.element(touching)}, leap=(1,))
    interchange.hillslopes(run)
    (row,) = rows_of(run, "H.element")
    assert (row["julian"], row["month"], row["day_of_month"]) == (60, 2, 29)
    assert (row["EffDur"], row["Enrich"], row["Sm"], row["SedLeave"]) == (
        0.182, 11.025, 155.135, 2.979,
    )  # fmt: skip


def test_a_day_that_the_climate_does_not_have_is_an_error_with_its_line(tmp_path: Path) -> None:
    """29 February of a year without one: the report is of another climate than the run's days."""
    run = texts.run_of(tmp_path, {"H1.element.dat": texts.element(ELEMENT)})
    says = (
        r"H1\.element\.dat:3: month 2, day 29 of year 1 is no day of .*/p1\.cli, by which a run's"
    )
    with pytest.raises(FormatError, match=says):
        interchange.hillslopes(run)


def test_events_of_both_layouts(tmp_path: Path) -> None:
    """Stock rows lack the lengths of detachment and deposition, rows of 2024 have them."""
    newer = (
        "day mo\nyear\nunits\n6 5 1 22.2 6.2 .068 .09 .11 35.0 -.1 -.2 3.0 .5 1.03 57.60 2.400\n"
    )
    reports = {"H1.ebe.dat": ebe.dump(ROWS[:1]), "H2.ebe.dat": newer}
    run = texts.run_of(tmp_path, reports)
    interchange.hillslopes(run)
    stock, late = rows_of(run, "H.ebe")
    assert (stock["julian"], stock["Precip"], stock["Sed.Del"], stock["ER"]) == (
        126,
        22.2,
        3.0,
        1.03,
    )
    assert (stock["Det-Len"], stock["Dep-Len"]) == (None, None)
    assert (late["wepp_id"], late["IR-det"], late["Av-dep"]) == (2, 0.068, -0.1)
    assert (late["Det-Len"], late["Dep-Len"]) == (57.6, 2.4)


def test_pass_files_of_three_builds(tmp_path: Path) -> None:
    """Stock events, events of 2024 in two lines with drainage, and WEPPcloud's with groundwater."""
    event = " ".join(f"{n}.0" for n in range(1, 25))
    cloud = (
        texts.PASS_HEAD
        + f"NO EVENT      1     1 .5 .25\nEVENT         1     2      {event[:40]}\n {event[40:]}\n"
    )
    reports = {"H1.pass.dat": passfile.dump(PASS), "H2.pass.dat": WRAPPED, "H10.pass.dat": cloud}
    run = texts.run_of(tmp_path, reports)
    interchange.hillslopes(run)
    rows = rows_of(run, "H.pass")
    assert [(row["wepp_id"], row["event"]) for row in rows] == [
        *((1, kind) for kind in ("SUBEVENT", "NO EVENT", "EVENT")),
        *((2, kind) for kind in ("SUBEVENT", "NO EVENT", "EVENT")),
        *((10, kind) for kind in ("NO EVENT", "EVENT")),
    ]
    sub, quiet, storm = rows[:3]
    assert (sub["sbrunf"], sub["sbrunv"], sub["runvol"]) == (7.6446e-05, 0.080268, 0.0)
    assert (quiet["sbrunv"], quiet["gwbfv"]) == (0.0, 0.0)
    assert (storm["runvol"], storm["drainq"], storm["peakro"]) == (4.1715, 0.0, 0.00049399)
    assert [storm[f"frcflw_{n}"] for n in range(1, 6)] == [0.013, 0.027115, 0.09, 0.22541, 0.64447]
    assert (rows[3]["drainq"], rows[3]["drrunv"]) == (0.01, 0.02)
    drained = rows[5]
    assert (drained["drainq"], drained["drrunv"], drained["peakro"]) == (71.0, 72.0, 8.0)
    assert (rows[6]["gwbfv"], rows[6]["gwdsv"]) == (0.5, 0.25)
    assert (rows[7]["dur"], rows[7]["gwbfv"], rows[7]["gwdsv"]) == (1.0, 23.0, 24.0)


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("17. 18. ", "17. ", 7, "EVENT with 21 values is no record"),
        ("17. 18. ", "17. x ", 8, "'x' is no number"),
        ("NO EVENT      1     2", "NO STORM      1     2", 6, "begins with EVENT"),
        ("SUBEVENT      1     1", "SUBEVENT      1   400", 5, "day 400 of year 1 is no day"),
        ("  5    0.2", "  4    0.2", 4, "4 particle classes: tables of five"),
    ],
)
def test_a_corrupt_pass_file_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, says: str
) -> None:
    """One clear message, and the tables of before stay."""
    run = texts.run_of(tmp_path, {"H1.pass.dat": WRAPPED})
    interchange.hillslopes(run)
    before = (run.interchange / "H.pass.parquet").read_bytes()
    (run.output / "H1.pass.dat").write_text(WRAPPED.replace(old, new, 1))
    with pytest.raises(FormatError, match=says) as caught:
        interchange.hillslopes(run)
    assert caught.value.line == line
    assert isinstance(caught.value, Refused) == ("particle" in says)
    assert (run.interchange / "H.pass.parquet").read_bytes() == before
    assert [path.name for path in run.interchange.iterdir() if path.suffix == ".tmp"] == []


@pytest.mark.parametrize("keep", [0, 3, -30])
def test_a_pass_file_that_was_cut_is_an_error(tmp_path: Path, keep: int) -> None:
    """Empty, cut in its head, or in its last event."""
    run = texts.run_of(tmp_path, {"H1.pass.dat": WRAPPED[:keep]})
    with pytest.raises(FormatError, match=r"H1\.pass\.dat"):
        interchange.hillslopes(run)


def test_a_row_that_was_cut_is_an_error(tmp_path: Path) -> None:
    """The disk was full when the last row of the water balance was written."""
    run = texts.run_of(tmp_path, {"H1.wat.dat": texts.wat(WATER, WATER)[:-60]})
    with pytest.raises(CutShort, match="a row of the water balance has"):
        interchange.hillslopes(run)


def test_the_particle_classes_of_the_loss_report(tmp_path: Path) -> None:
    """A row of each class of each hillslope, with the percentages of the report."""
    run = texts.run_of(tmp_path, {"H2.loss.dat": LOSS, "H1.loss.dat": LOSS})
    interchange.hillslopes(run)
    rows = rows_of(run, "H.loss")
    assert [(row["wepp_id"], row["class_id"]) for row in rows] == [
        (hill, number) for hill in (1, 2) for number in (1, 2)
    ]
    assert rows[0]["Class"] == 1
    assert rows[0]["% Clay"] == 100.0
    assert sum(row["In Flow Exiting"] for row in rows[:2]) == 1.0


def test_a_loss_report_without_its_end_is_an_error(tmp_path: Path) -> None:
    """The table of particle classes is its last one."""
    run = texts.run_of(tmp_path, {"H1.loss.dat": LOSS[: len(LOSS) // 2]})
    with pytest.raises(CutShort, match="particle classes"):
        interchange.hillslopes(run)


def test_every_column_says_its_unit_and_what_it_is(tmp_path: Path) -> None:
    """Readers find units, descriptions and the layout's version in each file, empty ones too."""
    run = texts.run_of(tmp_path, {"H1.wat.dat": texts.wat(WATER)})
    interchange.hillslopes(run)
    names = {path.name for path in run.interchange.glob("*.parquet")}
    assert names == {f"H.{kind}.parquet" for kind in hills.KINDS}
    for name in sorted(names):
        schema = parquet.read_schema(run.interchange / name)
        assert schema.metadata[b"dataset_version"] == b"1.0"
        assert all(field.metadata[b"description"] for field in schema)
        assert all(b"units" in field.metadata for field in schema)
    assert parquet.read_schema(run.interchange / "H.wat.parquet").field("P").metadata[
        b"units"
    ] == b"mm"  # fmt: skip
    assert parquet.read_table(run.interchange / "H.pass.parquet").num_rows == 0


def test_years_of_the_simulation_become_years_of_the_climate(tmp_path: Path) -> None:
    """Year 2 of a climate that begins in 1999 is 2000; the water year turns in October."""
    october = (1, 275, 2, *WATER[3:])
    run = texts.run_of(tmp_path, {"H1.wat.dat": texts.wat(october)}, first=1999, leap=(2,))
    interchange.hillslopes(run)
    (row,) = rows_of(run, "H.wat")
    assert (row["year"], row["julian"], row["month"], row["day_of_month"]) == (2000, 275, 10, 1)
    assert (row["sim_day_index"], row["water_year"]) == (365 + 275, 2001)


def test_years_that_the_report_gives_are_kept(tmp_path: Path) -> None:
    """Builds that write calendar years, and a first year that the run's documents know."""
    run = texts.run_of(tmp_path, {"H1.wat.dat": texts.wat((1, 1, 2000, *WATER[3:]))}, first=1999)
    interchange.hillslopes(run)
    assert [row["sim_day_index"] for row in rows_of(run, "H.wat")] == [366]
    run = texts.run_of(tmp_path, {"H1.wat.dat": texts.wat((1, 1, 2, *WATER[3:]))})
    interchange.hillslopes(run, first_year=1990)
    assert [row["year"] for row in rows_of(run, "H.wat")] == [1991]


def test_the_calendar_of_the_run_goes_before_that_of_the_engine(tmp_path: Path) -> None:
    """`climate/wepp_cli.parquet` says which years are leap years, else `climate/*.cli`."""
    import pyarrow as pa

    run = texts.run_of(tmp_path, {"H1.wat.dat": texts.wat(WATER)})
    folder = run.root / "climate"
    folder.mkdir()
    (folder / "a.cli").write_text(texts.climate(1, 2, leap=(1,)))
    interchange.hillslopes(run)
    assert [row["day_of_month"] for row in rows_of(run, "H.wat")] == [29]
    days = [(1, 1, day) for day in range(1, 32)] + [(1, 2, day) for day in range(1, 29)]
    year, month, day = ([row[at] for row in [*days, (1, 3, 1)]] for at in range(3))
    table = pa.table({"year": year, "month": month, "day_of_month": day})
    parquet.write_table(table, folder / "wepp_cli.parquet")
    interchange.hillslopes(run)
    assert [(row["month"], row["day_of_month"]) for row in rows_of(run, "H.wat")] == [(3, 1)]


def test_a_run_without_any_climate_cannot_be_dated(tmp_path: Path) -> None:
    """The message says what is missing; a first year given by hand takes its place."""
    run = texts.run_of(tmp_path, {"H1.wat.dat": texts.wat(WATER)})
    (run.runs / "p1.cli").unlink()
    with pytest.raises(NotPrepared, match="has no climate"):
        interchange.hillslopes(run)
    interchange.hillslopes(run, first_year=2004)
    assert [row["day_of_month"] for row in rows_of(run, "H.wat")] == [29]


def test_a_missing_report_is_an_error_that_names_it(tmp_path: Path) -> None:
    """Hillslope 2 was prepared, its water balance is not there."""
    run = texts.run_of(tmp_path, {"H1.wat.dat": texts.wat(WATER), "H2.ebe.dat": ebe.dump(())})
    with pytest.raises(NotPrepared, match=r"lacks H1\.ebe\.dat, H2\.wat\.dat"):
        interchange.hillslopes(run)


def test_a_table_outlives_the_removal_of_its_reports(tmp_path: Path) -> None:
    """Daily reports are removed when their tables are made; pass files stay, and are read again."""
    run = texts.run_of(tmp_path, {"H1.wat.dat": texts.wat(WATER), "H1.pass.dat": WRAPPED})
    interchange.hillslopes(run)
    (run.output / "H1.wat.dat").unlink()
    interchange.hillslopes(run)
    assert [row["P"] for row in rows_of(run, "H.wat")] == [12.5]


def test_hillslopes_that_the_run_had_before_are_left_out(tmp_path: Path) -> None:
    """A watershed was delineated anew, with fewer hillslopes; old reports still lie there."""
    run = texts.run_of(tmp_path, {f"H{n}.wat.dat": texts.wat(WATER) for n in (1, 2, 3)})
    (run.runs / "p3.run").unlink()
    interchange.hillslopes(run)
    assert [row["wepp_id"] for row in rows_of(run, "H.wat")] == [1, 2]
    assert len(interchange.hillslope_reports(run)[0]) == 2


def test_a_run_that_was_not_simulated_is_left_as_it_is(tmp_path: Path) -> None:
    """What is missing is said before anything is written."""
    run = texts.run_of(tmp_path, {})
    run.output.rmdir()
    for make in (interchange.hillslopes, interchange.watershed):
        with pytest.raises(NotPrepared, match="output does not exist"):
            make(run)
    assert not run.output.exists()


def test_compressed_reports_and_other_line_ends(tmp_path: Path) -> None:
    """What was compressed afterwards, or written on Windows, reads the same."""
    text = texts.wat(WATER, (2, *WATER[1:]))
    run = texts.run_of(tmp_path, {"H1.wat.dat": text.replace("\n", "\r\n")})
    interchange.hillslopes(run)
    windows = (run.interchange / "H.wat.parquet").read_bytes()
    (run.output / "H1.wat.dat").unlink()
    (run.output / "H1.wat.dat.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
    interchange.hillslopes(run)
    assert (run.interchange / "H.wat.parquet").read_bytes() == windows


def test_the_bytes_do_not_depend_on_threads_or_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However the work is cut up, row groups are cut by count and rows ordered by id."""
    days = [(1, day, 1, day / 7, *WATER[4:]) for day in range(1, 301)]
    reports = {f"H{n}.wat.dat": texts.wat(*days) for n in (1, 2, 10)}
    reports |= {f"H{n}.pass.dat": WRAPPED for n in (1, 2, 10)}
    run = texts.run_of(tmp_path, reports)
    monkeypatch.setattr(sheet, "GROUP_ROWS", 128)
    interchange.hillslopes(run)
    names = sorted(path.name for path in run.interchange.iterdir())
    whole = {name: (run.interchange / name).read_bytes() for name in names}
    monkeypatch.setattr(text.Report.blocks, "__defaults__", (500, None))
    interchange.hillslopes(run, threads=3)
    assert {name: (run.interchange / name).read_bytes() for name in names} == whole
    found = parquet.ParquetFile(run.interchange / "H.wat.parquet").metadata
    assert [found.row_group(n).num_rows for n in range(found.num_row_groups)] == [128] * 7 + [4]
    ids = parquet.read_table(run.interchange / "H.wat.parquet")["wepp_id"].to_pylist()
    assert ids == [1] * 300 + [2] * 300 + [10] * 300


def test_tables_of_another_major_version_go(tmp_path: Path) -> None:
    """A reader never finds old and new side by side; the table of the run's hillslopes stays."""
    run = texts.run_of(tmp_path, {"H1.wat.dat": texts.wat(WATER)})
    run.interchange.mkdir()
    for name in ("loss_pw0.hill.parquet", run.hillslope_table.name, "mine.txt"):
        (run.interchange / name).write_text("")
    (run.interchange / "interchange_version.json").write_text('{"major": 0, "minor": 9}')
    interchange.hillslopes(run)
    names = {path.name for path in run.interchange.iterdir()}
    assert "loss_pw0.hill.parquet" not in names
    assert {run.hillslope_table.name, "mine.txt"} <= names
    version = json.loads((run.interchange / "interchange_version.json").read_text())
    assert (version["major"], version["minor"], version["version"]) == (1, 0, "1.0")


def test_a_full_disk_leaves_the_tables_of_before(tmp_path: Path) -> None:
    """The system's own words, the former table, and nothing beside it."""
    run = texts.run_of(tmp_path, {"H1.wat.dat": texts.wat(WATER)})
    interchange.hillslopes(run)
    before = (run.interchange / "H.wat.parquet").read_bytes()
    days = [(1, day, 1, day / 7, *WATER[4:]) for day in range(1, 301)]
    (run.output / "H1.wat.dat").write_text(texts.wat(*days))
    with at_most(len(before) + 100), pytest.raises(OSError, match="File too large"):
        interchange.hillslopes(run)
    assert (run.interchange / "H.wat.parquet").read_bytes() == before
    assert [path.name for path in run.interchange.iterdir() if path.suffix == ".tmp"] == []
    interchange.hillslopes(run)
    assert parquet.read_table(run.interchange / "H.wat.parquet").num_rows == 300


@contextmanager
def at_most(size: int) -> Iterator[None]:
    """Files of this process may not grow beyond `size` bytes."""
    former = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, former)


def test_what_a_killed_writer_left_is_removed(tmp_path: Path) -> None:
    """But not what another conversion of the run is writing at this moment."""
    run = texts.run_of(tmp_path, {"H1.wat.dat": texts.wat(WATER)})
    interchange.hillslopes(run)
    dead, alive = (run.interchange / f".H.wat.parquet.{n}.tmp" for n in ("dead", "alive"))
    for path in (dead, alive):
        path.write_text("half")
    os.utime(dead, (1e9, 1e9))
    interchange.hillslopes(run)
    assert (dead.exists(), alive.exists()) == (False, True)


def test_progress_counts_every_report(tmp_path: Path) -> None:
    """What is told as done adds up to what there was to do."""
    reports = {"H1.wat.dat": texts.wat(WATER), "H1.loss.dat": LOSS, "H1.pass.dat": WRAPPED}
    run = texts.run_of(tmp_path, reports)
    done: list[int] = []
    interchange.hillslopes(run, step=done.append)
    assert sum(done) == len(interchange.hillslope_reports(run)[0]) == 3
