"""Batches: many watersheds that are set up alike, each run by a job of its own.

::

    <batch root>/<batch>/runs/<leaf>/                     a run, `batch;;<batch>;;<leaf>`
    <batch root>/<batch>/runs/<leaf>/run_metadata.json    how its last job went

The leaves are those of the batch's file of features, or else the runs that lie there. What goes
wrong in one is told, and written down, and stops no other.
"""

from __future__ import annotations

import json
import platform
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tasks.omni.documents import Omni
from tasks.project import batches, features, trial
from tasks.project.batches import BatchRunner
from tasks.run.absent import Absent, absent
from tasks.run.atomic import replace_text
from tasks.run.directory import READONLY, RunDirectory, to_change
from tasks.run.frame import framed
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

    NotPrepared for a batch without leaves; RunError for a name that is none; BrokenDocument for
    features that cannot be told apart.
    """
    leaves = batches.leaves(batch_name)
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

    `watershed_feature` is the leaf's name, or an object with that as its `runid`. One that is not
    there is made of the batch's `_base`; in a batch of features terrain, landuse, soils and weather
    that it lacks are built. Scenarios that it wants are run, too. A leaf that fails fails no job,
    so that the batch's last job comes: the panel hears of it, and run_metadata.json has it. What is
    done already, by the leaf's own ledger, is not done again.
    """
    leaf = str(getattr(watershed_feature, "runid", watershed_feature)).rpartition(";;")[2]
    runid, began = f"batch;;{batch_name};;{leaf}", time.monotonic()
    about: dict[str, Any] = {"runid": runid, "batch_name": batch_name, "started_at": _now()}
    why = _run(batch_name, leaf, runid)
    if why is not None:
        Panel(current(), batch_name, PANEL).exception(f"run_batch_project({runid})", why)
        current().log(f"{runid}: {type(why).__name__}: {why}", level="error", volatile=True)
    seconds = time.monotonic() - began
    about |= {"completed_at": _now(), "duration_seconds": round(seconds, 3)}
    _note(runid, about, why)
    return why is None, seconds


def _run(batch: str, leaf: str, runid: str) -> Exception | None:
    """Make a leaf where it is not there, and run it; what went wrong."""
    try:
        if (batches.runs(batch) / leaf).is_dir():
            dispatch.refuse(runid, to_change(runid))
        batches.make(batch, leaf)
        run = RunDirectory(current().run_dir(runid))
        # Until it has ended nothing tells how it went: one that is killed has not gone well.
        (run.root / METADATA).unlink(missing_ok=True)
        _build(runid, run, batches.runner(batch))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is this leaf's alone
        return error
    return None


def _build(runid: str, run: RunDirectory, wanted: BatchRunner) -> None:
    """Do the steps that the batch wants of a leaf, and that it lacks."""
    from tasks import omni_rq

    if wanted.geojson is not None:
        features.build(run.root, runid, wanted.wants)
    if wanted.wants(TaskEnum.run_wepp_hillslopes):
        trial.run_all(runid, run, channels=wanted.wants(TaskEnum.run_wepp_watershed))
    if wanted.wants(TaskEnum.run_omni_scenarios) and Omni.path(run.root).exists():
        omni_rq.run_inline(runid)


def _note(runid: str, about: dict[str, Any], why: Exception | None) -> None:
    """Write down how a leaf's job went; one that is not there, or is marked, is left as it is."""
    try:
        root = current().run_dir(runid)
    except RunError:
        return
    if (root / READONLY).exists():
        return
    done = RedisPrep(root, runid).timestamps_report()
    about |= {
        "status": "failed" if why else "success",
        "rq_job_id": current().job_id,
        "task_status": {str(step): str(step) in done for step in TaskEnum},
        "error": {"type": type(why).__name__, "message": str(why)} if why else None,
    }
    replace_text(root / METADATA, json.dumps(about, indent=1) + "\n")


@task(timeout=TIMEOUT, min_timeout=TIMEOUT, cpus=0)
@framed(PANEL, trigger=("BATCH_RUN_COMPLETED", "END_BROADCAST"))
def _final_batch_complete_rq(batch_name: str) -> dict[str, list[str]]:
    """Tell that all leaves have been run: which went well and which failed, by name."""
    leaves = batches.leaves(batch_name)
    states = {leaf: _state(batches.runs(batch_name) / leaf) for leaf in leaves}
    by_state = {
        state: [leaf for leaf in leaves if states[leaf] == state] for state in ("success", "failed")
    }
    failed = by_state["failed"]
    panel = Panel(current(), batch_name, PANEL)
    panel.status(f"{len(by_state['success'])} of {len(leaves)} runs went well")
    if failed:
        panel.status(f"failed: {', '.join(failed)}")
    notify(f":herb: Batch {batch_name} completed on {platform.node()}")
    return by_state


def _state(leaf: Path) -> str:
    try:
        return str(json.loads((leaf / METADATA).read_text(encoding="utf-8"))["status"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return "failed"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


# What else production has under this name is refused by it.
delete_batch_rq: Absent = absent(__name__, "delete_batch_rq")
