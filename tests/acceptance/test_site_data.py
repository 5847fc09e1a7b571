"""Runs and extracts out of a site's own maps and files, through a real weppd and real pages."""

from __future__ import annotations

import tarfile
from collections import Counter
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import rasterio
from pyarrow import parquet
from rasterio import warp

from tasks.run.messenger import replay
from tasks.run.prep import RedisPrep
from tasks.run.steps import TaskEnum
from tasks.wepp.documents import Climate, Landuse, Soils
from tests.acceptance.conftest import PIPELINE
from tests.acceptance.web import Site
from tests.unit import site_maps, terrain_site
from weppd.task import LocalContext, enter

WEST, EAST = 2528943, 2528944
COVER = ((42, 42, 42, 42, 42), *((42, 42, 81, 82, 82),) * 3)


@pytest.fixture(autouse=True)
def _outside():
    """The application makes a context of its own for the process; tests leave none behind."""
    yield
    enter(None)


@pytest.fixture
def data(daemon) -> Path:
    """A site whose maps lie below a run of one channel; the directory of the data."""
    home = daemon.home / "data"
    site_maps.write(home / "nlcd/2019.tif", COVER)
    site_maps.write(home / "ssurgo/gNATSGSO/2025.tif", [[WEST] * 3 + [EAST] * 2] * 4)
    for seed, unit in enumerate((WEST, EAST)):
        site_maps.write_soil(home / f"sol/{unit}.sol", seed)
    site_maps.write_station(home / "cli/near.cli", -117.1, 46.1)
    site_maps.write_station(home / "cli/far.cli", -116.5, 46.1)
    daemon.tables["tasks"]["modules"] += ["tasks.project_rq", "tasks.land_and_soil_rq", *PIPELINE]
    daemon.tables["data"] = {
        "landuse": str(home), "soils": str(home), "soil_files": f"{home}/sol",
        "climate": f"{home}/cli", "extracts": f"{home}/extracts",
    }  # fmt: skip
    site_maps.a_run(daemon.home / "runs/my/my-run")
    return home


@pytest.fixture
def page(daemon, data: Path):
    """A browser on the site's pages, which know the daemon's settings."""
    return Site(daemon, WEPPD_CONFIG=str(daemon.config)).page


def test_a_run_is_built_from_the_sites_data_and_simulated(daemon, data: Path) -> None:
    """Landuse, soils, weather and the model, by enqueue alone, end in tables and a full ledger."""
    daemon.start()
    for step in ("build_landuse", "build_soils", "build_climate"):
        job = daemon.queue().enqueue(f"wepppy.rq.project_rq.{step}_rq", "my-run")
        assert daemon.ends(job.id)["state"] == "finished", daemon.show(job.id)
    job = daemon.queue().enqueue("tasks.wepp_rq.run_wepp_rq", "my-run", wepp_bin="hillsim")
    final = job.result(timeout=60)
    daemon.queue().fetch(final).result(timeout=120)
    run = daemon.home / "runs/my/my-run"
    output = run / "wepp/output/interchange"
    hills = parquet.read_table(output / "loss_pw0.hill.parquet").to_pylist()
    assert [row["Hillslopes"] for row in hills if row["Type"] == "Hill"] == [1, 2, 3]
    assert (run / "wepp/runs/p1.sol").read_text() != (run / "wepp/runs/p3.sol").read_text()
    assert "old forest" in (run / "wepp/runs/p2.man").read_text()
    assert "corn" in (run / "wepp/runs/p3.man").read_text()
    assert (run / "wepp/runs/p1.cli").samefile(run / "climate/near.cli")
    enter(LocalContext({"redis": {"url": daemon.url}, "run": daemon.tables["run"]}))
    done = RedisPrep(run, "my-run").timestamps_report()
    steps = ("build_landuse", "build_soils", "build_climate", "run_wepp_watershed")
    assert {str(TaskEnum[name]) for name in steps} <= set(done)


def test_who_presses_all_buttons_at_once_gets_a_run_of_what_they_built(daemon, data, page) -> None:
    """The launch waits for its turn behind the builders, and its panel says for what."""
    builders = ("build_landuse", "build_soils", "build_climate")
    press = "/runs/my-run/cfg/rq/api/{}"
    pressed = {b: page.post(press.format(b), json={}).json["job_id"] for b in builders}
    launch = page.post(press.format("run_wepp"), json={"wepp_bin": "hillsim"}).json["job_id"]
    (told,) = replay("my-run:wepp")
    waits = ", ".join(f"{name}_rq (job {jid})" for name, jid in pressed.items())
    assert told.text == f"rq:{launch} STATUS    run_wepp_rq(my-run) waits for {waits}"
    daemon.start()
    for job in (*pressed.values(), launch):
        assert daemon.ends(job, within=60)["state"] == "finished", daemon.show(job)
    final = daemon.show(launch)["children"]["jobs:6,func:_log_complete_rq"]
    assert daemon.ends(final, within=120)["state"] == "finished", daemon.ctl("tree", launch)[1]
    assert "old forest" in (daemon.home / "runs/my/my-run/wepp/runs/p2.man").read_text()


def test_a_launch_does_not_run_on_what_was_there_before_a_builder_that_failed(
    daemon, data, page
) -> None:
    """It waited for it: its one line names the builder's job, and so does its panel."""
    (data / f"sol/{EAST}.sol").unlink()
    press = "/runs/my-run/cfg/rq/api/{}"
    builder = page.post(press.format("build_soils"), json={}).json["job_id"]
    launch = page.post(press.format("run_wepp"), json={"wepp_bin": "hillsim"}).json["job_id"]
    daemon.start()
    assert daemon.ends(launch, within=60)["state"] == "failed"
    assert f"failed: see job {builder}" in daemon.show(launch)["error"]
    assert any("EXCEPTION" in each.text for each in replay("my-run:wepp"))


def test_a_launch_behind_terrain_that_cannot_be_built_says_so_on_its_panel(daemon, data) -> None:
    """It finds the chain of builders on its way and waits; the first of them fails, the second
    never begins, and the launch ends by name in place of running on what was there."""
    daemon.tables["daemon"]["slots"] = 1  # in the order of the queue
    build = "tasks.project_rq.build_subcatchments_and_abstract_watershed_rq"
    chain = daemon.queue().enqueue(build, "my-run").id
    launch = daemon.queue().enqueue("tasks.wepp_rq.run_wepp_rq", "my-run", wepp_bin="hillsim").id
    daemon.start()
    assert daemon.ends(launch, within=60)["state"] == "finished", daemon.show(launch)
    (waited,) = daemon.show(launch)["children"].values()
    ended = daemon.ends(waited, within=60)
    builders = daemon.show(chain)["children"]
    first = builders["jobs:0,func:build_subcatchments_rq"]
    states = [daemon.ends(each)["state"] for each in builders.values()]
    assert (ended["state"], states) == ("failed", ["failed", "canceled"])
    said = "build_subcatchments_rq of my-run was to be over before this launch, and failed: see job"
    assert f"{said} {first}" in ended["error"]
    enter(LocalContext({"redis": {"url": daemon.url}, "run": daemon.tables["run"]}))
    assert any("EXCEPTION" in each.text for each in replay("my-run:wepp"))


def test_a_builder_that_is_pressed_while_the_model_runs_is_built_when_that_is_over(
    daemon, data, page
) -> None:
    """Its job is over at once, with a child that waits for the last job of the model."""
    press = "/runs/my-run/cfg/rq/api/{}"
    for step in ("build_landuse", "build_soils", "build_climate"):
        page.post(press.format(step), json={})
    launch = page.post(press.format("run_wepp"), json={"wepp_bin": "hillsim"}).json["job_id"]
    builder = daemon.queue().enqueue("tasks.project_rq.build_soils_rq", "my-run").id
    daemon.start()
    shown = daemon.ends(builder, within=120)
    assert shown["state"] == "finished", shown
    (child,) = shown["children"].values()
    final = daemon.show(launch)["children"]["jobs:6,func:_log_complete_rq"]
    over = daemon.ends(final, within=120)
    built = daemon.ends(child, within=60)
    assert (over["state"], built["state"]) == ("finished", "finished"), built
    assert built["started_at"] >= over["ended_at"]


def test_a_fork_without_its_fire_runs_to_its_end(daemon, data: Path) -> None:
    """By one job of the page: the copy is built, run, and told of; the run stays as it burnt."""
    daemon.start()
    run = daemon.home / "runs/my/my-run"
    site_maps.write(run / "disturbed/sbs.tif", [[3] * 5] * 4)
    steps = ("init_sbs_map", "build_landuse", "build_soils", "build_climate")
    for step, args in zip(steps, (("sbs.tif",), (), (), ()), strict=True):
        job = daemon.queue().enqueue(f"tasks.project_rq.{step}_rq", "my-run", *args)
        assert daemon.ends(job.id)["state"] == "finished", daemon.show(job.id)
    job = daemon.queue().enqueue("tasks.project_rq.fork_rq", "my-run", "other-run", True)
    assert daemon.ends(job.id)["state"] == "finished", daemon.show(job.id)
    last = daemon.show(job.id)["children"]["jobs:9,func:_finish_fork_rq"]
    assert daemon.ends(last, within=120)["state"] == "finished", daemon.ctl("tree", job.id)[1]
    made = daemon.home / "runs/ot/other-run"
    assert (made / "wepp/output/interchange/loss_pw0.hill.parquet").exists()
    assert "old forest" in (made / "wepp/runs/p2.man").read_text()
    assert "high_fire" in (run / "landuse.nodb").read_text()


def test_from_elevations_to_tables_with_nothing_given_but_the_sites_data(daemon) -> None:
    """Terrain, landuse, soils, weather and the model, from a click on a map, by enqueue alone.

    Each hillslope grows what most of its cells are, on maps in another projection than its own.
    """
    home, run = daemon.home / "data", daemon.home / "runs/my/my-run"
    run.mkdir(parents=True)
    terrain_site.write(home / "dem.tif", terrain_site.hills())
    columns = np.arange(400) // 7
    halves = {"dtype": "int32", "nodata": 0}
    for name, one, other in (("nlcd/2019", 42, 71), ("ssurgo/gNATSGSO/2025", WEST, EAST)):
        values = np.where(columns % 2, one, other)[None, :].repeat(267, 0)
        terrain_site.write(home / f"{name}.tif", values, **halves)
    for seed, unit in enumerate((WEST, EAST)):
        site_maps.write_soil(home / f"sol/{unit}.sol", seed)
    site_maps.write_station(home / "cli/near.cli", -117.4, 46.7, years=1)
    daemon.tables["tasks"]["modules"] += ["tasks.project_rq", *PIPELINE]
    daemon.tables["data"] = {
        "dem": f"{home}/dem.tif", "landuse": str(home), "soils": str(home),
        "soil_files": f"{home}/sol", "climate": f"{home}/cli",
    }  # fmt: skip
    daemon.start()
    extent, center = list(terrain_site.EXTENT), list(terrain_site.CENTER)
    for call in (
        ("fetch_dem_and_build_channels_rq", extent, center, 12, 25, 200),
        ("set_outlet_rq", *terrain_site.OUTLET),
        ("build_subcatchments_and_abstract_watershed_rq",),
        *((f"build_{what}_rq",) for what in ("landuse", "soils", "climate")),
    ):
        job = daemon.queue().enqueue(f"tasks.project_rq.{call[0]}", "my-run", *call[1:])
        for one in (job.id, *daemon.ends(job.id, within=60)["children"].values()):
            assert daemon.ends(one, within=60)["state"] == "finished", daemon.show(one)
    job = daemon.queue().enqueue("tasks.wepp_rq.run_wepp_rq", "my-run", wepp_bin="hillsim")
    daemon.queue().fetch(job.result(timeout=60)).result(timeout=200)
    hills = parquet.read_table(run / "wepp/output/interchange/loss_pw0.hill.parquet").to_pylist()
    found = Landuse.load(run)
    assert len([row for row in hills if row["Type"] == "Hill"]) == len(found.hillslopes) > 4
    assert found.hillslopes == {
        top: [str(code)] for top, code in _walked(run, home / "nlcd/2019.tif").items()
    }
    assert {keys[0] for keys in found.hillslopes.values()} == {"42", "71"}


def _walked(run: Path, source: Path) -> dict[int, int]:
    """The class of most cells of each hillslope, looked up cell by cell."""
    with rasterio.open(run / "dem/wbt/subwta.tif") as grid, rasterio.open(source) as classes:
        ids, cells = grid.read(1), {}
        for row, column in zip(*np.nonzero((ids > 0) & (ids % 10 != 4)), strict=True):
            x, y = grid.xy(row, column)
            cells.setdefault(int(ids[row, column]), []).append((x, y))
        found = {}
        for top, places in cells.items():
            east, north = warp.transform(grid.crs, classes.crs, *zip(*places, strict=True))
            codes = [int(v[0]) for v in classes.sample(zip(east, north, strict=True))]
            found[top] = min(Counter(codes).items(), key=lambda item: (-item[1], item[0]))[0]
    return found


def test_what_the_site_lacks_is_one_line_in_the_job_and_on_the_page(daemon, data: Path) -> None:
    """The soil file, and the hillslope that wants it; the daemon carries on."""
    (data / f"sol/{EAST}.sol").unlink()
    daemon.start()
    job = daemon.queue().enqueue("tasks.project_rq.build_soils_rq", "my-run")
    error = daemon.ends(job.id)["error"]
    assert f"{data}/sol lacks {EAST}.sol (hillslope 23)" in error
    job = daemon.queue().enqueue("tasks.project_rq.build_landuse_rq", "my-run")
    assert daemon.ends(job.id)["state"] == "finished", daemon.show(job.id)


def test_a_page_builds_a_step_by_its_button(daemon, page) -> None:
    """The reply names the job; the step is done once that has finished."""
    daemon.start()
    told = page.post("/runs/my-run/cfg/rq/api/build_landuse", json={}).json
    assert told["Success"]
    assert daemon.ends(told["job_id"])["state"] == "finished", daemon.show(told["job_id"])
    assert (daemon.home / "runs/my/my-run/landuse.nodb").exists()


def test_what_a_page_sends_is_what_is_built(daemon, page, data: Path) -> None:
    """Its wishes are kept in the run's documents; what makes no sense is told, and makes no job."""
    (data / "cli/far.cli").rename(data / "cli/own.cli")
    buttons = "/runs/my-run/cfg/rq/api/build_"
    told = page.post(f"{buttons}soils", json={"initial_sat": "much"})
    assert (told.status_code, told.json["Success"]) == (200, False)
    assert "initial_saturation: Input should be a valid number" in told.json["Error"]
    told = page.post(f"{buttons}climate", json={"spatial": "everywhere"})
    assert "spatial: Input should be 'single' or 'hillslopes'" in told.json["Error"]
    assert daemon.queue().count == 0
    daemon.start()
    form = {"initial_sat": "0.4", "sol_ver": "7778.0", "ssurgo_db": ""}
    for what, sent in (("soils", form), ("climate", {"station": "own.cli"})):
        job = page.post(f"{buttons}{what}", data=sent).json["job_id"]
        assert daemon.ends(job)["state"] == "finished", daemon.show(job)
    run = daemon.home / "runs/my/my-run"
    assert Soils.load(run).initial_saturation == 0.4
    assert Climate.load(run).file == "climate/own.cli"


def test_an_extract_is_made_and_taken_along(daemon, page) -> None:
    """The page asks, follows the job, and is served the archive; one that is not there is a 404."""
    daemon.start()
    asked = {"extent": [-117.0, 46.0531, -116.9985, 46.0536]}
    job = page.post("/rq/api/landuse_and_soils", json=asked).json["job_id"]
    assert page.get(f"/rq/api/landuse_and_soils/{job}x.tar.gz").status_code == 404
    assert daemon.ends(job)["state"] == "finished", daemon.show(job)
    with page.get(f"/rq/api/landuse_and_soils/{job}.tar.gz") as told:
        assert (told.status_code, told.mimetype) == (200, "application/gzip")
        sent = BytesIO(told.data)
    with tarfile.open(fileobj=sent) as tar:
        assert f"./soils/{WEST}.sol" in tar.getnames()
    assert page.get(f"/rq/api/jobinfo/{job}").json["result"][0].endswith(f"extracts/{job}.tar.gz")


def test_an_extent_that_is_none_makes_no_job(daemon, page) -> None:
    """It is told as pages read it."""
    told = page.post("/rq/api/landuse_and_soils", json={"extent": [1, 2, 3]})
    assert (told.status_code, told.json["Success"]) == (200, False)
    assert "four numbers are wanted" in told.json["Error"]
    assert daemon.queue().count == 0


def test_the_application_decides_who_may_have_extracts(daemon, data: Path) -> None:
    """What the hook refuses is a 403, to make one and to take one along."""
    site = Site(daemon, WEPPD_CONFIG=str(daemon.config))
    site.refused |= {("run", "land_and_soil_rq"), ("look", "j1")}
    asked = {"extent": [-117.0, 46.0531, -116.9985, 46.0536]}
    assert site.page.post("/rq/api/landuse_and_soils", json=asked).status_code == 403
    assert site.page.get("/rq/api/landuse_and_soils/j1.tar.gz").status_code == 403
    assert daemon.queue().count == 0
