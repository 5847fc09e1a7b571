"""From a page's map to an abstracted watershed, by the tasks that production calls."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import rasterio
from pyarrow import parquet
from rasterio.crs import CRS
from rasterio.shutil import copy
from rasterio.transform import from_origin

from tasks import project_rq
from tasks.data.places import NoData
from tasks.project import ground
from tasks.run import locks, underway
from tasks.run.directory import NotPrepared, ReadOnlyRun, RunDirectory
from tasks.run.foreign import ForeignDocument
from tasks.run.locks import NoDbAlreadyLockedError, locked
from tasks.run.nodb import BrokenDocument
from tasks.run.prep import RedisPrep
from tasks.terrain import BadTerrain
from tasks.terrain.documents import Terrain
from tasks.wepp import dispatch, loss_grid
from tasks.wepp.documents import Watershed
from tasks.wepp.files import grid, profiles, slope
from tasks.wepp.prep.given import Given
from tasks.wepp.prep.network import feeds
from tests.unit import terrain_site as site

RUN = "my-run"
CSA, MCL = 8.0, 100.0


@pytest.fixture
def wd(ctx, tmp_path: Path) -> Path:
    """A run without anything, on a site with elevations."""
    path = site.write(tmp_path / "site/dem.tif", site.hills())
    ctx.settings = {**ctx.settings, "data": {"dem": str(path)}}
    root = tmp_path / "runs" / "my" / RUN
    root.mkdir(parents=True)
    return root


def channels_built(**given) -> None:
    project_rq.fetch_dem_rq(RUN, site.EXTENT, site.CENTER, 12)
    project_rq.build_channels_rq(RUN, **{"csa": CSA, "mcl": MCL, **given})


def abstracted(updates: dict | None = None) -> None:
    channels_built()
    project_rq.set_outlet_rq(RUN, *site.OUTLET)
    project_rq.build_subcatchments_rq(RUN, updates)
    project_rq.abstract_watershed_rq(RUN)


def stamps(wd: Path) -> list[str]:
    return list(RedisPrep(wd, RUN).timestamps_report())


def raster(wd: Path, name: str) -> np.ndarray:
    with rasterio.open(wd / "dem/wbt" / f"{name}.tif") as found:
        return found.read(1)


def test_a_map_is_fetched_into_the_utm_zone_of_its_centre(ctx, wd: Path):
    """Cells of 30 m at zoom 12, of 10 m at 13; elevations are those of the site there."""
    project_rq.fetch_dem_rq(RUN, site.EXTENT, site.CENTER, 12)
    with rasterio.open(wd / "dem/dem.tif") as dem:
        assert (dem.crs, dem.transform.a, dem.transform.e) == (CRS.from_epsg(32611), 30.0, -30.0)
        values = dem.read(1, masked=True)
    assert not values.mask.any()
    assert values.min() > site.hills().min() - 1.0
    project_rq.fetch_dem_rq(RUN, site.EXTENT, None, 13)
    with rasterio.open(wd / "dem/dem.tif") as dem:
        assert dem.transform.a == 10.0
    assert Terrain.load(wd).map.cell_m == 10.0
    assert stamps(wd) == ["fetch_dem"]
    assert ctx.words() == ["STARTED", "COMPLETED"] * 2


def test_the_site_s_elevations_may_be_a_vrt_and_a_run_s_may_not(ctx, wd: Path, tmp_path: Path):
    """The same map from both; what somebody uploaded is read only if it is whole in itself."""
    STEPS["fetch"]()
    whole = (wd / "dem/dem.tif").read_bytes()
    vrt = tmp_path / "site/dem.vrt"
    copy(tmp_path / "site/dem.tif", vrt, driver="VRT")
    ctx.settings = {**ctx.settings, "data": {"dem": str(vrt)}}
    STEPS["fetch"]()
    assert (wd / "dem/dem.tif").read_bytes() == whole
    (wd / "dem/dem.tif").write_bytes(vrt.read_bytes())
    with pytest.raises(NoData, match="is no GeoTIFF"):
        STEPS["channels"]()
    (wd / "dem/dem.tif").write_bytes(whole[: len(whole) // 3])
    with pytest.raises(NoData, match=r"dem\.tif cannot be read as a raster"):
        STEPS["channels"]()


def test_the_steps_tell_their_panels_and_the_ledger(ctx, wd: Path):
    """Each by its own panel and event, stamped before the page is told to look."""
    abstracted()
    triggers = [(ch, text.split()[-1]) for ch, text in ctx.messages if " TRIGGER " in text]
    assert triggers == [
        ("my-run:channel_delineation", "BUILD_CHANNELS_TASK_COMPLETED"),
        ("my-run:outlet", "SET_OUTLET_TASK_COMPLETED"),
        ("my-run:subcatchment_delineation", "BUILD_SUBCATCHMENTS_TASK_COMPLETED"),
        ("my-run:subcatchment_delineation", "WATERSHED_ABSTRACTION_TASK_COMPLETED"),
    ]
    assert stamps(wd) == [
        *("fetch_dem", "build_channels", "set_outlet", "build_subcatchments"),
        "abstract_watershed",
    ]


def test_a_watershed_is_what_wepp_is_run_from(ctx, wd: Path):
    """Its document numbers and joins; slope files are read; areas are those of the cells."""
    abstracted()
    given = Given(RunDirectory(wd))
    ids = raster(wd, "subwta")
    assert sorted(given.ids.hillslopes + given.ids.channels) == np.unique(ids[ids > 0]).tolist()
    structure = feeds(given)
    assert structure.channels[-1].channels != (0, 0, 0)
    for part in given.watershed.hillslopes:
        profile = slope.read(wd / part.slope_file)
        (element,) = profile.elements
        assert profile.version == 97.3
        area = np.count_nonzero(ids == part.topaz_id) * 900.0
        assert element.length * profile.width == pytest.approx(area, rel=1e-6)
    rivers = slope.read(wd / given.watershed.channel_slopes)
    assert len(rivers.elements) == given.ids.chn_n
    assert {element.width for element in rivers.elements} == {0.305}
    below = {c.topaz_id: c.downstream for c in given.watershed.channels}
    lines = (wd / "watershed/network.txt").read_text().splitlines()
    joined = {
        int(up): int(line.split("|")[0]) for line in lines for up in line.split("|")[1].split(",")
    }
    assert joined == {top: down for top, down in below.items() if down}


def test_tables_have_a_row_for_each_part(ctx, wd: Path):
    """With places in degrees, which lie in the map, and areas in square metres."""
    abstracted()
    rows = parquet.read_table(wd / "watershed/hillslopes.parquet").to_pylist()
    ids = raster(wd, "subwta")
    assert sum(row["area"] for row in rows) == np.count_nonzero((ids > 0) & (ids % 10 != 4)) * 900
    west, south, east, north = site.EXTENT
    assert all(west < row["centroid_lon"] < east for row in rows)
    assert all(south < row["centroid_lat"] < north for row in rows)
    rivers = parquet.read_table(wd / "watershed/channels.parquet").to_pylist()
    assert (rivers[-1]["topaz_id"], rivers[-1]["downstream"]) == (24, 0)
    assert rivers[-1]["areaup"] == np.count_nonzero(ids) * 900
    assert not (wd / "watershed/flowpaths.parquet").exists()


def test_rasters_are_of_one_grid_and_agree(ctx, wd: Path):
    """The bound is where ids are; distances are 0 on channels alone; sources are fed by none."""
    abstracted()
    ids, away = raster(wd, "subwta"), raster(wd, "discha")
    assert np.array_equal(raster(wd, "bound") == 1, ids > 0)
    assert np.array_equal(away == 0.0, (ids > 0) & (ids % 10 == 4))
    assert ((away > 0.0) == ((ids > 0) & (ids % 10 != 4))).all()
    into = raster(wd, "chnjnt")
    assert np.array_equal(into < 255, (ids > 0) & (ids % 10 == 4))
    assert set(np.unique(raster(wd, "flovec"))) <= {1, 2, 4, 8, 16, 32, 64, 128}
    where = Watershed.load(wd)
    of, distance = grid.read(wd / where.subcatchments), grid.read(wd / where.distance_to_channel)
    laid = loss_grid.laid(
        of.values, distance.values, lambda top: (np.array([0.0, 1.0]), np.array([1.0, 1.0])), {22}
    )
    assert np.array_equal(np.isfinite(laid), ids == 22)


def test_shapes_are_of_all_parts_and_in_degrees_too(ctx, wd: Path):
    """GeoJSON for the page's map, with TOPAZ and WEPP ids."""
    abstracted()
    ids = raster(wd, "subwta")
    for name in ("subcatchments", "channels"):
        for form in (".geojson", ".WGS.geojson"):
            found = json.loads((wd / "dem/wbt" / f"{name}{form}").read_text())["features"]
            tops = [feature["properties"]["TopazID"] for feature in found]
            river = name == "channels"
            assert tops == [t for t in np.unique(ids[ids > 0]) if (t % 10 == 4) == river]
    point = found[0]["geometry"]["coordinates"][0][0][0]
    assert site.WEST < point[0] < site.EAST
    assert site.SOUTH < point[1] < site.NORTH


def test_the_same_map_gives_the_same_bytes(ctx, wd: Path):
    """All files of terrain, run twice."""

    def digests() -> dict[str, str]:
        files = (p for name in ("dem", "watershed") for p in (wd / name).rglob("*") if p.is_file())
        documents = (wd / "watershed.nodb", wd / "terrain.nodb")
        return {
            str(p): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted([*files, *documents])
        }

    abstracted({"walk_flowpaths": True})
    first = digests()
    abstracted({"walk_flowpaths": True})
    assert digests() == first
    assert len(first) > 20
    assert any(name.endswith("watershed.png") for name in first)


def test_options_clip_walk_and_widen(ctx, wd: Path):
    """No hillslope is longer than asked; flowpaths are collected; wider rivers drain more."""
    abstracted(
        {
            "clip_hillslopes": True, "clip_hillslope_length": 200.0, "walk_flowpaths": True,
            "bieger2015_widths": True, "mofe_buffer": False,
        }
    )  # fmt: skip
    watershed = Watershed.load(wd)
    lengths = [slope.read(wd / part.slope_file).elements[0].length for part in watershed.hillslopes]
    assert max(lengths) == 200.0
    rivers = slope.read(wd / watershed.channel_slopes).elements
    assert max(rivers, key=lambda river: river.width) == rivers[-1]
    area_km2 = np.count_nonzero(raster(wd, "subwta")) * 900.0 / 1e6
    assert rivers[-1].width == pytest.approx(2.7 * area_km2**0.352, abs=1e-3)
    part = watershed.flowpaths[0]
    texts = profiles.read(wd / part.slope_file)
    assert slope.parse(texts[part.name]).width == 30.0
    table = parquet.read_table(wd / "watershed/flowpaths.parquet")
    assert table.num_rows == len(watershed.flowpaths)


@pytest.mark.parametrize("way", ["fill", "breach", "breach_least_cost"])
def test_depressions_are_filled_or_breached(ctx, wd: Path, way: str):
    """Filling raises, breaching everything lowers; what was asked for is kept."""
    channels_built(wbt_fill_or_breach=way, wbt_blc_dist=300)
    with rasterio.open(wd / "dem/dem.tif") as dem:
        change = raster(wd, "relief") - dem.read(1)
    assert way != "fill" or change.min() >= 0.0
    assert way != "breach" or change.max() <= 0.0
    assert Terrain.load(wd).fill_or_breach == way


def test_an_uploaded_model_is_used_as_it_is(ctx, wd: Path):
    """With extent mode 3 only the channels are built, of the file that lies there."""
    project_rq.fetch_dem_rq(RUN, site.EXTENT, site.CENTER, 12)
    project_rq.fetch_dem_and_build_channels_rq(
        RUN, None, None, None, CSA, MCL, "fill", 400, set_extent_mode=3
    )
    (child,) = ctx.children
    assert (child["label"], child["depends_on"]) == ("jobs:0,func:build_channels_rq", [])
    utm = {"crs": CRS.from_epsg(32611), "transform": from_origin(5e5, 5.2e6, 20.0, 20.0)}
    dem = site.write(wd / "dem/dem.tif", site.hills(), **utm)
    assert Terrain.load(wd).map is None
    before = dem.read_bytes()
    project_rq.build_channels_rq(RUN, CSA, MCL, "fill", 400)
    assert dem.read_bytes() == before
    assert raster(wd, "netful").any()


def test_dispatchers_enqueue_their_children_in_order(ctx, wd: Path):
    """Each behind the one before, under production's keys, with its steps not done."""
    prep = RedisPrep(wd, RUN)
    for step in ("fetch_dem", "build_channels", "build_subcatchments", "abstract_watershed"):
        prep.timestamp(project_rq.TaskEnum(step))
    last = project_rq.fetch_dem_and_build_channels_rq(
        RUN, list(site.EXTENT), list(site.CENTER), 12, CSA, MCL, "fill", 400, 0, "text", None
    )
    project_rq.build_subcatchments_and_abstract_watershed_rq(RUN, {"clip_hillslopes": True})
    told = [(c["function"], c["label"], c["depends_on"], c["timeout"]) for c in ctx.children]
    assert told == [
        ("tasks.project_rq.fetch_dem_rq", "jobs:0,func:fetch_dem_rq", [], 43_200),
        (
            "tasks.project_rq.build_channels_rq",
            "jobs:1,func:build_channels_rq",
            ["child-1"],
            43_200,
        ),
        (
            "tasks.project_rq.build_subcatchments_rq",
            "jobs:0,func:build_subcatchments_rq",
            [],
            43_200,
        ),
        (
            "tasks.project_rq.abstract_watershed_rq",
            "jobs:1,func:abstract_watershed_rq",
            ["child-3"],
            43_200,
        ),
    ]
    assert last == "child-2"
    assert stamps(wd) == []
    assert prep.get_rq_job_id(underway.CHAIN) == "child-4"


def test_a_step_undoes_what_comes_behind_it(ctx, wd: Path):
    """New channels leave no outlet, no subcatchments and no watershed for WEPP."""
    abstracted()
    project_rq.build_channels_rq(RUN, csa=CSA * 2, mcl=MCL)
    assert stamps(wd) == ["fetch_dem", "build_channels"]
    assert Terrain.load(wd).outlet is None
    assert not (wd / "dem/wbt/subwta.tif").exists()
    with pytest.raises(BrokenDocument, match="it has no hillslopes"):
        _ = Given(RunDirectory(wd)).watershed
    with pytest.raises(NotPrepared, match="has no outlet: set the outlet first"):
        project_rq.build_subcatchments_rq(RUN)


def test_a_batch_finds_the_outlet_of_its_polygon(ctx, wd: Path):
    """Of the polygon of a watershed, the outlet is the one that made it."""
    abstracted()
    whole = json.loads((wd / "dem/wbt/subcatchments.WGS.geojson").read_text())["features"]
    rings = [part for feature in whole for part in feature["geometry"]["coordinates"]]
    asked = Terrain.load(wd).outlet
    polygon = {"type": "MultiPolygon", "coordinates": rings}
    feature = {"type": "Feature", "properties": {}, "geometry": polygon}
    (wd / "dem/target_watershed.geojson").write_text(json.dumps(feature))
    project_rq.find_outlet_rq(RUN)
    found = Terrain.load(wd).outlet
    assert (found.row, found.column) == (asked.row, asked.column)
    assert "find_outlet" in stamps(wd)


STEPS = {
    "fetch": lambda: project_rq.fetch_dem_rq(RUN, site.EXTENT, site.CENTER, 12),
    "channels": lambda: project_rq.build_channels_rq(RUN, CSA, MCL),
    "outlet": lambda: project_rq.set_outlet_rq(RUN, *site.OUTLET),
    "find": lambda: project_rq.find_outlet_rq(RUN),
    "subcatchments": lambda: project_rq.build_subcatchments_rq(RUN),
    "abstract": lambda: project_rq.abstract_watershed_rq(RUN),
}


@pytest.mark.parametrize(
    ("step", "says"),
    [
        ("channels", r"dem\.tif does not exist: fetch the elevation model, or upload one, first"),
        ("outlet", r"flovec\.tif does not exist: build the channels first"),
        ("find", r"target_watershed\.geojson does not exist"),
        ("subcatchments", r"flovec\.tif does not exist: build the channels first"),
        ("abstract", r"subwta\.tif does not exist: build the subcatchments first"),
    ],
)
def test_steps_out_of_order_name_the_one_that_is_missing(ctx, wd: Path, step: str, says: str):
    """One line to the job, the panel and the log; the step is not done."""
    with pytest.raises(NotPrepared, match=says) as error:
        STEPS[step]()
    assert "\n" not in str(error.value)
    assert ctx.words() == ["STARTED", "EXCEPTION", "EXCEPTION_JSON"]
    assert any(str(error.value) in text for _, text, _ in ctx.lines)
    assert stamps(wd) == []


def test_no_model_begins_while_terrain_is_changed(ctx, wd: Path, monkeypatch):
    """A run that is launched meanwhile is refused, and names who holds it."""
    from tasks.terrain import abstraction

    abstracted()

    def launched(root: Path) -> None:
        run = RunDirectory(root)
        with pytest.raises(NoDbAlreadyLockedError, match="runtime-paths/wepp of my-run is locked"):
            dispatch.refuse(RUN, run)
        raise BadTerrain("it was tried")

    monkeypatch.setattr(abstraction, "abstract", launched)
    with pytest.raises(BadTerrain, match="it was tried"):
        STEPS["abstract"]()


def test_a_launch_that_is_not_over_yet_is_waited_for(ctx, wd: Path, monkeypatch):
    """In its middle nobody can tell whether a model will run: neither begins before the other."""
    monkeypatch.setattr(dispatch, "_PATIENCE_S", 0.0)
    with (
        locked(RUN, dispatch.LAUNCH),
        pytest.raises(NoDbAlreadyLockedError, match="wepp-launch of my-run is locked"),
    ):
        STEPS["fetch"]()
    assert locks.lock_statuses(RUN) == {}


@pytest.mark.parametrize("step", STEPS)
def test_a_run_that_is_not_to_be_changed_is_left_alone(ctx, wd: Path, step: str):
    """Marked READONLY, being changed by another job, or WEPPcloud's own."""
    with locked(RUN, ground.CHANGING), pytest.raises(NoDbAlreadyLockedError, match="locked by"):
        STEPS[step]()
    (wd / "READONLY").touch()
    with pytest.raises(ReadOnlyRun, match="is marked READONLY"):
        STEPS[step]()
    assert sorted(path.name for path in wd.iterdir()) == ["READONLY", "redisprep.dump"]


def test_a_watershed_of_another_program_is_not_written_over(ctx, wd: Path):
    """A document of jsonpickle's is read by WEPP's tasks, and stays what it is."""
    theirs = json.dumps({"py/object": "wepppy.nodb.Watershed"})
    (wd / "watershed.nodb").write_text(theirs)
    with pytest.raises(ForeignDocument, match="never written over"):
        STEPS["fetch"]()
    assert (wd / "watershed.nodb").read_text() == theirs
    assert not (wd / "dem/dem.tif").exists()


@pytest.mark.parametrize(
    ("extent", "zoom", "says"),
    [
        ((-117.48, 46.68, -117.52, 46.72), 12, "west must be below east"),
        ((-117.52, 46.72, -117.48, 46.68), 12, "south below north"),
        ((-117.52, 46.68, -117.48), 12, "give west, south, east, north"),
        ((-117.52, 46.68, -117.48, float("nan")), 12, "south below north"),
        (("a", 46.68, -117.48, 46.72), 12, "give west, south, east, north"),
        (site.EXTENT, 99, "zoom 99: it is from 0 to 24"),
        ((10.0, 46.68, 10.04, 46.72), 12, "has no elevation there: the map lies outside"),
        ((-120.0, 45.0, -115.0, 49.0), 12, r"max_map_dimension_px allows 4096 each way"),
    ],
)
def test_maps_that_cannot_be_are_told(ctx, wd: Path, extent, zoom, says: str):
    """One line for bounds, zooms, places without data, and too many cells."""
    with pytest.raises(BadTerrain, match=says) as error:
        project_rq.fetch_dem_rq(RUN, extent, site.CENTER, zoom)
    assert "\n" not in str(error.value)
    assert not (wd / "dem/dem.tif").exists()


def test_the_sea_and_a_site_without_elevations_are_told(ctx, wd: Path, tmp_path: Path):
    """A raster of one height; one without a projection; none."""
    path = site.write(tmp_path / "sea.tif", np.zeros_like(site.hills()))
    ctx.settings = {**ctx.settings, "data": {"dem": str(path)}}
    with pytest.raises(BadTerrain, match="all of the map lies at 0 m, as the sea does"):
        STEPS["fetch"]()
    site.write(path, site.hills(), crs=None)
    with pytest.raises(NoData, match="has no projection"):
        STEPS["fetch"]()
    ctx.settings = {**ctx.settings, "data": {}}
    with pytest.raises(NoData, match=r"\[data\] dem is not set"):
        STEPS["fetch"]()


@pytest.mark.parametrize(
    ("about", "says"),
    [
        ({}, "no projection in metres: warp it to UTM"),
        ({"crs": CRS.from_epsg(2285)}, "no projection in metres"),
        (
            {"crs": CRS.from_epsg(32611), "transform": from_origin(5e5, 5.2e6, 30.0, 20.0)},
            "no squares to the north",
        ),
    ],
)
def test_an_uploaded_model_that_does_not_do_is_told(ctx, wd: Path, about, says: str):
    """In degrees, in feet, or of cells that are no squares."""
    site.write(wd / "dem/dem.tif", site.hills(), **about)
    with pytest.raises(BadTerrain, match=says):
        STEPS["channels"]()


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ((-117.0, 46.7), "lies outside the map"),
        ((-117.5195, 46.7195), "the nearest channel is .* m away, and 500 m may be"),
        (("here", 46.7), "give degrees"),
        ((float("nan"), 46.7), "lies outside the map"),
        ((-27.0, 0.0), "lies outside the map"),
    ],
)
def test_an_outlet_is_near_a_channel(ctx, wd: Path, place, says: str):
    """What is outside of the map or far from water is no outlet; a near click is moved onto it."""
    channels_built(csa=60.0)
    with pytest.raises(BadTerrain, match=says):
        project_rq.set_outlet_rq(RUN, *place)
    project_rq.set_outlet_rq(RUN, site.OUTLET[0] + 0.002, site.OUTLET[1])
    outlet = Terrain.load(wd).outlet
    assert outlet.asked != outlet.lnglat
    assert raster(wd, "netful")[outlet.row, outlet.column] == 1


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"csa": 1e6}, "no channel at a critical source area"),
        ({"csa": -1.0}, "csa_ha: -1.0: Input should be greater than 0"),
        ({"csa": "much"}, "csa_ha: 'much'"),
        ({"mcl": 1e6}, "a minimum length of 1e\\+06 m"),
        ({"wbt_fill_or_breach": "topaz"}, "'breach' or 'breach_least_cost'"),
    ],
)
def test_channels_that_cannot_be_are_told(ctx, wd: Path, given, says: str):
    """Numbers out of range, a way that is not there, thresholds that nothing reaches."""
    with pytest.raises(BadTerrain, match=says) as error:
        channels_built(**given)
    assert "\n" not in str(error.value)


def test_a_watershed_that_the_map_cuts_off_is_told(ctx, wd: Path):
    """On a smaller map the same outlet has a watershed that goes on beyond it; uploaded, it may."""
    west, south, east, north = site.EXTENT
    project_rq.fetch_dem_rq(RUN, (west, south, east, north - 0.01), None, 12)
    project_rq.build_channels_rq(RUN, CSA, MCL)
    project_rq.set_outlet_rq(RUN, *site.OUTLET)
    with pytest.raises(BadTerrain, match=r"reaches the border of the map with .* a larger map"):
        project_rq.build_subcatchments_rq(RUN)
    with Terrain.locked(wd) as document:
        document.map = None
    project_rq.build_subcatchments_rq(RUN)
    assert "build_subcatchments" in stamps(wd)


def test_options_that_are_not_here_are_refused(ctx, wd: Path):
    """Hillslopes of several elements are not made; nothing is silently left out."""
    channels_built()
    project_rq.set_outlet_rq(RUN, *site.OUTLET)
    with pytest.raises(BadTerrain, match="mofe_buffer: no such option here"):
        project_rq.build_subcatchments_rq(RUN, {"mofe_buffer": True})


@pytest.mark.parametrize(
    ("found", "says"),
    [
        ({"type": "Polygon", "coordinates": [[(-27, 0), (-26, 0), (-26, 1), (-27, 0)]]}, "outside"),
        ({"type": "Point", "coordinates": [-117.5, 46.7]}, "has a Point"),
        ({"type": "FeatureCollection", "features": []}, "no GeoJSON with a polygon"),
        ([1], "no GeoJSON with a polygon"),
    ],
)
def test_a_polygon_that_does_not_do_is_told(ctx, wd: Path, found, says: str):
    """Elsewhere, no polygon, nothing in it."""
    channels_built()
    (wd / "dem/target_watershed.geojson").write_text(json.dumps(found))
    with pytest.raises(BadTerrain, match=says):
        project_rq.find_outlet_rq(RUN)
