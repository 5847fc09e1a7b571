from __future__ import annotations

from dataclasses import replace

import pytest

from tasks.wepp.files import forms, runfile
from tasks.wepp.files.errors import CutShort, FormatError, Refused
from tasks.wepp.files.forms import HillslopeRun, StormRun, WatershedRun

PRODUCTION = """m
Yes
1
1
Yes
../output/H7.pass.dat
1
No
../output/H7.loss.dat
Yes
../output/H7.wat.dat
No
Yes
../output/H7.soil.dat
Yes
../output/H7.plot.dat
No
Yes
../output/H7.ebe.dat
Yes
../output/H7.element.dat
No
No
No
p7.man
p7.slp
p7.cli
p7.sol
0
30
0
"""
STORM = StormRun(man="p1.man", slp="p1.slp", cli="p1.cli", sol="p1.sol", loss="H1.loss.dat")
WATERSHED = WatershedRun(
    hillslopes=("H1.pass.dat", "H2.pass.dat"), master="pass_pw0.txt", man="pw0.man", slp="pw0.slp",
    cli="pw0.cli", sol="pw0.sol", structure="pw0.str", chn="pw0.chn", loss="loss_pw0.txt", years=9,
)  # fmt: skip


def test_production_s_answers_are_written_as_production_writes_them() -> None:
    """The seven outputs, the inputs and the years of hillslope 7, line for line."""
    assert runfile.dump(runfile.production(7, 30)) == PRODUCTION
    assert runfile.parse(PRODUCTION) == runfile.production(7, 30)


def test_a_climate_may_lie_elsewhere() -> None:
    """A child run reads its parent's climate by a path."""
    run = runfile.parse(PRODUCTION.replace("p7.cli", "../../p/wepp/runs/p7.cli"))
    assert isinstance(run, HillslopeRun)
    assert run.cli == "../../p/wepp/runs/p7.cli"


@pytest.mark.parametrize(
    "run",
    [
        replace(STORM, ebe="H1.ebe.dat", pass_file="H1.pass.dat"),
        STORM,
        WATERSHED,
        replace(WATERSHED, imp="pw0.imp"),
        replace(WATERSHED, imp="pw0.imp", impoundment_output="imp.txt", wat="chnwb.txt"),
        replace(runfile.production(1, 5), pass_file=None, initial="H1.ini", yields="y", bypass=1),
    ],
)
def test_every_form_reads_back_as_written(run: forms.RunFile) -> None:
    """Storm, watershed with and without impoundments, and other answers survive a round trip."""
    assert runfile.parse(runfile.dump(run)) == run


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("m\n", "x\n", 1, "units 'x'"),
        ("Yes\n1\n", "Maybe\n1\n", 2, "'batch' wants Yes or No, found 'Maybe'"),
        ("1\n1\nYes", "7\n1\nYes", 3, "mode '7'"),
        ("1\n1\nYes", "1\n9\nYes", 4, "model version '9'"),
        ("1\nNo\n", "8\nNo\n", 7, "loss_option 8 is no option"),
        ("p7.man\n", "\n", 25, "'man' wants a file name, the line is blank"),
        ("0\n30\n", "0\nmany\n", 30, "'years' wants a whole number"),
        ("0\n30\n", "0\n0\n", 30, "'years' wants a whole number"),
        ("30\n0\n", "30\n0\nNo\n", 32, "'No' answers no prompt"),
        ("0\n30\n", "0\n²\n", 30, "'years' wants a whole number"),
        ("p7.man", "m" * 51, 25, "has 51 characters: executables read 50"),
        ("p7.man", "p7\0.man", 25, "a character that no file name can have"),
    ],
)
def test_an_answer_that_does_not_fit_names_its_line(
    old: str, new: str, line: int, says: str
) -> None:
    """What would make an executable guess, or take a file for another, is an error."""
    with pytest.raises(FormatError, match=says) as caught:
        runfile.parse(PRODUCTION.replace(old, new, 1), "p7.run")
    assert (caught.value.path, caught.value.line) == ("p7.run", line)


@pytest.mark.parametrize("text", ["", "m\nYes\n1\n", PRODUCTION[:-2]])
def test_missing_answers_are_named(text: str) -> None:
    """An empty or short file says what it does not answer."""
    with pytest.raises(CutShort, match="the file ends"):
        runfile.parse(text)


def test_what_is_not_read_is_refused_by_name() -> None:
    """Irrigation would ask for more files; channels alone are another form."""
    with pytest.raises(Refused, match="irrigation option 2"):
        runfile.parse(PRODUCTION.replace("0\n30", "2\n30"))
    with pytest.raises(Refused, match="mode 2 with model version 3"):
        runfile.parse(PRODUCTION.replace("1\n1\nYes", "2\n3\nYes"))


def test_a_long_name_is_not_written() -> None:
    """A name that executables would cut is refused before a run is prepared with it."""
    with pytest.raises(FormatError, match="executables read 50"):
        runfile.dump(runfile.production(1, 5, climate="c" * 51))
