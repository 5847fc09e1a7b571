"""Soils from a map of units: the site's file of each, burnt ground its own, and nothing guessed."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyarrow import parquet

from tasks import project_rq
from tasks.data.places import NoData
from tasks.run.directory import NotPrepared
from tasks.run.prep import RedisPrep
from tasks.run.steps import TaskEnum
from tasks.wepp.documents import Disturbed, Landuse, Soils
from tasks.wepp.files.errors import FormatError
from tests.unit import site_maps

#: Map units below `site_maps.IDS`, with more digits than single precision keeps.
WEST, EAST = 25289431, 25289432
UNITS = (
    (0, EAST, WEST, EAST, 0),
    (WEST, WEST, WEST, EAST, EAST),
    (WEST, WEST, WEST, EAST, EAST),
    (EAST, WEST, WEST, WEST, WEST),
)


@pytest.fixture
def wd(ctx, tmp_path: Path) -> Path:
    """A run, on a site with a map of soils and their files."""
    site_maps.write(tmp_path / "site/ssurgo/gNATSGSO/2025/.vrt", UNITS)
    for seed, unit in enumerate((WEST, EAST)):
        site_maps.write_soil(tmp_path / f"sol/{unit}.sol", seed)
    data = {"soils": str(tmp_path / "site"), "soil_files": str(tmp_path / "sol")}
    ctx.settings = {**ctx.settings, "data": data}
    return site_maps.a_run(tmp_path / "runs" / "my" / "my-run")


def built(wd: Path) -> Soils:
    """The run's soils, built by their task."""
    project_rq.build_soils_rq("my-run")
    return Soils.load(wd)


def test_each_hillslope_has_the_soil_of_most_of_its_cells(ctx, wd: Path, tmp_path: Path) -> None:
    """The site's file, copied; what the run wanted of its soils stays; the page hears of it."""
    site_maps.change(wd, Soils, clip_depth_mm=900.0, channels="was")
    found = built(wd)
    assert found.hillslopes == {21: [str(EAST)], 22: [str(WEST)], 23: [str(EAST)]}
    assert found.soils == {str(unit): f"soils/{unit}.sol" for unit in (WEST, EAST)}
    assert (found.clip_depth_mm, found.channels) == (900.0, "")
    for name in found.soils.values():
        assert (wd / name).read_bytes() == (tmp_path / "sol" / Path(name).name).read_bytes()
    assert ctx.words() == ["STARTED", "COMPLETED", "TRIGGER"]
    assert ctx.messages[-1][1].endswith("soils SOILS_BUILD_TASK_COMPLETED")
    assert RedisPrep(wd, "my-run")[str(TaskEnum.build_soils)] is not None


def test_the_shares_of_units_are_kept_and_the_same_data_give_the_same_bytes(wd: Path) -> None:
    """A row for each unit of each hillslope and channel; all of it again, when built again."""
    built(wd)
    files = ("soils.nodb", "soils/ssurgo.tif", "soils/soils.parquet")
    first = [(wd / name).read_bytes() for name in files]
    rows = parquet.read_table(wd / "soils/soils.parquet").to_pylist()
    assert [(r["topaz_id"], r["mukey"], r["cells"], r["soil"]) for r in rows] == [
        (21, WEST, 1, None), (21, EAST, 2, str(EAST)),
        (22, WEST, 5, str(WEST)), (22, EAST, 1, None),
        (23, WEST, 1, None), (23, EAST, 4, str(EAST)),
        (24, WEST, 3, None),
    ]  # fmt: skip
    built(wd)
    assert [(wd / name).read_bytes() for name in files] == first


def test_a_soil_that_the_site_lacks_is_named_with_its_hillslopes(wd: Path, tmp_path: Path) -> None:
    """No other soil takes its place; a file that is no soil is named as well."""
    (tmp_path / f"sol/{EAST}.sol").unlink()
    with pytest.raises(NoData, match=rf"sol lacks {EAST}\.sol \(hillslopes 21, 23\)$"):
        built(wd)
    assert not Soils.path(wd).exists()
    (tmp_path / f"sol/{EAST}.sol").write_text("no soil")
    with pytest.raises(FormatError, match=rf"{EAST}\.sol"):
        built(wd)


def test_below_burnt_land_lies_the_soil_that_the_table_wants(wd: Path, tmp_path: Path) -> None:
    """By the word of the land use; without its file the survey's own does not stand in."""
    site_maps.change(wd, Landuse, grounds={22: "burnt"})
    with pytest.raises(NoData, match=rf"{WEST}-burnt\.sol \(hillslope 22\)$"):
        built(wd)
    site_maps.write_soil(tmp_path / f"sol/{WEST}-burnt.sol", 3)
    assert built(wd).hillslopes[22] == [f"{WEST}-burnt"]


def test_soils_of_a_burnt_run_wait_for_its_landuse(wd: Path) -> None:
    """Which ground burnt is known by then alone."""
    site_maps.change(wd, Disturbed, sbs_map="disturbed/sbs.tif", severities={0: 0})
    with pytest.raises(NotPrepared, match="build its landuse before its soils"):
        built(wd)


@pytest.mark.parametrize(
    ("data", "fields", "says"),
    [
        ({"soils": ""}, {}, r"\[data\] soils is not set"),
        ({"soil_files": ""}, {}, r"\[data\] soil_files is not set"),
        ({}, {"ssurgo_db": "statsgo"}, "the map 'statsgo' is not there"),
    ],
)
def test_soils_that_the_site_has_not_are_refused(ctx, wd: Path, data, fields, says) -> None:
    """One line names the setting or the map."""
    ctx.settings = {**ctx.settings, "data": ctx.settings["data"] | data}
    site_maps.change(wd, Soils, **fields)
    with pytest.raises(NoData, match=says):
        built(wd)


def test_a_run_may_bring_its_own_map_of_soils(ctx, wd: Path) -> None:
    """In the run, in place of the site's."""
    site_maps.write(wd / "soils/own.tif", [[EAST] * 5] * 4)
    site_maps.change(wd, Soils, map="soils/own.tif")
    ctx.settings = {**ctx.settings, "data": ctx.settings["data"] | {"soils": ""}}
    assert built(wd).hillslopes == {top: [str(EAST)] for top in (21, 22, 23)}
