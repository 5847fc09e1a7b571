"""Outputs that look full and are not are told from whole ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.wepp import complete
from tasks.wepp.complete import Incomplete

SHARED = Path(__file__).parents[3] / "shared" / "data" / "wepp"
ENRICHMENT = "     Average annual SSA enrichment ratio leaving profile =   1.04\n"


def pass_text(years: int, first: int = 1, days: int = 365) -> str:
    """A stock pass file of dry days, `days` of them in the last year."""
    head = f"p1.cli\n{years:5d}     {first:5d}\n.10500E+04\n  5    0.20000E-05\n"
    lengths = dict.fromkeys(range(first, first + years), 365) | {first + years - 1: days}
    dates = [(year, day) for year, length in lengths.items() for day in range(1, length + 1)]
    return head + "".join(f"NO EVENT  {year:5d} {day:5d} \n" for year, day in dates)


def written(tmp_path: Path, text: str) -> Path:
    """A file with this text."""
    path = tmp_path / "out.dat"
    path.write_text(text)
    return path


def complaint(check: Callable[..., None], path: Path, *more: int) -> str:
    """What a check has against a file, empty where it takes it for whole."""
    try:
        check(complete.read(path), *more)
    except Incomplete as error:
        return str(error)
    return ""


def test_a_whole_pass_file_passes_in_simulation_and_in_calendar_years(tmp_path: Path):
    """Both ways of counting years are accepted, leap years too."""
    for text in (pass_text(2), pass_text(2, first=2007, days=366)):
        assert complaint(complete.pass_file, written(tmp_path, text), 2) == ""


@pytest.mark.parametrize(
    ("text", "years", "says"),
    [
        ("", 2, "is empty"),
        ("p1.cli\n", 2, "0 days of 2 years"),
        (pass_text(2)[:-5], 2, "is cut"),
        (pass_text(2, days=200), 2, "day 200 of year 2, asked for 2 years"),
        (pass_text(2), 3, "day 365 of year 2, asked for 3 years"),
        (pass_text(2).replace("NO EVENT      1    40 \n", ""), 2, "has a gap: after day 39"),
    ],
    ids=["empty", "no days", "ragged", "cut climate", "years clamped", "lost day"],
)
def test_a_cut_pass_file_is_told_with_the_day(tmp_path: Path, text: str, years: int, says: str):
    """A cut climate, a full disk and a clamped number of years leave full-looking pass files."""
    with pytest.raises(Incomplete, match=says):
        complete.pass_file(complete.read(written(tmp_path, text)), years)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (pass_text(2)[:-5], "is cut"),
        (pass_text(2).replace("    2   100 \n", "    2   101 \n"), "after day 99 of year 2"),
        (pass_text(2).replace("    1    40 \nNO", "    1    40 NO"), "after day 40 of year 1"),
        (pass_text(2).replace("    1    40 \n", "          40\n"), "after day 39 of year 1"),
        (pass_text(2).replace("NO EVENT      1     7", "NO EVEMT      1     7"), "after day 6 of"),
        (pass_text(2) + "NO EVENT      3     1 \n", "day 1 of year 3"),
        (pass_text(2, first=2), ""),
        (
            pass_text(2).replace(
                "NO EVENT      1     7 \n", "EVENT         1     7 1.0\n  2.0 3.0\n"
            ),
            "",
        ),
    ],
    ids=["ragged", "day told twice", "glued", "no year", "label", "too long", "later", "wrapped"],
)
def test_behind_a_whole_pass_file_another_is_looked_at_all_the_same(
    tmp_path: Path, text: str, says: str
):
    """Hillslopes have the same days: what differs from a whole one's is told as by itself."""
    complete.pass_file(complete.read(written(tmp_path, pass_text(2))), 2)
    told = complaint(complete.pass_file, written(tmp_path, text), 2)
    assert says in told if says else told == ""


def test_days_that_are_known_are_those_of_as_many_years(tmp_path: Path):
    """A file of two years is cut where three are asked for, whatever was whole before."""
    for years in (2, 3):
        complete.pass_file(complete.read(written(tmp_path, pass_text(years))), years)
    assert "asked for 3 years" in complaint(complete.pass_file, written(tmp_path, pass_text(2)), 3)
    assert "asked for 2 years" in complaint(complete.pass_file, written(tmp_path, pass_text(3)), 2)


def test_an_empty_or_cut_loss_file_is_no_success(tmp_path: Path):
    """A full disk leaves a success marker beside a loss file of 0 bytes."""
    for text, says in (("", "is empty"), ("I.  RAINFALL\n", "does not end with the enrichment")):
        with pytest.raises(Incomplete, match=says):
            complete.loss(complete.read(written(tmp_path, text)))
    complete.loss(complete.read(written(tmp_path, "I.  RAINFALL\n\n" + ENRICHMENT + "\n")))
    with pytest.raises(Incomplete, match=r"H9\.loss\.dat was not written"):
        complete.loss(complete.read(tmp_path / "H9.loss.dat"))


def test_a_profile_without_its_points_is_cut(tmp_path: Path):
    """A plot file has 100 points for each overland flow element under 4 heading lines."""
    complete.plot(complete.read(written(tmp_path, "h\n" * 4 + "1 2 3\n" * 300)))
    with pytest.raises(Incomplete, match="37 points"):
        complete.plot(complete.read(written(tmp_path, "h\n" * 4 + "1 2 3\n" * 37)))


def test_a_daily_table_must_reach_its_last_day(tmp_path: Path):
    """The water balance of a run cut at a full disk ends on a whole line, but early."""
    rows = ["OFE J Y P", "", *(f"  1 {day} 1 0.0" for day in range(1, 366))]
    complete.daily(complete.read(written(tmp_path, "\n".join(rows) + "\n")), 1)
    with pytest.raises(Incomplete, match="day 100 of year 1"):
        complete.daily(complete.read(written(tmp_path, "\n".join(rows[:102]) + "\n")), 1)


@pytest.mark.parametrize("engine", ["2010", "2024"])
def test_outputs_of_the_real_engines_are_whole(engine: str):
    """What two real engines wrote is accepted, kind by kind."""
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is absent")
    outputs = SHARED / f"output-{engine}"
    for wepp_id, years in ((1, 6), (33, 9), (37, 9), (47, 10)):
        stem = outputs / f"H{wepp_id}"
        told = [
            complaint(complete.loss, stem.with_suffix(".loss.dat")),
            complaint(complete.pass_file, stem.with_suffix(".pass.dat"), years),
            complaint(complete.daily, stem.with_suffix(".wat.dat"), years),
            complaint(complete.daily, stem.with_suffix(".soil.dat"), years),
            complaint(complete.plot, stem.with_suffix(".plot.dat")),
        ]
        assert told == [""] * 5
