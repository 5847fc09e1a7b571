"""hillsim beside another engine: the table, the figures under it, the drawing."""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tasks import hillsim
from tasks.hillsim.pictures import compare, svg
from tasks.hillsim.pictures.compare import Case
from tasks.wepp.annual import MeanYear
from tasks.wepp.samples import hillslopes as sample
from tasks.wepp.samples import network as sample_network


def test_rank_correlation_knows_order_and_ties() -> None:
    """1 for any growing relation, −1 for a falling one; ties share their rank."""
    assert compare.spearman([1.0, 2.0, 30.0], [0.1, 5.0, 6.0]) == 1.0
    assert compare.spearman([1.0, 2.0, 30.0], [9.0, 5.0, 1.0]) == -1.0
    assert compare.spearman([1.0, 1.0, 2.0, 3.0], [1.0, 1.0, 2.0, 3.0]) == pytest.approx(1.0)
    assert compare.spearman([1.0, 1.0], [2.0, 3.0]) == 0.0


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two hillslopes, and a watershed of two, with what hillsim wrote as the other's output."""
    here = tmp_path_factory.mktemp("data")
    for place in (here, here / "watershed"):
        runs = sample.write_sample(place, 2, 1, 3)
        for number in (1, 2):
            hillsim.run(f"p{number}.run", cwd=runs, out=io.StringIO())
        if place != here:
            sample_network.write_network(runs, 2, 1)
            hillsim.run("pw0.run", cwd=runs, out=io.StringIO())
        for name in ("runs", "output"):
            shutil.move(place / "wepp" / name, place / name)
    return here


def test_a_page_gets_the_table_of_every_run_the_figures_and_a_drawing(
    directory: Path, tmp_path: Path
) -> None:
    """Beside its own outputs hillsim agrees with itself: ratio 1, all within a factor of 2."""
    page = tmp_path / "page.md"
    page.write_text(f"before\n{compare.BEGIN}\nold\n{compare.END}\nafter\n")
    compare.write(directory, page)
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    rows = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| ")]
    assert rows == ["hillslope", "1", "2", "w1", "w2", "w outlet"]
    assert "median ratio 1.00" in text
    drawn = ElementTree.fromstring((tmp_path / compare.DRAWING).read_text())
    assert len(list(drawn.iter("{http://www.w3.org/2000/svg}circle"))) == 10


def test_a_refused_run_has_its_reason_as_its_row() -> None:
    """What cannot be simulated is not left out of the table."""
    year = MeanYear(1.0, 2.0, 3.0)
    found = [Case("1", year, (year,)), Case("2", None, (year,), "refused: grazing")]
    *_, row = compare.table(found)
    assert row == "| 2 | refused: grazing | | | | | |"


def test_a_page_without_marks_is_an_error(directory: Path, tmp_path: Path) -> None:
    """Nothing is written where the table's place is not known."""
    page = tmp_path / "page.md"
    page.write_text("no marks\n")
    with pytest.raises(ValueError, match="marks"):
        compare.write(directory, page)
    assert page.read_text() == "no marks\n"


def test_a_drawing_keeps_what_lies_outside_at_its_edge() -> None:
    """Points beyond the axes are drawn on the frame, not beside the page."""
    panel = svg.Panel("a", "x", "y", (1.0, 1.0), (100.0, 100.0), log=True)
    panel.point(1e9, 1e-9, "#000")
    (circle,) = ElementTree.fromstring(svg.page([panel])).iter("{http://www.w3.org/2000/svg}circle")
    assert 0.0 < float(circle.get("cx", "nan")) <= panel.width
    assert 0.0 < float(circle.get("cy", "nan")) <= panel.height
