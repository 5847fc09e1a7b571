"""Runs that WEPPcloud set up, prepared and run from its own documents, which stay as they are."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from tasks import interchange_rq, wepp_rq
from tasks.run.directory import NotPrepared, RunDirectory
from tasks.run.foreign import ForeignDocument
from tasks.wepp.files import climate, management, runfile, slope, soil, structure
from tasks.wepp.files.structure import Feeds
from tasks.wepp.prep import stages
from tasks.wepp.samples.watershed import write_watershed
from tests.unit import hillsim_slopes as build
from tests.unit.recording import RecordingContext
from tests.unit.site_documents import BELOW, BESIDE, NAMES, an_object, change, write_site
from tests.unit.wepp_inputs import ALL
from weppd.task import using


@pytest.fixture
def ctx(tmp_path: Path, redis_url: str):
    with using(RecordingContext(tmp_path / "runs", redis=redis_url)) as context:
        yield context


@pytest.fixture
def wd(ctx, tmp_path: Path) -> Path:
    return tmp_path / "runs" / "my-run"


@pytest.mark.parametrize("dialect", [BESIDE, BELOW])
def test_a_run_of_weppclouds_goes_from_its_documents_to_its_tables(ctx, wd, dialect):
    """Preparation, hillslopes, channels and tables; no document is written over."""
    write_site(wd, dialect, years=2)
    before = {name: (wd / f"{name}.nodb").read_bytes() for name in NAMES}
    wepp_rq.run_wepp_rq("my-run")
    planned = [child["function"].rpartition(".")[2] for child in ctx.children]
    assert planned[0] == "_prep_slopes_rq"
    assert {"run_watershed_rq", "_analyze_return_periods_rq"} <= set(planned)
    for name in planned:
        module = interchange_rq if hasattr(interchange_rq, name) else wepp_rq
        getattr(module, name)("my-run", **_engine(name))
    made = RunDirectory(wd).interchange
    assert (made / "loss_pw0.out.parquet").exists()
    assert (made / "totalwatsed3.parquet").exists()
    assert {name: (wd / f"{name}.nodb").read_bytes() for name in NAMES} == before


def _engine(name: str) -> dict[str, str]:
    return {"wepp_bin": "hillsim"} if name in _ENGINES else {}


_ENGINES = ("_run_hillslopes_rq", "run_watershed_rq", "run_ss_batch_watershed_rq")


@pytest.mark.parametrize("dialect", [BESIDE, BELOW])
def test_inputs_are_those_that_documents_of_ours_would_give(wd, tmp_path: Path, dialect):
    """Slopes, weather and covers as from our documents; soils wetted as theirs are."""
    write_site(wd, dialect)
    theirs = RunDirectory(wd)
    stages.prepare("my-run", theirs, *ALL)
    write_watershed(tmp_path / "runs" / "other", channels=3, years=1)
    ours = RunDirectory(tmp_path / "runs" / "other")
    stages.prepare("other", ours, *ALL)
    for name in ("p1.slp", "p8.cli", "p3.run", "pw0.str"):
        assert (theirs.runs / name).read_bytes() == (ours.runs / name).read_bytes()
    assert slope.read(theirs.runs / "pw0.slp") == slope.read(ours.runs / "pw0.slp")
    (below,) = soil.read(theirs.runs / "p1.sol").elements
    lies = json.loads((wd / "soils.nodb").read_text())
    key = lies.get("py/state", lies)["domsoil_d"]["22"]
    assert below == replace(soil.read(wd / f"soils/{key}.sol").elements[0], saturation=0.75)
    grown, same = (management.read(run.runs / "p1.man") for run in (theirs, ours))
    assert grown.plants == same.plants
    assert grown.initials == tuple(replace(one, bdtill=1.3) for one in same.initials)


def test_soils_without_layers_of_their_own_have_beds_alike(wd):
    """Before 7777 a bed has the conductivity that the hillslopes' soils have in the mean."""
    write_site(wd, BESIDE, layered=False)
    run = RunDirectory(wd)
    stages.prepare("my-run", run, *ALL)
    beds, hills = soil.read(run.runs / "pw0.sol"), soil.read(run.runs / "p1.sol")
    assert beds.version == hills.version == 2006.2
    assert 0.0 < beds.elements[0].ke < 100.0


def test_coefficients_and_channels_are_as_their_document_wants_them(wd):
    """A file for each that is run; beds as erodible as they say; an empty file of impoundments."""
    write_site(wd, BELOW)
    run = RunDirectory(wd)
    stages.prepare("my-run", run, *ALL)
    texts = {path.name: path.read_text() for path in run.runs.glob("*.txt")}
    assert sorted(texts) == ["frost.txt", "gwcoeff.txt", "snow.txt", "tcr.txt", "wepp_ui.txt"]
    assert texts["gwcoeff.txt"].split() == ["100.0", "0.02", "0.0", "1.0"]
    assert texts["snow.txt"].split() == ["1.0", "100.0", "250.0"]
    frost = dict.fromkeys(("wintRed", "fineTop", "fineBot"), 10) | {"wintRed": 1, "ksnowf": 0.9}
    frost |= {"kresf": 1.0, "ksoilf": 1.1, "kfactor1": 1e-05, "kfactor2": 1e-05, "kfactor3": 0.5}
    change(wd, "wepp", frost_opts=frost)
    stages.prepare("my-run", run, stages.ANSWERS)
    assert (run.runs / "frost.txt").read_text() == "1 10 10\n0.9 1.0 1.1 1e-05 1e-05 0.5\n"
    beds = soil.read(run.runs / "pw0.sol")
    assert (beds.version, len(beds.elements)) == (7778.0, 3)
    assert (beds.elements[0].kr, beds.elements[0].tauc) == (2e-6, 19.0)
    assert runfile.read(run.runs / "pw0.run").imp == "pw0.imp"
    assert structure.read(run.runs / "pw0.str", 8).channels[-1] == Feeds((2, 1, 0), (9, 10, 0))


def test_disturbed_land_grows_by_the_run_s_own_table(wd):
    """Roots, leaves, covers and water by soil texture and kind of cover; by hand where it is."""
    write_site(wd, BESIDE, mods=["disturbed"])
    assert stages.prepare("my-run", RunDirectory(wd), stages.COVERS) == 1  # nothing of it burnt
    (wd / "disturbed").mkdir()
    (wd / "disturbed/disturbed_land_soil_lookup_extended.csv").write_text(
        "luse,stext,rdmax,xmxlai,pmet_kcb,pmet_rawp,ini.data.inrcov,plant.data.decfct\n"
        "forest high sev fire,all,0.41,2.5,0.7,0.3,0.22,0.5\n"
    )
    told = json.loads((wd / "landuse.nodb").read_text())["managements"]
    for about in told.values():
        about["disturbed_class"] = "high sev fire"
    change(wd, "landuse", managements=told)
    change(wd, "wepp", _run_pmet=True, _pmet_kcb=0.9)
    run = RunDirectory(wd)
    with pytest.raises(ForeignDocument, match=r"lookup\.csv does not exist: it changes what grows"):
        stages.prepare("my-run", run, stages.COVERS)
    chosen = an_object(BESIDE, "Disturbed", {"_active_lookup_variant": "extended"})
    (wd / "disturbed.nodb").write_text(json.dumps(chosen))
    stages.prepare("my-run", run, *ALL)
    found = management.read(run.runs / "p1.man")
    assert {(p.rdmax, p.xmxlai, p.decfct) for p in found.plants} == {(0.41, 2.5, 0.5)}
    assert found.initial(0).inrcov == 0.22
    assert f"{found.plants[0].head.name},0.7,0.3,1,-" in _plant_lines(run)
    for about in told.values():
        about["cancov_override"] = 0.5
    change(wd, "landuse", managements=told)
    stages.prepare("my-run", run, stages.COVERS)
    by_hand = management.read(run.runs / "p1.man")
    assert by_hand.initial(0).cancov == 0.5
    assert {plant.rdmax for plant in by_hand.plants} != {0.41}


def _plant_lines(run: RunDirectory) -> list[str]:
    rows = (run.runs / "pmetpara.txt").read_text().splitlines()[1:]
    return [",".join([*row.split(",")[:3], "1", "-"]) for row in rows]


def test_managements_that_the_run_does_not_hold_come_from_the_site_s_directory(ctx, wd, tmp_path):
    """By the path that the document has; without [wepp] management_dir the message says so."""
    write_site(wd, BESIDE)
    shared = tmp_path / "managements"
    (wd / "landuse").rename(shared)
    run = RunDirectory(wd)
    with pytest.raises(NotPrepared, match=r"Site/.*\.man is not in the run, and .*management_dir"):
        stages.prepare("my-run", run, stages.COVERS)
    ctx.settings = {**ctx.settings, "wepp": {"management_dir": str(shared)}}
    with pytest.raises(NotPrepared, match=r"the management: .*Site/.*\.man cannot be read"):
        stages.prepare("my-run", run, stages.COVERS)
    (shared / "Site").symlink_to(shared)
    (shared / "channel.man").write_bytes((shared / "corn_no_till.man").read_bytes())
    stages.prepare("my-run", run, *ALL)
    bed, corn = management.read(run.runs / "pw0.man"), management.read(shared / "channel.man")
    assert {p.head.name for p in bed.plants} == {p.head.name for p in corn.plants}


def test_a_management_of_one_year_comes_round_again(wd):
    """Theirs hold a year: they are written out for as many as are simulated."""
    write_site(wd, BESIDE, years=3)
    run = RunDirectory(wd)
    stages.prepare("my-run", run, stages.COVERS, stages.NETWORK)
    grown = management.read(run.runs / "p1.man")
    assert grown.simulated_years == management.read(run.runs / "pw0.man").simulated_years == 3
    assert grown.crops(1, 0) == grown.crops(3, 0)


def test_hillslopes_of_several_elements_have_files_of_their_own(wd, tmp_path):
    """Slope, soil and management of two elements, as WEPPcloud has joined them; never cut."""
    both = tmp_path / "runs" / "both"
    write_watershed(both, channels=3, years=1, elements=2)
    made = RunDirectory(both)
    stages.prepare("both", made, stages.SLOPES, stages.COVERS, stages.SOILS)
    write_site(wd, BELOW, years=2, layered=False)
    change(wd, "wepp", _multi_ofe=True)
    change(wd, "watershed", _clip_hillslopes=True, _clip_hillslope_length=10.0)
    for number, top in enumerate((22, 23, 31, 32, 33, 41, 42, 43), 1):
        for kind, folder in (
            ("slp", "watershed/slope_files/hillslopes"), ("sol", "soils"), ("man", "landuse"),
        ):  # fmt: skip
            text = (made.runs / f"p{number}.{kind}").read_bytes()
            (wd / folder / f"hill_{top}.mofe.{kind}").write_bytes(text)
    run = RunDirectory(wd)
    stages.prepare("my-run", run, *ALL)
    assert (run.runs / "p2.slp").read_bytes() == (made.runs / "p2.slp").read_bytes()
    assert [element.saturation for element in soil.read(run.runs / "p1.sol").elements] == [0.75] * 2
    grown = management.read(run.runs / "p1.man")
    assert (grown.elements, grown.simulated_years) == (2, 2)
    wepp_rq.run_hillslope_rq("my-run", 1, wepp_bin="hillsim")


@pytest.mark.parametrize("batch", [True, False])
def test_their_design_storms_are_run_each_in_its_directory(ctx, wd, batch):
    """A batch by its numbers, or the one storm of a climate; hillslopes and channels under each."""
    write_site(wd, BELOW)
    told = json.loads((wd / "climate.nodb").read_text())["py/state"]
    whole = climate.read(wd / "climate" / told["cli_fn"])
    days = build.weather([build.rainy(80.0)], start=date(2001, 6, 1)).days
    storm = replace(whole, mode=climate.SINGLE_STORM, days=days)
    (wd / "climate/storm.cli").write_text(climate.dump(storm))
    storms = [{"ss_batch_id": n, "ss_batch_key": f"s{n}", "cli_fn": "storm.cli"} for n in (2, 7)]
    if batch:
        change(wd, "climate", _climate_mode=14, _ss_batch_storms=storms)
    else:
        # As older documents have it, with nulls for what such a value may have besides.
        told = [{"py/type": "site.ClimateMode"}, {"py/tuple": [4]}, None, None, None]
        mode = {"py/reduce": told}
        change(wd, "climate", _climate_mode=mode, cli_fn="storm.cli", sub_cli_fns=None)
    wepp_rq.run_wepp_rq("my-run")
    planned, ctx.children = ctx.children, []
    for child in planned:
        _, _, name = child["function"].rpartition(".")
        module = interchange_rq if hasattr(interchange_rq, name) else wepp_rq
        storm = {key: child[key] for key in ("ss_batch_id",) if key in child}
        getattr(module, name)("my-run", **_engine(name), **storm)
    made = [path.name for path in sorted((wd / "wepp/output").glob("ss_*"))]
    assert made == (["ss_2", "ss_7"] if batch else ["ss_1"])
    assert all((wd / f"wepp/output/{name}/loss_pw0.txt").exists() for name in made)


def test_slopes_soils_and_networks_of_older_runs_are_found(wd):
    """Profiles in watershed/, a structure in the document, cut slopes and soils, slow ground."""
    write_site(wd, BELOW)
    for path in (wd / "watershed/slope_files/hillslopes").iterdir():
        path.rename(wd / "watershed" / path.name)
    channels = wd / "watershed/slope_files/channels.slp"
    lines = channels.read_text().splitlines()
    lines[0] = "2025.1"
    lines[2::3] = [f"{line} 1500.0 2" for line in lines[2::3]]
    (wd / "watershed/channels.slp").write_text("\n".join(lines) + "\n")
    channels.unlink()
    (wd / "watershed/slope_files/hillslopes").rmdir()
    (wd / "watershed/slope_files/flowpaths").rmdir()
    (wd / "watershed/slope_files").rmdir()
    (wd / "watershed/network.txt").unlink()
    rows = [[44, 43, 42, 41, 0, 0, 0, 0, 0, 0], [34, 33, 32, 31, 0, 0, 0, 0, 0, 0]]
    change(wd, "watershed", _structure=[*rows, [24, 23, 22, 0, 44, 34, 0, 0, 0, 0]])
    change(wd, "watershed", _clip_hillslopes=True, _clip_hillslope_length=60.0)
    change(wd, "soils", _clip_soils=True, _clip_soils_depth=300, _initial_sat=0.4)
    change(wd, "wepp", _kslast=0.02)
    run = RunDirectory(wd)
    stages.prepare("my-run", run, *ALL)
    lengths = [slope.read(path).elements[0].length for path in run.runs.glob("p[1-8].slp")]
    assert max(lengths) == 60.0
    assert slope.read(run.runs / "pw0.slp").version == 99.1
    (below,) = soil.read(run.runs / "p1.sol").elements
    assert (below.saturation, below.layers[-1].depth) == (0.4, 300.0)
    assert below.restricting is not None
    assert (below.restricting.flag, below.restricting.ksat) == (1, 0.02)
    assert structure.read(run.runs / "pw0.str", 8).channels[-1].channels == (9, 10, 0)


def test_a_scenario_that_weppcloud_has_built_is_a_run_like_others(ctx, wd):
    """Its weather and watershed are links to its parent's; the parent is left as it is."""
    write_site(wd, BELOW)
    child = wd / "_pups/omni/scenarios/uniform_low"
    child.mkdir(parents=True)
    for name in ("climate", "climate.nodb", "watershed", "watershed.nodb"):
        (child / name).symlink_to(wd / name)
    for name in ("landuse", "landuse.nodb", "soils", "soils.nodb", "wepp.nodb"):
        (wd / name).rename(child / name)
    before = sorted(wd.iterdir())
    runid = "my-run;;omni;;uniform_low"
    wepp_rq.run_wepp_rq(runid)
    assert {job["args"] for job in ctx.children} == {(runid,)}
    stages.prepare(runid, RunDirectory(child), *ALL)
    assert wepp_rq.run_hillslope_rq(runid, 3, wepp_bin="hillsim")[0] is True
    assert sorted(wd.iterdir()) == before


def test_rows_of_a_structure_may_count_their_channels(wd):
    """From the uppermost channel on, as documents of 2018 have them: the network is the same."""
    write_site(wd, BESIDE)
    (wd / "watershed/network.txt").unlink()
    rows = [[1, 42, 43, 41, 0, 0, 0, 0, 0, 0], [2, 32, 33, 31, 0, 0, 0, 0, 0, 0]]
    rows.append([3, 22, 23, 0, 34, 44, 0, 0, 0, 0])
    change(wd, "watershed", _structure=rows)
    run = RunDirectory(wd)
    stages.prepare("my-run", run, *ALL)
    assert structure.read(run.runs / "pw0.str", 8).channels[-1] == Feeds((2, 1, 0), (9, 10, 0))
    change(wd, "watershed", _structure=rows[:1])
    with pytest.raises(ForeignDocument, match=r"watershed\.nodb: 1 rows, 3 channels"):
        stages.prepare("my-run", run, stages.NETWORK)


@pytest.mark.parametrize(
    ("name", "fields", "says"),
    [
        ("landuse", {"_mods": ["rap_ts"]}, r"rap_ts\.parquet does not exist, or .* fetch them"),
        ("wepp", {"p_surf_runoff_map": "/geo/p.tif"}, "p_surf_runoff_map wants a place"),
        (
            "wepp",
            {"_run_pmet": True, "_pmet_kcb": 7.0},
            r"wepp\.nodb: Evapotran.*: kcb 7\.0: Input",
        ),
        ("wepp", {"_kslast": "slow"}, r"soils\.nodb: could not convert string to float: 'slow'"),
        ("soils", {"domsoil_d": {"north": "1"}}, r"soils\.nodb: invalid literal .* 'north'"),
        ("watershed", {"_chns_summary": {"main": 0}}, r"watershed\.nodb: invalid literal.*'main'"),
        ("climate", {"cli_fn": None}, "it names no climate, build it first"),
        ("climate", {"_climate_mode": 14}, "it names no design storms, build them first"),
        ("soils", {"soils": {}}, "there is no soil"),
        ("landuse", {"managements": {}}, "there is no management '4"),
        ("watershed", {"_chns_summary": {"24": 0, "34": 0, "94": 0}}, "where channel 94 flows"),
    ],
)
def test_what_is_not_read_of_them_is_refused_by_name_before_a_job_is_enqueued(
    ctx, wd, name, fields, says
):
    """One line: the document, what of it, and how a run that was prepared is run."""
    write_site(wd, BESIDE)
    change(wd, name, **fields)
    with pytest.raises(ForeignDocument, match=rf"{says}.*run_wepp_noprep_rq") as caught:
        wepp_rq.run_wepp_rq("my-run")
    assert "\n" not in str(caught.value)
    assert ctx.children == []


def test_a_stage_is_done_anew_where_a_document_of_theirs_changed(wd):
    """As of ours: what did not change is not made again, what did is."""
    write_site(wd, BESIDE)
    run = RunDirectory(wd)
    assert stages.prepare("my-run", run, *ALL) == 6
    assert stages.prepare("my-run", run, *ALL) == 0
    change(wd, "soils", _initial_sat=0.5)
    stages.prepare("my-run", run, *ALL)
    assert soil.read(run.runs / "p1.sol").elements[0].saturation == 0.5
