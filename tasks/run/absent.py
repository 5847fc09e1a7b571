"""Tasks of production that are not here: each fails by its name, on its panel and in its job.

Producers call them all the same. A site that has one of them in a module of its own says so::

    [tasks]
    modules = [..., "ours.ash"]
    alias = { "wepppy.rq" = "tasks", "wepppy.rq.project_rq.run_ash_rq" = "ours.ash.run_ash_rq" }
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from tasks.run.frame import framed
from weppd.task import task

_LAND = "builds nothing out of a site's maps"
_MODS = "has no model of ash, debris flow or rangeland"
_SEEN = "fetches no satellites' series"
_EXPORTS = "exports to no other program's files"
_SWAT = "does not run SWAT"
_CARE = "removes no runs and counts no visits"
_MORE = "exports no details of what it prepares"
#: What is missing, and the panel that waits for it, by function and module.
_TABLE: dict[str, dict[str, tuple[str, str]]] = {
    "tasks.project_rq": {
        "build_treatments_rq": ("treatments", _LAND),
        "build_rangeland_cover_rq": ("rangeland_cover", _LAND),
        "run_ash_rq": ("ash", _MODS),
        "run_debris_flow_rq": ("debris_flow", _MODS),
        "run_rhem_rq": ("rhem", _MODS),
        "fetch_and_analyze_rap_ts_rq": ("rap_ts", _SEEN),
        "fetch_and_analyze_openet_ts_rq": ("openet_ts", _SEEN),
        "delete_run_rq": ("command", _CARE),
        "gc_runs_rq": ("command", _CARE),
        "compile_dot_logs_rq": ("command", _CARE),
    },
    "tasks.wepp_rq": {
        "post_dss_export_rq": ("dss_export", _EXPORTS),
        "_post_legacy_arc_export_rq": ("wepp", _EXPORTS),
        "_post_gpkg_export_rq": ("wepp", _EXPORTS),
        "_build_swat_inputs_rq": ("wepp", _SWAT),
        "_run_swat_rq": ("wepp", _SWAT),
        "_post_prep_details_rq": ("wepp", _MORE),
    },
    "tasks.batch_rq": {"delete_batch_rq": ("batch", _CARE)},
}


class NotHere(Exception):
    """A task of production that weppd does not have; the message says what to do about it."""


def words(module: str, name: str) -> str:
    """What is said of the task `name` of `module`, which is not here."""
    _, lacks = _TABLE[module][name]
    return (
        f"{name} is no task of weppd, which {lacks}: have [tasks] alias name one of your own,"
        " or leave it out"
    )


Absent = Callable[..., NoReturn]


def absent(module: str, name: str) -> Absent:
    """The task `name` of `module`, a line of the table above: registered, and failing with NotHere.

    It takes whatever production passes, the run's id first.
    """
    panel, lacks = _TABLE[module][name]

    def refuse(runid: Any) -> NoReturn:
        raise NotHere(words(module, name))

    def called(*args: Any, **kwargs: Any) -> NoReturn:
        # What else it is called with is nobody's here, and need not be told to the panel.
        spoken(next(iter((*args, *kwargs.values())), None))

    for function in (refuse, called):
        function.__module__, function.__name__, function.__qualname__ = module, name, name
    spoken = framed(panel)(refuse)
    called.__doc__ = f"NotHere: weppd {lacks}."
    return task(cpus=0, absent=words(module, name))(called)
