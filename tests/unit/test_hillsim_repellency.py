"""Burnt and disturbed soils that repel water while they are dry: 9001 to 9005 with their 1."""

from __future__ import annotations

import io
import math
from pathlib import Path

import pytest

from tasks import hillsim
from tasks.hillsim import profiles
from tasks.hillsim.cover import surface
from tasks.hillsim.errors import Refusal
from tasks.hillsim.soil import MM_PER_HOUR, Repellency
from tasks.wepp.files import soil as soil_file
from tasks.wepp.samples import hillslopes as sample
from tests.unit.hillsim_slopes import soil_input

KE = 40.0 * MM_PER_HOUR
TOP = profiles.profile(soil_input([(400, 45, 20, 5, 20, 10)], version=2006.2, ke=40.0), 1100.0).top
CURVE = " 0.05 0.45 0.0123 1.61 12.3 0.11 0.28"
LAYER = "1.4 8 10 0.3 0.12 45 20 5 20 10"


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A sample run of one hillslope and two years."""
    return sample.write_sample(tmp_path, hillslopes=1, years=2, seed=3)


def simulate(runs: Path, version: int, line: str) -> hillsim.Summary:
    """The run on a soil of a version whose disturbed land's line is this."""
    curve = CURVE if version >= 9002 else ""
    layers = f"200 {LAYER}{curve}\n900 {LAYER}{curve}\n"
    head = f"{version}\nAny\n1 0\n{line}\n'A b' 'L' 2 0.16 0.75 1e6 8e-4 1\n"
    (runs / "p1.sol").write_text(f"{head}{layers}1 10000 100\n")
    return hillsim.run("p1.run", cwd=runs, out=io.StringIO())


def test_a_soil_of_9001_conducts_between_its_dry_and_its_saturated_rate() -> None:
    """A twentieth when dry; half wet, what the exponential says; near saturation nearly all."""
    law = Repellency(factor=20.0, rate=0.3)
    way = (math.exp(0.5 / 0.3) - 1.0) / (math.exp(1.0 / 0.3) - 1.0)
    assert surface.repelled(KE, law, 0.0, TOP) == pytest.approx(KE / 20.0)
    assert surface.repelled(KE, law, 0.5, TOP) == pytest.approx(KE * (0.05 + 0.95 * way))
    assert 0.9 * KE < surface.repelled(KE, law, 1.0, TOP) <= KE
    assert surface.repelled(KE, Repellency(20.0, 1e-4), 0.5, TOP) == pytest.approx(KE / 20.0)


def test_a_later_soil_conducts_by_a_power_of_its_wetness_and_no_less_than_its_lowest() -> None:
    """The power is 2λ + 3, λ from what the soil holds at 33 and 1500 kPa."""
    power = 2.0 * math.log(TOP.fc / TOP.wp) / math.log(1500.0 / 33.0) + 3.0
    half = surface.repelled(KE, Repellency(), 0.5, TOP)
    assert half == pytest.approx(KE * 0.5**power)
    assert surface.repelled(KE, Repellency(lowest=0.3 * KE), 0.2, TOP) == pytest.approx(0.3 * KE)
    assert surface.repelled(KE, Repellency(lowest=0.3 * KE), 0.9, TOP) > 0.3 * KE


@pytest.mark.parametrize(
    ("version", "line"),
    [
        (9001, "{} 'forest high sev fire' 'loam' 100 0.1"),
        (9002, "{} 'forest high sev fire' 'loam' 1.3 0.3"),
        (9003, "{} 'forest high sev fire' 303 'loam' 0.05"),
        (9005, "{} 'forest high sev fire' 303 'loam' 3 -9999 0.05"),
    ],
)
def test_a_soil_that_repels_water_runs_off_more(runs: Path, version: int, line: str) -> None:
    """All that else is equal; and a soil whose 0 says that it does not is one of 7778."""
    plain = simulate(runs, version, line.format(0))
    repelling = simulate(runs, version, line.format(1))
    assert repelling.runoff_mm > 1.1 * plain.runoff_mm
    text = (runs / "p1.sol").read_text().replace(CURVE, "").splitlines()
    (runs / "p1.sol").write_text("\n".join(["7778", *text[1:3], *text[4:]]) + "\n")
    assert hillsim.run("p1.run", cwd=runs, out=io.StringIO()) == plain


def test_a_higher_lowest_conductivity_takes_in_more(runs: Path) -> None:
    """It is WEPPcloud's lever of hydrophobicity."""
    low, high = (simulate(runs, 9003, f"1 'forest' 303 'loam' {lowest}") for lowest in (0.1, 5.0))
    assert high.runoff_mm < low.runoff_mm


@pytest.mark.parametrize(
    ("version", "line", "said"),
    [
        (9001, "1 'forest' 'loam' 0 0", "factor 0 and rate 0 of an adjusted conductivity"),
        (9001, "1 'forest' 'loam' 2 -9999", "rate -9999"),
        (9005, "1 'forest' 303 'loam' 3 40 0.5", "a highest conductivity .40. of an adjusted one"),
    ],
)
def test_what_has_no_published_meaning_is_refused_by_name(
    runs: Path, version: int, line: str, said: str
) -> None:
    """The file, its version and the number at fault."""
    with pytest.raises(Refusal, match=rf"p1\.sol.*version {version}: .*{said}"):
        simulate(runs, version, line)


def test_every_version_but_9004_is_read() -> None:
    """WEPPcloud's disturbed soils are 9001 to 9005 without it."""
    assert {v for v in soil_file.VERSIONS if v > 9000} == {9001, 9002, 9003, 9005}
