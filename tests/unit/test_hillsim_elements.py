"""Several overland flow elements: what one hands to the next, and what the outputs say of it."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest

from tasks import hillsim
from tasks.hillsim.element.inflow import Inflow, join
from tasks.hillsim.hydrology.storm import Hyetograph
from tasks.wepp import complete
from tasks.wepp.files import ebe, loss, management, passfile, slope, soil
from tasks.wepp.samples import hillslopes as sample
from tests.unit import hillsim_slopes as build


def test_inflow_falls_on_the_storm_while_it_lasts() -> None:
    """Rain of an hour, inflow from 30 to 90 minutes: three intervals, inflow in the last two."""
    rain = Hyetograph([3600.0], [1e-5], 120.0)
    hyeto, flows = join(rain, Inflow(runoff=0.0072, begins=1800.0, duration=3600.0))
    assert hyeto.ends == [1800.0, 3600.0, 5400.0]
    assert hyeto.rates == [1e-5, 1e-5, 0.0]
    assert flows == pytest.approx([0.0, 2e-6, 2e-6])


def test_water_from_above_infiltrates_where_the_soil_below_takes_it_in() -> None:
    """A hard slope above an open one: less leaves the foot than left the top, to nothing."""
    inputs = build.in_line(build.documents([build.DRY, build.rainy(40.0)]), 40.0, 40.0)
    open_soil = replace(inputs.soil.elements[1], ke=400.0, saturation=0.2)
    inputs = replace(
        inputs, soil=replace(inputs.soil, elements=(inputs.soil.elements[0], open_soil))
    )
    _, days = build.run_chain(inputs)
    upper, lower = days[-1]
    assert upper.runoff > 0.005
    assert lower.inflow.runoff == pytest.approx(upper.runoff)
    assert lower.runoff < 0.5 * upper.runoff


def test_lateral_flow_enters_the_soil_below_at_the_surface_where_some_of_it_evaporates() -> None:
    """What drains sideways from the upper element is the lower one's gain of that day.

    In a dry spell after rain the bare ground below gives more to the air than that above.
    """
    wet = [build.rainy(60.0, 20.0, ip=1.5)] * 6
    inputs = build.in_line(build.documents(wet, soil=build.ground(7778.0)), 30.0, 60.0)
    _, days = build.run_chain(inputs)
    given = [day for day in days if day[0].balance.lateral > 0.0]
    assert given
    for upper, lower in given:
        assert lower.balance.arrived == pytest.approx(upper.balance.lateral / 2.0)
    climate = build.weather([*wet, *[build.DRY] * 40])
    _, spell = build.run_chain(replace(inputs, climate=climate))
    above, below = (sum(day[i].balance.soil for day in spell[6:]) for i in (0, 1))
    assert below > 1.02 * above


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    """The outputs of a burnt slope of elements of 30 m and 60 m, two years."""
    runs = sample.write_sample(tmp_path, hillslopes=3, years=2, seed=3)
    inputs = build.in_line(
        build.documents(form=slope.read(runs / "p3.slp"), soil=soil.read(runs / "p3.sol")),
        30.0,
        60.0,
    )
    (runs / "p3.slp").write_text(slope.dump(inputs.slope))
    (runs / "p3.sol").write_text(soil.dump(inputs.soil))
    (runs / "p3.man").write_text(management.dump(inputs.management))
    hillsim.run("p3.run", cwd=runs, out=io.StringIO())
    return runs.parent / "output"


def test_the_outputs_of_two_elements_are_whole_and_agree(outputs: Path) -> None:
    """Runoff over the whole slope and sediment at its foot are the same in loss, ebe and pass."""
    complete.loss(complete.read(outputs / "H3.loss.dat"))
    complete.pass_file(complete.read(outputs / "H3.pass.dat"), 2)
    report, events = loss.read(outputs / "H3.loss.dat"), ebe.read(outputs / "H3.ebe.dat")
    passed = passfile.read(outputs / "H3.pass.dat")
    width = report.sediment.width_m
    assert passed.area_m2 == pytest.approx(90.0 * width, rel=1e-4)
    assert report.sediment.area_ha == pytest.approx(90.0 * width / 1e4, abs=1e-3)
    runoff = report.water.rain_runoff_mm + report.water.melt_runoff_mm
    assert sum(row.runoff_mm for row in events) == pytest.approx(runoff, abs=0.06 * len(events))
    storms = [day for day in passed.days if isinstance(day, passfile.Event)]
    assert storms
    for day in storms:
        assert day.runoff_m3 == pytest.approx(day.runoff_m * passed.area_m2, rel=1e-4)
    sediment = sum(sum(day.sediment_kg_m3) * day.runoff_m3 for day in storms)
    assert sediment == pytest.approx(report.sediment.kg * 2, rel=0.03)


def test_the_profile_has_a_hundred_points_for_each_element(outputs: Path) -> None:
    """Distances go on from the first element to the foot, each point names its element."""
    profile = loss.read(outputs / "H3.loss.dat").profile
    assert [point.element for point in profile] == [1] * 100 + [2] * 100
    assert [profile[i].distance_m for i in (0, 99, 100, 199)] == [0.3, 30.0, 30.6, 90.0]
    plot = (outputs / "H3.plot.dat").read_text().splitlines()[4:]
    heights = [float(line.split()[1]) for line in plot]
    assert len(plot) == 200
    assert heights == sorted(heights, reverse=True)
    assert heights[-1] == 0.0


def test_the_daily_tables_have_a_row_for_each_element_with_what_ran_onto_it(outputs: Path) -> None:
    """UpStrmQ of the second is half QOFE of the first (by lengths); Q is over the whole path."""
    lines = (outputs / "H3.wat.dat").read_text().splitlines()[20:]
    rows = [[float(word) for word in line.split()] for line in lines]
    assert [row[0] for row in rows[:4]] == [1, 2, 1, 2]
    wet = [pair for pair in zip(rows[::2], rows[1::2], strict=True) if pair[1][5] > 1.0]
    assert wet
    for upper, lower in wet:
        assert lower[10] == pytest.approx(upper[16] / 2.0, rel=1e-5, abs=1e-6)
        if upper[5] > 1.0:
            assert lower[5] == pytest.approx(lower[16] * 60.0 / 90.0, rel=1e-5)
