"""A simulation counts as done only when the engine says so *and* its outputs are whole."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tasks import hillsim
from tasks.run.directory import NotPrepared, RunDirectory
from tasks.wepp.binary import HILLSIM, choose
from tasks.wepp.prompts import BadAnswers
from tasks.wepp.samples.hillslopes import write_sample
from tasks.wepp.simulation import SimulationFailed, prepare
from tests.unit import fake_wepp
from tests.unit.test_complete import pass_text


@pytest.fixture
def engine(tmp_path: Path):
    """The stand-in, chosen by name."""
    fake_wepp.install(tmp_path / "bin")
    return choose({"bin_dir": str(tmp_path / "bin")}, "wepp_250915")


def a_run(tmp_path: Path, how: str = "ok") -> RunDirectory:
    """A run whose hillslope 7 makes the stand-in behave so."""
    return RunDirectory(fake_wepp.prepare_run(tmp_path / "runs", how={7: how}))


def simulate(run: RunDirectory, engine) -> None:
    """Hillslope 7 from its answers to the verdict."""
    simulation = prepare(run, 7, engine)
    simulation.conclude(simulation.start().wait())


def test_a_whole_simulation_passes_and_leaves_its_log(tmp_path: Path, engine):
    """What the engine said lies in p7.err, as production's pages expect."""
    run = a_run(tmp_path)
    simulate(run, engine)
    assert "COMPLETED HILLSLOPE SIMULATION" in run.err_file(7).read_text()
    assert (run.output / "H7.loss.dat").stat().st_size > 0


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("exit2", r"exit code 2; last words: .*Fortran runtime error: End of file"),
        ("error0", r"exit code 0, but it never said that it completed; .*File does not exist"),
        ("early", "never said that it completed"),
        ("crash", "ended by SIGSEGV"),
        ("full", r"completed, but .*H7\.loss\.dat is empty"),
        ("cut", r"completed, but .*H7\.pass\.dat ends with day 40 of year 2, asked for 2 years"),
    ],
)
def test_each_way_to_fail_is_named_with_exit_code_words_and_log(tmp_path, engine, how, says):
    """The job's error line is enough to know what went wrong, where, and which file to open."""
    run = a_run(tmp_path, how)
    with pytest.raises(SimulationFailed, match=says) as failure:
        simulate(run, engine)
    message = str(failure.value)
    assert message.startswith("hillslope 7 failed with wepp_250915: ")
    assert message.endswith(f"log: {run.err_file(7)}")
    assert "\n" not in message


def test_an_engine_on_a_full_disk_is_told_so(tmp_path: Path, engine, monkeypatch):
    """Its last words had no place on the disk: what is known of the disk is said in their stead."""
    run = a_run(tmp_path, "exit2")
    simulation = prepare(run, 7, engine)
    code = simulation.start().wait()
    disk = os.statvfs(tmp_path)
    blocks = [*disk[:4], 0, *disk[5:]]
    monkeypatch.setattr(os, "statvfs", lambda path: os.statvfs_result(blocks))
    run.err_file(7).write_bytes(b"")
    with pytest.raises(
        SimulationFailed, match="exit code 2; it said nothing; its disk is full; lo"
    ):
        simulation.conclude(code)


def test_outputs_of_an_earlier_run_do_not_pass_for_new_ones(tmp_path: Path, engine):
    """An engine that writes nothing fails although whole files lay there before."""
    run = a_run(tmp_path)
    simulate(run, engine)
    (run.runs / "p7.man").write_text("error0\n")
    with pytest.raises(SimulationFailed):
        simulate(run, engine)
    assert (run.output / "H7.loss.dat").stat().st_size == 0


@pytest.mark.parametrize("kind", ["man", "slp", "cli", "sol", "run"])
def test_a_missing_or_empty_input_is_named_before_anything_runs(tmp_path: Path, engine, kind):
    """Executables open and truncate all outputs first: so weppd looks before it starts one."""
    run = a_run(tmp_path)
    (run.runs / f"p7.{kind}").write_text("")
    with pytest.raises((NotPrepared, BadAnswers), match=rf"p7\.{kind}"):
        prepare(run, 7, engine)
    (run.runs / f"p7.{kind}").unlink()
    with pytest.raises(NotPrepared, match=rf"p7\.{kind}"):
        prepare(run, 7, engine)


def test_an_output_outside_of_the_run_is_refused(tmp_path: Path, engine):
    """A .run file cannot make weppd remove or overwrite files elsewhere."""
    run = a_run(tmp_path)
    text = run.run_file(7).read_text()
    run.run_file(7).write_text(text.replace("../output/H7.loss", "../../../victim/H7.loss"))
    with pytest.raises(NotPrepared, match="outside of the run"):
        prepare(run, 7, engine)


def test_a_watershed_s_answers_are_no_hillslope(tmp_path: Path, engine):
    """A .run of the wrong form is refused before the engine reads it."""
    run = a_run(tmp_path)
    text = run.run_file(7).read_text()
    run.run_file(7).write_text(text.replace("1\n1\nYes", "2\n1\nYes", 1))
    with pytest.raises((NotPrepared, BadAnswers)):
        prepare(run, 7, engine)
    other = a_run(tmp_path / "other")
    other.run_file(7).rename(other.run_file(0))
    with pytest.raises(NotPrepared, match="not for the watershed"):
        prepare(other, 0, engine)


def test_the_embedded_engine_runs_in_a_process_of_its_own(tmp_path: Path, monkeypatch):
    """Its words land in p7.err and its outputs meet the same test as an executable's."""

    def run(run_file, cwd, out):
        (cwd / "../output/H7.loss.dat").write_text(fake_wepp.LOSS)
        (cwd / "../output/H7.pass.dat").write_text(pass_text(2))
        (cwd / "../output/H7.ebe.dat").write_text("header\n")
        out.write(Path("/proc/self/comm").read_text())
        out.write("engine=hillsim\n WEPP COMPLETED HILLSLOPE SIMULATION SUCCESSFULLY\n")

    monkeypatch.setattr(hillsim, "run", run)
    directory = a_run(tmp_path)
    simulate(directory, choose({}, HILLSIM))
    said = directory.err_file(7).read_text()
    assert "engine=hillsim" in said
    assert said.startswith("hillsim p7\n"), "the process is named after its hillslope"


def test_an_error_in_the_embedded_engine_is_told_with_its_last_words(tmp_path, monkeypatch):
    """A bug there is a failed hillslope with a traceback in p7.err, not a dead job."""

    def run(run_file, cwd, out):
        raise ZeroDivisionError("slope")

    monkeypatch.setattr(hillsim, "run", run)
    with pytest.raises(SimulationFailed, match=r"exit code 70; .*ZeroDivisionError: slope"):
        simulate(a_run(tmp_path), choose({}, HILLSIM))


def test_a_broken_input_of_a_sample_run_is_named_with_its_line(tmp_path: Path):
    """The embedded engine names file, line and reason, and the job's error repeats it."""
    run = RunDirectory(tmp_path)
    write_sample(tmp_path, hillslopes=1, years=1)
    simulation = prepare(run, 1, choose({}, HILLSIM))
    simulation.conclude(simulation.start().wait())
    (run.runs / "p1.slp").write_text("97.5\n1\nnonsense\n")
    simulation = prepare(run, 1, choose({}, HILLSIM))
    with pytest.raises(SimulationFailed, match=r"exit code 1; .*ERROR: .*p1\.slp.*3") as failure:
        simulation.conclude(simulation.start().wait())
    assert str(failure.value).startswith("hillslope 1 failed with hillsim")
