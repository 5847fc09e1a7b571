"""What hillsim does with files that are not what they seem: nothing is lost, nothing is guessed."""

from __future__ import annotations

import io
import os
import resource
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tasks import hillsim
from tasks.hillsim.errors import Refusal
from tasks.wepp.files import management
from tasks.wepp.files.errors import FormatError
from tests.unit.test_hillsim_engine import ROOT, change, program, runs, simulate, written

__all__ = ["runs"]


@pytest.mark.parametrize("name", ["p2.man", "./p2.man", "../runs/p2.man"])
def test_an_output_never_replaces_an_input(runs: Path, name: str) -> None:
    """Under whatever name it is written: the input is still there after the refusal."""
    before = (runs / "p2.man").read_bytes()
    change(runs / "p2.run", lambda text: text.replace("../output/H2.loss.dat", name))
    with pytest.raises(Refusal, match=r"p2\.man: this output is the input p2\.man as well"):
        simulate(runs)
    assert (runs / "p2.man").read_bytes() == before


def test_two_outputs_of_one_name_are_refused(runs: Path) -> None:
    """One would replace the other, and a user would look at the wrong one."""
    change(runs / "p2.run", lambda text: text.replace("H2.wat.dat", "H2.soil.dat"))
    with pytest.raises(Refusal, match=r"H2\.soil\.dat: this output is another output as well"):
        simulate(runs)


def test_an_output_that_is_no_file_is_left_alone(runs: Path) -> None:
    """A device or a directory of an output's name is not removed."""
    (runs.parent / "output" / "H2.plot.dat").mkdir()
    with pytest.raises(Refusal, match=r"H2\.plot\.dat: .* replace something that is no file"):
        simulate(runs)
    assert (runs.parent / "output" / "H2.plot.dat").is_dir()


def test_a_directory_for_outputs_that_is_not_there_is_named_at_once(runs: Path) -> None:
    """Before the run is simulated, not when it is over."""
    change(runs / "p2.run", lambda text: text.replace("../output/", "../results/"))
    out = io.StringIO()
    with pytest.raises(FileNotFoundError, match="results"):
        hillsim.run("p2.run", cwd=runs, out=out)
    assert out.getvalue() == ""


def test_a_full_disk_leaves_no_file_of_the_run(runs: Path) -> None:
    """Not those either that fitted: they would look as if the run had come to its end."""
    assert program(runs, 2).returncode == 0
    output = runs.parent / "output"
    sizes = {path.name: path.stat().st_size for path in output.iterdir()}
    # What comes first fits, the last and largest does not.
    largest = max(sizes.values())
    assert sizes["H2.loss.dat"] < largest
    files = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest - 1, files[1]))
    try:
        full = program(runs, 2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, files)
    assert full.returncode == 1
    assert full.stdout.splitlines()[-1].endswith("File too large")
    assert list(output.iterdir()) == []


KILLED_AS_IT_WRITES = """
import io, os, pathlib, signal
from tasks import hillsim
pathlib.Path.replace = lambda *names: os.kill(os.getpid(), signal.SIGKILL)
hillsim.run("p2.run", cwd=pathlib.Path.cwd(), out=io.StringIO())
"""


def test_what_a_killed_run_had_begun_to_write_is_gone_after_the_next(runs: Path) -> None:
    """It stands under names of its own, which no list of outputs has."""
    output = runs.parent / "output"
    argv, env = [sys.executable, "-c", KILLED_AS_IT_WRITES], {**os.environ, "PYTHONPATH": str(ROOT)}
    assert subprocess.run(argv, cwd=runs, env=env, check=False).returncode == -signal.SIGKILL
    begun = [path.name for path in output.iterdir()]
    assert begun
    assert all(name.startswith(".") and name.endswith(".tmp") for name in begun)
    simulate(runs)
    assert not [path.name for path in output.iterdir() if path.name.startswith(".")]


def test_comments_may_hold_what_other_alphabets_end_lines_with(runs: Path) -> None:
    """An ellipsis of cp1252, a form feed: the line goes on, and the results are the same."""
    simulate(runs)
    first = written(runs)
    change(runs / "p2.slp", lambda text: "# as surveyed\x85 by hand\x0c\n" + text)
    change(runs / "p2.sol", lambda text: text.replace("\n", "\r\n"))
    simulate(runs)
    assert written(runs) == first


PLANT = {"bb": -3.6, "xmxlai": 1e9, "spriod": -14, "rdmax": 500.0, "hi": 42.0}


@pytest.mark.parametrize("name", PLANT)
def test_a_number_that_no_plant_has_names_its_line(runs: Path, name: str) -> None:
    """Negative coefficients and slips of the unit end in one line, not in results."""
    plan = management.read(runs / "p2.man")
    first, *others = plan.plants
    wrong = replace(first, **{name: PLANT[name]})
    text = management.dump(replace(plan, plants=(wrong, *others)))
    change(runs / "p2.man", lambda _: text)
    with pytest.raises(FormatError, match=rf"p2\.man:\d+: {name} .* is not within"):
        simulate(runs)
