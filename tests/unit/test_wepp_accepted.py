"""What is written for an engine, read as an engine reads it: each file by its own READ sequence."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tasks.run.atomic import replace_text
from tasks.run.directory import RunDirectory
from tasks.wepp.files import management, slope, soil
from tasks.wepp.prep import stages
from tasks.wepp.samples.watershed import write_watershed
from tests.unit.recording import RecordingContext
from tests.wepp_engine.dialogue import Accepted, follow
from tests.wepp_engine.records import Stopped
from weppd.task import using

ALL = (
    *(stages.SLOPES, stages.COVERS, stages.SOILS),
    *(stages.CLIMATES, stages.ANSWERS, stages.NETWORK),
)


@pytest.fixture
def wd(tmp_path: Path, redis_url: str):
    """The directory of a run, inside a job."""
    with using(RecordingContext(tmp_path / "runs", redis=redis_url)):
        yield tmp_path / "runs" / "my-run"


def prepared(wd: Path, **sample) -> RunDirectory:
    """A sample watershed, its inputs written."""
    write_watershed(wd, **{"channels": 3, "years": 2, **sample})
    return again(wd)


def again(wd: Path) -> RunDirectory:
    """The inputs of a run, written from its documents."""
    run = RunDirectory(wd)
    run.output.mkdir(parents=True, exist_ok=True)
    stages.prepare("my-run", run, *ALL)
    return run


def change(wd: Path, document, **fields) -> None:
    """Give a document other fields."""
    changed = document.load(wd).model_copy(update=fields)
    replace_text(document.path(wd), changed.dump())


def accepted(run: RunDirectory) -> list[Accepted]:
    """What an engine takes of each hillslope and of the network; none is changed or cut."""
    found = [follow(run.run_file(number)) for number in run.hillslopes()]
    for one in found:
        for path in one.outputs:
            path.touch()
    found.append(follow(run.runs / "pw0.run"))
    assert [one.notes for one in found] == [[]] * len(found)
    return found


def test_a_whole_run_is_accepted(wd):
    """Eight hillslopes and their channels; what is read is what the documents' files hold."""
    run = prepared(wd)
    for number, found in enumerate(accepted(run)[:-1], 1):
        profile = slope.read(run.runs / f"p{number}.slp").elements[0]
        assert found.slopes[0].pairs == list(zip(profile.x, profile.slope, strict=True))
        ground = soil.read(run.runs / f"p{number}.sol").elements[0]
        assert [layer[0] for layer in found.soils[0].layers] == [a.depth for a in ground.layers]
        plants = management.read(run.runs / f"p{number}.man").plants
        assert [one["rows"][0][0] for one in found.plan.sections["plants"]] == [
            one.bb for one in plants
        ]


DATA = Path(__file__).parents[3] / "shared" / "data" / "wepp"
real = pytest.mark.skipif(not DATA.is_dir(), reason=f"no real WEPP files at {DATA}")


@pytest.fixture
def engine_ran(tmp_path: Path) -> Path:
    """Inputs that real engines ran on, with a directory for their outputs."""
    made = shutil.copytree(DATA, tmp_path / "wepp", copy_function=shutil.copyfile)
    for directory in (made, *made.rglob("*")):
        directory.chmod(0o755)
    (made / "output").mkdir()
    (made / "bad" / "output").mkdir()
    return made


@real
def test_what_engines_ran_on_is_accepted(engine_ran):
    """Twelve simulations, of four versions of soils and three of managements."""
    runs = [*engine_ran.glob("runs/*.run"), *engine_ran.glob("watershed/runs/*.run")]
    assert len(runs) == 12
    assert [follow(run).notes for run in runs] == [[]] * len(runs)


#: What the logs of the engines say of each, in `bad/results.json`.
REFUSED = {
    "01_sol_truncated_midlayer": r"p1\.sol:6: End of file",
    "02_sol_missing": r"p1\.sol:0: File does not exist",
    "06_cli_truncated_2y": r"p1\.cli:815: End of file",
    "17_man_wrong_version": r"p1\.man:1: MANAGEMENT FILE IS NOT COMPATIBLE",
    "20_run_empty": r"p1\.run:0: End of file",
}
TAKEN = {
    "10_slp_negative_slope": [],
    "18_man_years_less_than_run": ["p1.man: fewer years", "p1.cli: fewer years"],
    "23_run_bad_unit_answer": ["p1.run:1: neither m nor e"],
}


@real
@pytest.mark.parametrize("case", REFUSED)
def test_what_engines_stopped_at_is_refused(engine_ran, case):
    """At the same file, and for the reason that their logs give."""
    with pytest.raises(Stopped, match=REFUSED[case]):
        follow(engine_ran / "bad" / case / "p1.run")


@real
@pytest.mark.parametrize("case", TAKEN)
def test_what_engines_changed_without_a_stop_is_noted(engine_ran, case):
    """They ran to their marker of success, and did something else than was asked."""
    notes = follow(engine_ran / "bad" / case / "p1.run").notes
    assert all(note.startswith(said) for note, said in zip(notes, TAKEN[case], strict=True))
