"""A trial of a run that was built of a site's data builds it again; what was given stays."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tasks import project_rq
from tasks.data.places import NoData
from tasks.project import anew
from tasks.terrain.documents import MapPart, OutletPart, Terrain
from tasks.wepp.documents import Landuse, Watershed
from tests.unit import site_maps

TERRAIN = (
    *("fetch_dem_rq", "build_channels_rq", "set_outlet_rq"),
    *("build_subcatchments_rq", "abstract_watershed_rq"),
)
GROUND = ("build_landuse_rq", "build_soils_rq", "build_climate_rq")


@pytest.fixture
def wd(ctx, tmp_path: Path) -> Path:
    """A run of one channel, its landuse, soils and weather built of a site's data."""
    site = tmp_path / "site"
    site_maps.write(site / "nlcd/2019.tif", [[42] * 5] * 4)
    site_maps.write(site / "ssurgo/gNATSGSO/2025.tif", [[7] * 5] * 4)
    site_maps.write_soil(site / "sol/7.sol")
    site_maps.write_station(site / "cli/near.cli", -117.0, 46.0, years=1)
    data = {"landuse": str(site), "soils": str(site), "soil_files": f"{site}/sol"}
    ctx.settings = {**ctx.settings, "data": {**data, "climate": f"{site}/cli"}}
    root = site_maps.a_run(tmp_path / "runs" / "my" / "my-run")
    for name in GROUND:
        getattr(project_rq, name)("my-run")
    return root


def test_a_trial_builds_anew_what_was_built(ctx, wd: Path, tmp_path: Path) -> None:
    """The copy has what the site's maps say now; the run itself stays."""
    site_maps.write(tmp_path / "site/nlcd/2019.tif", [[71] * 5] * 4)
    project_rq.test_run_rq("my-run")
    latest = wd.with_name("my-run-latest")
    assert Landuse.load(latest).hillslopes[22] == ["71"]
    assert (latest / "wepp/output/interchange/totalwatsed3.parquet").exists()
    assert Landuse.load(wd).hillslopes[22] == ["42"]


def test_a_trial_tells_what_the_site_lacks_by_now(ctx, wd: Path, tmp_path: Path) -> None:
    """That is what it is for."""
    (tmp_path / "site/sol/7.sol").unlink()
    with pytest.raises(NoData, match=r"lacks 7\.sol"):
        project_rq.test_run_rq("my-run")


def names(wd: Path) -> tuple[str, ...]:
    """The steps that would be done again."""
    return tuple(name for name, _ in anew.steps(wd))


def test_what_was_given_is_not_built(wd: Path) -> None:
    """An uploaded climate, documents without the tables of a build, and another program's."""
    assert names(wd) == GROUND
    (wd / "climate/own.cli").write_bytes((wd / "climate/near.cli").read_bytes())
    project_rq.upload_cli_rq("my-run", "own.cli")
    assert names(wd) == GROUND[:2]
    (wd / "soils/soils.parquet").unlink()
    assert names(wd) == GROUND[:1]
    (wd / "landuse.nodb").write_text(json.dumps({"py/object": "site.Landuse"}))
    assert names(wd) == ()


def test_terrain_is_built_from_where_it_began(wd: Path) -> None:
    """By map and outlet as they were asked for; an uploaded model is not fetched over."""
    about = MapPart(extent=(-117.1, 46.0, -117.0, 46.1), zoom=12, cell_m=30.0, source="dem.tif")
    outlet = OutletPart(asked=(-117.05, 46.02), lnglat=(-117.0501, 46.0201), row=1, column=2)
    site_maps.change(wd, Terrain, map=about, outlet=outlet)
    calls = dict(anew.steps(wd))
    assert tuple(calls) == (*TERRAIN, *GROUND)
    assert calls["fetch_dem_rq"] == ((-117.1, 46.0, -117.0, 46.1), None, 12)
    assert calls["set_outlet_rq"] == (-117.05, 46.02)
    site_maps.change(wd, Terrain, map=None, outlet=outlet.model_copy(update={"asked": None}))
    assert names(wd)[:2] == ("build_channels_rq", "find_outlet_rq")
    Watershed.path(wd).write_text(json.dumps({"py/object": "site.Watershed"}))
    assert names(wd) == GROUND
