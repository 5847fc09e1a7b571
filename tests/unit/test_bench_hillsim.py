"""What hillsim's bench simulates is what it says: whole years, each hillslope in its turn."""

from __future__ import annotations

from pathlib import Path

from tasks.wepp import inputs
from tasks.wepp.files import runfile
from tasks.wepp.samples.hillslopes import write_sample
from tests.bench import bench_hillsim


def test_a_farm_has_the_hillslopes_in_turn_and_their_years_over_again(tmp_path: Path) -> None:
    """Five hillslopes of seven years are made of two of three; their weather begins anew."""
    runs = write_sample(tmp_path / "sample", hillslopes=2, years=3)
    here = bench_hillsim.grow(runs, bench_hillsim.stems(runs), tmp_path / "farm", 5, 7)
    assert bench_hillsim.stems(here) == ["p1", "p2", "p3", "p4", "p5"]
    run = runfile.read(here / "p5.run")
    given, first = inputs.read(run, here), inputs.read(runfile.read(runs / "p1.run"), runs)
    assert given.slope == first.slope
    assert given.climate.days.year[-1] == 7
    assert given.climate.days.precip_mm[: len(first.climate.days)] == first.climate.days.precip_mm
    assert given.management.simulated_years >= 7
