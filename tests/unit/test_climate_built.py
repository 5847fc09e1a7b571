"""Weather from a site's stations: the nearest one's, and how far it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyarrow import parquet

from tasks import project_rq
from tasks.climate import stations
from tasks.climate.stations import distance_km
from tasks.data.places import NoData
from tasks.run.prep import RedisPrep
from tasks.run.steps import TaskEnum
from tasks.wepp.documents import Climate, Wepp
from tasks.wepp.files.errors import FormatError
from tests.unit import site_maps


@pytest.fixture
def wd(ctx, tmp_path: Path) -> Path:
    """A run at 46.05 north, 117.00 west, on a site with two stations near it and one in folders."""
    site = tmp_path / "cli"
    site_maps.write_station(site / "near.cli", -117.1, 46.1, years=3)
    site_maps.write_station(site / "or/far.cli", -117.5, 45.6)
    site_maps.write_station(site / "z.cli", -116.0, 46.0)
    ctx.settings = {**ctx.settings, "data": {"climate": str(site), "station_km": 100.0}}
    return site_maps.a_run(tmp_path / "runs" / "my" / "my-run")


def built(wd: Path) -> Climate:
    """The run's weather, built by its task."""
    project_rq.build_climate_rq("my-run")
    return Climate.load(wd)


def test_the_nearest_station_has_the_weather_of_all(ctx, wd: Path, tmp_path: Path) -> None:
    """Its file is copied; the log says how far it is; the table is of its days."""
    (wd / "climate/wepp_cli.parquet").write_text("old")
    found = built(wd)
    assert (found.file, found.hillslopes, found.storms) == ("climate/near.cli", {}, {})
    assert found.observed_start_year is None
    assert (wd / found.file).read_bytes() == (tmp_path / "cli/near.cli").read_bytes()
    assert parquet.read_table(wd / "climate/wepp_cli.parquet").num_rows in (1095, 1096)
    (_, row) = (wd / "climate/cligen.log").read_text().splitlines()
    assert row.split() == [
        "watershed", "-116.9991", "46.0530", "-117.10", "46.10", "9.4", "3", "near.cli"
    ]  # fmt: skip
    assert ctx.words() == ["STARTED", "COMPLETED", "TRIGGER"]
    assert ctx.messages[-1][1].endswith("climate CLIMATE_BUILD_TASK_COMPLETED")
    assert RedisPrep(wd, "my-run")[str(TaskEnum.build_climate)] is not None


def test_each_hillslope_may_have_the_weather_nearest_to_it(wd: Path, tmp_path: Path) -> None:
    """By its own centre, on a grid wide enough for it; channels have the watershed's."""
    wide = site_maps.place(4, 5, cell=12_000.0)
    site_maps.write(wd / "dem/wbt/subwta.tif", site_maps.IDS, wide, nodata=0)
    site_maps.write_station(tmp_path / "cli/mid.cli", -116.3, 45.8)
    site_maps.change(wd, Climate, spatial="hillslopes")
    found = built(wd)
    assert found.file == "climate/mid.cli"
    names = {top: name.removeprefix("climate/") for top, name in found.hillslopes.items()}
    assert names == {21: "mid.cli", 22: "near.cli", 23: "mid.cli"}
    log = (wd / "climate/cligen.log").read_text().splitlines()
    assert [row[:12].strip() for row in log[1:]] == [
        "watershed", "hillslope 21", "hillslope 22", "hillslope 23",
    ]  # fmt: skip


def test_a_station_may_be_asked_for_by_name(wd: Path) -> None:
    """However near it is; one that is not there is named."""
    site_maps.change(wd, Climate, station="or/far.cli")
    assert built(wd).file == "climate/or_far.cli"
    site_maps.change(wd, Climate, station="none.cli")
    with pytest.raises(NoData, match=r"'none\.cli' is not below \[data\] climate"):
        built(wd)


def test_no_station_near_enough_or_long_enough_is_refused(ctx, wd: Path) -> None:
    """The nearest one is named, how far it is, and for what; how many years it has."""
    site_maps.change(wd, Wepp, years=5)
    with pytest.raises(NoData, match=r"near\.cli, for the watershed: 3 years, not 5"):
        built(wd)
    ctx.settings = {**ctx.settings, "data": ctx.settings["data"] | {"station_km": 5.0}}
    with pytest.raises(NoData, match=r"within 5 km of the watershed .*near\.cli, is 9 km away"):
        built(wd)


def test_files_that_are_no_stations(ctx, wd: Path, tmp_path: Path) -> None:
    """A storm is passed over, a broken file named, an empty directory as well."""
    storm = (tmp_path / "cli/near.cli").read_text().replace("   1   0", "   2   0", 1)
    (tmp_path / "cli/a_storm.cli").write_text(storm)
    assert built(wd).file == "climate/near.cli"
    (tmp_path / "cli/broken.cli").write_text("5.3\n")
    with pytest.raises(FormatError, match=r"broken\.cli"):
        built(wd)
    (tmp_path / "none").mkdir()
    ctx.settings = {**ctx.settings, "data": {"climate": str(tmp_path / "none")}}
    with pytest.raises(NoData, match=r"none holds no climate file"):
        built(wd)


def test_distances_are_those_of_great_circles() -> None:
    """A degree of a meridian, a quarter of the earth, and none; the date line is no border."""
    assert distance_km((10.0, 0.0), (10.0, 1.0)) == pytest.approx(111.195, abs=1e-3)
    assert distance_km((0.0, 0.0), (90.0, 0.0)) == pytest.approx(10007.557, abs=1e-3)
    assert distance_km((7.0, 50.0), (7.0, 50.0)) == 0.0
    assert distance_km((179.5, 0.0), (-179.5, 0.0)) == pytest.approx(111.195, abs=1e-3)


def test_of_stations_as_near_the_first_by_name_is_taken(tmp_path: Path) -> None:
    """The same site gives the same weather."""
    for name in ("b.cli", "a.cli"):
        site_maps.write_station(tmp_path / name, -117.0, 46.0, years=1)
    station, km = stations.nearest(stations.stations(tmp_path), -117.0, 46.0)
    assert (station.name, km) == ("a.cli", 0.0)
