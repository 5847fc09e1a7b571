"""Batches: many watersheds that are set up alike, each run by a job of its own.

::

    <batch root>/<batch>/runs/<leaf>/                     a run, `batch;;<batch>;;<leaf>`
    <batch root>/<batch>/runs/<leaf>/run_metadata.json    how its last job went

The leaves are the runs that lie there with their documents. What goes wrong in one is told, and
written down, and stops no other.
"""

from __future__ import annotations

import json
import platform
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tasks.project import trial
from tasks.run.atomic import replace_text
from tasks.run.directory import NotPrepared, RunDirectory
from tasks.run.frame import framed
from tasks.run.locks import clear_locks
from tasks.run.notify import notify
from tasks.run.prep import RedisPrep
from tasks.run.progress import Progress
from tasks.run.status import Panel
from tasks.run.steps import TaskEnum
from tasks.wepp import dispatch
from weppd.task import RunError, current, task

TIMEOUT = 43_200
METADATA = "run_metadata.json"
PANEL = "batch"


@task(timeout=TIMEOUT, min_timeout=TIMEOUT, cpus=0)
@framed(PANEL)
def run_batch_rq(batch_name: str) -> str:
    """Enqueue a job for each leaf, and one that follows all of them; returns the latter's id.

    NotPrepared for a batch without leaves; RunError for a name that is none.
    """
    leaves = _leaves(batch_name)
    progress = Progress(Panel(current(), batch_name, PANEL), len(leaves), "runs enqueued")
    ids = []
    for leaf in leaves:
        call = ("tasks.batch_rq.run_batch_watershed_rq", batch_name, leaf)
        label = f"jobs:0,runid:{leaf}"
        ids.append(current().enqueue(*call, label=label, timeout=TIMEOUT))
        progress.step()
    final = current().enqueue(
        "tasks.batch_rq._final_batch_complete_rq",
        batch_name,
        label="jobs:1,func:_final_batch_complete_rq",
        depends_on=ids,
        timeout=TIMEOUT,
    )
    Panel(current(), batch_name, PANEL).enqueued(f"run_batch_rq({batch_name})", final)
    return final


@task(timeout=TIMEOUT, min_timeout=TIMEOUT, cpus="all")
@framed(PANEL, trigger="BATCH_WATERSHED_TASK_COMPLETED")
def run_batch_watershed_rq(batch_name: str, watershed_feature: Any) -> tuple[bool, float]:
    """Run the whole model over a leaf; returns (whether it went well, seconds).

    `watershed_feature` is the leaf's name, or an object with that as its `runid`. A leaf that fails
    fails no job, so that the batch's last job comes: the panel hears of it, and run_metadata.json
    has it. What is done already, by the leaf's own ledger, is not done again.
    """
    leaf = str(getattr(watershed_feature, "runid", watershed_feature)).rpartition(";;")[2]
    runid, began = f"batch;;{batch_name};;{leaf}", time.monotonic()
    run = RunDirectory(current().run_dir(runid))
    about = _begun(runid, batch_name)
    try:
        run.refuse_readonly()
        dispatch.refuse(runid, run)
        trial.run_all(runid, run)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is this leaf's alone
        about |= {"status": "failed", "error": _told(error)}
        Panel(current(), batch_name, PANEL).exception(f"run_batch_project({runid})", error)
        current().log(f"{runid}: {type(error).__name__}: {error}", level="error", volatile=True)
    seconds = time.monotonic() - began
    done = RedisPrep(run.root, runid).timestamps_report()
    about |= {"completed_at": _now(), "duration_seconds": round(seconds, 3)}
    about["task_status"] = {str(step): str(step) in done for step in TaskEnum}
    replace_text(run.root / METADATA, json.dumps(about, indent=1) + "\n")
    return about["status"] == "success", seconds


@task(timeout=TIMEOUT, min_timeout=TIMEOUT, cpus=0)
@framed(PANEL, trigger="END_BROADCAST")
def _final_batch_complete_rq(batch_name: str) -> dict[str, list[str]]:
    """Tell that all leaves have been run: which went well and which failed, by name."""
    leaves = _leaves(batch_name)
    states = {leaf: _state(_runs(batch_name) / leaf) for leaf in leaves}
    by_state = {
        state: [leaf for leaf in leaves if states[leaf] == state] for state in ("success", "failed")
    }
    failed = by_state["failed"]
    panel = Panel(current(), batch_name, PANEL)
    panel.status(f"{len(by_state['success'])} of {len(leaves)} runs went well")
    if failed:
        panel.status(f"failed: {', '.join(failed)}")
    notify(f":herb: Batch {batch_name} completed on {platform.node()}")
    # The page closes its stream on what the frame says behind this.
    panel.trigger("BATCH_RUN_COMPLETED")
    return by_state


def _runs(batch_name: str) -> Path:
    # Where the batch's template would be tells where its runs are, and that the name is one.
    root = (current().settings.get("run") or {}).get("batch_root") or "/wc1/batch"
    if not batch_name or "/" in batch_name or ".." in batch_name or ";;" in batch_name:
        raise RunError(f"batch {batch_name!r}: give the name of a batch")
    return Path(root) / batch_name / "runs"


def _leaves(batch_name: str) -> list[str]:
    runs = _runs(batch_name)
    found = sorted(path.name for path in runs.iterdir() if path.is_dir()) if runs.is_dir() else []
    if not found:
        raise NotPrepared(f"{runs} holds no run: set up the batch's watersheds first")
    return found


def _begun(runid: str, batch_name: str) -> dict[str, Any]:
    """What is known of a leaf's job as it begins; a killed one's locks are let go."""
    clear_locks(runid)
    return {
        "runid": runid,
        "batch_name": batch_name,
        "status": "success",
        "started_at": _now(),
        "rq_job_id": current().job_id,
        "error": None,
    }


def _told(error: Exception) -> dict[str, str]:
    return {"type": type(error).__name__, "message": str(error)}


def _state(leaf: Path) -> str:
    try:
        return str(json.loads((leaf / METADATA).read_text(encoding="utf-8"))["status"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return "failed"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
