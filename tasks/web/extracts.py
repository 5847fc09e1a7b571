"""Extracts of land cover and soils, which are of no run.

::

    POST /rq/api/landuse_and_soils                    extent, cfg?, nlcd_db?, ssurgo_db?
                                                      {"Success": true, "job_id": …}
    GET  /rq/api/landuse_and_soils/<job id>.tar.gz    the archive, once the job has finished

The application's `may` is asked with "run" and `land_and_soil_rq`, with "look" and the job's id.
The archives lie where `[data] extracts` of the settings says, on disks that weppd's hosts and the
application's share. One that is not there has status 404.
"""

from __future__ import annotations

from flask import Blueprint, jsonify, send_file
from flask.typing import ResponseReturnValue

from tasks.extracts import extent, shelf
from tasks.land_and_soil_rq import archive
from tasks.web.door import May, ask, body, refusal, told
from weppd.flask import Weppd
from weppd.task import current

TASK = "tasks.land_and_soil_rq.land_and_soil_rq"
SUBJECT, TIMEOUT = "land_and_soil_rq", 216_000


def add(made: Blueprint, may: May) -> None:
    """Put the routes on the blueprint, behind the application's `may`."""

    def make() -> ResponseReturnValue:
        ask(may, "run", SUBJECT)
        sent = body()
        where = extent.parse(sent.get("extent"))
        box = [where.west, where.south, where.east, where.north]
        names = {name: sent[name] for name in ("cfg", "nlcd_db", "ssurgo_db") if sent.get(name)}
        job = Weppd().enqueue(TASK, None, box, **names, job_timeout=TIMEOUT)
        return jsonify({"Success": True, "job_id": job.id})

    def take(job_id: str) -> ResponseReturnValue:
        ask(may, "look", job_id)
        path = archive(job_id, str(current().settings["data"]["extracts"]))
        if not path.is_file():
            return refusal(
                f"{path.name} is not there: its job has not finished, or it is gone"
            ), 404
        shelf.use(path)
        return send_file(path, mimetype="application/gzip", as_attachment=True)

    path = "/rq/api/landuse_and_soils"
    made.add_url_rule(path, "extract", told(make), methods=["POST"])
    made.add_url_rule(f"{path}/<job_id>.tar.gz", "extract_archive", told(take), methods=["GET"])
