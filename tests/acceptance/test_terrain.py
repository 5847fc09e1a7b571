"""From a click on a map to tables, through a real weppd and the buttons of the pages."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from pyarrow import parquet

from tasks.run.atomic import replace_text
from tasks.run.prep import RedisPrep
from tasks.wepp.documents import Climate, CoverChoice, Landuse, Soils, Watershed
from tasks.wepp.files import climate, soil
from tasks.wepp.prep.covers import LIBRARY
from tasks.wepp.samples import hillslopes as sample
from tasks.wepp.samples import weather
from tests.acceptance.conftest import PIPELINE
from tests.acceptance.web import Site
from tests.unit import terrain_site as site
from weppd.task import LocalContext, enter

RUN = "/runs/my-run/disturbed9002/rq/api/"
COVER = "old_forest"
MAP = {
    "map_center": list(site.CENTER), "map_zoom": 12, "map_bounds": list(site.EXTENT),
    "csa": 25, "mcl": 200, "wbt_fill_or_breach": "breach_least_cost", "wbt_blc_dist": 300,
    "set_extent_mode": 0, "map_bounds_text": "",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _outside():
    """The application makes a context of its own for the process; tests leave none behind."""
    yield
    enter(None)


@pytest.fixture
def run(daemon) -> Path:
    """An empty run on a site with elevations; weppd is at work."""
    dem = site.write(daemon.home / "data/dem.tif", site.hills())
    daemon.tables["tasks"]["modules"] += ["tasks.project_rq", *PIPELINE]
    daemon.tables["data"] = {"dem": str(dem)}
    root = daemon.home / "runs/my/my-run"
    root.mkdir(parents=True)
    daemon.start()
    return root


@pytest.fixture
def page(daemon, run: Path):
    """A browser on the site's pages."""
    return Site(daemon, WEPPD_CONFIG=str(daemon.config)).page


def pressed(daemon, page, action: str, **sent: object) -> dict:
    """The job of a button, ended; with those below it, of which the last is its result."""
    told = page.post(RUN + action, json=sent).json
    assert told["Success"], told
    shown = daemon.ends(told["job_id"], within=60)
    for child in shown["children"].values():
        daemon.ends(child, within=60)
    return daemon.show(told["job_id"])


def ground(root: Path) -> None:
    """Forest, loam and two years of weather everywhere on the watershed that was delineated."""
    tops = [part.topaz_id for part in Watershed.load(root).hillslopes]
    covers = {
        "forest": CoverChoice(cover=COVER),
        "channels": CoverChoice(cover="low_severity_fire"),
    }
    keep = lambda document: replace_text(document.path(root), document.dump())  # noqa: E731
    keep(Landuse(covers=covers, hillslopes={t: ["forest"] for t in tops}, channels="channels"))
    loam = sample.soil_of(LIBRARY[COVER], sample.GROUNDS[0], random.Random("loam"))
    for name, text in (
        ("soils/loam.sol", soil.dump(loam)),
        ("climate/ridge.cli", climate.dump(weather.generate(weather.RIDGE, 2, 1))),
    ):
        (root / name).parent.mkdir(exist_ok=True)
        replace_text(root / name, text)
    keep(Soils(soils={"loam": "soils/loam.sol"}, hillslopes={t: ["loam"] for t in tops}))
    keep(Climate(file="climate/ridge.cli"))


def test_a_map_becomes_a_watershed_and_the_watershed_tables(daemon, page, run: Path) -> None:
    """Three buttons of the page, then the model, end in a row for each hillslope and channel."""
    shown = pressed(daemon, page, "fetch_dem_and_build_channels", **MAP)
    assert list(shown["children"]) == [
        "jobs:0,func:fetch_dem_rq",
        "jobs:1,func:build_channels_rq",
    ]
    place = {"longitude": site.OUTLET[0], "latitude": site.OUTLET[1]}
    assert pressed(daemon, page, "set_outlet", **place)["state"] == "finished"
    options = {"clip_hillslopes": True, "clip_hillslope_length": 300}
    pressed(daemon, page, "build_subcatchments_and_abstract_watershed", **options)
    ground(run)
    job = daemon.queue().enqueue("tasks.wepp_rq.run_wepp_rq", "my-run", wepp_bin="hillsim")
    final = job.result(timeout=60)
    daemon.queue().fetch(final).result(timeout=200)
    numbers = Watershed.load(run).numbering()
    output = run / "wepp/output/interchange"
    hills = parquet.read_table(output / "loss_pw0.hill.parquet").to_pylist()
    told = [row["Hillslopes"] for row in hills if row["Type"] == "Hill"]
    assert told == list(range(1, numbers.sub_n + 1))
    table = parquet.read_table(run / "watershed/hillslopes.parquet").to_pylist()
    area = {row["wepp_id"]: row["area"] for row in table}
    passed = parquet.read_table(output / "H.pass.parquet").to_pylist()
    assert {row["wepp_id"] for row in passed} == set(area)
    assert (run / "wepp/plots/loss.asc").is_file()
    enter(LocalContext({"redis": {"url": daemon.url}, "run": daemon.tables["run"]}))
    prep = RedisPrep(run, "my-run")
    done = list(prep.timestamps_report())
    assert done[:5] == [
        *("fetch_dem", "build_channels", "set_outlet", "build_subcatchments"),
        "abstract_watershed",
    ]
    assert "run_wepp_watershed" in done
    assert prep.get_rq_job_id("set_outlet_rq")


def test_presses_in_one_breath_are_one_job_for_each_wish(daemon, page, run: Path) -> None:
    """The same place twice is one job; another is one more; and the first again comes last."""
    assert daemon.ctl("drain")[0] == 0
    here, there = ({"longitude": -117.4998, "latitude": north} for north in (46.684, 46.69))
    jobs = [page.post(RUN + "set_outlet", json=sent).json for sent in (here, here, there, here)]
    first, again, other, last = (told["job_id"] for told in jobs)
    assert first == again
    assert len({first, other, last}) == 3


def test_a_step_too_early_is_one_line_in_the_job_and_on_the_page(daemon, page, run: Path) -> None:
    """The step that is missing, by its file; what waits for it is canceled with the reason."""
    shown = pressed(daemon, page, "build_subcatchments_and_abstract_watershed")
    first, second = (daemon.show(child) for child in shown["children"].values())
    assert (first["state"], second["state"]) == ("failed", "canceled")
    assert "flovec.tif does not exist: build the channels first" in first["error"]
    assert "\n" not in first["error"]
    panel = page.get(RUN + "status/subcatchment_delineation")
    heard = b""
    for chunk in panel.response:
        heard += chunk if isinstance(chunk, bytes) else chunk.encode()
        if b"EXCEPTION_JSON" in heard:
            break
    panel.close()
    assert b"build the channels first" in heard
    assert b"build the channels first" in (run / "rq.log").read_bytes()


def test_the_readme_s_calls_are_understood(daemon, run: Path) -> None:
    """Lists and negative degrees on weppdctl's command line."""
    call = ("enqueue", "--wait", "tasks.project_rq.set_outlet_rq", "my-run", "--", "-117.4998")
    code, out, err = daemon.ctl(*call, "46.684")
    assert code == 1
    assert "build the channels first" in out + err
    extent, center = "[-117.52, 46.68, -117.48, 46.72]", "[-117.5, 46.7]"
    both = "tasks.project_rq.fetch_dem_and_build_channels_rq"
    code, out, err = daemon.ctl("enqueue", "--json", both, "my-run", extent, center, "12")
    assert code == 0, err
    for child in daemon.ends(json.loads(out)["id"])["children"].values():
        assert daemon.ends(child, within=60)["state"] == "finished"


@pytest.mark.parametrize(
    ("action", "sent", "says"),
    [
        ("set_outlet", {"latitude": 46.7}, "longitude: give a number of degrees"),
        ("set_outlet", {"coordinates": [1]}, "coordinates [1]: give 2 numbers"),
        ("fetch_dem_and_build_channels", {**MAP, "map_bounds": "1,2,x,4"}, "map_bounds 'x'"),
        ("fetch_dem_and_build_channels", {**MAP, "csa": "much"}, "csa 'much': give a number"),
        ("fetch_dem_and_build_channels", {"set_extent_mode": 1}, "map_bounds_text None: give 4"),
    ],
)
def test_what_makes_no_sense_makes_no_job(daemon, page, action: str, sent, says: str) -> None:
    """The page is told which field, and the ledger stays as it was."""
    told = page.post(RUN + action, json=sent).json
    assert told["Success"] is False
    assert says in told["Error"]
