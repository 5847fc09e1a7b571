"""Leaves of a batch of features: from an outline to a run that is built, each step once."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tasks import batch_rq
from tasks.project.batches import BatchRunner
from tasks.run.prep import RedisPrep
from tasks.run.steps import TaskEnum
from tasks.terrain.documents import Terrain
from tasks.wepp.documents import Climate, Landuse, Soils, Watershed
from tests.unit import site_maps, terrain_site

#: Around the valleys of `terrain_site`, and an outlet in the south.
OUTLINE = [[-117.52, 46.684], [-117.48, 46.684], [-117.48, 46.715], [-117.52, 46.715]]
LEAF = "batch;;alike;;mica-1"


@pytest.fixture
def home(ctx, tmp_path: Path) -> Path:
    """A batch of one feature, whose template has wishes alone, on a site with all data."""
    site, home = tmp_path / "site", tmp_path / "batch/alike"
    dem = terrain_site.write(site / "dem.tif", terrain_site.hills())
    rows, columns = terrain_site.hills().shape
    whole = {"dtype": "int32", "nodata": 0}
    terrain_site.write(site / "own/cover.tif", np.full((rows, columns), 42), **whole)
    terrain_site.write(site / "ssurgo/gNATSGSO/2025.tif", np.full((rows, columns), 7), **whole)
    site_maps.write_soil(site / "sol/7.sol")
    site_maps.write_station(site / "cli/near.cli", -117.4, 46.7, years=1)
    data = {"dem": str(dem), "landuse": str(site), "soils": str(site)}
    data |= {"soil_files": f"{site}/sol", "climate": f"{site}/cli", "max_map_dimension_px": 1000}
    run = {"roots": [], "batch_root": str(tmp_path / "batch")}
    ctx.settings = {**ctx.settings, "data": data, "run": run}
    (home / "_base").mkdir(parents=True)
    site_maps.change(home / "_base", Landuse, nlcd_db="own/cover")
    site_maps.change(home / "_base", Terrain, csa_ha=40.0, mcl_m=200.0)
    outline(home, {"type": "MultiPolygon", "coordinates": [[[*OUTLINE, OUTLINE[0]]]]})
    document = BatchRunner(
        geojson="resources/one.geojson",
        runid_template="{slug(NAME)}-{index}",
        run_directives={TaskEnum.run_wepp_hillslopes: False},
    )
    document.path(home).write_text(document.dump())
    return home


def outline(home: Path, geometry: object) -> None:
    """Have the batch's one feature be this."""
    feature = {"type": "Feature", "properties": {"NAME": "Mica"}, "geometry": geometry}
    path = home / "resources/one.geojson"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))


def test_an_outline_becomes_a_run_that_is_built(ctx, home: Path) -> None:
    """Terrain by the template's wishes, landuse of the map that it names, soils, weather."""
    assert batch_rq.run_batch_watershed_rq("alike", "mica-1")[0] is True, ctx.messages[-3:]
    leaf = home / "runs/mica-1"
    tops = {part.topaz_id for part in Watershed.load(leaf).hillslopes}
    assert len(tops) > 2
    assert Terrain.load(leaf).csa_ha == 40.0
    assert Landuse.load(leaf).hillslopes == {top: ["42"] for top in tops}
    assert Soils.load(leaf).hillslopes == {top: ["7"] for top in tops}
    assert Climate.load(leaf).file == "climate/near.cli"
    done = set(RedisPrep(leaf, LEAF).timestamps_report())
    assert {"find_outlet", "abstract_watershed", "build_landuse", "build_climate"} <= done


def test_what_is_done_is_not_done_again(ctx, home: Path, tmp_path: Path) -> None:
    """Not even where its data are gone by then; what failed is."""
    soil = tmp_path / "site/sol/7.sol"
    soil.rename(tmp_path / "away.sol")
    assert batch_rq.run_batch_watershed_rq("alike", "mica-1")[0] is False
    told = json.loads((home / "runs/mica-1/run_metadata.json").read_text())
    assert "lacks 7.sol" in told["error"]["message"]
    (tmp_path / "away.sol").rename(soil)
    (tmp_path / "site/dem.tif").unlink()
    (tmp_path / "site/own/cover.tif").unlink()
    assert batch_rq.run_batch_watershed_rq("alike", "mica-1")[0] is True, ctx.messages[-3:]
    assert Soils.load(home / "runs/mica-1").hillslopes


def test_a_feature_without_places_is_told(ctx, home: Path) -> None:
    """Its run fails by that, and no other does."""
    outline(home, {"type": "Polygon", "coordinates": []})
    assert batch_rq.run_batch_watershed_rq("alike", "mica-1")[0] is False
    told = json.loads((home / "runs/mica-1/run_metadata.json").read_text())
    assert "outline has no places" in told["error"]["message"]
