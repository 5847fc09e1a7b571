"""A copy of a run as if nothing had burnt: no burn map, landuse and soils built anew, and run."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from pathlib import Path

from tasks.project import whole
from tasks.run.prep import RedisPrep
from tasks.run.steps import TaskEnum
from tasks.wepp.documents import Disturbed, Landuse, Soils
from weppd.task import current

#: What the model made of burnt land, below the run.
LEFT_BEHIND = ("wepp/runs", "wepp/output")
_TIMEOUT = 43_200
_END = "_finish_fork_rq"


def fork(runid: str, new_runid: str) -> Path:
    """Make the copy, and enqueue its run and what tells of its end; the copy's directory.

    ForeignDocument, before anything is copied, for a run whose documents are not ours. As
    `whole.copied`, the builders of landuse and soils, and run_wepp_rq: then there is no copy.
    """
    from tasks import wepp_rq

    for document in (Landuse, Soils, Disturbed):
        document.or_new(current().run_dir(runid))
    path = whole.copied(runid, new_runid, "fork", LEFT_BEHIND)
    with ExitStack() as undo:
        undo.callback(shutil.rmtree, path)
        undo.callback(RedisPrep.forget, new_runid)
        _rebuild(path, new_runid)
        final = wepp_rq.run_wepp_rq(new_runid, clean=True)
        undo.pop_all()
    current().enqueue(
        f"tasks.project_rq.{_END}",
        runid,
        label=f"jobs:9,func:{_END}",
        depends_on=[final],
        timeout=_TIMEOUT,
    )
    return path


def _rebuild(wd: Path, runid: str) -> None:
    from tasks.landuse import build as landuse
    from tasks.soils import build as soils

    prep = RedisPrep(wd, runid)
    with Disturbed.locked(wd) as burnt:
        burnt.sbs_map, burnt.severities = None, {}
    prep.has_sbs = False
    prep.remove_timestamp(TaskEnum.init_sbs_map)
    steps = ((TaskEnum.build_landuse, landuse.build), (TaskEnum.build_soils, soils.build))
    for step, build in steps:
        prep.remove_timestamp(step)
        build(wd)
        prep.timestamp(step)
