"""What production has and weppd has not: refused by its name, on its panel and in its job."""

from __future__ import annotations

import importlib
import json

import pytest

from tasks.run.absent import NotHere
from weppd.core.schedule import renamed
from weppd.task import REGISTRY

#: Functions that production's pages call, by module, and the panel that waits for each.
NAMES = {
    "project_rq": {
        "build_treatments_rq": "treatments",
        "build_rangeland_cover_rq": "rangeland_cover",
        "run_ash_rq": "ash",
        "run_debris_flow_rq": "debris_flow",
        "run_rhem_rq": "rhem",
        "fetch_and_analyze_rap_ts_rq": "rap_ts",
        "fetch_and_analyze_openet_ts_rq": "openet_ts",
        "delete_run_rq": "command",
        "gc_runs_rq": "command",
        "compile_dot_logs_rq": "command",
    },
    "wepp_rq": {
        "post_dss_export_rq": "dss_export",
        "_post_legacy_arc_export_rq": "wepp",
        "_post_gpkg_export_rq": "wepp",
        "_build_swat_inputs_rq": "wepp",
        "_run_swat_rq": "wepp",
        "_post_prep_details_rq": "wepp",
    },
    "batch_rq": {"delete_batch_rq": "batch"},
}


@pytest.mark.parametrize(
    ("module", "name"), [(module, name) for module, names in NAMES.items() for name in names]
)
def test_what_is_not_here_is_refused_by_its_name(ctx, module: str, name: str):
    """A job of it is taken, and fails in one line that names it and what one can do."""
    called = f"tasks.{module}.{name}"
    function = getattr(importlib.import_module(f"tasks.{module}"), name)
    assert called in REGISTRY
    with pytest.raises(NotHere, match=f"^{name} is no task of weppd, which .*alias") as error:
        function("my-run", [-118.0, 46.5], zoom=12)
    assert len(str(error.value).splitlines()) == 1
    assert {channel for channel, _ in ctx.messages} == {f"my-run:{NAMES[module][name]}"}
    assert ctx.words() == ["STARTED", "EXCEPTION", "EXCEPTION_JSON"]
    told = json.loads(ctx.messages[-1][1].split(maxsplit=2)[2])
    assert (told["type"], told["message"]) == ("NotHere", str(error.value))


def test_a_site_s_own_task_takes_the_place_of_one_that_is_not_here():
    """Of two prefixes in [tasks] alias the longer one counts, as the message says."""
    alias = {"wepppy.rq": "tasks", "wepppy.rq.project_rq.run_ash_rq": "ours.ash.run_ash_rq"}
    assert renamed("wepppy.rq.project_rq.run_ash_rq", alias) == "ours.ash.run_ash_rq"
    assert renamed("wepppy.rq.project_rq.fork_rq", alias) == "tasks.project_rq.fork_rq"
