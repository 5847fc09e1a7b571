"""The buttons of a run's page, `POST /runs/<runid>/<config>/rq/api/<action>`: one task for each.

In the order that the site's preflight relies on: what the page sent is kept, the stamps of steps
that will be wrong are taken from the run's ledger, the task is enqueued, its job is noted under the
button's key. A second press while the job lives answers with that same job, and one while the run
that it launched is under way with the job that launched it: no stamp is taken. Where something of
the run is to be built after that, the press is for what is built then: a launch behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from tasks.run import absent, underway
from tasks.run.messenger import StatusMessenger
from tasks.run.prep import RedisPrep
from tasks.run.steps import TaskEnum
from tasks.web import kept, once, terrain
from tasks.web.door import May, ask, body, told
from tasks.web.kept import Wishes
from weppd.flask import Weppd
from weppd.panel import message
from weppd.task import Refused, current

#: Seconds that a button's job may take: the site's own bound for dispatchers.
TIMEOUT = 216_000
Keep = Callable[[str, str, Mapping[str, object]], None]


@dataclass(frozen=True, slots=True)
class Button:
    """A button: its task, the fields of the page that the task takes, and what it makes wrong.

    `keeps` are fields that go into a document of the run; a button that `launches` the model is
    that of the run which is under way. `reads` makes the task's arguments of what was sent, where
    it is given.
    """

    action: str
    function: str
    takes: tuple[str, ...] = ()
    undoes: tuple[TaskEnum, ...] = ()
    key: str = ""
    keeps: Wishes | None = None
    launches: bool = False
    reads: Callable[[Mapping[str, object]], dict[str, object]] | None = None


_CHANNELS = (TaskEnum.run_wepp_watershed, TaskEnum.run_omni_scenarios)
_ALL = (TaskEnum.run_wepp_hillslopes, *_CHANNELS)


def _wepp(action: str, undoes: tuple[TaskEnum, ...]) -> Button:
    task = f"{action}_rq"
    takes = ("wepp_bin", "clean")
    return Button(action, f"tasks.wepp_rq.{task}", takes, undoes, task, launches=True)


def _omni(action: str, function: str, undoes: TaskEnum, keeps: Wishes) -> Button:
    return Button(action, f"tasks.omni_rq.{function}", (), (undoes,), f"{action}_rq", keeps)


def _build(step: TaskEnum, keeps: Wishes) -> Button:
    task = f"{step}_rq"
    return Button(str(step), f"tasks.project_rq.{task}", (), (step,), task, keeps)


def _terrain(
    reads: Callable[[Mapping[str, object]], dict[str, object]], action: str, *undoes: TaskEnum
) -> Button:
    task = f"{action}_rq"
    return Button(action, f"tasks.project_rq.{task}", (), undoes, task, reads=reads)


_SCENARIOS, _CONTRASTS = TaskEnum.run_omni_scenarios, TaskEnum.run_omni_contrasts
_MIGRATION = "run_interchange_migration"
BUTTONS = (
    Button("hello_world", "tasks.noop.noop"),
    _terrain(
        terrain.fetch_and_channels,
        "fetch_dem_and_build_channels",
        *(TaskEnum.fetch_dem, TaskEnum.build_channels),
    ),
    _terrain(terrain.outlet, "set_outlet", TaskEnum.set_outlet),
    _terrain(
        terrain.subcatchments,
        "build_subcatchments_and_abstract_watershed",
        *(TaskEnum.build_subcatchments, TaskEnum.abstract_watershed),
    ),
    _build(TaskEnum.build_landuse, kept.LANDUSE),
    _build(TaskEnum.build_soils, kept.SOILS),
    _build(TaskEnum.build_climate, kept.CLIMATE),
    _wepp("run_wepp", _ALL),
    _wepp("run_wepp_noprep", _ALL),
    _wepp("run_wepp_watershed", _CHANNELS),
    _wepp("run_wepp_watershed_noprep", _CHANNELS),
    _omni("run_omni", "run_omni_scenarios_rq", _SCENARIOS, kept.SCENARIOS),
    _omni("run_omni_contrasts", "run_omni_contrasts_rq", _CONTRASTS, kept.CONTRASTS),
    Button(
        _MIGRATION, f"tasks.interchange_rq.{_MIGRATION}", ("wepp_output_subpath",), key=_MIGRATION
    ),
)
#: The jobs that build something of a run, by their keys in its hash, as a panel calls them.
_BUILDS = {
    **{b.key: b.key for b in BUTTONS if b.function.startswith("tasks.project_rq.")},
    underway.CHAIN: "what builds its terrain",
}

#: Buttons of the site's pages whose tasks are not here: refused before a job is made.
ABSENT = {
    "build_treatments": "tasks.project_rq.build_treatments_rq",
    "build_rangeland_cover": "tasks.project_rq.build_rangeland_cover_rq",
    "run_ash": "tasks.project_rq.run_ash_rq",
    "run_debris_flow": "tasks.project_rq.run_debris_flow_rq",
    "run_rhem_rq": "tasks.project_rq.run_rhem_rq",
    "acquire_rap_ts": "tasks.project_rq.fetch_and_analyze_rap_ts_rq",
    "acquire_openet_ts": "tasks.project_rq.fetch_and_analyze_openet_ts_rq",
    "post_dss_export_rq": "tasks.wepp_rq.post_dss_export_rq",
}


def add(made: Blueprint, may: May, keep: Keep | None) -> None:
    """Put a route for each button on the blueprint."""
    for action, function in ABSENT.items():
        path, refused = f"/runs/<runid>/<config>/rq/api/{action}", told(_refused(function, may))
        made.add_url_rule(path, f"run_{action}", refused, methods=["POST"])
    for button in BUTTONS:
        made.add_url_rule(
            f"/runs/<runid>/<config>/rq/api/{button.action}",
            f"run_{button.action}",
            told(_pressed(button, may, keep)),
            methods=["POST"],
        )


def _refused(function: str, may: May) -> Callable[[str, str], ResponseReturnValue]:
    module, _, name = function.rpartition(".")

    def press(runid: str, config: str) -> ResponseReturnValue:
        ask(may, "run", runid)
        current().run_dir(runid)
        raise Refused(absent.words(module, name))

    return press


def _pressed(
    button: Button, may: May, keep: Keep | None
) -> Callable[[str, str], ResponseReturnValue]:
    def press(runid: str, config: str) -> ResponseReturnValue:
        ask(may, "run", runid)
        run_dir = current().run_dir(runid)
        sent = body()
        if keep is not None:
            keep(runid, button.action, sent)
        if button.keeps is not None:
            button.keeps.keep(run_dir, sent)
        if runid.startswith("batch;;") and runid.endswith(";;_base"):
            # A batch's template: its leaves run it.
            content = f"{button.action}: kept for the runs of the batch"
            return jsonify({"Success": True, "Content": content})
        if not button.key:
            job = Weppd().enqueue(button.function, job_timeout=TIMEOUT)
            return jsonify({"Success": True, "job_id": job.id})
        wanted = _wanted(button, sent)
        prep = RedisPrep(run_dir, runid)
        found = underway.find(prep) if button.launches else None
        behind = _parked(prep) if found else []
        if found and not behind:
            return jsonify({"Success": True, "job_id": found.root})
        for step in button.undoes:
            prep.remove_timestamp(step)
        sole = _sole(button, prep, wanted)
        job = Weppd().enqueue(
            button.function, runid, **wanted, job_timeout=TIMEOUT, unique=sole, depends_on=behind
        )
        prep.set_rq_job_id(button.key, job.id)
        if button.launches:
            _tell_waits(prep, f"{button.key}({runid})", job.id)
        return jsonify({"Success": True, "job_id": job.id})

    return press


def _parked(prep: RedisPrep) -> list[str]:
    """The jobs that build something of the run when its model is over."""
    found = (underway.alive(prep, key) for key in _BUILDS)
    return sorted({each[0] for each in found if each and each[1] == "deferred"})


def _tell_waits(prep: RedisPrep, call: str, job: str) -> None:
    """Tell the panel what is built of the run first: weppd gives the launch its turn behind it."""
    found = {key: underway.alive(prep, key) for key in _BUILDS}
    waits = [f"{_BUILDS[key]} (job {each[0]})" for key, each in found.items() if each]
    if waits:
        text = message(job, "STATUS", f"{call} waits for {', '.join(waits)}")
        StatusMessenger.publish(f"{prep.runid}:wepp", text)


def _sole(button: Button, prep: RedisPrep, wanted: Mapping[str, object]) -> str:
    """The key of which there is one job: of a run's model, or of the same wish for a run."""
    return "run" if button.launches else once.key(prep, button.key, button.function, wanted)


def _wanted(button: Button, sent: Mapping[str, object]) -> dict[str, object]:
    """The arguments of the button's task; ValueError for what makes none."""
    if button.reads is not None:
        return button.reads(sent)
    return {name: sent[name] for name in button.takes if sent.get(name) not in (None, "")}
