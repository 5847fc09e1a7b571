"""A `.run` file is read as the executable would read it, and held against what it asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.wepp import prompts
from tasks.wepp.prompts import WEPPCLOUD, BadAnswers, Contract

SHARED = Path(__file__).parents[3] / "shared" / "data" / "wepp"
HILLSLOPE = """m
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
No
No
Yes
../output/H7.ebe.dat
No
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
WATERSHED = """M
Yes
1
2
../output/pass_pw0.txt
2
M
Y
../output/H1.pass.dat
M
Y
../output/H2.pass.dat

Yes
No
1
../output/loss_pw0.txt
Yes
../output/chnwb.txt
No
Yes
../output/soil_pw0.txt
Yes
../output/plot_pw0.txt
No
Yes
../output/ebe_pw0.txt
No
No
No
No
pw0.str
pw0.chn
pw0.imp
pw0.man
pw0.slp
pw0.cli
pw0.sol
0
12
"""


def answers(tmp_path: Path, text: str, contract=None) -> prompts.Answers:
    """The answers of a `.run` file with this text."""
    path = tmp_path / "p7.run"
    path.write_text(text)
    return prompts.read(path, contract)


def test_a_continuous_hillslope_names_its_files_and_years(tmp_path: Path):
    """Only the outputs that were answered with Yes are expected afterwards."""
    found = answers(tmp_path, HILLSLOPE)
    assert found.form == "hillslope"
    assert found.years == 30
    assert list(found.outputs()) == ["pass", "loss", "wat", "soil", "ebe"]
    assert found.inputs() == {k: f"p7.{k}" for k in ("man", "slp", "cli", "sol")}


def test_production_s_watershed_with_impoundments_is_read_to_its_end(tmp_path: Path):
    """A Yes to impoundments brings one more question and pw0.imp."""
    found = answers(tmp_path, WATERSHED)
    assert found.form == "watershed"
    assert found.passes == ("../output/H1.pass.dat", "../output/H2.pass.dat")
    assert found.inputs()["imp"] == "pw0.imp"
    assert found.years == 12


def test_an_output_of_impoundments_is_expected_where_it_is_asked_for(tmp_path: Path):
    """A Yes brings the name of its file, and the answers that follow keep their places."""
    asked = WATERSHED.replace("No\npw0.str", "Yes\n../output/imp_pw0.txt\npw0.str")
    found = answers(tmp_path, asked)
    assert found.outputs()["impoundment_output"] == "../output/imp_pw0.txt"
    assert found.inputs()["str"] == "pw0.str"


@pytest.mark.parametrize("years", ["0", "-3", "thirty"])
def test_years_that_are_no_number_count_as_one(tmp_path: Path, years: str):
    """Executables simulate one year for such an answer: so much is expected of them."""
    assert answers(tmp_path, HILLSLOPE.replace("\n30\n", f"\n{years}\n")).years == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "line 0: ends after 0 answers"),
        (HILLSLOPE[:31], "line 6: the file ends where the executable asks for 'loss_option'"),
        (
            HILLSLOPE.replace("No\nYes", "no idea\nmaybe", 1),
            "line 13: 'soil' wants Yes or No, not 'maybe'",
        ),
        (HILLSLOPE + "0\nextra\n", "line 29: 2 answers are left over, from '0'"),
        (HILLSLOPE.replace("p7.man", "m" * 51), "has 51 characters, the executable reads 50"),
        (WATERSHED.replace("\n2\nM", "\ntwo\nM"), "line 6: the number of hillslopes is 'two'"),
        (WATERSHED.replace("\n2\nM", "\n3\nM"), "line 17: 'impoundments' wants Yes or No"),
    ],
    ids=["empty", "cut", "no yes", "too many", "long name", "count word", "wrong count"],
)
def test_answers_that_do_not_fit_the_prompts_are_named_by_line(tmp_path: Path, text, says):
    """Before anything runs, the file and the line are named; executables shift or hang instead."""
    with pytest.raises(BadAnswers, match=says):
        answers(tmp_path, text)


def test_a_build_with_a_contract_of_its_own_is_held_to_it(tmp_path: Path, monkeypatch):
    """A build that asks one question more refuses the stock answers and takes its own."""
    asks = {"hillslope": WEPPCLOUD["hillslope"].replace("winter?", "winter? phosphorus!")}
    monkeypatch.setitem(prompts.ORDERS, "longer", WEPPCLOUD | asks)
    contract = Contract.of({"answers": "longer", "name_chars": 60})
    with pytest.raises(BadAnswers):
        answers(tmp_path, HILLSLOPE, contract)
    longer = HILLSLOPE.replace("No\np7.man", "No\nNo\np7.man")
    assert answers(tmp_path, longer, contract).values["phosphorus"] == "no"


def test_an_unknown_order_is_named_with_the_known_ones():
    """A slip in [wepp.binaries.<name>] is told with what could have been meant."""
    with pytest.raises(ValueError, match="'dep': the orders known are weppcloud"):
        Contract.of({"answers": "dep"})


def test_real_run_files_of_every_form_are_read():
    """Hillslopes, storms and a watershed as real runs have them."""
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is absent")
    found = [prompts.read(path).form for path in SHARED.glob("[rw]*/**/*.run")]
    assert {form: found.count(form) for form in WEPPCLOUD} == {
        "hillslope": 9,
        "storm": 2,
        "watershed": 1,
        "storm_watershed": 0,
    }
