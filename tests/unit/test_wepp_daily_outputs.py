from __future__ import annotations

from pathlib import Path

import pytest

from tasks.wepp.files import ebe, passfile
from tasks.wepp.files.errors import CutShort, FormatError
from tasks.wepp.files.passfile import Event, NoEvent, PassFile, Subevent

GOLDEN = Path(__file__).parents[1] / "golden" / "wepp"
SIZES = (2e-6, 1e-5, 3e-5, 3e-4, 2e-4)
STORM = (43200.0, 0.17725, 0.075562, 0.0039729, 4.1715, 0.0, 0.0, 0.00049399, 0.5, 0.25)
SEDIMENT, FRACTIONS = (0.1, 0.2, 0.3, 0.4, 0.5), (0.013, 0.027115, 0.09, 0.22541, 0.64447)
PASS = PassFile(
    "p1.cli", 1, 1, 1050.0, SIZES,
    (Subevent(1, 1, 7.6446e-05, 0.080268), NoEvent(1, 2), Event(1, 3, *STORM, SEDIMENT, FRACTIONS)),
)  # fmt: skip
ROWS = (
    ebe.Row(6, 5, 1, 22.2, 6.2, 0.068, 0.09, 0.11, 35.0, 0.0, 0.0, 0.0, 3.0, 1.03),
    ebe.Row(29, 12, 2012, 120.1, 1.6, 0.007, 0.01, 0.01, 17.5, -0.32, -0.53, 60.0, 99999.9, 0.99),
)
WRAPPED = """p1.cli
    1         1
.10500E+04
  5    0.20000E-05 0.10000E-04 0.30000E-04 0.30000E-03 0.20000E-03
SUBEVENT      1     1      0.76446E-04 0.80268E-01 0.10000E-01 0.20000E-01
NO EVENT      1     2
EVENT         1     3      1. 2. 3. 4. 5. 6. 7. 71. 72. 8.      9. 10. 11. 12. 13.      14. 15. 16.
     17. 18. 19. 20.
"""


def test_a_pass_file_is_the_stock_layout_to_the_column() -> None:
    """The text of a pass file is the one reviewed in the golden file, and reads back the same."""
    golden = (GOLDEN / "pass.dat").read_text(encoding="latin-1")
    assert passfile.dump(PASS) == golden
    assert passfile.parse(golden) == PASS


def test_an_event_file_is_the_stock_layout_to_the_column() -> None:
    """The text of an event file is the one reviewed in the golden file, and reads back the same."""
    golden = (GOLDEN / "ebe.dat").read_text(encoding="latin-1")
    assert ebe.dump(ROWS) == golden
    assert ebe.parse(golden) == ROWS


def test_events_that_go_on_in_a_second_line_are_read_whole() -> None:
    """Builds of 2024 wrap an event of 22 values; drainage comes out beside the stock fields."""
    sub, quiet, event = passfile.parse(WRAPPED).days
    assert isinstance(sub, Subevent)
    assert sub.drainage == (0.01, 0.02)
    assert quiet == NoEvent(1, 2)
    assert isinstance(event, Event)
    assert event.drainage == (71.0, 72.0)
    assert (event.lateral_m3, event.peak_m3_s, event.deposited_kg) == (7.0, 8.0, 10.0)
    assert event.sediment_kg_m3 == (11.0, 12.0, 13.0, 14.0, 15.0)
    assert event.fractions == (16.0, 17.0, 18.0, 19.0, 20.0)


def test_drainage_has_no_place_in_the_stock_layout() -> None:
    """Nothing is dropped silently on writing."""
    with pytest.raises(ValueError, match="holds no drainage"):
        passfile.dump(passfile.parse(WRAPPED))


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("  5    0.2", "  4    0.2", 4, "4 particle classes, 5 diameters"),
        ("    1         1", "    1", 2, "2 numbers wanted"),
        ("NO EVENT", "NO STORM", 6, "'NO STORM' is no kind"),
        ("     1     2", "     1      ", 6, "needs year and day"),
        ("17. 18. ", "17. ", 7, "EVENT of 20 values has 21"),
        ("17. 18. ", "17. x ", 7, "'x' is no number"),
    ],
)
def test_a_broken_pass_file_names_its_line(old: str, new: str, line: int, says: str) -> None:
    """A record that is ragged or unknown is an error with file, line and reason."""
    with pytest.raises(FormatError, match=says) as caught:
        passfile.parse(WRAPPED.replace(old, new, 1), "H1.pass.dat")
    assert (caught.value.path, caught.value.line) == ("H1.pass.dat", line)


def test_files_without_their_head_are_cut() -> None:
    """What a run that was stopped leaves behind is no empty table."""
    with pytest.raises(CutShort):
        passfile.parse("", "H1.pass.dat")
    with pytest.raises(CutShort):
        ebe.parse(" EVENT OUTPUT\n", "H1.ebe.dat")


def test_event_rows_of_2024_have_two_lengths_more() -> None:
    """Rows by blanks with the lengths of detachment and deposition are read as well."""
    head = "\n".join(ebe.dump(()).splitlines()) + "\n"
    (row,) = ebe.parse(head + "4 1 1 .0 1.1 .0 .001 .00 200.00 .0 .00 .00 .0 1.0 16.00 .000\n")
    assert (row.runoff_mm, row.detachment_point_m, row.detachment_length_m) == (1.1, 200.0, 16.0)
    with pytest.raises(FormatError, match="14 or 16 values, found 3") as caught:
        ebe.parse(head + "4 1 1\n")
    assert caught.value.line == 4
