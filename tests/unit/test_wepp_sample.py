from __future__ import annotations

import operator
from itertools import compress
from pathlib import Path

import pytest

from tasks.wepp import inputs
from tasks.wepp.files import climate, runfile, soil
from tasks.wepp.files.forms import HillslopeRun
from tasks.wepp.samples import weather as sample_weather
from tasks.wepp.samples.hillslopes import write_sample


def read(runs: Path, number: int) -> inputs.Inputs:
    run = runfile.read(runs / f"p{number}.run")
    assert isinstance(run, HillslopeRun)
    return inputs.read(run, runs)


def test_every_hillslope_of_a_sample_is_read_without_complaint(tmp_path: Path) -> None:
    """A sample is a prepared run: each hillslope's files are there and agree with each other."""
    runs = write_sample(tmp_path, hillslopes=12, years=2)
    assert runs == tmp_path / "wepp" / "runs"
    assert (tmp_path / "wepp" / "output").is_dir()
    found = [read(runs, number) for number in range(1, 13)]
    assert {i.management.simulated_years for i in found} == {2}
    assert len({(i.slope, i.soil, i.management) for i in found}) == 12


def test_a_run_file_of_a_sample_is_production_s(tmp_path: Path) -> None:
    """The answers are those that production writes, so that every engine takes them."""
    runs = write_sample(tmp_path, hillslopes=2, years=3)
    assert runfile.read(runs / "p2.run") == runfile.production(2, 3)


def test_forest_soils_are_7778_and_the_others_2006_2(tmp_path: Path) -> None:
    """Both soil forms that prepared runs have are in a sample."""
    runs = write_sample(tmp_path, hillslopes=12, years=1)
    for number in range(1, 13):
        text = (runs / f"p{number}.man").read_text()
        forest = any(word in text for word in ("forest", "fire"))
        version = soil.read(runs / f"p{number}.sol").version
        assert version == (7778.0 if forest else 2006.2)


def test_hillslopes_of_a_station_share_one_climate_file(tmp_path: Path) -> None:
    """Climates are hard links, as production's: two files for twelve names."""
    runs = write_sample(tmp_path, hillslopes=12, years=1)
    files = {(runs / f"p{number}.cli").stat().st_ino for number in range(1, 13)}
    assert len(files) == 2


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    """A sample depends on its arguments alone, and another seed gives another."""
    one, same, other = (tmp_path / name for name in ("one", "same", "other"))
    for root, seed in ((one, 1), (same, 1), (other, 2)):
        write_sample(root, hillslopes=7, years=1, seed=seed)
    ours = {p.name: p.read_bytes() for p in (one / "wepp/runs").iterdir()}
    assert ours == {p.name: p.read_bytes() for p in (same / "wepp/runs").iterdir()}
    differ = [name for name in ours if ours[name] != (other / "wepp/runs" / name).read_bytes()]
    assert {name[-3:] for name in differ} == {"slp", "sol", "cli"}


def test_a_sample_can_be_written_over_an_older_one(tmp_path: Path) -> None:
    """Files are replaced, not written through a link that another name holds."""
    runs = write_sample(tmp_path, hillslopes=2, years=1)
    kept = tmp_path / "kept.cli"
    kept.hardlink_to(runs / "p1.cli")
    before = kept.read_bytes()
    write_sample(tmp_path, hillslopes=2, years=2)
    assert kept.read_bytes() == before
    assert read(runs, 1).climate.years == 2


@pytest.mark.parametrize("station", [sample_weather.VALLEY, sample_weather.RIDGE])
def test_the_weather_is_one_that_a_model_can_bear(station: sample_weather.Station) -> None:
    """Rain, temperatures and storms of forty years lie within what the place could have."""
    made = sample_weather.generate(station, 40, 1)
    days, rain = made.days, made.days.precip_mm
    assert 500.0 < sum(rain) / 40 < 1500.0
    assert all(map(operator.lt, days.tmin_c, days.tmax_c))
    assert all(map(operator.le, days.tdew_c, days.tmin_c))
    wet = [depth > 0.0 for depth in rain]
    assert 0.2 < sum(wet) / len(wet) < 0.5
    assert [hours > 0.0 for hours in days.duration_h] == wet
    assert max(days.duration_h) < 24.0
    assert min(compress(days.ip, wet)) >= 1.0
    assert all(0.0 < peak < 1.0 for peak in compress(days.tp, wet))
    assert abs(sum(made.means.precip_mm) - sum(rain) / 40) < 1.0
    assert climate.parse(climate.dump(made)) == made


@pytest.mark.parametrize(("hillslopes", "years"), [(0, 1), (1, 0)])
def test_a_sample_of_nothing_is_refused(tmp_path: Path, hillslopes: int, years: int) -> None:
    """Numbers below 1 are an error before anything is written."""
    with pytest.raises(ValueError, match="must be 1 or more"):
        write_sample(tmp_path / "run", hillslopes=hillslopes, years=years)
    assert not (tmp_path / "run").exists()
