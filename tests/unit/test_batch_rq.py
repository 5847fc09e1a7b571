"""Batches: a job for each leaf, the last one for all, and a leaf that fails stops no other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tasks import batch_rq
from tasks.run.directory import NotPrepared
from tasks.run.locks import locked, owner
from tasks.run.prep import RedisPrep
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


def test_a_leaf_runs_as_a_whole_and_one_that_fails_stops_no_other(ctx, tmp_path: Path):
    """Tables and stamps of the one; of the other the reason, on the panel and in its file."""
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
    assert "has no directory" in [text for _, text in ctx.messages if "_JSON" in text][-1]
    assert batch_rq._final_batch_complete_rq("b") == {"success": ["good"], "failed": ["bad"]}
    assert [t.split()[-1] for _, t in ctx.messages if " TRIGGER " in t][-2:] == [
        "BATCH_RUN_COMPLETED", "END_BROADCAST",
    ]  # fmt: skip
