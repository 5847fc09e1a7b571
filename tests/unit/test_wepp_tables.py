"""The tables that a run ends in: return periods, and reports that are removed behind them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from tasks import interchange_rq, wepp_rq
from tasks.run.atomic import replace_text
from tasks.run.directory import NotPrepared, RunDirectory
from tasks.run.locks import locked
from tasks.wepp import return_periods
from tasks.wepp.documents import Climate
from tasks.wepp.samples.watershed import write_watershed
from tests.unit.recording import RecordingContext
from weppd.task import using

STAGES = (
    *("_prep_slopes_rq", "_prep_managements_rq", "_prep_soils_rq", "_prep_climates_rq"),
    *("_prep_remaining_rq", "_run_hillslopes_rq", "_build_hillslope_interchange_rq"),
    *("_build_totalwatsed3_rq", "_prep_watershed_rq", "run_watershed_rq"),
    *("_post_run_cleanup_out_rq", "_post_watershed_interchange_rq"),
    *("_analyze_return_periods_rq", "_cleanup_raw_rq"),
)


@pytest.fixture
def ctx(tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch):
    """A job's context; the embedded engine. Nobody else writes here: no wait for one who might."""
    monkeypatch.setattr(interchange_rq, "_LOOK_AGAIN_S", 0.01)
    wepp = {"default_bin": "hillsim"}
    with using(RecordingContext(tmp_path / "runs", wepp=wepp, redis=redis_url)) as context:
        yield context


def went(wd: Path, *, remove: bool = False) -> RunDirectory:
    """A sample watershed of one channel whose whole pipeline went through in this process."""
    write_watershed(wd, channels=1, years=1)
    if remove:
        climate = Climate.load(wd).model_copy(update={"delete_after_interchange": True})
        replace_text(Climate.path(wd), climate.dump())
    through()
    return RunDirectory(wd)


def through() -> None:
    for stage in STAGES:
        module = wepp_rq if hasattr(wepp_rq, stage) else interchange_rq
        getattr(module, stage)("my-run")


def test_every_stage_ends_with_all_of_its_items_done_also_where_nothing_was_left_to_do(
    ctx, tmp_path: Path
):
    """The tree of a second launch shows the same hundred per cent as that of the first."""
    write_watershed(tmp_path / "runs" / "my-run", channels=1, years=1)
    ends = []
    for _ in range(2):
        for stage in STAGES:
            ctx.steps.clear()
            module = wepp_rq if hasattr(wepp_rq, stage) else interchange_rq
            getattr(module, stage)("my-run")
            done, total, note = ctx.steps[-1]
            assert (done, note) == (total, "done"), stage
            assert all(before <= after for (before, *_), (after, *_) in pairwise(ctx.steps))
            ends.append((stage, total))
    assert ends[: len(STAGES)] == ends[len(STAGES) :]
    totals = dict(ends)
    assert (totals["_prep_soils_rq"], totals["_run_hillslopes_rq"]) == (3, 3)
    assert (totals["_prep_watershed_rq"], totals["_build_totalwatsed3_rq"]) == (8, 2 * 3 * 365)


def test_the_mth_greatest_of_n_years_returns_in_n_plus_1_over_m():
    """By hand: 9 years, 10 to 90; between two of them the logarithm of the period decides."""
    descending = np.arange(90.0, 0.0, -10.0)
    assert return_periods.value(descending, 10.0) == 90.0
    assert return_periods.value(descending, 5.0) == 80.0
    assert return_periods.value(descending, 2.0) == 50.0
    between = return_periods.value(descending, float(np.sqrt(50.0)))
    assert between == pytest.approx(85.0)
    assert return_periods.value(descending, 20.0) is None
    assert return_periods.value(np.array([]), 2.0) is None


def test_annual_maxima_have_their_dates_and_a_year_without_events_has_none():
    """The first of equal events; 0 for a year in which nothing ran off."""
    columns = {
        "year": np.array([2001, 2001, 2001, 2003]),
        "month": np.array([1, 5, 6, 2]),
        "day_of_month": np.array([3, 4, 5, 28]),
        "runoff_volume": np.array([1.0, 7.0, 7.0, 9.0]),
    }
    measure = return_periods.Measure("runoff_m3", "runoff_volume")
    found = return_periods.maxima(columns, measure, [2001, 2002, 2003])
    assert found.values.tolist() == [9.0, 7.0, 0.0]
    assert found.dates == ((2003, 2, 28), (2001, 5, 4), (2002, 0, 0))


def test_the_table_of_return_periods_ends_where_the_years_do(tmp_path: Path):
    """Four years tell of 2 years; units are in the names, sediment is in tonnes."""
    years, dates = np.repeat(np.arange(2001, 2005), 2), {"month": [6] * 8, "day_of_month": [1] * 8}
    base = {"year": years, **dates}
    outlet = {
        "runoff_volume": np.arange(8.0), "peak_runoff": np.arange(8.0) / 10,
        "sediment_yield": np.arange(8.0) * 1000,
    }  # fmt: skip
    daily = {"Precipitation": np.arange(8.0), "Streamflow": np.arange(8.0)}
    for name, columns in (("ebe", outlet), ("days", daily)):
        parquet.write_table(pa.table({**base, **columns}), tmp_path / f"{name}.parquet")
    periods, events = return_periods.write(
        tmp_path / "ebe.parquet", tmp_path / "days.parquet", tmp_path
    )
    head, *rows = [line.split("\t") for line in periods.read_text().splitlines()]
    assert head[0] == "return_period_yr"
    assert [row[0] for row in rows] == ["2", "5"]
    assert dict(zip(head, rows[1], strict=True))["sediment_t"] == "7"
    assert "peak_m3_s\t1\t5\t0.7\t2004-06-01" in events.read_text().splitlines()


def test_return_periods_wait_for_their_tables(ctx, tmp_path: Path):
    """A step out of order says which table is missing."""
    write_watershed(tmp_path / "runs" / "my-run", channels=1, years=1)
    with pytest.raises(NotPrepared, match=r"ebe_pw0\.parquet does not exist: make the tables"):
        wepp_rq._analyze_return_periods_rq("my-run")


def test_reports_stay_unless_the_run_says_that_they_go(ctx, tmp_path: Path):
    """Without delete_after_interchange the engine's text is kept."""
    run = went(tmp_path / "runs" / "my-run")
    assert len(list(run.output.glob("H*.wat.dat"))) == 3


def test_reports_that_went_are_neither_missed_nor_made_again(ctx, tmp_path: Path):
    """Pass and loss files stay for the network; a second launch does nothing, tables stay."""
    run = went(tmp_path / "runs" / "my-run", remove=True)
    kinds = {path.name.split(".")[1] for path in run.output.glob("H*.dat")}
    assert kinds == {"pass", "loss"}
    before = {path: path.stat().st_ino for path in run.interchange.glob("H.*.parquet")}
    through()
    assert {path: path.stat().st_ino for path in run.interchange.glob("H.*.parquet")} == before
    assert not list(run.output.glob("H*.wat.dat"))


def test_a_changed_hillslope_brings_all_reports_back_for_the_tables(ctx, tmp_path: Path):
    """One soil differs: tables of all hillslopes are made of reports of all, then they go again."""
    run = went(tmp_path / "runs" / "my-run", remove=True)
    rows = parquet.read_metadata(run.interchange / "H.wat.parquet").num_rows
    with open(run.runs / "frost.txt", "w") as file:
        file.write("1 1 1\n0.5 0.5 0.5 0.2\n")
    with locked("my-run", "wepp.nodb"):
        wepp_rq._run_hillslopes_rq("my-run")
    assert len(list(run.output.glob("H*.wat.dat"))) == 3
    interchange_rq._build_hillslope_interchange_rq("my-run")
    assert parquet.read_metadata(run.interchange / "H.wat.parquet").num_rows == rows
    wepp_rq._cleanup_raw_rq("my-run")
    assert not list(run.output.glob("H*.wat.dat"))
