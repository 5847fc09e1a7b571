"""A whole WEPP run through a real weppd: from documents to outputs, in production's tree."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.run.atomic import replace_text
from tasks.run.directory import RunDirectory
from tasks.run.ledger import StepLedger
from tasks.wepp import hillslopes
from tasks.wepp.documents import Watershed
from tasks.wepp.samples.watershed import write_watershed
from tests.acceptance.conftest import PIPELINE
from tests.unit.test_wepp_storms import with_storms
from tests.waiting import eventually

PATIENCE_S = 600.0


@pytest.fixture
def house(daemon):
    """A started daemon whose engine is the embedded one."""
    daemon.tables["tasks"]["modules"] += PIPELINE
    daemon.start()
    return daemon


def launch(house, task: str = "run_wepp_rq", runid: str = "my-run", **options) -> tuple[str, str]:
    """The dispatcher's id and that of the final job."""
    job = house.queue().enqueue(f"tasks.wepp_rq.{task}", runid, **options)
    return job.id, job.result(timeout=PATIENCE_S)


def complete(house, task: str = "run_wepp_rq", **options) -> str:
    """Launch, and wait for the end; the dispatcher's id."""
    parent, final = launch(house, task, **options)
    house.queue().fetch(final).result(timeout=PATIENCE_S)
    return parent


def with_rasters(wd: Path, watershed: Watershed) -> None:
    """Give a watershed a raster of two cells of its first hillslope, and their distances."""
    head = "ncols 2\nnrows 1\nxllcorner 0\nyllcorner 0\ncellsize 30\n"
    (wd / "dem").mkdir()
    (wd / "dem/subwta.asc").write_text(f"{head}22 22\n")
    (wd / "dem/discha.asc").write_text(f"{head}30 60\n")
    watershed.subcatchments, watershed.distance_to_channel = "dem/subwta.asc", "dem/discha.asc"
    replace_text(Watershed.path(wd), watershed.dump())


def content(directory: Path) -> dict[str, bytes]:
    """Every file below a directory."""
    paths = (path for path in directory.rglob("*") if path.is_file())
    return {str(path.relative_to(directory)): path.read_bytes() for path in paths}


def test_a_run_directory_becomes_a_finished_run(house):
    """Three channels and eight hillslopes: inputs, outputs, and what the network wrote beside."""
    wd = house.home / "runs" / "my-run"
    with_rasters(wd, write_watershed(wd, channels=3, years=1, flowpaths=1))
    parent = complete(house)
    run = RunDirectory(wd)
    assert [row.wepp_id for row in hillslopes.read(run.hillslope_table)] == list(range(1, 9))
    assert (run.output / "loss_pw0.txt").exists()
    assert (run.output / "chan.out").samefile(run.runs / "chan.out")
    tables = {path.name for path in run.interchange.iterdir()}
    assert {"H.wat.parquet", "totalwatsed3.parquet", "ebe_pw0.parquet"} <= tables
    assert {"flowpaths.parquet", "README.md", "hydrograph.png"} <= tables
    told = (run.interchange / "README.md").read_text()
    assert [name for name in tables if name.endswith(".parquet") and f"`{name}`" not in told] == []
    assert (wd / "wepp/plots/loss.asc").exists()
    assert {"return_periods.tsv", "return_period_events.tsv"} <= tables
    children = house.show(parent)["children"]
    assert list(children) == [
        *(f"jobs:0,func:_prep_{kind}_rq" for kind in ("slopes", "managements", "soils")),
        *("jobs:0,func:_prep_climates_rq", "jobs:0,func:_prep_remaining_rq"),
        *("jobs:1,func:run_hillslopes_rq", "jobs:2,func:run_flowpaths_rq"),
        *("jobs:2,func:_build_hillslope_interchange_rq", "jobs:2,func:_build_totalwatsed3_rq"),
        *("jobs:2,func:_prep_watershed_rq", "jobs:3,func:run_watershed_rq"),
        *("jobs:4,func:_post_run_cleanup_out_rq", "jobs:4,func:_post_make_loss_grid_rq"),
        *("jobs:4,func:_post_watershed_interchange_rq", "jobs:4,func:_analyze_return_periods_rq"),
        *("jobs:5,func:_cleanup_raw_rq", "jobs:6,func:_log_complete_rq"),
    ]
    assert {house.state(jid) for jid in children.values()} == {"finished"}


def test_a_run_of_storms_becomes_a_table_of_storms(house):
    """Hillslopes under each storm, then the channels under each, in directories of their own; the
    closing job finds all of them done, and a second launch makes none anew."""
    wd = house.home / "runs" / "my-run"
    write_watershed(wd, channels=1, years=1)
    with_storms(wd, {1: 120.0, 3: 40.0})
    parent = complete(house)
    children = house.show(parent)["children"]
    networks = [key for key in children if "run_ss_batch_watershed_rq" in key]
    assert networks == [f"jobs:3,func:run_ss_batch_watershed_rq,ss_batch_id:{n}" for n in (1, 3)]
    assert {house.state(jid) for jid in children.values()} == {"finished"}
    output = RunDirectory(wd).output
    assert sorted(path.parent.name for path in output.rglob("loss_pw0.txt")) == ["ss_1", "ss_3"]
    assert (output / "interchange/storms.parquet").exists()
    born = {path: path.stat().st_ino for path in output.rglob("*.dat")}
    complete(house)
    assert {path: path.stat().st_ino for path in output.rglob("*.dat")} == born


def test_a_second_launch_makes_nothing_anew_and_clean_makes_all_of_it_the_same(house):
    """As make does; and what is made afresh is byte for byte what it was."""
    wd = house.home / "runs" / "my-run"
    write_watershed(wd, channels=1, years=1)
    complete(house)
    first = content(wd / "wepp")
    born = {path: path.stat().st_ino for path in (wd / "wepp").rglob("*.dat")}
    complete(house)
    assert {path: path.stat().st_ino for path in (wd / "wepp").rglob("*.dat")} == born
    assert content(wd / "wepp") == first
    complete(house, clean=True)
    again = content(wd / "wepp")
    assert {n: t for n, t in again.items() if n not in VARYING} == {
        n: t for n, t in first.items() if n not in VARYING
    }


#: What tells how long something took.
VARYING = ("steps.jsonl",)


def test_a_failed_engine_stops_what_waits_and_the_repaired_run_goes_on_from_there(house):
    """Hillslope 7 of 8: one clear line, no job left waiting; after the repair the rest is done."""
    wd = house.home / "runs" / "my-run"
    write_watershed(wd, channels=3, years=1)
    for kind in ("slopes", "managements", "soils", "climates", "remaining", "watershed"):
        task = f"tasks.wepp_rq._prep_{kind}_rq"
        house.queue().enqueue(task, "my-run").result(timeout=PATIENCE_S)
    soil = wd / "wepp/runs/p7.sol"
    whole = soil.read_bytes()
    soil.unlink()
    soil.write_text("7778\n")
    parent, final = launch(house, "run_wepp_noprep_rq")
    children = house.show(parent)["children"]
    failed = house.ends(children["jobs:1,func:_run_hillslopes_rq"], within=PATIENCE_S)
    assert "hillslope 7 failed" in failed["error"]
    assert house.ends(final)["state"] == "canceled"
    soil.write_bytes(whole)
    # One that ran beside it may have been stopped with its report on disk: that is not done.
    recorded = StepLedger(wd).outputs("hillslope")
    done = {wd / name: (wd / name).stat().st_ino for name in recorded if name.endswith("loss.dat")}
    assert len(done) >= 1
    complete(house, "run_wepp_noprep_rq")
    now = {path: path.stat().st_ino for path in (wd / "wepp/output").glob("H*.loss.dat")}
    assert done.items() <= now.items()
    assert len(now) == 8


def test_a_second_launch_under_a_running_one_is_refused_by_name(house):
    """Two pipelines in one directory would write the same files: which job to wait for is told,
    and which to cancel; also while the engines run."""
    wd = house.home / "runs" / "my-run"
    write_watershed(wd, channels=9, years=100)
    parent, final = launch(house)
    early = house.queue().enqueue("tasks.wepp_rq.run_wepp_rq", "my-run", clean=True)
    error = house.ends(early.id)["error"]
    under_way = f"my-run was launched before and is under way: its final job {final} is"
    assert under_way in error
    work = house.show(parent)["children"]["jobs:1,func:run_hillslopes_rq"]
    eventually(lambda: house.state(work) == "started", within=PATIENCE_S)
    eventually(lambda: list((wd / "wepp/runs").glob("p*.err")), within=PATIENCE_S)
    second = house.queue().enqueue("tasks.wepp_rq.run_wepp_rq", "my-run", clean=True)
    error = house.ends(second.id)["error"]
    assert under_way in error
    assert f"or cancel {parent} with all below it" in error
    assert house.ctl("cancel", parent)[0] == 0
    assert house.state(work) == "stopped"
    assert house.state(final) == "canceled"
