"""Files that real engines read and wrote, where they lie beside the project."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from tasks.wepp import inputs
from tasks.wepp.files import (
    climate,
    climate_head,
    ebe,
    forms,
    loss,
    management,
    passfile,
    runfile,
    slope,
    soil,
)
from tasks.wepp.files.errors import FormatError

DATA = Path(__file__).parents[3] / "shared" / "data" / "wepp"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"no real WEPP files at {DATA}")
STOCK = ("H1", "H9", "H33", "H37", "H47")


def files(pattern: str) -> list[Path]:
    return sorted(DATA.glob(f"runs/{pattern}")) + sorted(DATA.glob(f"watershed/runs/{pattern}"))


@pytest.mark.parametrize(
    ("reader", "suffix", "count"),
    [(slope, "slp", 12), (soil, "sol", 12), (management, "man", 12), (runfile, "run", 12)],
)
def test_every_real_input_is_read_and_keeps_its_values(
    reader: ModuleType, suffix: str, count: int
) -> None:
    """No line of a real file is left over or misread, and writing it again changes no value."""
    found = files(f"*.{suffix}")
    assert len(found) == count
    for path in found:
        document = reader.read(path)
        assert reader.parse(reader.dump(document)) == document


def test_every_real_climate_is_read_and_keeps_its_days() -> None:
    """Series of days, single storms and a file cut in a year that nobody simulates."""
    for path in files("*.cli"):
        run = runfile.read(path.with_suffix(".run"))
        read = climate.read(path, getattr(run, "years", None))
        assert climate.parse(climate.dump(read), years=getattr(run, "years", None)) == read


def test_climates_that_end_early_are_found_by_their_first_and_last_day() -> None:
    """Two of the real ones; the others have the years that they declare, leap years too."""
    series = [path for path in DATA.rglob("*.cli") if climate_head.mode(path) == 1]
    short = {
        path.relative_to(DATA).as_posix(): (climate_head.years(path), has)
        for path in series
        if (has := climate_head.whole_years(path)) not in (None, climate_head.years(path))
    }
    assert short == {"bad/06_cli_truncated_2y/p1.cli": (6, 2), "runs/p60.cli": (15, 14)}
    assert len(series) > 10


def test_real_run_files_are_written_byte_for_byte() -> None:
    """What is written is what production writes."""
    for path in files("*.run"):
        assert runfile.dump(runfile.read(path)) == path.read_text(encoding="latin-1")


def test_the_inputs_of_real_hillslopes_fit_together() -> None:
    """Elements, years and modes of files that engines ran are found to agree."""
    for path in files("p[0-9]*.run"):
        run = runfile.read(path)
        assert not isinstance(run, forms.WatershedRun)
        found = inputs.read(run, path.parent)
        assert len(found.slope.elements) == found.management.elements


@pytest.mark.parametrize("hillslope", STOCK)
def test_reports_of_the_stock_engine_are_written_byte_for_byte(hillslope: str) -> None:
    """Loss, pass and event files of 2010 come out as they went in."""
    for reader, kind in ((loss, "loss"), (passfile, "pass"), (ebe, "ebe")):
        path = DATA / "output-2010" / f"{hillslope}.{kind}.dat"
        assert reader.dump(reader.read(path)) == path.read_text(encoding="latin-1"), path


@pytest.mark.parametrize("hillslope", [*STOCK, "H60"])
def test_reports_of_a_build_of_2024_are_read_whole(hillslope: str) -> None:
    """The years of the pass file are all there, and its sums agree with the loss report's."""
    folder = DATA / "output-2024"
    days = passfile.read(folder / f"{hillslope}.pass.dat")
    report = loss.read(folder / f"{hillslope}.loss.dat")
    assert days.years == report.water.years == len({day.year for day in days.days})
    events = [day for day in days.days if isinstance(day, passfile.Event)]
    handed = sum(event.runoff_m for event in events) * 1000.0
    if len(report.sources.planes) == 1:
        assert handed <= report.mean_runoff_mm * report.water.years + 0.1
    rows = ebe.read(folder / f"{hillslope}.ebe.dat")
    assert all(row.detachment_length_m is not None for row in rows)


@pytest.mark.parametrize("engine", ["output-2010", "output-2024"])
def test_single_storm_reports_are_refused_by_name(engine: str) -> None:
    """A report of another layout says which it is."""
    with pytest.raises(FormatError, match="'Single storm' is not read"):
        loss.read(DATA / engine / "H75.loss.dat")


@pytest.mark.parametrize(
    ("case", "file", "line", "says"),
    [
        ("01_sol_truncated_midlayer", "p1.sol", 6, "the rest of layer 2"),
        ("06_cli_truncated_2y", "p1.cli", 815, "end with 11 March 3"),
        ("10_slp_negative_slope", "p1.slp", 8, "slope -0.05"),
        ("17_man_wrong_version", "p1.man", 1, "version 50.1"),
        ("18_man_years_less_than_run", "p1.man", 0, "6 years, 56 are to be simulated"),
        ("20_run_empty", "p1.run", 0, "the file ends before"),
        ("23_run_bad_unit_answer", "p1.run", 1, "units 'x'"),
    ],
)
def test_broken_inputs_are_told_apart(case: str, file: str, line: int, says: str) -> None:
    """What engines end on with exit code 0, or not at all, names file, line and reason."""
    folder = DATA / "bad" / case
    with pytest.raises(FormatError, match=says) as caught:
        inputs.read(runfile.read(folder / "p1.run"), folder)  # type: ignore[arg-type]
    assert (Path(caught.value.path).name, caught.value.line) == (file, line)


def test_a_missing_input_is_named() -> None:
    """The eighth broken case has no soil file."""
    folder = DATA / "bad" / "02_sol_missing"
    run = runfile.read(folder / "p1.run")
    with pytest.raises(FileNotFoundError, match=r"p1\.sol"):
        inputs.read(run, folder)  # type: ignore[arg-type]
