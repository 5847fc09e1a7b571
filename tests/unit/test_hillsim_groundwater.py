"""Groundwater below hillslopes and what of it rises in channels: gwcoeff.txt, chan.inp."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest

from tasks import hillsim
from tasks.hillsim.hydrology.aquifer import Aquifer
from tasks.wepp.files import groundwater, passfile
from tasks.wepp.files.errors import FormatError
from tasks.wepp.samples import hillslopes as sample
from tasks.wepp.samples import network as sample_network

HILLSLOPES, CHANNELS, YEARS = 5, 2, 1
COEFFICIENTS = "100.0\tInitial groundwater storage (mm)\n0.04\n0.01\n{}\tThreshold area (ha)\n"


def simulate(runs: Path) -> hillsim.Summary:
    """The channels."""
    return hillsim.run("pw0.run", cwd=runs, out=io.StringIO())


def hillslopes(runs: Path) -> None:
    """All hillslopes."""
    for number in range(1, HILLSLOPES + 1):
        hillsim.run(f"p{number}.run", cwd=runs, out=io.StringIO())


@pytest.fixture(scope="module")
def dry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose hillslopes know of no groundwater."""
    runs = sample.write_sample(tmp_path_factory.mktemp("dry"), HILLSLOPES, YEARS, 3)
    hillslopes(runs)
    sample_network.write_network(runs, HILLSLOPES, YEARS)
    return runs


@pytest.fixture(scope="module")
def wet(dry: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, run beside gwcoeff.txt."""
    shutil.copytree(dry.parent, tmp_path_factory.mktemp("wet") / "wepp")
    runs = next(tmp_path_factory.getbasetemp().glob("wet*")) / "wepp" / "runs"
    (runs / "gwcoeff.txt").write_text(COEFFICIENTS.format(0.0))
    hillslopes(runs)
    return runs


@pytest.fixture
def runs(wet: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    shutil.copytree(wet.parent, tmp_path / "wepp")
    return tmp_path / "wepp" / "runs"


def passes(runs: Path) -> list[passfile.PassFile]:
    """What the hillslopes handed on."""
    found = [runs.parent / "output" / f"H{number}.pass.dat" for number in range(1, HILLSLOPES + 1)]
    return [passfile.read(path) for path in found]


def risen(runs: Path) -> dict[int, float]:
    """Baseflow (m³) of each channel, in all, by chanwb.out."""
    sums = dict.fromkeys(range(1, CHANNELS + 1), 0.0)
    for line in (runs / "chanwb.out").read_text().splitlines():
        words = line.split()
        if len(words) == 10 and words[0].isdigit():
            sums[int(words[3])] += float(words[7])
    return sums


def told(found: passfile.PassFile) -> tuple[float, float]:
    """Baseflow and deep seepage (m³) of a hillslope, in all."""
    pairs = [day.ground for day in found.days if day.ground is not None]
    return sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)


def test_a_reservoir_gives_its_share_every_day_and_keeps_the_rest() -> None:
    """100 mm and 10 that percolate, at 4 % and 1 % a day."""
    water = Aquifer(0.1, 0.04, 0.01)
    assert water.step(0.01) == pytest.approx((0.0044, 0.0011))
    assert water.stored == pytest.approx(0.1045)
    assert water.step(0.0) == pytest.approx((0.00418, 0.001045))


def test_groundwater_changes_the_pass_file_alone(dry: Path, wet: Path) -> None:
    """Percolation has left the slope already; each day tells baseflow and deep seepage."""
    for before, after in zip(passes(dry), passes(wet), strict=True):
        assert len(before.days) == len(after.days)
        for day, same in zip(before.days, after.days, strict=True):
            assert type(day) is type(same)
            assert getattr(day, "runoff_m3", 0.0) == getattr(same, "runoff_m3", 0.0)
            assert getattr(day, "lateral_m3", 0.0) == getattr(same, "lateral_m3", 0.0)
        flows, sinks = told(after)
        assert flows > 0.09 * after.area_m2 * 0.75
        assert sinks == pytest.approx(flows / 4.0, rel=1e-3)
    same = ["H1.wat.dat", "H1.loss.dat", "H1.ebe.dat", "H1.element.dat", "H1.soil.dat"]
    for name in same:
        texts = [(runs.parent / "output" / name).read_bytes() for runs in (dry, wet)]
        assert texts[0] == texts[1], name


def test_groundwater_rises_in_the_channels(dry: Path, runs: Path) -> None:
    """All of it, in chanwb.out's column; the outlet gives nearly as much more."""
    before, after = simulate(dry), simulate(runs)
    flows = sum(told(found)[0] for found in passes(runs))
    assert sum(risen(runs).values()) == pytest.approx(flows, rel=1e-3)
    assert risen(dry) == {1: 0.0, 2: 0.0}
    area = sum(found.area_m2 for found in passes(runs))
    more = (after.runoff_mm - before.runoff_mm) * YEARS / 1000.0 * area
    assert 0.5 * flows < more < 1.1 * flows


def test_below_the_threshold_area_groundwater_rises_further_down(runs: Path) -> None:
    """The upper channel gets none, the lower one all; with a huge threshold nobody does."""
    areas = [found.area_m2 / 1e4 for found in passes(runs)]
    flows = sum(told(found)[0] for found in passes(runs))
    (runs / "gwcoeff.txt").write_text(COEFFICIENTS.format(sum(areas[:3]) + 0.9 * sum(areas[3:])))
    simulate(runs)
    assert risen(runs) == {1: 0.0, 2: pytest.approx(flows, rel=1e-3)}
    (runs / "gwcoeff.txt").write_text(COEFFICIENTS.format(1e6))
    simulate(runs)
    assert risen(runs) == {1: 0.0, 2: 0.0}


def test_hillslopes_that_know_of_no_groundwater_are_named(dry: Path, tmp_path: Path) -> None:
    """The engines would read what is not there."""
    shutil.copytree(dry.parent, tmp_path / "wepp")
    runs = tmp_path / "wepp" / "runs"
    (runs / "gwcoeff.txt").write_text(COEFFICIENTS.format(1.0))
    with pytest.raises(FormatError, match=r"H1.pass.dat.*no groundwater: .*gwcoeff"):
        simulate(runs)


def test_a_constant_baseflow_comes_from_every_square_metre(dry: Path, tmp_path: Path) -> None:
    """1e-8 m/s on the area of a channel's own hillslopes and bed, every day."""
    shutil.copytree(dry.parent, tmp_path / "wepp")
    runs = tmp_path / "wepp" / "runs"
    (runs / "chan.inp").write_text("1 600\n1e-8\n")
    simulate(runs)
    slopes = sum(found.area_m2 for found in passes(runs))
    wanted = 1e-8 * slopes * 86400.0 * 365
    assert wanted < sum(risen(runs).values()) < 1.1 * wanted


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("100\n0.04\n0\n", "the file ends where the threshold area"),
        ("100\n0.04\n-0.1\n1\n", "no coefficient of groundwater is negative, found -0.1"),
        ("100\n0.9\n0.2\n1\n", "together are no more than what is there"),
        ("100\nnan\n0.2\n1\n", "baseflow coefficient"),
    ],
)
def test_broken_coefficients_name_their_file(text: str, said: str, tmp_path: Path) -> None:
    """Before anything runs."""
    path = tmp_path / "gwcoeff.txt"
    path.write_text(text)
    with pytest.raises(FormatError, match=rf"gwcoeff.txt.*{said}"):
        groundwater.read(path)
