"""Scenarios of a run: each a child run of its own, made and simulated where it is not up to date.

And contrasts: the channels anew, with some hillslopes as another scenario has them.

::

    <run>/_pups/omni/scenarios/<name>/      the run `<runid>;;omni;;<name>`
    <run>/omni/scenarios.*.parquet          what all of them did

A scenario is up to date while what it was made from has the same bytes, and it is defined the same.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tasks.omni import children, contrasts, summaries
from tasks.omni.documents import Contrast, Omni, Scenario
from tasks.project import trial
from tasks.run.directory import RunDirectory, to_change
from tasks.run.frame import framed
from tasks.run.nodb import BrokenDocument
from tasks.run.notify import notify
from tasks.run.prep import RedisPrep
from tasks.run.progress import Progress
from tasks.run.status import Panel
from tasks.run.steps import TaskEnum
from tasks.wepp import dispatch
from weppd.task import current, task

TIMEOUT = 43_200
PANEL, CONTRASTS = "omni", "omni_contrasts"
#: Pages close their streams on the second one.
_RUN = ("OMNI_SCENARIO_RUN_TASK_COMPLETED", "END_BROADCAST")
_CONTRASTED = ("OMNI_CONTRAST_RUN_TASK_COMPLETED", "END_BROADCAST")
_PATIENCE_S = 30.0
_CHANGED, _SAME = "dependency_changed", "dependency_unchanged"


@task(timeout=TIMEOUT, min_timeout=TIMEOUT, cpus="all")
@framed(PANEL)
def run_omni_scenario_rq(
    runid: str,
    scenario: Mapping[str, Any],
    *,
    dependency_target: str | None = None,
    dependency_path: str | None = None,
    signature: str | None = None,
    run_state_reason: str = _CHANGED,
) -> tuple[bool, float]:
    """Make and simulate one scenario, whether it is up to date or not; (True, seconds).

    What it depends on is reckoned anew where the producer does not say. BrokenDocument for a
    definition that is none, and as `tasks.omni.children.make` and the model's jobs.
    """
    run, wanted, began = to_change(runid), _scenario(scenario), time.monotonic()
    base = children.base(run.root)
    target = dependency_target or wanted.target(base)
    path = run.root / dependency_path if dependency_path else None
    path = path or children.outcome(run.root, target, base)
    sha = children.digest(path)
    child = f"{runid};;omni;;{wanted.name}"
    place = children.place(run.root, wanted.name)
    if place.is_dir():
        dispatch.refuse(child, RunDirectory(place))
        RedisPrep.forget(child)
    trial.run_all(child, children.make(run.root, wanted))
    entry = {
        "dependency_target": target,
        "dependency_path": path.relative_to(run.root).as_posix(),
        "dependency_sha1": sha,
    }
    _keep(run.root, wanted, entry, signature or wanted.signature, run_state_reason)
    return True, time.monotonic() - began


@task(timeout=TIMEOUT, min_timeout=TIMEOUT, cpus=0)
@framed(PANEL)
def run_omni_scenarios_rq(runid: str) -> str | None:
    """Enqueue the scenarios that are not up to date; the final job's id.

    Those that follow another one come after all that do not. Where omni.nodb wants no jobs of their
    own for them, all is done in this one, and None returned. BrokenDocument where there are none.
    """
    run = to_change(runid)
    with Omni.locked(run.root, wait=_PATIENCE_S) as document:
        document.forget_others()
        scenarios, apart = list(document.scenarios), document.use_rq_job_pool_concurrency
    if not scenarios:
        raise BrokenDocument(f"{Omni.path(run.root)}: it has no scenarios")
    if not apart:
        run_inline(runid)
        return None
    voice = Panel(current(), runid, PANEL)
    final = _enqueue_ends(runid, _enqueue_stages(runid, run, scenarios, voice))
    voice.enqueued(f"run_omni_scenarios_rq({runid})", final)
    return final


def _enqueue_stages(
    runid: str, run: RunDirectory, scenarios: Sequence[Scenario], voice: Panel
) -> list[str]:
    """Enqueue the scenarios that are not up to date, stage by stage; the jobs' ids."""
    stages = _stages(run, scenarios)
    ids: list[str] = []
    fresh = {scenario.name for scenario in _stale(run, stages[0])}
    for order, stage in enumerate(stages):
        wanted, before = _stale(run, stage, fresh), list(ids)
        ids += [_enqueue_scenario(runid, order, scenario, before) for scenario in wanted]
        _skip(run, voice, [scenario for scenario in stage if scenario not in wanted])
    return ids


def _enqueue_scenario(runid: str, order: int, scenario: Scenario, before: Sequence[str]) -> str:
    return current().enqueue(
        "tasks.omni_rq.run_omni_scenario_rq",
        runid,
        scenario.model_dump(exclude_defaults=True),
        label=f"jobs:{order},scenario:{scenario.name}",
        depends_on=before,
        timeout=TIMEOUT,
    )


def _enqueue_ends(runid: str, before: Sequence[str]) -> str:
    """Enqueue what comes after all scenarios: their tables, and then the word of it; its id."""
    for order, name in ((2, "_compile_hillslope_summaries_rq"), (3, "_finalize_omni_scenarios_rq")):
        call, label = (f"tasks.omni_rq.{name}", runid), f"jobs:{order},func:{name}"
        before = [current().enqueue(*call, label=label, depends_on=before, timeout=TIMEOUT)]
    return before[0]


@task(timeout=TIMEOUT, min_timeout=TIMEOUT)
@framed(PANEL)
def _compile_hillslope_summaries_rq(runid: str) -> None:
    """Make the tables of the run and all its scenarios; NotPrepared where one was not run."""
    run = to_change(runid)
    names = [scenario.name for scenario in Omni.load(run.root).scenarios]
    progress = Progress(Panel(current(), runid, PANEL), len(names) + 1, "scenarios")
    summaries.write(run.root, names)
    progress.end()


@task(timeout=TIMEOUT, min_timeout=TIMEOUT, cpus=0)
@framed(PANEL, trigger=_RUN, step=TaskEnum.run_omni_scenarios)
def _finalize_omni_scenarios_rq(runid: str) -> None:
    """Tell that all scenarios are run."""
    notify(f":crystal_ball: Omni scenarios completed for {runid} on {platform.node()}")


@task(timeout=TIMEOUT, min_timeout=TIMEOUT)
@framed(CONTRASTS)
def run_omni_contrast_rq(runid: str, contrast_id: int) -> tuple[bool, float]:
    """Run the channels of one contrast as it was last launched; returns (True, seconds).

    A network that is done from the same pass files is not run again. BrokenDocument for a number
    that omni.nodb does not have, and as `tasks.omni.contrasts.make` and the model's jobs.
    """
    run, began = to_change(runid), time.monotonic()
    wanted = Omni.load(run.root).contrasts.get(contrast_id)
    if wanted is None:
        raise BrokenDocument(f"{Omni.path(run.root)}: there is no contrast {contrast_id!r}")
    child, place = _contrast(runid, contrast_id), contrasts.place(run.root, contrast_id)
    if place.is_dir():
        dispatch.refuse(child, RunDirectory(place))
    trial.route(child, contrasts.make(run.root, contrast_id, wanted))
    current().log(f"contrast {contrast_id}: {wanted.name}")
    return True, time.monotonic() - began


@task(timeout=TIMEOUT, min_timeout=TIMEOUT, cpus=0)
@framed(CONTRASTS)
def run_omni_contrasts_rq(runid: str) -> str:
    """Enqueue the contrasts that omni.nodb wants, some at a time; returns the final job's id.

    BrokenDocument and NotPrepared as `tasks.omni.contrasts.planned`.
    """
    run = to_change(runid)
    with Omni.locked(run.root, wait=_PATIENCE_S) as document:
        found = document.contrasts = contrasts.planned(run.root, document)
        size = document.contrast_batch_size
    _remove_contrasts(runid, run, found)
    ids: list[str] = []
    before: list[str] = []
    for place, number in enumerate(found):
        if place % size == 0:
            before = ids[-size:]
        call = ("tasks.omni_rq.run_omni_contrast_rq", runid, number)
        label = f"jobs:contrast:{number}"
        ids.append(current().enqueue(*call, label=label, depends_on=before, timeout=TIMEOUT))
    final = current().enqueue(
        "tasks.omni_rq._finalize_omni_contrasts_rq",
        runid,
        label="jobs:finalize:omni_contrasts",
        depends_on=ids,
        timeout=TIMEOUT,
    )
    Panel(current(), runid, CONTRASTS).enqueued(f"run_omni_contrasts_rq({runid})", final)
    return final


@task(timeout=TIMEOUT, min_timeout=TIMEOUT)
@framed(CONTRASTS, trigger=_CONTRASTED, step=TaskEnum.run_omni_contrasts)
def _finalize_omni_contrasts_rq(runid: str) -> None:
    """Make the table of all contrasts, and tell that they are run; NotPrepared."""
    run = to_change(runid)
    found = Omni.load(run.root).contrasts
    contrasts.write(run.root, found)
    notify(f":crystal_ball: {len(found)} omni contrasts completed for {runid}")


@task(timeout=TIMEOUT, min_timeout=TIMEOUT, cpus=0)
@framed(CONTRASTS)
def delete_omni_contrasts_rq(runid: str) -> int:
    """Remove all contrasts of the run, and their table; returns how many they were."""
    run = to_change(runid)
    with Omni.locked(run.root, wait=_PATIENCE_S) as document:
        gone = _remove_contrasts(runid, run, {})
        document.contrasts = {}
    (run.root / "omni" / summaries.CONTRASTS.file).unlink(missing_ok=True)
    RedisPrep(run.root, runid).remove_timestamp(TaskEnum.run_omni_contrasts)
    return len(gone)


def _remove_contrasts(runid: str, run: RunDirectory, but: Mapping[int, Contrast]) -> list[int]:
    """Remove the contrasts that are none of `but`; returns their numbers."""
    gone = contrasts.others(run.root, but)
    for number in gone:
        dispatch.refuse(_contrast(runid, number), RunDirectory(contrasts.place(run.root, number)))
    for number in gone:
        contrasts.remove(run.root, number)
        RedisPrep.forget(_contrast(runid, number))
    return gone


def _contrast(runid: str, number: int) -> str:
    return f"{runid};;omni-contrast;;{number}"


def run_inline(runid: str) -> None:
    """Do in this job what else the jobs of each scenario do; nothing where there are none."""
    run = to_change(runid)
    first, then = _stages(run, Omni.load(run.root).scenarios)
    scenarios = [*first, *then]
    if not scenarios:
        return
    progress = Progress(Panel(current(), runid, PANEL), len(scenarios), "scenarios")
    for scenario in scenarios:
        if _stale(run, [scenario]):
            run_omni_scenario_rq(runid, scenario.model_dump(exclude_defaults=True))
        else:
            _skip(run, Panel(current(), runid, PANEL), [scenario])
        progress.step()
    _compile_hillslope_summaries_rq(runid)
    _finalize_omni_scenarios_rq(runid)


def _stages(
    run: RunDirectory, scenarios: Sequence[Scenario]
) -> tuple[list[Scenario], list[Scenario]]:
    """The scenarios that can be made of the run alone, and those that follow others."""
    base = children.base(run.root)
    first = [scenario for scenario in scenarios if scenario.target(base) == base]
    return first, [scenario for scenario in scenarios if scenario not in first]


def _stale(
    run: RunDirectory, scenarios: Sequence[Scenario], fresh: set[str] | None = None
) -> list[Scenario]:
    """Those that are not up to date, or follow one of `fresh`, which are about to be made anew."""
    tree, base = Omni.load(run.root).scenario_dependency_tree, children.base(run.root)
    found = []
    for scenario in scenarios:
        target, entry = scenario.target(base), tree.get(scenario.name, {})
        sha = children.digest(children.outcome(run.root, target, base))
        same = sha is not None and entry.get("dependency_sha1") == sha
        same = same and entry.get("signature") == scenario.signature
        there = children.outcome(run.root, scenario.name, base).exists()
        if not (same and there) or target in (fresh or ()):
            found.append(scenario)
    return found


def _skip(run: RunDirectory, voice: Panel, scenarios: Sequence[Scenario]) -> None:
    for scenario in scenarios:
        voice.skipped(f"run_omni_scenario_rq({voice.runid}, {scenario.name})", _SAME)
    with Omni.locked(run.root, wait=_PATIENCE_S) as document:
        for scenario in scenarios:
            entry = document.scenario_dependency_tree[scenario.name]
            document.scenario_run_state[scenario.name] = _state(scenario, entry, "skipped", _SAME)


def _keep(
    root: Path, scenario: Scenario, entry: Mapping[str, Any], signature: str, reason: str
) -> None:
    """Note what a scenario was made from, and that it was: other jobs of the run do so as well."""
    known = {**entry, "signature": signature, "timestamp": _now()}
    with Omni.locked(root, wait=_PATIENCE_S) as document:
        document.scenario_dependency_tree[scenario.name] = known
        document.scenario_run_state[scenario.name] = _state(scenario, entry, "executed", reason)


def _state(
    scenario: Scenario, entry: Mapping[str, Any], status: str, reason: str
) -> dict[str, Any]:
    names = ("dependency_target", "dependency_path", "dependency_sha1")
    told = {name: entry.get(name) for name in names}
    return {
        "scenario": scenario.name,
        "status": status,
        "reason": reason,
        **told,
        "timestamp": _now(),
    }


def _scenario(told: Mapping[str, Any]) -> Scenario:
    try:
        return Scenario.model_validate(dict(told))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "it"
        raise BrokenDocument(f"scenario {dict(told)!r}: {where}: {first['msg']}") from None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
