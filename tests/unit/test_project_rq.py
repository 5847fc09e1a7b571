"""Whole runs: copies that name themselves, archives there and back, marks, a trial."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from pyarrow import parquet

from tasks import project_rq
from tasks.project.archives import BrokenArchive
from tasks.project.copies import NotCopied
from tasks.run.directory import NotPrepared, ReadOnlyRun
from tasks.run.locks import WORKING, NoDbAlreadyLockedError, locked
from tasks.run.prep import RedisPrep
from tasks.run.steps import TaskEnum
from tasks.wepp.documents import Climate, Wepp
from tasks.wepp.files.errors import FormatError
from tasks.wepp.samples.watershed import write_watershed
from tests.unit.recording import RecordingContext
from weppd.task import REGISTRY


@pytest.fixture
def wd(ctx, tmp_path: Path) -> Path:
    """A run of one channel with a ledger, a mark, logs and leftovers."""
    root = tmp_path / "runs" / "my" / "my-run"
    write_watershed(root, channels=1, years=1)
    RedisPrep(root, "my-run").timestamp(TaskEnum.build_soils)
    RedisPrep(root, "my-run").set_rq_job_id("run_wepp_rq", "j0")
    (root / "rq.log").write_text("words\n")
    (root / ".nfs0000123").write_text("gone")
    theirs = {"py/object": "site.Ron", "wd": str(root), "runid": "my-run", "name": "my-run-away"}
    (root / "ron.nodb").write_text(json.dumps(theirs))
    return root


def triggers(ctx: RecordingContext) -> list[str]:
    """The events of the panels, in order."""
    return [text.split()[-1] for _, text in ctx.messages if text.split()[1] == "TRIGGER"]


def test_a_fork_is_the_run_under_its_new_id(ctx, wd: Path):
    """Beside the run; documents name it, steps stay done, jobs, marks and logs stay behind."""
    (wd / "READONLY").touch()
    source, link = wd / "climate.nodb", wd / "climate-link"
    link.hardlink_to(source)
    made = Path(project_rq.fork_rq("my-run", "other-run"))
    assert made == wd.parents[1] / "ot" / "other-run"
    ron = json.loads((made / "ron.nodb").read_text())
    assert (ron["wd"], ron["runid"], ron["name"]) == (str(made), "other-run", "my-run-away")
    prep = RedisPrep(made, "other-run")
    assert prep["build_soils"] == RedisPrep(wd, "my-run")["build_soils"]
    assert prep.get_rq_job_ids() == {}
    assert not [n for n in ("READONLY", "rq.log", ".nfs0000123") if (made / n).exists()]
    assert (made / "climate-link").samefile(made / "climate.nodb")
    assert not (made / "climate-link").samefile(source)
    assert triggers(ctx) == ["FORK_COMPLETE"]
    assert ctx.steps[-1][0] == ctx.steps[-1][1] > 10


@pytest.mark.parametrize(
    ("new", "options", "says"),
    [
        ("other-run", {}, "is there already"),
        ("../away", {}, "letters, digits"),
    ],
)
def test_a_fork_that_cannot_be_made_leaves_nothing(ctx, wd: Path, new, options, says):
    """One line says why, the page hears of it, and no part of a copy stays."""
    taken = wd.parents[1] / "ot" / "other-run"
    taken.mkdir(parents=True)
    (taken / "ron.nodb").write_text("{}")
    before = sorted(wd.parents[1].rglob("*"))
    with pytest.raises(NotCopied, match=says):
        project_rq.fork_rq("my-run", new, **options)
    assert sorted(wd.parents[1].rglob("*")) == before
    assert triggers(ctx) == ["FORK_FAILED"]


def test_an_archive_takes_a_run_back_to_where_it_was(ctx, wd: Path):
    """Files, ledger and comment; what came later is gone, the archives stay."""
    stamp = RedisPrep(wd, "my-run")["build_soils"]
    path = Path(project_rq.archive_rq("my-run", "before the fire"))
    assert path.name.startswith("my-run.2")
    with zipfile.ZipFile(path) as held:
        assert held.comment == b"before the fire"
        assert {"soils.nodb", "rq.log"} <= set(held.namelist())
        assert not [name for name in held.namelist() if "nfs" in name or "archives" in name]
    (wd / "soils.nodb").write_text("changed")
    (wd / "later.txt").write_text("new")
    RedisPrep(wd, "my-run").timestamp(TaskEnum.build_landuse)
    project_rq.restore_archive_rq("my-run", path.name)
    assert '"schema": "soils' in (wd / "soils.nodb").read_text()
    assert not (wd / "later.txt").exists()
    assert path.exists()
    prep = RedisPrep(wd, "my-run")
    assert (prep["build_soils"], prep["build_landuse"]) == (stamp, None)
    assert prep.get_archive_job_id() is None
    assert triggers(ctx) == ["ARCHIVE_COMPLETE", "RESTORE_COMPLETE"]


def test_an_archive_that_is_broken_or_hostile_changes_nothing(ctx, wd: Path):
    """A name with a path, a cut file, an entry that leads out: the run is as it was."""
    good = Path(project_rq.archive_rq("my-run"))
    cut = good.with_name("cut.zip")
    data = bytearray(good.read_bytes())
    data[len(data) // 3] ^= 0xFF
    cut.write_bytes(data)
    with zipfile.ZipFile(good.with_name("evil.zip"), "w") as made:
        made.writestr("../../evil.txt", "evil")
    (wd / "later.txt").write_text("new")
    before = {path: path.read_bytes() for path in wd.rglob("*") if path.is_file()}
    for name in ("../my-run.zip", "none.zip", "evil.zip", "cut.zip"):
        with pytest.raises(BrokenArchive):
            project_rq.restore_archive_rq("my-run", name)
    after = {path: path.read_bytes() for path in wd.rglob("*") if path.is_file()}
    assert {p: d for p, d in after.items() if p.name != "redisprep.dump"} == {
        p: d for p, d in before.items() if p.name != "redisprep.dump"
    }
    assert triggers(ctx)[1:] == ["RESTORE_FAILED"] * 4


def test_a_run_is_not_archived_under_a_running_model_nor_restored_when_marked(ctx, wd: Path):
    """Who holds it is named; a marked run may be archived, and stays as it is."""
    with locked("my-run", "runtime-paths/wepp"):
        with pytest.raises(NoDbAlreadyLockedError):
            project_rq.archive_rq("my-run")
        with pytest.raises(NoDbAlreadyLockedError):
            project_rq.fork_rq("my-run", "other-run")
    assert not (wd / "archives").exists()
    with pytest.raises(ValueError, match="41 characters, 40 may be"):
        project_rq.archive_rq("my-run", "x" * 41)
    assert project_rq.set_run_readonly_rq("my-run", True) is True
    path = Path(project_rq.archive_rq("my-run"))
    with pytest.raises(ReadOnlyRun):
        project_rq.restore_archive_rq("my-run", path.name)
    assert RedisPrep(wd, "my-run").get_rq_job_id("set_readonly") == "j1"
    assert RedisPrep(wd, "my-run")["set_readonly"]
    assert project_rq.set_run_readonly_rq("my-run", False) is False
    assert not (wd / "READONLY").exists()


def test_a_trial_runs_the_whole_model_over_a_copy(ctx, wd: Path):
    """From the documents to the tables in one job, again over a new copy; the run is untouched."""
    (wd / "ron.nodb").unlink()
    before = {path: path.read_bytes() for path in wd.rglob("*") if path.is_file()}
    assert project_rq.test_run_rq("my-run") == ()
    latest = wd.with_name("my-run-latest")
    table = latest / "wepp/output/interchange/totalwatsed3.parquet"
    first = table.read_bytes()
    assert RedisPrep(latest, "my-run-latest")["run_wepp_watershed"]
    assert Wepp.load(latest)
    assert project_rq.test_run_rq("my-run") == ()
    assert table.read_bytes() == first
    assert {path: path.read_bytes() for path in wd.rglob("*") if path.is_file()} == before
    assert all(channel.endswith(":wepp") for channel, _ in ctx.messages)


def test_a_climate_that_was_uploaded_is_the_weather_everywhere(ctx, wd: Path):
    """The document names it alone, its table is of its days, the step is done; then it runs."""
    source = wd / "climate" / "mine.cli"
    write_watershed(wd.parent / "wet", channels=1, years=2, seed=7)
    source.write_bytes(next((wd.parent / "wet/climate").glob("*.cli")).read_bytes())
    (wd / "climate/wepp_cli.parquet").write_bytes(b"of the former weather")
    project_rq.upload_cli_rq("my-run", "mine.cli")
    document = Climate.load(wd)
    assert (document.file, document.hillslopes, document.storms) == ("climate/mine.cli", {}, {})
    assert parquet.read_table(wd / "climate/wepp_cli.parquet").num_rows in (730, 731)
    assert RedisPrep(wd, "my-run")["build_climate"]
    assert triggers(ctx) == ["CLIMATE_BUILD_TASK_COMPLETED"]
    project_rq.test_run_rq("my-run")
    latest = wd.with_name("my-run-latest")
    assert (latest / "wepp/runs/p1.cli").read_bytes() == source.read_bytes()


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("gone.cli", None, r"climate/gone\.cli does not exist: upload it first"),
        ("../soils.nodb", None, "give the name of a file in climate/"),
        ("bad.cli", "5.32\n1 0 0\n", r"bad\.cli:\d+: the file ends"),
    ],
)
def test_a_climate_that_is_none_changes_nothing(ctx, wd: Path, name: str, text: str, says: str):
    """Its name and line are told; the run's weather and its table stay, the step is not done."""
    before = Climate.path(wd).read_bytes()
    if text is not None:
        (wd / "climate" / name).write_text(text)
    with pytest.raises((NotPrepared, ValueError, FormatError), match=says):
        project_rq.upload_cli_rq("my-run", name)
    assert Climate.path(wd).read_bytes() == before
    assert RedisPrep(wd, "my-run")["build_climate"] is None


BUILDERS = (
    *("fetch_dem", "build_channels", "set_outlet", "find_outlet", "build_subcatchments"),
    *("abstract_watershed", "init_sbs_map", "build_landuse", "build_soils", "build_climate"),
    "upload_cli",
)


@pytest.mark.parametrize("name", BUILDERS)
def test_what_builds_something_of_a_run_waits_for_what_does(name: str):
    """Two buttons in one breath are two jobs one after the other; none fails for a lock."""
    assert REGISTRY[f"tasks.project_rq.{name}_rq"]["lock"] == "run"


def test_no_weather_is_taken_while_the_model_runs(ctx, wd: Path):
    """A model that reads the older document would go on with the newer file's table."""
    with locked("my-run", WORKING), pytest.raises(NoDbAlreadyLockedError, match="is locked by"):
        project_rq.upload_cli_rq("my-run", "p1.cli")
