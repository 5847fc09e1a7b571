"""FAO-56: reference evapotranspiration, dual coefficients, and pmetpara.txt that asks for them."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from tasks.hillsim import engine, hidden
from tasks.hillsim.element import hillslope
from tasks.hillsim.hidden import Basal, Hidden
from tasks.hillsim.hydrology import reference
from tasks.hillsim.hydrology.evaporation import Air
from tasks.wepp.files.errors import FormatError
from tasks.wepp.samples import cover as sample_cover
from tests.unit import hillsim_slopes as build


def air(**changes: float) -> Air:
    """6 July at Uccle, example 18 of the paper: 50.8° N, 100 m, Ra 41.09, Rs 22.07 MJ/m²."""
    found = {
        "high": 21.5, "low": 12.3, "radiation": 22.07, "wind": 2.078, "dew": 12.0,
        "elevation": 100.0, **changes,
    }  # fmt: skip
    mean = (found["high"] + found["low"]) / 2.0
    return Air(mean=mean, clear=0.75 * 41.09, has_wind=True, **found)


def test_the_papers_example_of_a_day_at_uccle() -> None:
    """Actual vapour pressure 1.409 kPa: 3.88 mm, printed as 3.9 in the paper."""
    dew = 237.3 * math.log(1.409 / 0.6108) / (17.27 - math.log(1.409 / 0.6108))
    found = reference.evapotranspiration(air(dew=dew)) * 1000.0
    assert found == pytest.approx(3.88, abs=0.02)


@pytest.mark.parametrize(("change", "more"), [("wind", 5.0), ("radiation", 26.0), ("high", 28.0)])
def test_wind_sun_and_warmth_ask_for_more(change: str, more: float) -> None:
    """Each alone raises the reference."""
    assert reference.evapotranspiration(air(**{change: more})) > reference.evapotranspiration(air())


def test_coefficients_follow_the_leaves_and_stay_below_their_limit() -> None:
    """Nothing without leaves, nearly all with many; soil and plants together at most Kc max."""
    day = air()
    assert reference.basal(0.95, 0.0, 10.0, day) == 0.0
    dense, sparse = (reference.basal(0.95, leaves, 10.0, day) for leaves in (8.0, 1.0))
    assert sparse == pytest.approx(dense * (1.0 - math.exp(-0.7)), rel=0.01)
    limit = reference.most(dense, 10.0, day)
    assert dense + reference.bare(1.0, dense, limit, 1.0, 0.0) <= limit + 1e-12


def test_soil_dries_out_and_mulch_covers_it() -> None:
    """All of it until 9 mm are gone, none at 25 mm; half of it under a full mulch."""
    assert reference.dryness(0.009, 0.009, 0.025) == 1.0
    assert reference.dryness(0.017, 0.009, 0.025) == pytest.approx(0.5)
    assert reference.dryness(0.025, 0.009, 0.025) == 0.0
    open_soil = reference.bare(0.5, 0.1, 1.2, 1.0, 0.0)
    assert reference.bare(0.5, 0.1, 1.2, 1.0, 1.0) == pytest.approx(open_soil / 2.0)


def test_roots_take_freely_until_their_share_is_gone() -> None:
    """Of 100 mm half is free at 5 mm a day; of the rest they take less and less."""
    assert reference.stress(0.05, 0.1, 0.5, 0.005) == 1.0
    assert reference.stress(0.075, 0.1, 0.5, 0.005) == pytest.approx(0.5)
    assert reference.stress(0.1, 0.1, 0.5, 0.005) == 0.0


def test_pmetpara_names_plants_by_line(tmp_path: Path) -> None:
    """The number of plants, then a line each; equal lines may come again, others not."""
    path = tmp_path / "pmetpara.txt"
    path.write_text("3\nTah_4899,0.95,0.8,1,-\nTah_4899,0.95,0.8,2,-\nShrub,0.6,0.5,3,-\n")
    assert hidden.read(tmp_path).basal == {"Tah_4899": Basal(0.95, 0.8), "Shrub": Basal(0.6, 0.5)}
    path.write_text("2\nTah_4899,0.95,0.8,1,-\nTah_4899,0.90,0.8,2,-\n")
    with pytest.raises(FormatError, match=r"pmetpara\.txt:3: .*again"):
        hidden.read(tmp_path)
    path.write_text("1\nTah_4899,0.95\n")
    with pytest.raises(FormatError, match=r"pmetpara\.txt:2: "):
        hidden.read(tmp_path)


def test_a_forest_evaporates_by_its_coefficient_and_its_litter_dries() -> None:
    """Twice the coefficient takes more; litter under a closed canopy gives a little."""
    given = build.documents([build.rainy(30.0), *[build.DRY] * 40], cover=sample_cover.FOREST)
    names = [plant.head.name for plant in given.management.plants]
    taken, dried = {}, {}
    for kcb in (0.4, 0.8):
        rules = Hidden(basal={name: Basal(kcb, 0.5) for name in names})
        chain = hillslope.chain(given, rules)
        days = [day for (day,) in engine.days(chain, given.climate, 1)]
        taken[kcb] = sum(day.balance.plants for day in days)
        dried[kcb] = sum(day.balance.soil + day.balance.litter for day in days)
    assert taken[0.8] > 1.2 * taken[0.4] > 0.0
    assert 0.0 < dried[0.8] < taken[0.8]
    assert 0.0 < dried[0.4] < taken[0.4]
