"""Frozen soil: how deep frost goes, what it does to water, and that no water is lost by it."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from tasks.hillsim import engine, hidden
from tasks.hillsim.element import hillslope
from tasks.hillsim.element.hillslope import Hillslope
from tasks.hillsim.hydrology import heat, ice
from tasks.hillsim.hydrology.front import Front
from tasks.hillsim.hydrology.frost import Earth, Frost
from tasks.wepp.files.errors import FormatError
from tests.unit import hillsim_slopes as build

COLD = (0.0, 0.0, 0.0, 0.0, -8.0, -16.0, 150.0, 3.0, 180.0, -16.0)
MILD = (0.0, 0.0, 0.0, 0.0, 12.0, 3.0, 250.0, 3.0, 180.0, 2.0)


def winter(rows: list[tuple[float, ...]]) -> Hillslope:
    """A slope after these days from 1 January on, each day's water checked to add up."""
    climate = build.weather(rows, start=date(2001, 1, 1))
    slope = hillslope.build(build.documents(rows, climate=climate))
    for _ in engine.days((slope,), climate, 1):
        pass
    return slope


LOAM = ice.Pores(0.44, 0.30, 5.0, 1e-6)
THICK, WILTING = [0.1, 0.1, 0.2, 0.2], [0.12] * 4


def earth(*, moves: bool = True) -> Earth:
    """A loam of four layers."""
    loam = Earth(THICK, WILTING, [0.06] * 4, [LOAM] * 4)
    loam.moves = moves
    return loam


def expose(state: Frost, store: list[float], air: float, hours: int, **cover: float) -> None:
    """Hours of steady air (°C) over the soil, under overcast sky, snow and litter (m)."""
    snow = cover.get("snow", 0.0)
    over = snow / heat.snow_conductivity(150.0)
    litter = cover.get("litter", 0.0) / 0.05
    front = Front(0.0, 0.0, 15.0, litter, 0.0, 1.5, earth(), store, state.ice, state.edges)
    for hour in range(hours):
        front.take(hour % 24, air, snow, over)


def frozen_by(days: int, air: float, **cover: float) -> Frost:
    """A loam of four layers after days of steady cold."""
    state, store = Frost.of(4), [0.01, 0.01, 0.02, 0.02]
    expose(state, store, air, 24 * days, **cover)
    assert sum(store) + state.water == pytest.approx(0.06, rel=1e-12)
    return state


def test_frost_goes_down_with_the_root_of_cold_as_stefan_has_it() -> None:
    """Four times the cold goes about twice as deep; snow and litter hold it up."""
    shallow, deep = frozen_by(1, -6.0), frozen_by(4, -6.0)
    assert 0.02 < shallow.bottom < deep.bottom < 0.6
    assert 1.6 < deep.bottom / shallow.bottom < 2.6
    assert frozen_by(4, -6.0, snow=0.2).bottom < 0.5 * deep.bottom
    assert frozen_by(4, -6.0, litter=0.05).bottom < 0.5 * deep.bottom


def test_thaw_comes_from_above_and_frost_closes_over_it_again() -> None:
    """A mild day thaws the top, a cold night gives it a crust, spring ends both."""
    state = frozen_by(6, -10.0)
    store = [0.06 - state.water, 0.0, 0.0, 0.0]
    expose(state, store, 8.0, 12)
    assert state.frozen
    assert state.thawing
    expose(state, store, -5.0, 3)
    assert state.edges.crust > 0.0
    assert not state.thawing
    expose(state, store, 12.0, 24 * 40)
    assert not state.frozen
    assert state.water == 0.0
    assert sum(store) == pytest.approx(0.06, rel=1e-9)


@pytest.mark.parametrize("moves", [True, False])
def test_water_rises_to_the_front_where_the_soil_above_is_drier(*, moves: bool) -> None:
    """None is lost; without the movement every layer keeps its own."""
    state, store = Frost.of(4), [0.0, 0.02, 0.04, 0.04]
    soil = earth(moves=moves)
    front = Front(0.0, 0.0, 15.0, 0.0, 0.0, 1.5, soil, store, state.ice, state.edges)
    for hour in range(12):
        front.take(hour, -2.0, 0.0, 0.0)
    held = [liquid + solid for liquid, solid in zip(store, state.ice, strict=True)]
    assert sum(held) == pytest.approx(0.10, rel=1e-12)
    assert (held[0] > 0.002) is moves
    assert 0.0 < state.bottom < 0.1


def test_half_of_the_wilting_point_stays_liquid() -> None:
    """A profile that is frozen to the ground holds that much water, and ice of all the rest."""
    slope = winter([(0.0, 0.0, 0.0, 0.0, -25.0, -35.0, 50.0, 9.0, 180.0, -36.0)] * 60)
    layers = slope.site.profile.layers
    assert slope.frost.bottom == pytest.approx(sum(layer.thickness for layer in layers))
    assert slope.store == pytest.approx([0.0] * len(layers), abs=1e-12)
    unfrozen = slope.columns.earth.held - slope.bound
    assert unfrozen == pytest.approx(0.5 * sum(layer.wp * layer.thickness for layer in layers))


def test_frozen_soil_lets_rain_run_off_that_it_takes_in_when_thawed() -> None:
    """The same 25 mm run off frozen ground and soak into mild ground."""
    rain = (25.0, 6.0, 0.4, 1.2, 6.0, 1.0, 80.0, 2.0, 180.0, 1.0)
    runoff = {}
    for name, before in (("frozen", COLD), ("mild", MILD)):
        rows = [before] * 12 + [rain]
        climate = build.weather(rows, start=date(2001, 1, 1))
        slope = hillslope.build(
            build.documents(rows, climate=climate, soil=build.ground(saturation=0.8))
        )
        runoff[name] = [day.runoff for (day,) in engine.days((slope,), climate, 1)][-1]
    assert runoff["frozen"] > 0.010 > runoff["mild"]


def test_a_topsoil_that_is_as_good_as_tight_may_freeze() -> None:
    """Whatever small number its file has: what falls on it runs off."""
    rain = (25.0, 6.0, 0.4, 1.2, 6.0, 1.0, 80.0, 2.0, 180.0, 1.0)
    rows = [COLD] * 3 + [rain]
    climate = build.weather(rows, start=date(2001, 1, 1))
    tight = build.documents(rows, climate=climate, soil=build.ground(ke=2.2e-313))
    days = list(engine.days((hillslope.build(tight),), climate, 1))
    assert days[-1][0].runoff > 0.015


def test_snow_txt_decides_what_is_snow_and_how_dense(tmp_path: Path) -> None:
    """At 1 °C it snows if it rains above 3 °C; new snow of 60 kg/m³ lies deeper."""
    (tmp_path / "snow.txt").write_text("3.0  # rain above\n60.0\n200.0\n")
    rules = hidden.read(tmp_path)
    assert rules.snow == hidden.SnowRules(3.0, 60.0, 200.0)
    rows = [(10.0, 12.0, 0.4, 1.2, 2.0, -1.0, 60.0, 2.0, 180.0, -2.0)]
    climate = build.weather(rows, start=date(2001, 1, 1))
    documents = build.documents(rows, climate=climate)
    slopes = [hillslope.build(documents), hillslope.build(documents, rules)]
    for slope in slopes:
        list(engine.days((slope,), climate, 1))
    assert slopes[1].pack.water == pytest.approx(0.010)
    assert slopes[0].pack.water < 0.010
    assert slopes[1].pack.density < 100.0


@pytest.mark.parametrize("text", ["0\n", "0\n900\n250\n", "0\n100\n50\n", "40\n100\n250\n"])
def test_snow_that_cannot_be_is_an_error_with_its_file(text: str, tmp_path: Path) -> None:
    """A file that is cut or that has columns swapped is not believed."""
    (tmp_path / "snow.txt").write_text(text)
    with pytest.raises(FormatError, match=r"snow\.txt"):
        hidden.read(tmp_path)


def test_rain_on_frozen_ground_without_snow_is_a_storm_and_not_melt() -> None:
    """Its intensities are the storm's: the loss report counts it as rain."""
    rain = (25.0, 6.0, 0.4, 4.0, 6.0, 1.0, 80.0, 2.0, 180.0, 1.0)
    rows = [COLD] * 12 + [rain]
    climate = build.weather(rows, start=date(2001, 1, 1))
    slope = hillslope.build(build.documents(rows, climate=climate))
    day = [day for (day,) in engine.days((slope,), climate, 1)][-1]
    assert not day.melt
    assert day.event is not None
    assert day.event.storm_duration == pytest.approx(6 * 3600.0)
    assert day.event.excess.peak > 2.0 * day.event.excess.depth / day.event.storm_duration


def test_a_hard_winter_freezes_the_soil_and_a_spring_frees_it() -> None:
    """Ice is there in the cold and gone after the thaw, which counts as one cycle."""
    cold = winter([COLD] * 20)
    assert cold.frost.bottom > 0.1
    assert cold.frost.water > 0.005
    spring = winter([COLD] * 20 + [MILD] * 60)
    assert not spring.frost.frozen
    assert spring.frost.water == 0.0
    assert winter([COLD] * 20 + [MILD] * 30).frost.cycles in (0, 1)


def test_fifty_days_without_frost_end_the_count_of_thaws() -> None:
    """Nights above freezing count as well: a wet topsoil in summer is not one that just thawed."""
    assert winter([COLD] * 20 + [MILD] * 40).frost.cycles == 1
    assert winter([COLD] * 20 + [MILD] * 90).frost.cycles == 0


def test_the_wave_of_soil_temperature_follows_the_months_and_lags_with_depth() -> None:
    """Its mean is the year's; at the surface July is warmest, 2 m down autumn is."""
    means = tuple(10.0 - 12.0 * math.cos(2 * math.pi * (m + 0.5) / 12) for m in range(12))
    wave = heat.annual_wave(means)
    assert wave[0] == pytest.approx(10.0)
    assert wave[1] == pytest.approx(12.0, rel=0.01)
    days = range(365)
    assert abs(max(days, key=lambda d: heat.soil_temperature(wave, 0.0, d)) - 183) < 3
    assert 225 < max(days, key=lambda d: heat.soil_temperature(wave, 2.0, d)) < 260


def test_the_first_day_may_be_frozen() -> None:
    """A frost depth in the management file is frozen water in the soil, none lost."""
    documents = build.documents()
    plan = documents.management
    start = replace(plan.initials[0], frdp=0.25, thdp=0.0)
    icy = replace(documents, management=replace(plan, initials=(start,)))
    slope, bare = hillslope.build(icy), hillslope.build(documents)
    assert slope.frost.bottom == 0.25
    assert slope.frost.water > 0.0
    assert slope.water == pytest.approx(bare.water, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "shares"),
    [
        ("1 1 1\n1 1 1 0.5\n", (0.5, 0.5, 0.5)),
        ("1 1 1\n1.0 1.0 1.0 1e-5 1e-5 0.5\n", (1e-5, 1e-5, 0.5)),
    ],
)
def test_frost_txt_decides_what_frozen_soil_conducts(
    text: str, shares: tuple[float, ...], tmp_path: Path
) -> None:
    """One share for all covers, or three: annuals and fallow, perennials, trees."""
    (tmp_path / "frost.txt").write_text(text)
    rules = hidden.read(tmp_path).frost
    assert (rules.bare, rules.perennial, rules.trees) == shares


@pytest.mark.parametrize(("flag", "moves"), [("1", True), ("0", False)])
def test_frost_txt_decides_whether_water_moves_to_the_frost(
    flag: str, tmp_path: Path, *, moves: bool
) -> None:
    """Its first number is 0 where none does."""
    (tmp_path / "frost.txt").write_text(f"{flag} 1 1\n1 1 1 0.5\n")
    rules = hidden.read(tmp_path)
    assert rules.frost.moves is moves
    assert hillslope.build(build.documents(), rules).columns.earth.moves is moves


@pytest.mark.parametrize("text", ["1 1 1\n", "1 1 1\n1 1 0 0.5\n", "1 1 1\n1 1 x 0.5\n"])
def test_a_frost_txt_that_is_not_one_is_an_error_with_its_line(text: str, tmp_path: Path) -> None:
    """Nothing of a broken file is guessed."""
    (tmp_path / "frost.txt").write_text(text)
    with pytest.raises(FormatError, match=r"frost\.txt"):
        hidden.read(tmp_path)
