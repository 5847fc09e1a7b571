from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tasks.wepp.files import loss
from tasks.wepp.files.edits import Edit
from tasks.wepp.files.errors import CutShort, FormatError, Refused
from tests.unit.wepp_reports import LAID, LOST, SOURCES, a_loss

GOLDEN = Path(__file__).parents[1] / "golden" / "wepp" / "loss.dat"


def test_the_report_is_the_stock_layout_to_the_column() -> None:
    """The text of a report is the one reviewed in the golden file."""
    assert loss.dump(a_loss()) == GOLDEN.read_text(encoding="latin-1")


def test_a_report_reads_back_as_written() -> None:
    """Every figure of a report survives; names are cut to their columns."""
    read = loss.parse(loss.dump(a_loss()))
    cut = (SOURCES.planes[0], ("A name of more than ", "clay"))
    planes = tuple((name.rstrip(), texture) for name, texture in cut)
    assert read == replace(a_loss(), sources=replace(SOURCES, planes=planes))


@pytest.mark.parametrize(
    ("detachment", "deposition"), [(None, None), (LOST, None), (None, LAID), (LOST, LAID)]
)
def test_blocks_are_there_only_where_there_is_something(detachment, deposition) -> None:  # type: ignore[no-untyped-def]
    """A slope without loss or without deposition has no such block, and reads back so."""
    read = loss.parse(loss.dump(a_loss(detachment, deposition)))
    assert (read.detachment, read.deposition) == (detachment, deposition)


def test_the_means_of_a_run_are_at_hand() -> None:
    """Runoff counts rain and winter; soil loss is 0 where nothing was detached."""
    assert a_loss().mean_runoff_mm == pytest.approx(31.66)
    assert a_loss().soil_loss_kg_m2 == 0.25
    assert a_loss(None).soil_loss_kg_m2 == 0.0


def test_blanks_do_not_matter_for_reading() -> None:
    """Builds that set the kilograms in a wider column, or add a block, are read as well."""
    text = loss.dump(a_loss()).replace("           286.986     kg", "              286.986     kg")
    text = text.replace("\nIII. OFF", "\n  D. SCI OM: MORE\n     1  0.82\n\nIII. OFF")
    assert loss.parse(text).sediment == a_loss().sediment


def test_a_number_that_overflowed_is_nan() -> None:
    """Stars in a column do not stop the reader."""
    text = loss.dump(a_loss()).replace("   9.566   kg/m", "********   kg/m")
    assert loss.parse(text).sediment.kg_m != loss.parse(text).sediment.kg_m


@pytest.mark.parametrize(
    "last",
    [
        "MAN. PRACTICE",
        "annual averages",
        "C.  SOIL LOSS",
        "kg/m of width",
        "Class  D",
        "Average annual SSA",
    ],
)
def test_a_report_cut_short_says_what_is_missing(last: str) -> None:
    """A report that ends anywhere before its enrichment ratio is an error, not zeros."""
    text = loss.dump(a_loss())
    with pytest.raises(CutShort, match="the report ends without"):
        loss.parse(text[: text.index(last)], "H1.loss.dat")


def test_an_empty_report_is_an_error() -> None:
    """A full disk leaves a report of no bytes."""
    with pytest.raises(CutShort, match="is empty"):
        loss.parse("", "H1.loss.dat")


@pytest.mark.parametrize("title", ["Single storm", "Annual; abbreviated (English Units)"])
def test_other_reports_are_refused_by_name(title: str) -> None:
    """What is another layout is not guessed at."""
    with pytest.raises(Refused, match="is not read"):
        loss.parse(loss.dump(replace(a_loss(), title=title)))


def test_a_torn_profile_row_names_its_line() -> None:
    """A row of the profile that is no three times three numbers is an error with its line."""
    text = loss.dump(a_loss()).replace("   0.70    -0.029  1", "   0.70    -0.029   ")
    with pytest.raises(FormatError, match="no row of the profile") as caught:
        loss.parse(text)
    assert "0.70" in text.splitlines()[caught.value.line - 1]


def test_a_template_tells_its_line_from_others() -> None:
    """An edit reads the line that has its words, and no other."""
    edit = Edit("{storms:i10} storms produced{precip:f12.2} mm")
    assert edit.write({"storms": 3, "precip": 1.5}) == "         3 storms produced        1.50 mm"
    assert edit.read("  3   storms produced 1.50 mm ") == {"storms": 3, "precip": 1.5}
    assert edit.read("  3   storms brought 1.50 mm ") is None
    assert edit.label == "storms produced mm"
