"""The routes that the site's pages call, as a Flask blueprint.

    from tasks.web import blueprint

    def may(action: str, subject: str) -> bool: …      # the application's own authorisation

    app.register_blueprint(blueprint(may))

`weppd.flask.Weppd` must know the application. `may` is asked before anything is done: with "run"
and a run id, or `land_and_soil_rq` for an extract of the site's maps; with "look" or "cancel" and a
job id; with "look" and the id of a run whose panels are listened to. It may also abort the request
itself.

::

    POST /runs/<runid>/<config>/rq/api/<action>     {"Success": true, "job_id": …}; see `runs`
                                                    and `projects`
    GET  /runs/<runid>/<config>/rq/api/status/<panel>
                                                    what the panel is told, as events; `messages`
    POST /rq/api/landuse_and_soils                  {"Success": true, "job_id": …}; see `extracts`
    GET  /rq/api/jobstatus/<id>                     the tree as one job
    GET  /rq/api/jobinfo/<id>                       the tree
    POST /rq/api/jobinfo                            {"jobs": {id: tree}, "job_ids": […]}
    POST /rq/api/canceljob/<id>                     {"Success": true}

Those of jobs also without `/api`, as old pages have them. A job is cancelled by GET where
`[flask] legacy_get_cancel` says so, and else by POST alone: a crawler must not cancel. What is
refused or wrong is told as pages expect it, with status 200: `{"Success": false, "Error": …}`;
what `may` refuses has status 403.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import Blueprint

from tasks.web import extracts, jobs, messages, projects, runs
from tasks.web.door import May
from weppd.flask import desk
from weppd.task import LocalContext, enter

Keep = Callable[[str, str, Mapping[str, object]], None]


def blueprint(may: May, keep: Keep | None = None, name: str = "rq_api") -> Blueprint:
    """The blueprint, behind the application's `may`.

    `keep(runid, action, body)` is called with what a page sent before its job is enqueued, for
    applications that keep the form's values in documents of the run; ValueError from it is told to
    the page.
    """
    made = Blueprint(name, __name__)
    made.before_request(_be_of_this_application)
    runs.add(made, may, keep)
    projects.add(made, may)
    extracts.add(made, may)
    messages.add(made, may)
    jobs.add(made, may)
    return made


def _be_of_this_application() -> None:
    # The helpers of tasks ask the current context for roots and databases. It is one for the whole
    # process, as the application is.
    enter(LocalContext(desk().tables))
