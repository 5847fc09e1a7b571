"""Soil and surface of the first day, against hand checks and published engines' tables."""

from __future__ import annotations

import math

import pytest

from tasks.hillsim import profiles, soil
from tasks.hillsim.cover import surface
from tasks.hillsim.cover.surface import Cover, Roots, Surface
from tasks.hillsim.element import hillslope
from tasks.hillsim.hydrology.water import Columns
from tasks.hillsim.sediment import classes as sediment
from tasks.hillsim.soil import MM_PER_HOUR, Horizon
from tests.unit import hillsim_slopes as build
from tests.unit.hillsim_slopes import soil_input

CLAY_LOAM = soil_input([(400, 25, 30, 5, 25, 15)], version=2006.2, ke=30.0)
LOAMY_SAND = soil_input(
    [
        (127, 81.5, 5, 1.75, 5.6, 1.4),
        (355.6, 86.4, 5, 0.58, 2.5, 1.4),
        (1524, 92.5, 5, 0.19, 2.5, 9.2),
    ],
    version=97.5, ke=14.66, ki=5.14494e6, kr=0.0073, tauc=2.27,
)  # fmt: skip


def a_surface(given: soil.SoilInput, **changes: float) -> tuple[soil.Profile, Surface]:
    """A profile and its surface after much rain since a tillage long ago."""
    start = {"tilled": 1100.0, "rain": 1.0, "days": 9999.0, "roughness0": 0.1, "ridge0": 0.1}
    start |= changes
    loose = profiles.profile(given, start["tilled"])
    settled = surface.density(loose.top, start["tilled"], start["rain"], start["days"])
    profile = profiles.profile(given, settled)
    state = Surface(
        tilled=start["tilled"], density=settled, roughness0=start["roughness0"],
        roughness=start["roughness0"], ridge0=start["ridge0"], ridge=start["ridge0"],
        rain=start["rain"], energy=15000.0 * start["rain"], days=start["days"],
        settled=start["days"], width=0.15,
    )  # fmt: skip
    surface.age(state, profile, 0.1)
    return profile, state


def test_a_forest_clay_loam_has_the_pores_and_waters_of_the_engines_table() -> None:
    """Porosity 50.30 %, field capacity 0.395, wilting point 0.168 on day 1, to 2 %."""
    profile, state = a_surface(CLAY_LOAM)
    assert profile.top.porosity(state.density) == pytest.approx(0.503, rel=0.02)
    assert profile.top.fc == pytest.approx(0.395, rel=0.02)
    assert profile.top.wp == pytest.approx(0.168, rel=0.02)


def test_a_worn_forest_floor_has_the_conductivity_and_factors_of_the_engines_table() -> None:
    """Ke 6.09 mm/h, roughness 17.64 mm, Ki × 0.49, Kr × 0.77, τc × 2.00 on day 1, to 2 %."""
    profile, state = a_surface(CLAY_LOAM)
    cover = Cover(canopy=0.01, height=0.0, interrill=0.01, rill=0.01, rill_share=0.15)
    ke = surface.conductivity(profile, profile.top.ks, state, cover, 0.0, False, 1.0)
    found = surface.factors(profile, state, cover, Roots(0.0, 0.1, 0.1), 0.1222, 1.0)
    assert ke / MM_PER_HOUR == pytest.approx(6.09, rel=0.02)
    assert state.roughness * 1000 == pytest.approx(17.64, rel=0.02)
    assert found.ki == pytest.approx(0.49, rel=0.02)
    assert found.kr == pytest.approx(0.77, rel=0.02)
    assert found.tauc == pytest.approx(2.0, rel=0.02)


def test_half_covered_loamy_sand_takes_in_half_by_its_crust_and_half_by_its_cover() -> None:
    """Ke = ½·4.93 + ½·7.33 = 6.1 mm/h on a dry first day, to 2 %."""
    profile, state = a_surface(LOAMY_SAND, rain=0.152, days=75.0, roughness0=0.05, ridge0=0.08)
    half = Cover(canopy=0.0, height=0.0, interrill=0.5, rill=0.5, rill_share=0.15)
    bare = Cover(canopy=0.0, height=0.0, interrill=0.0, rill=0.0, rill_share=0.15)
    assert surface.conductivity(
        profile, profile.top.ks, state, bare, 0.0, False, 1.0
    ) == pytest.approx(4.93 * MM_PER_HOUR, rel=0.05)
    assert surface.conductivity(
        profile, profile.top.ks, state, half, 0.0, False, 1.0
    ) == pytest.approx(6.1 * MM_PER_HOUR, rel=0.02)


def test_a_profile_is_cut_at_01_and_then_every_02_m_and_its_remainder_is_dropped() -> None:
    """1.524 m give eight layers; 0.4 m give three; less than 0.2 m are stretched to two."""
    assert [layer.thickness for layer in profiles.profile(LOAMY_SAND, 1400.0).layers] == [
        *[0.1] * 2, *[0.2] * 6,
    ]  # fmt: skip
    assert len(profiles.profile(CLAY_LOAM, 1200.0).layers) == 3
    thin = soil_input([(150, 25, 30, 5, 25, 15)], version=2006.2, ke=30.0)
    assert len(profiles.profile(thin, 1200.0).layers) == 2


def test_a_block_of_two_horizons_is_their_mean_by_depth() -> None:
    """0–0.2 m of 127 mm at 81.5 % sand and 73 mm at 86.4 % have 83.29 % sand."""
    (first, *_) = profiles.recut(LOAMY_SAND.horizons)
    assert first.sand == pytest.approx(0.127 / 0.2 * 0.815 + 0.073 / 0.2 * 0.864)


def test_conductivity_of_a_block_is_the_harmonic_mean_of_its_horizons() -> None:
    """A seal of a tenth of the block decides what goes through it."""
    horizons = (
        Horizon(0.18, 0.4, 0.2, 0.02, 10.0, 0.0, 1200.0, 1e-5, 0.25, 0.1),
        Horizon(0.2, 0.4, 0.2, 0.02, 10.0, 0.0, 1200.0, 1e-8, 0.25, 0.1),
    )
    assert profiles.recut(horizons)[0].ks == pytest.approx(1 / (0.9 / 1e-5 + 0.1 / 1e-8))


@pytest.mark.parametrize(
    ("sand", "clay", "shares"),
    [
        (0.8329, 0.05, (0.013, 0.027, 0.090, 0.225, 0.644)),
        (0.25, 0.30, (0.078, 0.072, 0.378, 0.430, 0.042)),
        (0.30, 0.30, (0.078, 0.072, 0.328, 0.472, 0.050)),
        (0.127, 0.563, (0.146, 0.000, 0.310, 0.542, 0.002)),
    ],
)
def test_the_five_classes_have_the_shares_of_the_engines_tables(
    sand: float, clay: float, shares: tuple[float, ...]
) -> None:
    """Clay, silt, small and large aggregates and sand as loss reports of real engines list them."""
    found = sediment.classes(sand, clay, 0.02)
    assert [particle.share for particle in found] == pytest.approx(shares, abs=6e-4)
    assert sum(particle.share for particle in found) == pytest.approx(1.0)


def test_a_class_falls_as_stokes_says_when_it_is_fine() -> None:
    """Clay of 2 µm falls 3.5e-6 m/s; sand of 0.2 mm falls far slower than Stokes' law alone."""
    stokes = 1.65 * 9.81 * (2e-4) ** 2 / 18e-6
    assert sediment.fall_velocity(2e-6, 2.60) == pytest.approx(3.49e-6, rel=0.01)
    assert 0.015 < sediment.fall_velocity(2e-4, 2.65) < 0.75 * stokes


def test_tillage_loosens_roughens_and_starts_the_crust_anew() -> None:
    """After a full pass the density is 0.667 of the consolidated one and all counters are 0."""
    profile, state = a_surface(CLAY_LOAM)
    surface.till(state, profile.top, 1.0, 0.03, 0.05)
    assert state.tilled == pytest.approx(0.667 * profile.top.consolidated)
    assert (state.rain, state.energy, state.days, state.settled) == (0.0, 0.0, 0.0, 0.0)
    surface.age(state, profile, 0.0)
    assert (state.roughness, state.ridge) == (0.03, 0.05)
    assert surface.crust(profile, state) == pytest.approx(1.0)


def test_roughness_wears_from_the_first_tillage_where_conductivity_is_not_adjusted() -> None:
    """With ksflag 0 the first day's roughness stays until a tool is drawn through it."""
    bare = build.documents([build.DRY], soil=build.ground(ksflag=0))
    slope = hillslope.build(bare)
    state, profile = slope.ground.surface, slope.site.profile
    start = bare.management.initial(0).rrinit
    assert state.roughness == start
    surface.till(state, profile.top, 1.0, start, 0.05)
    state.rain = 0.5
    surface.age(state, profile, 0.0)
    assert state.roughness < 0.5 * start
    assert hillslope.build(build.documents([build.DRY])).ground.surface.roughness < start


def test_a_profile_is_no_deeper_than_1_8_m() -> None:
    """The documentation's limit: ten layers."""
    deep = soil_input([(2500, 33, 12, 5, 16, 9)], version=2006.2, ke=6.0)
    layers = profiles.profile(deep, 1300.0).layers
    assert len(layers) == 10
    assert sum(layer.thickness for layer in layers) == pytest.approx(1.8)


def test_rock_takes_no_room_from_a_saturated_layer() -> None:
    """A layer holds its porosity; field capacity and wilting point are those of the fines."""
    profile = profiles.profile(CLAY_LOAM, 1200.0)
    top, columns = profile.top, Columns.of(profile.layers)
    assert columns.limit[0] == pytest.approx((top.porosity(top.density) - top.wp) * 0.1)
    assert columns.full[0] < columns.limit[0]


def test_the_crust_closes_with_the_energy_of_rain() -> None:
    """More energy since tillage never raises the conductivity of bare soil."""
    profile, state = a_surface(CLAY_LOAM, roughness0=0.01)
    found = []
    for energy in (0.0, 100.0, 1000.0, 10000.0):
        state.energy = energy
        found.append(surface.crust(profile, state))
    assert found == sorted(found, reverse=True)
    assert found[0] == 1.0
    assert found[-1] >= 0.2
    assert not math.isclose(found[0], found[-1])
