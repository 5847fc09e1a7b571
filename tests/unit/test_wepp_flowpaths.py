"""Flowpaths: one of them, all of them, and what is left of ten thousand small files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pyarrow import parquet

from tasks import wepp_rq
from tasks.run.directory import NotPrepared, RunDirectory
from tasks.run.ledger import LEDGER
from tasks.wepp.documents import Frost, Watershed
from tasks.wepp.files import slope
from tasks.wepp.samples.watershed import write_watershed
from tasks.wepp.simulation import SimulationFailed


@pytest.fixture
def run(ctx, tmp_path: Path) -> RunDirectory:
    """A run of one channel, two flowpaths on each of its three hillslopes, prepared."""
    root = tmp_path / "runs" / "my-run"
    write_watershed(root, channels=1, years=1, flowpaths=2, frost=Frost())
    for stage in ("slopes", "managements", "soils", "climates", "remaining"):
        getattr(wepp_rq, f"_prep_{stage}_rq")("my-run")
    return RunDirectory(root)


def left(run: RunDirectory) -> set[str]:
    """The kinds of files of flowpaths that are there."""
    below = (run.root / "wepp" / "flowpaths").rglob("fp_*")
    return {path.name.partition(".")[2] for path in below}


def test_one_flowpath_runs_under_its_hillslope_s_weather_soil_and_cover(ctx, run):
    """Its log is there, its inputs are the hillslope's, the hidden files are in effect as well."""
    done, seconds = wepp_rq.run_flowpath_rq("my-run", "fp_22_2")
    assert done is True
    assert seconds > 0
    home = run.root / "wepp" / "flowpaths"
    assert "../../runs/p2.sol" in (home / "runs/fp_22_2.run").read_text()
    assert (home / "runs/frost.txt").samefile(run.runs / "frost.txt")
    assert (home / "output/fp_22_2.loss.dat").exists()


def test_all_flowpaths_end_in_a_table_and_their_plots(ctx, run):
    """A row for each with its hillslope and length; answers, logs and reports are gone."""
    assert wepp_rq._run_flowpaths_rq("my-run")[0] is True
    rows = parquet.read_table(run.interchange / "flowpaths.parquet").to_pylist()
    assert "| runoff | double | mm/yr |" in (run.interchange / "README.md").read_text()
    assert [row["flowpath"] for row in rows] == [f"fp_2{n}_{k}" for n in (1, 2, 3) for k in (1, 2)]
    part = Watershed.load(run.root).flowpaths[0]
    (element,) = slope.read(run.root / part.slope_file).elements
    row = next(row for row in rows if row["flowpath"] == part.name)
    assert (row["length"], row["topaz_id"]) == (element.length, part.topaz_id)
    assert row["engine"] == "hillsim"
    assert left(run) == {"slp", "plot.dat"}
    assert ctx.steps[-1][:2] == (6, 6)


def test_a_second_launch_runs_none_and_a_lost_plot_all_that_it_must(ctx, run):
    """The table stands while what it was made of is the same."""
    wepp_rq._run_flowpaths_rq("my-run")
    table = run.interchange / "flowpaths.parquet"
    born, rows = table.stat().st_ino, table.read_bytes()
    assert wepp_rq._run_flowpaths_rq("my-run") == (True, 0)
    assert table.stat().st_ino == born
    (run.root / "wepp/flowpaths/output/fp_21_1.plot.dat").unlink()
    assert wepp_rq._run_flowpaths_rq("my-run")[1] > 0
    assert table.read_bytes() == rows
    assert left(run) == {"slp", "plot.dat"}


def test_a_failed_flowpath_is_named_and_the_others_are_not_run_again(ctx, run):
    """One clear line; after the repair only those run that had not."""
    ctx.cpus = 1
    soil = run.runs / "p3.sol"
    whole = soil.read_bytes()
    soil.unlink()
    soil.write_text("7778\n")
    with pytest.raises(SimulationFailed, match="flowpath fp_23_1 failed with hillsim"):
        wepp_rq._run_flowpaths_rq("my-run")
    soil.write_bytes(whole)
    ledger = run.root / LEDGER
    told = len(ledger.read_text())
    ctx.steps.clear()
    wepp_rq._run_flowpaths_rq("my-run")
    added = map(json.loads, ledger.read_text()[told:].splitlines())
    begun = [line["step"] for line in added if line["state"] == "begun"]
    assert begun[1:] == ["flowpath:fp_23_1", "flowpath:fp_23_2"]
    assert ctx.steps[-1] == (6, 6, "done")


def test_a_flowpath_that_is_none_is_named(ctx, run):
    """What the run has is listed; the document may have none."""
    with pytest.raises(NotPrepared, match=r"'fp_9_9' is none of this run's: it has fp_21_1, fp_21"):
        wepp_rq.run_flowpath_rq("my-run", "fp_9_9")
    with pytest.raises(NotPrepared, match=r"'\.\./x' is none of this run's"):
        wepp_rq.run_flowpath_rq("my-run", "../x")
