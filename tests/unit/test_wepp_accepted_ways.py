"""Runs of other kinds, as an engine reads them: storms, flowpaths, scenarios, WEPPcloud's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tasks import hillsim, wepp_rq
from tasks.omni import children
from tasks.omni.documents import Scenario
from tasks.run.atomic import replace_text
from tasks.run.directory import FlowpathDirectory, StormDirectory
from tasks.run.nodb import BrokenDocument
from tasks.wepp.documents import Climate, Landuse
from tasks.wepp.files import channels, climate, runfile, structure
from tasks.wepp.prep.given import Given
from tasks.wepp.prep.storms import hillslopes as of_storm
from tasks.wepp.samples.hillslopes import write_sample
from tasks.wepp.samples.watershed import write_watershed
from tests.unit.site_documents import BELOW, BESIDE, write_site
from tests.unit.test_wepp_accepted import accepted
from tests.unit.test_wepp_storms import with_storms
from tests.unit.wepp_inputs import ALL, write_inputs
from tests.wepp_engine import network, passes
from tests.wepp_engine.dialogue import follow


def test_single_storms_are_accepted(wd):
    """Hillslopes and channels, in the directory of each storm, by the questions of a storm."""
    write_watershed(wd, channels=3, years=1, asks_impoundments=True)
    with_storms(wd, {1: 120.0, 2: 5.0})
    run = write_inputs(wd)
    for number in (1, 2):
        storm = StormDirectory(wd, number)
        given = Given(run)
        hills = range(1, given.ids.sub_n + 1)
        of_storm(given, storm, hills)
        found = [follow(storm.run_file(hill)) for hill in hills]
        for one in found:
            for path in one.outputs:
                path.touch()
        found.append(follow(storm.runs / "pw0.run"))
        assert [one.notes for one in found] == [[]] * len(found)
        assert {one.weather.mode for one in found} == {2}
        assert [day[3] for day in found[0].weather.days] == [{1: 120.0, 2: 5.0}[number]]


def test_flowpaths_are_accepted(wd):
    """Each has its own profile, and its hillslope's soil, cover and weather."""
    write_watershed(wd, channels=1, years=1, flowpaths=2)
    run = write_inputs(wd, *ALL[:5])
    names = tuple(f"fp_2{hill}_{n}" for hill in (1, 2, 3) for n in (1, 2))
    directory = FlowpathDirectory(wd, names)
    wepp_rq.run_flowpath_rq("my-run", names[0])
    found = follow(directory.run_file(1))
    assert found.notes == []
    hill = follow(run.run_file(1))
    assert found.slopes[0].length < hill.slopes[0].length
    assert (found.soils, found.weather) == (hill.soils, hill.weather)


@pytest.mark.parametrize(
    "scenario",
    [
        {"type": "uniform_high"}, {"type": "undisturbed"},
        {"type": "thinning", "canopy_cover": "40%", "ground_cover": "75%"},
    ],
)  # fmt: skip
def test_scenarios_are_accepted(wd, scenario):
    """Their covers and soils are their own, all else is the parent's."""
    write_watershed(wd, channels=1, years=2)
    covers = Landuse.load(wd).covers
    children.make(wd, Scenario(type="undisturbed"))
    child = children.make(wd, Scenario.model_validate(scenario))
    assert Landuse.load(child.root).covers != covers
    accepted(write_inputs(child.root))


@pytest.mark.parametrize("dialect", [BESIDE, BELOW])
def test_a_run_that_weppcloud_set_up_is_accepted(wd, dialect):
    """Its own documents, managements and soils, written as ours are."""
    write_site(wd, dialect, years=2)
    accepted(write_inputs(wd))


def test_sample_hillslopes_are_accepted(tmp_path: Path):
    """One of each cover, as the demonstration and the benches have them."""
    runs = write_sample(tmp_path, hillslopes=9, years=3)
    found = [follow(runs / f"p{number}.run") for number in range(1, 10)]
    assert [one.notes for one in found] == [[]] * 9
    assert {len(one.weather.days) for one in found} == {3 * 365}


def test_numbers_of_five_digits_are_accepted(tmp_path: Path):
    """Twelve thousand hillslopes: their names fit, and the structure is read to its outlet."""
    hills, count = 12_000, 4_001
    feeds = [
        structure.Feeds((3 * n + 1, 3 * n + 2, 3 * n + 3), (hills + n if n else 0, 0, 0))
        for n in range(count - 1)
    ]
    feeds.append(structure.Feeds((0, 0, 0), (hills + count - 1, 0, 0)))
    numbers = (19.99, 0.04, 0.3, 1e-6, 50.0, 900.0, 1e-4, 0.02, 4.0, 0.04)
    one = channels.Channel(("a", "b", "c"), 2, 1, 1, 0, *numbers)
    (tmp_path / "pw0.str").write_text(structure.dump(structure.Structure(hills, tuple(feeds))))
    (tmp_path / "pw0.chn").write_text(channels.dump(channels.Channels(4, 1.5, (one,) * count)))
    (tmp_path / "chan.inp").write_text(f"1 600\n0\n1\n{hills + count}\n")
    notes: list[str] = []
    found = network.network(tmp_path / "pw0.str", tmp_path / "pw0.chn", hills, count, notes)
    assert notes == []
    assert found.shown == [hills + count]
    assert found.rows[-1][4:7] == [hills + count - 1, 0, 0]
    assert runfile.dump(runfile.production(hills, 100))


def test_a_run_that_lies_deep_is_accepted(ctx, tmp_path: Path):
    """Names in the answers are relative: how long the way to a run is does not matter."""
    deep = tmp_path / "runs" / ("a-long-name-of-a-run-" * 8) / "my-run"
    write_watershed(deep, channels=1, years=1)
    accepted(write_inputs(deep))


def test_the_embedded_engine_s_hillslopes_can_be_merged_by_another(wd):
    """Its pass files are in the columns that executables read, day for day of their calendar."""
    write_watershed(wd, channels=1, years=4)
    run = write_inputs(wd)
    for number in run.hillslopes():
        with open(wd / "said", "w") as said:
            hillsim.run(f"p{number}.run", run.runs, said)
    found = follow(run.runs / "pw0.run")
    assert passes.merged(found.passes) == (1, 4)


def test_weather_of_different_first_years_is_refused(wd):
    """Executables stop when they merge such hillslopes, after all have been simulated."""
    write_watershed(wd, channels=1, years=1)
    document = Climate.load(wd)
    top, name = next(iter(document.hillslopes.items()))
    other = climate.read(wd / name)
    moved = replace(other.days, year=[year + 4 for year in other.days.year])
    (wd / "climate/other.cli").write_text(climate.dump(replace(other, begin_year=5, days=moved)))
    changed = {**document.hillslopes, top: "climate/other.cli"}
    replace_text(Climate.path(wd), document.model_copy(update={"hillslopes": changed}).dump())
    with pytest.raises(BrokenDocument, match="the channels want one year for all"):
        write_inputs(wd)
