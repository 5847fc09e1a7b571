"""A hillslope drawn: what of a run can be seen, and what cannot be drawn."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from tasks.hillsim.errors import Refusal
from tasks.hillsim.pictures import slope as picture
from tasks.wepp.samples import hillslopes as sample
from tasks.wepp.samples import network as sample_network

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A sample run of two hillslopes and one year."""
    runs = sample.write_sample(tmp_path, 2, 1, 3)
    sample_network.write_network(runs, 2, 1)
    return tmp_path


def test_a_drawing_shows_profile_water_and_the_largest_storm(run: Path) -> None:
    """Three panels, the year's rain in bars, words that say what is what; the same every time."""
    path = picture.draw(run, "p2")
    assert path == run / "wepp" / "output" / "p2.hillsim.svg"
    text = path.read_text()
    drawn = ElementTree.fromstring(text)
    said = " ".join(word.text or "" for word in drawn.iter(f"{SVG}text"))
    for word in (
        "distance (m)",
        "t/ha/yr",
        "to air",
        "drainage",
        "runoff",
        "stored",
        "largest storm",
    ):
        assert word in said
    assert len(list(drawn.iter(f"{SVG}g"))) == 3
    assert len(list(drawn.iter(f"{SVG}rect"))) >= 12
    other = run / "other.svg"
    assert picture.draw(run, "p2", other) == other
    assert other.read_text() == text


def test_the_flow_of_a_storm_ends_where_its_water_has_run_out() -> None:
    """What rounding leaves for the day's last step draws no tail through the day."""
    flows = [0.0, 2e-6, 1e-6, *[0.0] * 284, 1e-20]
    line = picture._flow(flows, 600.0)
    assert line[0] == (0.0, 0.0)
    assert line[-1] == (pytest.approx(1650.0 / 3600.0), 0.0)
    assert max(rate for _, rate in line) == pytest.approx(7.2)


def test_a_watershed_is_not_drawn_and_a_missing_hillslope_is_named(run: Path) -> None:
    """What cannot be drawn is said by name."""
    with pytest.raises(Refusal, match=r"pw0\.run"):
        picture.draw(run, "pw0")
    with pytest.raises(FileNotFoundError, match=r"p9\.run"):
        picture.draw(run, "p9")


def test_a_slope_on_which_nothing_runs_is_drawn_without_a_storm(run: Path) -> None:
    """A year without rain has a profile and a water balance."""
    cli = run / "wepp" / "runs" / "p2.cli"
    dry = [
        line[:12] + "   0.0  0.00 0.00   0.00" + line[36:] if line[:3].strip().isdigit() else line
        for line in cli.read_text().splitlines()
    ]
    cli.unlink()
    cli.write_text("\n".join(dry) + "\n")
    drawn = ElementTree.fromstring(picture.draw(run, "p2").read_text())
    assert len(list(drawn.iter(f"{SVG}g"))) == 2


def test_loss_and_deposition_are_areas_along_the_slope() -> None:
    """Red below the line where soil is lost, green above it where it settles, from the very top."""
    cells = [((0.0, 4.0), (1.0, 3.0, 0.2)), ((1.0, 3.0), (2.0, 2.0, 0.4))]
    band = picture._band(cells, 0.5)
    assert band[:3] == [(0.0, 4.0), (1.0, 3.0), (2.0, 2.0)]
    assert band[3:] == [(2.0, 1.8), (1.0, 2.8), (1.0, 2.9), (0.0, 3.9)]
    assert picture._top([row for _, row in cells]) == 4.0
