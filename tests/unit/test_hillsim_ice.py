"""What soil with ice in it conducts, held against what other engines print."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest

from tasks.hillsim import engine
from tasks.hillsim.element import hillslope
from tasks.hillsim.hydrology import ice
from tests.unit import hillsim_slopes as build

MM_PER_HOUR = 1.0 / 3.6e6
#: mm of ice at the surface of a clay loam (sand 0.25, clay 0.30, organic matter 0.05, 30 mm/h) in
#: the evening, and the conductivity (mm/h) that two engines print for the morning after.
PRINTED = [
    (0.97, 30.0), (1.02, 0.74), (1.09, 0.51), (1.15, 0.385), (1.20, 0.29), (1.26, 0.22),
    (1.34, 0.15), (1.40, 0.11), (1.45, 0.08), (1.52, 0.05), (1.61, 0.03),
]  # fmt: skip


def clay_loam() -> ice.Pores:
    """The curve of that soil."""
    horizon = build.Layer(200.0, 25.0, 30.0, 5.0, 25.0, 0.0)
    documents = build.documents(soil=build.ground(layers=(horizon,)))
    return ice.pores(hillslope.build(documents).site.profile.top)


@pytest.mark.parametrize(("frozen", "printed"), PRINTED)
def test_a_topsoil_that_begins_to_freeze_conducts_what_other_engines_print(
    frozen: float, printed: float
) -> None:
    """To the two decimals of their tables: a slice of 1 cm in a topsoil of 20."""
    ks = 30.0 * MM_PER_HOUR
    down, _ = ice.conductivities(ks, clay_loam(), 0.1, 0.01, frozen / 1000.0, 1e-5)
    series = 0.2 / (0.1 / down + 0.1 / ks)
    assert series / MM_PER_HOUR == pytest.approx(printed, abs=0.0151)


def test_frozen_soil_keeps_its_share_and_never_gains() -> None:
    """Between the share that is asked for and what it conducts unfrozen, whatever the ice."""
    curve = clay_loam()
    for content in (0.0, 0.05, 0.11, 0.2, 0.3, 0.42, 0.6):
        ks = ice.conductivity(1e-6, curve, content, 0.01, 0.5)
        assert 0.5e-6 <= ks <= 1e-6
    assert ice.conductivity(1e-6, curve, 0.42, 0.01, 1e-5) == pytest.approx(1e-11)


@pytest.mark.parametrize("slices", [3, 5, 6, 8])
def test_along_a_layer_the_slices_without_frost_conduct(slices: int) -> None:
    """Downwards a few slices seal it."""
    down, along = ice.conductivities(1e-6, clay_loam(), 0.1, 0.01 * slices, 0.002 * slices, 1e-5)
    assert down < 1e-9
    assert along == pytest.approx(1e-6 * (1.0 - slices / 10.0), rel=1e-3)


def test_water_goes_from_the_wetter_soil_to_the_drier_and_not_from_equals() -> None:
    """Either way alike, not at all where suctions are equal, and not more than there is room."""
    curve = clay_loam()

    def moved(wet: float, wet_below: float, room: float = 1.0) -> float:
        suctions = curve.suction(wet), curve.suction(wet_below)
        return ice.levelled(curve, curve, wet, wet_below, *suctions, 0.1, 3600.0, room)

    up = moved(0.2, 0.3)
    assert up > 0.0
    assert moved(0.3, 0.2) == pytest.approx(-up)
    assert moved(0.25, 0.25) == 0.0
    assert moved(0.2, 0.3, 1e-9) == 1e-9


def test_crust_and_cover_decide_again_where_the_upper_half_of_the_topsoil_has_thawed() -> None:
    """Frost below it takes a share of the conductivity; frost in it takes nearly all."""
    cold = (0.0, 0.0, 0.0, 0.0, -8.0, -16.0, 150.0, 3.0, 180.0, -16.0)
    mild = (0.0, 0.0, 0.0, 0.0, 12.0, 3.0, 250.0, 3.0, 180.0, 2.0)
    rows = [mild, *[cold] * 12, *[mild] * 60]
    climate = build.weather(rows, start=date(2001, 1, 1))
    slope = hillslope.build(
        build.documents(rows, climate=climate, soil=build.ground(saturation=0.8))
    )
    printed = [
        (slope.frost.top, slope.frost.frozen, day.surface.ke)
        for (day,) in engine.days((slope,), climate, 1)
    ]
    bare = printed[0][2]
    assert printed[10][2] < 1e-3 * bare
    # A day's conductivity is that of its morning.
    halfway = [
        ke for (top, frozen, _), (_, _, ke) in pairwise(printed) if frozen and 0.1 <= top < 0.2
    ]
    assert halfway
    assert all(0.05 * bare < ke <= bare for ke in halfway)
