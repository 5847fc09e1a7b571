"""Inputs that broke real engines, given to a run: each fails by name, none passes for a result."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tasks.run.directory import NotPrepared, RunDirectory
from tasks.wepp.binary import HILLSIM, choose
from tasks.wepp.prompts import BadAnswers
from tasks.wepp.simulation import SimulationFailed, prepare
from tests.unit.test_complete import SHARED

CASES = {
    "01_sol_truncated_midlayer": r"p1\.sol",
    "02_sol_missing": r"its sol file .*p1\.sol cannot be read: No such file",
    "06_cli_truncated_2y": r"p1\.cli",
    "10_slp_negative_slope": r"p1\.slp",
    "17_man_wrong_version": r"p1\.man",
    "18_man_years_less_than_run": r"p1\.man",
    "20_run_empty": r"p1\.run: line 0: ends after 0 answers",
    "23_run_bad_unit_answer": r"units",
}


@pytest.mark.parametrize("case", CASES)
def test_an_input_that_broke_real_engines_fails_by_name(tmp_path: Path, case: str):
    """The file at fault is named in one line; engines exit with 0, or go on, in five of these."""
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is absent")
    run = RunDirectory(tmp_path)
    shutil.copytree(SHARED / "bad" / case, run.runs)
    with pytest.raises((NotPrepared, BadAnswers, SimulationFailed), match=CASES[case]) as failure:
        _simulate(run)
    assert "\n" not in str(failure.value)


def _simulate(run: RunDirectory) -> None:
    simulation = prepare(run, 1, choose({}, HILLSIM))
    simulation.conclude(simulation.start().wait())
