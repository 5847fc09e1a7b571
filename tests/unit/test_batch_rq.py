"""Batches: a job for each leaf, the last one for all, and a leaf that fails stops no other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tasks import batch_rq, wepp_rq
from tasks.project import template
from tasks.project.batches import BatchRunner
from tasks.run.directory import NotPrepared
from tasks.run.locks import locked, owner
from tasks.run.nodb import BrokenDocument
from tasks.run.prep import RedisPrep
from tasks.run.steps import TaskEnum
from tasks.wepp.samples.watershed import write_watershed
from tests.unit.recording import RecordingContext
from weppd.task import RunError, using


@pytest.fixture
def ctx(tmp_path: Path, redis_url: str):
    """A batch `b` of two leaves; of `bad` the soils are missing."""
    context = RecordingContext(tmp_path / "runs", wepp={"default_bin": "hillsim"}, redis=redis_url)
    context.settings = {**context.settings, "run": {"roots": [], "batch_root": str(tmp_path)}}
    for leaf in ("bad", "good"):
        write_watershed(tmp_path / "b" / "runs" / leaf, channels=1, years=1)
    (tmp_path / "b/runs/bad/soils.nodb").unlink()
    with using(context):
        yield context


def test_a_leaf_in_which_a_model_runs_or_that_is_marked_is_left_as_it_is(ctx, tmp_path: Path):
    """Its lock stands, and what is known of it as well; the reason is told."""
    leaf = tmp_path / "b/runs/good"
    (leaf / "run_metadata.json").write_text('{"status": "success"}')
    (leaf / "READONLY").touch()
    assert batch_rq.run_batch_watershed_rq("b", "good")[0] is False
    assert (leaf / "run_metadata.json").read_text() == '{"status": "success"}'
    (leaf / "READONLY").unlink()
    with locked("batch;;b;;good", "runtime-paths/wepp"):
        assert batch_rq.run_batch_watershed_rq("b", "good")[0] is False
        assert owner("batch;;b;;good", "runtime-paths/wepp")
    told = json.loads((leaf / "run_metadata.json").read_text())
    assert told["error"]["type"] == "NoDbAlreadyLockedError"
    assert not (leaf / "wepp").exists()


def test_every_leaf_is_a_job_and_the_last_follows_them_all(ctx, tmp_path: Path):
    """By the labels that trees are drawn from; a batch without leaves is told by its place."""
    assert batch_rq.run_batch_rq("b") == "child-3"
    assert [child["label"] for child in ctx.children] == [
        "jobs:0,runid:bad", "jobs:0,runid:good", "jobs:1,func:_final_batch_complete_rq",
    ]  # fmt: skip
    assert ctx.children[-1]["depends_on"] == ["child-1", "child-2"]
    assert ctx.steps[-1] == (2, 2, "done")
    assert {channel for channel, _ in ctx.messages} == {"b:batch"}
    with pytest.raises(NotPrepared, match="none/runs holds no run"):
        batch_rq.run_batch_rq("none")
    with pytest.raises(RunError, match="give the name of a batch"):
        batch_rq.run_batch_rq("../b")


def test_a_leaf_runs_as_a_whole_and_one_that_fails_stops_no_other(ctx, tmp_path, monkeypatch):
    """Tables and stamps of the one; of the other the reason, on the panel and in its file. People
    are told of the batch, not of each leaf."""
    notes: list[str] = []
    for module in (batch_rq, wepp_rq):
        monkeypatch.setattr(module, "notify", notes.append)
    done, seconds = batch_rq.run_batch_watershed_rq("b", "good")
    assert (done, seconds > 0) == (True, True)
    leaf = tmp_path / "b/runs/good"
    assert (leaf / "wepp/output/interchange/totalwatsed3.parquet").exists()
    assert RedisPrep(leaf, "batch;;b;;good")["run_wepp_watershed"]
    told = json.loads((leaf / "run_metadata.json").read_text())
    assert (told["runid"], told["status"], told["error"]) == ("batch;;b;;good", "success", None)
    assert told["task_status"]["run_wepp_watershed"] is True
    ctx.messages.clear()
    assert batch_rq.run_batch_watershed_rq("b", "batch;;b;;bad")[0] is False
    told = json.loads((tmp_path / "b/runs/bad/run_metadata.json").read_text())
    assert told["status"] == "failed"
    assert told["error"]["type"] == "NotPrepared"
    assert "soils.nodb does not exist" in told["error"]["message"]
    words = ctx.words()
    assert words[0] == "STARTED"
    assert "EXCEPTION_JSON" in words
    assert words[-1] == "TRIGGER"
    assert batch_rq.run_batch_watershed_rq("b", "gone")[0] is False
    told = [text for _, text in ctx.messages if "_JSON" in text][-1]
    assert "runs/gone does not exist, nor does" in told
    assert batch_rq._final_batch_complete_rq("b") == {"success": ["good"], "failed": ["bad"]}
    assert [t.split()[-1] for _, t in ctx.messages if " TRIGGER " in t][-2:] == [
        "BATCH_RUN_COMPLETED", "END_BROADCAST",
    ]  # fmt: skip
    assert [note.partition(" completed")[0] for note in notes] == [":herb: Batch b"]


def outlines(path: Path, *names: str, **more: object) -> None:
    """A file of square watersheds that are called so."""
    square = [[[0, 0], [0, 1], [1, 1], [0, 0]]]
    features = [
        {"type": "Feature", "properties": {"NAME": name, "HUC 12": 17.0, **more},
         "geometry": {"type": "Polygon", "coordinates": square}}
        for name in names
    ]  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))


@pytest.fixture
def alike(ctx, tmp_path: Path) -> Path:
    """A batch `alike` of two features and a template run; no run of it is there yet."""
    home = tmp_path / "alike"
    write_watershed(home / "_base", channels=1, years=1)
    RedisPrep(home / "_base", "batch;;alike;;_base").timestamp(TaskEnum.build_soils)
    outlines(home / "resources/two.geojson", "Mica Creek", "Rock Creek")
    runner(home)
    return home


def runner(home: Path, **fields: object) -> None:
    """Have the batch be made of its two features, with these fields."""
    told = {"geojson": "resources/two.geojson", "runid_template": "{slug(NAME)}-{index}"}
    document = BatchRunner.model_validate(told | fields)
    document.path(home).write_text(document.dump())


def test_the_features_of_a_batch_become_its_runs(ctx, alike: Path):
    """Copies of `_base`, each with its own outline, that are run; the template stays as it is."""
    batch_rq.run_batch_rq("alike")
    assert [child["label"] for child in ctx.children[:2]] == [
        "jobs:0,runid:mica-creek-1", "jobs:0,runid:rock-creek-2",
    ]  # fmt: skip
    assert not (alike / "runs").exists()
    assert batch_rq.run_batch_watershed_rq("alike", "rock-creek-2")[0] is True
    leaf = alike / "runs/rock-creek-2"
    (feature,) = json.loads((leaf / "dem/target_watershed.geojson").read_text())["features"]
    assert feature["properties"]["NAME"] == "Rock Creek"
    stamps = RedisPrep(leaf, "batch;;alike;;rock-creek-2")
    assert (bool(stamps["build_soils"]), bool(stamps["run_wepp_watershed"])) == (True, True)
    assert not (alike / "_base/wepp").exists()
    assert list((alike / "runs").iterdir()) == [leaf]
    told = batch_rq._final_batch_complete_rq("alike")
    assert told == {"success": ["rock-creek-2"], "failed": ["mica-creek-1"]}


def test_a_batch_says_which_steps_its_runs_do(ctx, alike: Path):
    """Without channels, with scenarios; `rmtree` makes a run anew, which else stays as it is."""
    runner(alike, run_directives={"run_wepp_watershed": False, "run_omni_scenarios": False})
    assert batch_rq.run_batch_watershed_rq("alike", "mica-creek-1")[0] is True
    leaf = alike / "runs/mica-creek-1"
    assert (leaf / "wepp/output/H1.loss.dat").exists()
    assert not (leaf / "wepp/runs/pw0.run").exists()
    done = json.loads((leaf / "run_metadata.json").read_text())["task_status"]
    assert (done["run_wepp_hillslopes"], done["run_wepp_watershed"]) == (True, False)
    (leaf / "notes").write_text("mine")
    runner(alike, run_directives={"run_wepp_hillslopes": False})
    assert batch_rq.run_batch_watershed_rq("alike", "mica-creek-1")[0] is True
    assert (leaf / "notes").exists()
    runner(alike, run_directives={"rmtree": True, "run_wepp_hillslopes": False})
    (leaf / "READONLY").touch()
    assert batch_rq.run_batch_watershed_rq("alike", "mica-creek-1")[0] is False
    assert (leaf / "notes").exists()
    (leaf / "READONLY").unlink()
    assert batch_rq.run_batch_watershed_rq("alike", "mica-creek-1")[0] is True
    assert not (leaf / "notes").exists()
    assert not (leaf / "wepp").exists()


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"runid_template": "{NAME}"}, "gives feature 1 the name 'Mica Creek'"),
        ({"runid_template": "all"}, "two features are called 'all'"),
        ({"runid_template": "{HUC}"}, "{HUC}: there is no such property"),
        ({"runid_template": "{open('x')}"}, "there is no such property or function"),
        ({"runid_template": "{NAME.__class__}"}, "there is no such property or function"),
        ({"runid_template": "{index +}"}, "{index +} is no expression"),
        ({"runid_template": "{zfill(index, 10**9)}"}, "zfill: it takes a text and a number"),
        ({"runid_template": "../{index}"}, "gives feature 1 the name '../1'"),
        ({"runid_template": ""}, "gives feature 1 the name ''"),
        ({"geojson": "resources/none.geojson"}, "none.geojson does not exist: upload"),
    ],
)
def test_features_that_cannot_be_told_apart_are_refused_before_a_job(
    ctx, alike: Path, fields: dict[str, str], says: str
):
    """By the template's part that is wrong; nothing of a template is run as a program."""
    runner(alike, **fields)
    with pytest.raises((BrokenDocument, NotPrepared)) as error:
        batch_rq.run_batch_rq("alike")
    assert says in str(error.value)
    assert ctx.children == []


def test_names_of_runs_are_made_of_properties():
    """Numbers without a point, names with blanks, small letters, leading zeros."""
    properties = {"NAME": " Mica Creek ", "HUC 12": 17.0, "size": 2}
    made = template.render('{properties["HUC 12"]}_{upper(strip(size))}', properties, 3)
    assert made == "17_2"
    assert template.render("{zfill(index, 4)}.{lower('A')}", properties, 3) == "0003.a"


@pytest.mark.parametrize("leaf", ["../../etc", "a/b", "", "nobody"])
def test_a_leaf_that_is_none_is_told_and_nothing_is_made(ctx, alike: Path, leaf: str):
    """A name that leads elsewhere, or that no feature has."""
    before = sorted(alike.rglob("*"))
    assert batch_rq.run_batch_watershed_rq("alike", leaf)[0] is False
    message = json.loads(ctx.messages[-3][1].split(maxsplit=2)[2])["message"]
    assert "leaf" in message or "none of its features is 'nobody'" in message
    assert sorted(alike.rglob("*")) == before
