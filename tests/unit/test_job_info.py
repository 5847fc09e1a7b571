"""What a tree of jobs says as one, and what it says as JSON."""

from __future__ import annotations

import json
import pickle
from base64 import b64encode
from typing import Any

import pytest

from weppd import job_info
from weppd.store.trees import Reading, below, meta_key, mirror, order_of
from weppd.store.wire import flat


def a_node(jid: str, status: str = "finished", *children: Any, **facts: Any) -> dict[str, Any]:
    """A node of a tree, its children in one stage."""
    times = {"started_at": "2026-01-01T00:00:00.000000Z", "ended_at": None}
    if status in job_info.OVER:
        times["ended_at"] = "2026-01-01T00:01:00.000000Z"
    groups = {"0": list(children)} if children else {}
    return {"id": jid, "runid": "r", "status": status, **times, **facts, "children": groups}


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("finished", "finished"), "finished"),
        (("queued", "started"), "started"),
        (("scheduled", "deferred"), "deferred"),
        (("started", "canceled"), "canceled"),
        (("canceled", "stopped"), "stopped"),
        (("stopped", "failed", "started"), "failed"),
        (("created",), "created"),
    ],
)
def test_a_tree_s_status_is_its_gravest(words: tuple[str, ...], status: str) -> None:
    """failed, stopped, canceled, started, queued, deferred, scheduled: the first that occurs."""
    tree = a_node("root", "finished", *(a_node(f"c{i}", word) for i, word in enumerate(words)))
    assert job_info.summary(tree)["status"] == status


def test_a_tree_ends_with_its_last_job() -> None:
    """ended_at is the latest of all, and None while one has not ended; lost children count not."""
    late = a_node("late", ended_at="2026-01-01T05:00:00.000000Z")
    told = job_info.summary(a_node("root", "finished", late, None))
    assert told["ended_at"] == "2026-01-01T05:00:00.000000Z"
    assert told["progress"]["percent"] == 100.0
    told = job_info.summary(a_node("root", "finished", late, a_node("on", "started")))
    assert told["ended_at"] is None
    assert (told["progress"]["completed"], told["progress"]["total"]) == (2, 3)


def a_reading(row: dict[str, bytes], *children: str) -> dict[str, Any]:
    """The node that is made of one row of the store."""
    names = "status started ended description meta data progress reason result failure usage"
    walk = Reading(["j"])
    assert walk.calls() == [("tree", "j")]
    named = flat({label: label.encode() for label in children})
    words = [w if isinstance(w, bytes) else str(w).encode() for w in named]
    walk.took([[[*(row.get(name, b"") for name in names.split()), words]]])
    return job_info.forest(walk, ["j"], 1_800_000_000.0)["j"]


def test_a_node_is_plain_json_whatever_the_job_returned() -> None:
    """Sets, tuples, bytes and NaN become what JSON can say; a foreign object is named by size."""
    value = {"a": {1}, (2, 3): b"\xff", "n": float("inf")}
    node = a_reading({"status": b"finished", "result": b64encode(pickle.dumps(value))})
    assert node["result"] == {"a": [1], "(2, 3)": "\ufffd", "n": None}
    strange = b64encode(pickle.dumps(job_info.Reading))
    node = a_reading({"status": b"finished", "result": strange})
    assert "no plain data" in node["result"]
    assert json.dumps(node)


def test_a_node_says_what_the_job_used() -> None:
    """Of a job that ended, what its whole tree used; rubbish and nothing are None."""
    assert a_reading({"usage": b'{"user_s": 1.5, "stopped_s": 2}'})["usage"] == {
        "user_s": 1.5, "stopped_s": 2,
    }  # fmt: skip
    assert a_reading({"usage": b"{"})["usage"] is None
    assert a_reading({})["usage"] is None


def test_a_node_takes_the_failure_from_meta_as_production_does() -> None:
    """exc_info is meta's exc_string; a job that finished in the end shows no old failure."""
    meta = pickle.dumps({"runid": "r", "exc_string": "Traceback: x"})
    assert a_reading({"status": b"failed", "meta": meta})["exc_info"] == "Traceback: x"
    assert a_reading({"status": b"finished", "meta": meta})["exc_info"] is None


def test_a_running_job_has_an_elapsed_time() -> None:
    """elapsed_s runs from the start to now, or to the end; no start, none."""
    began = b"2027-01-15T07:59:00.000000Z"
    assert a_reading({"status": b"started", "started": began})["elapsed_s"] == 60.0
    assert a_reading({"status": b"queued"})["elapsed_s"] is None
    assert a_reading({"status": b"started", "started": b"gibberish"})["elapsed_s"] is None


@pytest.mark.parametrize(
    ("label", "key", "order"),
    [
        ("jobs:3,func:x", "jobs:3,func:x", "3"),
        ("3,scenario:y", "jobs:3,scenario:y", "3"),
        ("jobs:contrast:7", "jobs:contrast:7", "contrast:7"),
        ("jid", "jobs:0,job:jid", "0"),
    ],
)
def test_labels_name_stages(label: str, key: str, order: str) -> None:
    """A child's label, with or without `jobs:`, is its key in meta; its order ends at a comma."""
    assert (meta_key(label, "jid"), order_of(label, "jid")) == (key, order)


def test_a_mirror_adds_only_what_meta_lacks() -> None:
    """A child that the task itself has put into meta is not put there twice."""
    meta = pickle.dumps({"jobs:0,func:a": "a"})
    assert mirror([b"jobs:0,func:a", b"a", b"jobs:1,func:b", b"b"], meta) == {"jobs:1,func:b": "b"}
    assert below(meta) == {"jobs:0,func:a": "a"}
