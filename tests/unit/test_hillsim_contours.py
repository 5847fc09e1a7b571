"""Contour rows: refused where engines simulate them, left out where engines leave them out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tasks.hillsim.errors import Refusal
from tasks.wepp.files import management, scenarios, slope, soil
from tasks.wepp.samples import hillslopes as sample
from tests.unit.test_hillsim_engine import a_storm, simulate, written


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Two hillslopes and a year."""
    return sample.write_sample(tmp_path, hillslopes=2, years=1, seed=3)


def contoured(runs: Path, *rows: bool) -> None:
    """Give hillslope 2 as many elements as there are `rows`, each with contour rows or none."""
    plan, count = management.read(runs / "p2.man"), len(rows)
    head = plan.yearlies[0].head
    contour = scenarios.Contour(head, cntslp=0.005, rdghgt=0.15, rowlen=60.0, rowspc=1.0)
    bare, ridged = plan.yearlies, tuple(replace(one, conset=1) for one in plan.yearlies)
    schedule = tuple(
        tuple(
            tuple(tuple(at + ridges * len(bare) for at in crops[0]) for ridges in rows)
            for crops in rotation
        )
        for rotation in plan.schedule
    )
    text = management.dump(
        replace(
            plan, nofe=count, contours=(contour,), yearlies=(*bare, *ridged),
            initial_of=plan.initial_of * count, schedule=schedule,
        )
    )  # fmt: skip
    profile, ground = slope.read(runs / "p2.slp"), soil.read(runs / "p2.sol")
    (runs / "p2.man").write_text(text)
    (runs / "p2.slp").write_text(slope.dump(replace(profile, elements=profile.elements * count)))
    (runs / "p2.sol").write_text(soil.dump(replace(ground, elements=ground.elements * count)))


@pytest.mark.parametrize("storm", [False, True])
def test_contour_rows_below_an_element_without_are_left_out_as_engines_do(
    runs: Path, storm: bool
) -> None:
    """The outputs are those of a slope without rows, and the log says which were left out."""
    if storm:
        a_storm(runs)
    contoured(runs, False, True)
    said = simulate(runs)[1]
    with_rows = written(runs)
    assert " NOTE: p2.man: contour rows of element 2 lie below one without: left out" in said
    plan = management.read(runs / "p2.man")
    bare = tuple(replace(one, conset=0) for one in plan.yearlies)
    (runs / "p2.man").write_text(management.dump(replace(plan, yearlies=bare)))
    assert not any("contour" in line for line in simulate(runs)[1])
    assert written(runs) == with_rows


@pytest.mark.parametrize("storm", [False, True])
def test_contour_rows_at_the_top_of_a_slope_are_refused(runs: Path, storm: bool) -> None:
    """These engines simulate: nothing is written."""
    if storm:
        a_storm(runs)
    contoured(runs, True, True)
    with pytest.raises(Refusal, match=r"p2\.man: contour rows in the year"):
        simulate(runs)
    assert written(runs) == {}
