"""What WEPPcloud's documents choose beside the usual: canopies, routing, depths, flowpaths."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from tasks import wepp_rq
from tasks.run.directory import NotPrepared, RunDirectory
from tasks.run.foreign import ForeignDocument
from tasks.wepp import rap
from tasks.wepp.files import management, slope, soil
from tasks.wepp.prep import stages
from tasks.wepp.site import papers
from tests.unit.recording import RecordingContext
from tests.unit.site_documents import BELOW, BESIDE, an_object, change, write_site
from weppd.task import using

BANDS = {
    rap.ANNUALS: 10.0,
    rap.BARE: 20.0,
    rap.LITTER: 15.0,
    rap.PERENNIALS: 12.5,
    rap.SHRUBS: 20.0,
}


@pytest.fixture
def ctx(tmp_path: Path, redis_url: str):
    with using(RecordingContext(tmp_path / "runs", redis=redis_url)) as context:
        yield context


@pytest.fixture
def wd(ctx, tmp_path: Path) -> Path:
    return tmp_path / "runs" / "my-run"


def see(wd: Path, first: int, last: int, trees: float = 30.0) -> None:
    """Covers of these years as they are left by their fetching; trees of hillslope 22 differ."""
    tops = (22, 23, 31, 32, 33, 41, 42, 43)
    bands = BANDS | {rap.TREES: trees}
    rows = [
        {"band": band, "year": year, "topaz_id": top, "mofe_id": -1,
         "value": 99.0 if (band, top) == (rap.TREES, 22) else value}
        for year in range(first, last + 1) for top in tops for band, value in bands.items()
    ]  # fmt: skip
    (wd / "rap").mkdir(exist_ok=True)
    parquet.write_table(pa.Table.from_pylist(rows), wd / "rap/rap_ts.parquet")
    told = an_object(BESIDE, "RAP_TS", {"_rap_start_year": first, "_rap_end_year": last})
    (wd / "rap_ts.nodb").write_text(json.dumps(told))


def canopy(wd: Path, number: int) -> float:
    """The canopy with which a hillslope begins."""
    return management.read(RunDirectory(wd).runs / f"p{number}.man").initial(0).cancov


def first_year(wd: Path) -> int:
    """That of the sample's weather."""
    (path, *_) = (wd / "climate").glob("*.cli")
    return int(path.read_text().splitlines()[4].split()[4])


def test_canopies_are_those_that_satellites_saw_in_the_first_year(wd):
    """The plants' bands together, at most the whole; of other years the managements' own."""
    write_site(wd, BESIDE, mods=["rap_ts"])
    run, year = RunDirectory(wd), first_year(wd)
    see(wd, year - 2, year - 1)
    stages.prepare("my-run", run, stages.COVERS)
    own = canopy(wd, 2)
    see(wd, year - 1, year + 1)
    stages.prepare("my-run", run, stages.COVERS)
    assert (canopy(wd, 1), canopy(wd, 2)) == (1.0, pytest.approx(0.725))
    assert own != canopy(wd, 2)


def test_land_that_burnt_keeps_the_canopy_that_was_made_for_it(wd):
    """Where a run is of disturbed land, what satellites saw is for forest, shrub and tall grass."""
    write_site(wd, BELOW, mods=["disturbed"])
    (wd / "disturbed").mkdir()
    (wd / "disturbed/disturbed_land_soil_lookup.csv").write_text("luse,stext,rdmax\n")
    told = json.loads((wd / "landuse.nodb").read_text())["py/state"]["managements"]
    run = RunDirectory(wd)
    stages.prepare("my-run", run, stages.COVERS)
    own = canopy(wd, 2)
    change(wd, "landuse", _mods=["rap_ts", "disturbed"])
    see(wd, first_year(wd), first_year(wd))
    for kind, seen in (("forest high sev fire", own), ("Forest", pytest.approx(0.725))):
        for about in told.values():
            about["py/state"]["disturbed_class"] = kind
        change(wd, "landuse", managements=told)
        stages.prepare("my-run", run, stages.COVERS)
        assert canopy(wd, 2) == seen


def test_canopies_of_a_single_year_stand_in_the_document(wd):
    """As fractions by hillslope; one that lacks is told of by name, and so is a second source."""
    write_site(wd, BESIDE, mods=["rap", "disturbed", "emapr_ts"])
    (wd / "disturbed").mkdir()
    (wd / "disturbed/disturbed_land_soil_lookup.csv").write_text("luse,stext,rdmax\n")
    seen = {str(top): 0.4 for top in (22, 23, 31, 32, 33, 41, 42)}
    change(wd, "landuse", _hillslope_cancovs=seen | {"43": 0.25})
    stages.prepare("my-run", RunDirectory(wd), stages.COVERS)
    assert (canopy(wd, 1), canopy(wd, 8)) == (0.4, 0.25)
    change(wd, "landuse", _hillslope_cancovs=seen)
    with pytest.raises(ForeignDocument, match=r"landuse\.nodb: it has no canopy of hillslope 43"):
        stages.prepare("my-run", RunDirectory(wd), stages.COVERS)
    change(wd, "landuse", _mods=["rap", "rap_ts"])
    with pytest.raises(ForeignDocument, match="covers of rap and of rap_ts"):
        stages.prepare("my-run", RunDirectory(wd), stages.COVERS)


def test_covers_grow_back_where_the_soils_let_them(wd):
    """Of soils of 9005: covers of each year, and the day of the fire."""
    write_site(wd, BESIDE)
    told = {"_sol_ver": 9005.0, "_fire_date": "8-21-2020"}
    (wd / "disturbed.nodb").write_text(json.dumps(an_object(BESIDE, "Disturbed", told)))
    see(wd, first_year(wd), first_year(wd))
    run = RunDirectory(wd)
    stages.prepare("my-run", run, stages.ANSWERS)
    assert (run.runs / "p2.cov").read_text().splitlines()[1:4] == ["30", "20", "12.5"]
    assert (run.runs / "firedate.txt").read_text() == "8 21 2020\n"
    change(wd, "disturbed", _fire_date="in August")
    with pytest.raises(ForeignDocument, match="fire_date 'in August': month, day, year are read"):
        stages.prepare("my-run", run, stages.ANSWERS)


@pytest.mark.parametrize(
    ("step", "shown", "line"),
    [(120, 3, "3 120"), ("90", None, "1 90"), (10, 2, "1 60"), (None, None, "1 600")],
)
def test_channels_are_routed_as_the_document_overrides_it(wd, step, shown, line):
    """Time step and output; what neither WEPPcloud nor an engine knows is as usual."""
    write_site(wd, BELOW)
    change(wd, "wepp", _dtchr_override=step, _ichout_override=shown)
    run = RunDirectory(wd)
    stages.prepare("my-run", run, *ALL_BUT_ANSWERS)
    assert (run.runs / "chan.inp").read_text().splitlines()[0] == line


ALL_BUT_ANSWERS = (stages.SOILS, stages.COVERS, stages.NETWORK)


def test_shallow_soils_reach_as_deep_as_they_must_before_they_are_cut(wd):
    """The last layer is thicker; a greatest depth that is less than the least one wins."""
    write_site(wd, BESIDE)
    run = RunDirectory(wd)
    change(wd, "soils", _clip_soils_minimum=True, _clip_soils_minimum_depth=5000.0)
    stages.prepare("my-run", run, stages.SOILS)
    (deep,) = soil.read(run.runs / "p1.sol").elements
    assert deep.layers[-1].depth == 5000.0
    change(wd, "soils", _clip_soils=True, _clip_soils_depth=300.0)
    stages.prepare("my-run", run, stages.SOILS)
    assert soil.read(run.runs / "p1.sol").elements[0].layers[-1].depth == 300.0


def abstract(wd: Path) -> None:
    """Two flowpaths of hillslope 22 in a collection, one of 31 in a file, one of no hillslope."""
    folder = wd / "watershed/slope_files/flowpaths"
    folder.mkdir(exist_ok=True)
    profile = (wd / "watershed/slope_files/hillslopes/hill_22.slp").read_text()
    cells = "# [5021, 5120]\n# [0.0, 1.0]\n"
    of_22 = "".join(f"# fp_22_{n}.slp\n{cells}{profile}\n" for n in (1, 12))
    (folder / "fps_22.slps").write_text(of_22)
    (folder / "fps_92.slps").write_text(f"# fp_92_1.slp\n{cells}{profile}\n")
    (folder / "31").mkdir()
    (folder / "31/fp_31_4.slp").write_text(profile)


def test_flowpaths_of_weppclouds_runs_are_run(ctx, wd):
    """Those of the profiles beside the document, by their names; one alone, or all with a table."""
    write_site(wd, BELOW)
    abstract(wd)
    change(wd, "wepp", run_flowpaths=True)
    wepp_rq.run_wepp_rq("my-run")
    assert any(c["function"].endswith("._run_flowpaths_rq") for c in ctx.children)
    run = RunDirectory(wd)
    stages.prepare("my-run", run, *ALL_BUT_ANSWERS[:2], stages.SLOPES, stages.CLIMATES)
    stages.prepare("my-run", run, stages.ANSWERS)
    assert wepp_rq.run_flowpath_rq("my-run", "fp_22_12", wepp_bin="hillsim")[0] is True
    own, source = wd / "wepp/flowpaths/runs/fp_22_12.slp", run.runs / "p1.slp"
    assert slope.read(own) == slope.read(source)
    with pytest.raises(NotPrepared, match=r"'fp_92_1' is none of this run's: it has fp_22_1, "):
        wepp_rq.run_flowpath_rq("my-run", "fp_92_1", wepp_bin="hillsim")
    wepp_rq._run_flowpaths_rq("my-run", wepp_bin="hillsim")
    rows = parquet.read_table(run.interchange / "flowpaths.parquet").to_pylist()
    assert [(row["flowpath"], row["wepp_id"]) for row in rows] == [
        ("fp_22_1", 1), ("fp_22_12", 1), ("fp_31_4", 3),
    ]  # fmt: skip
    assert all(row["runoff"] is not None for row in rows)


def test_flowpaths_of_a_prepared_run_are_run_by_what_is_there(ctx, wd):
    """What of its documents is not read matters to nobody who only simulates."""
    write_site(wd, BELOW)
    abstract(wd)
    run = RunDirectory(wd)
    stages.prepare("my-run", run, *ALL_BUT_ANSWERS, stages.SLOPES, stages.CLIMATES, stages.ANSWERS)
    change(wd, "wepp", run_flowpaths=True, _kslast_map="/geo/k.tif")
    wepp_rq.run_wepp_noprep_rq("my-run", wepp_bin="hillsim")
    assert any(c["function"].endswith("._run_flowpaths_rq") for c in ctx.children)
    assert wepp_rq.run_flowpath_rq("my-run", "fp_31_4", wepp_bin="hillsim")[0] is True


def test_rasters_of_either_delineation_make_a_grid_of_losses(wd):
    """Those of TOPAZ or of WhiteboxTools, where both are there; else there is no grid."""
    write_site(wd, BESIDE)
    assert papers.watershed(wd).subcatchments is None
    (wd / "dem/wbt").mkdir(parents=True)
    (wd / "dem/wbt/subwta.tif").touch()
    assert papers.watershed(wd).subcatchments is None
    (wd / "dem/wbt/discha.tif").touch()
    found = papers.watershed(wd)
    assert found.subcatchments == "dem/wbt/subwta.tif"
    assert found.distance_to_channel == "dem/wbt/discha.tif"
