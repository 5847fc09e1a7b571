"""Scenarios of a run that was built of a site's maps: other fires over the same classes of land."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks import omni_rq, project_rq
from tasks.data.places import NoData
from tasks.omni import children
from tasks.omni.documents import Omni, Scenario
from tasks.project import trial
from tasks.run.directory import NotPrepared, RunDirectory
from tasks.run.nodb import BrokenDocument
from tasks.wepp.documents import Disturbed, Landuse, Soils
from tests.unit import site_maps

TABLE = """code,name,cover,low,moderate,high,ground
42,Evergreen Forest,old_forest,low_fire,medium,high_fire,
71,Grassland,grass,,,,
low_fire,burnt a little,low_severity_fire,,,,
medium,burnt,low_severity_fire,,,,
high_fire,burnt badly,high_severity_fire,,,,burnt
"""
SBS = {"type": "sbs_map", "sbs_file_path": "east.tif"}


@pytest.fixture
def wd(ctx, tmp_path: Path) -> Path:
    """A run of which all burnt badly: hillslope 22 is grass, the others are forest."""
    site = tmp_path / "site"
    site_maps.write(site / "nlcd/2019.tif", [[42] * 5, *[[71, 71, 42, 42, 42]] * 3])
    site_maps.write(site / "ssurgo/gNATSGSO/2025.tif", [[7] * 5] * 4)
    for name, seed in (("7", 1), ("7-burnt", 2)):
        site_maps.write_soil(site / f"sol/{name}.sol", seed)
    site_maps.write_station(site / "cli/near.cli", -117.0, 46.0, years=1)
    (site / "classes.csv").write_text(TABLE)
    data = {"landuse": str(site), "soils": str(site), "soil_files": str(site / "sol")}
    data |= {"climate": str(site / "cli"), "landuse_classes": str(site / "classes.csv")}
    ctx.settings = {**ctx.settings, "data": data}
    root = site_maps.a_run(tmp_path / "runs" / "my" / "my-run")
    site_maps.write(root / "disturbed/sbs.tif", [[3] * 5] * 4)
    site_maps.write(root / "disturbed/east.tif", [[0, 0, 0, 1, 1]] * 4)
    project_rq.init_sbs_map_rq("my-run", "sbs.tif")
    for build in ("landuse", "soils", "climate"):
        getattr(project_rq, f"build_{build}_rq")("my-run")
    return root


def grown(wd: Path, told: dict[str, object]) -> tuple[dict[int, str], dict[int, str]]:
    """What grows on each hillslope of a scenario, and the soil below it."""
    child = children.make(wd, Scenario.model_validate(told)).root
    first = lambda found: {top: keys[0] for top, keys in sorted(found.items())}  # noqa: E731
    return first(Landuse.load(child).hillslopes), first(Soils.load(child).hillslopes)


@pytest.mark.parametrize(
    ("told", "forest", "soil"),
    [
        ({"type": "uniform_low"}, "low_fire", "7"),
        ({"type": "uniform_moderate"}, "medium", "7"),
        ({"type": "uniform_high"}, "high_fire", "7-burnt"),
        ({"type": "undisturbed"}, "42", "7"),
    ],
)
def test_another_fire_is_what_the_table_says_of_each_class(ctx, wd: Path, told, forest, soil):
    """Grass burns in none of them; the soil is that of the ground as the fire left it."""
    landuse, soils = grown(wd, told)
    assert landuse == {21: forest, 22: "71", 23: forest}
    assert soils == {21: soil, 22: "7", 23: soil}


def test_the_run_itself_stays_as_it_was(ctx, wd: Path):
    """A scenario writes into folders of its own: not a byte of the run changes."""
    before = {p: p.read_bytes() for p in wd.rglob("*") if p.is_file()}
    for told in ({"type": "uniform_low"}, SBS):
        grown(wd, told)
    pups = wd / "_pups"
    after = {p: p.read_bytes() for p in before if p.exists()}
    assert after == before
    fresh = [p for p in wd.rglob("*") if p.is_file() and p not in before]
    assert all(pups in p.parents for p in fresh)


def test_a_burn_map_of_the_run_is_a_scenario(ctx, wd: Path):
    """Only in the east it burns, a little; the directory has the map's name in it."""
    landuse, _ = grown(wd, SBS)
    assert landuse == {21: "42", 22: "71", 23: "low_fire"}
    name = Scenario.model_validate(SBS).name
    assert name == "sbs_map_ZWFzdC50aWY"
    assert Disturbed.load(children.place(wd, name)).sbs_map == "disturbed/east.tif"
    with pytest.raises(NotPrepared, match=r"holds no such file"):
        grown(wd, SBS | {"sbs_file_path": "west.tif"})
    with pytest.raises(ValueError, match="uniform_low has no sbs_file_path"):
        Scenario.model_validate(SBS | {"type": "uniform_low"})


def test_what_the_table_does_not_say_is_named_and_leaves_no_run(ctx, wd: Path, tmp_path: Path):
    """With `covers` a scenario says it itself, and the table is not asked."""
    table = tmp_path / "site/classes.csv"
    table.write_text(TABLE.replace("low_fire,medium,high", "low_fire,,high"))
    with pytest.raises(NoData, match=r"class 42 burnt moderate \(hillslopes 21, 23\)"):
        grown(wd, {"type": "uniform_moderate"})
    assert list(children.names(wd)) == []
    told = {"type": "uniform_moderate", "covers": {"high_fire": "low_severity_fire"}}
    assert grown(wd, told)[0] == {21: "high_fire", 22: "71", 23: "high_fire"}
    with pytest.raises(BrokenDocument, match="there is no soil 'rock'"):
        grown(wd, {"type": "uniform_low", "soils": {"rock": "7"}})
    assert list(children.names(wd)) == ["uniform_moderate"]


def test_all_of_them_are_run_and_what_follows_one_has_its_files(ctx, wd: Path):
    """Thinning follows the undisturbed run, mulch the burnt one, which is the run itself."""
    assert children.base(wd) == "sbs_map"
    trial.run_all("my-run", RunDirectory(wd))
    thin = {"type": "thinning", "canopy_cover": 40, "ground_cover": 75}
    mulch = {"type": "mulch", "ground_cover_increase": 30, "base_scenario": "sbs_map"}
    with Omni.locked(wd) as document:
        wanted = ({"type": "undisturbed"}, SBS, thin, mulch)
        document.scenarios = [Scenario.model_validate(each) for each in wanted]
        document.use_rq_job_pool_concurrency = False
    omni_rq.run_omni_scenarios_rq("my-run")
    thinned = children.place(wd, "thinning_40_75")
    assert Landuse.load(thinned).covers["42"].canopy == 0.4
    undisturbed = children.place(wd, "undisturbed")
    assert (thinned / "landuse").resolve() == undisturbed / "landuse"
    mulched = Landuse.load(children.place(wd, "mulch_30_sbs_map"))
    assert mulched.covers["high_fire"].interrill > 0.3
    assert {state["status"] for state in Omni.load(wd).scenario_run_state.values()} == {"executed"}
