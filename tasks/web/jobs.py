"""What pages ask of jobs: their state, their trees, and their end.

A tree is that of `weppd.job_info`, but no child is null: one whose record is gone from Redis is a
stub, from the run's own record of its jobs where that has it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from tasks.web.door import May, ask, refusal, told
from weppd.flask import Weppd, desk
from weppd.task import RunError, current

#: The run's own record of its jobs, one file for each node: a line of JSON for each execution that
#: ended.
RECORDS = "_logs/jobs*.jsonl"
MOST_IDS = 500


def add(made: Blueprint, may: May) -> None:
    """Put the routes on the blueprint, with and without `/api`."""
    weppd = Weppd()

    def jobstatus(job_id: str) -> ResponseReturnValue:
        ask(may, "look", job_id)
        return jsonify(weppd.job_status(job_id))

    def jobinfo(job_id: str) -> ResponseReturnValue:
        ask(may, "look", job_id)
        return jsonify(weppd.jobs_info([job_id], Lost())[job_id])

    def jobsinfo() -> ResponseReturnValue:
        job_ids = _job_ids()
        for job_id in job_ids:
            ask(may, "look", job_id)
        return jsonify({"jobs": dict(weppd.jobs_info(job_ids, Lost())), "job_ids": job_ids})

    def canceljob(job_id: str) -> ResponseReturnValue:
        # HEAD is served by what serves GET, and never cancels.
        if request.method != "POST" and not (request.method == "GET" and desk().legacy_get_cancel):
            text = "a job is cancelled by POST; [flask] legacy_get_cancel allows GET"
            return refusal(text), 405, {"Allow": "POST"}
        ask(may, "cancel", job_id)
        done = weppd.cancel(job_id)
        return refusal(done["error"]) if "error" in done else jsonify({"Success": True})

    _rule(made, "jobstatus/<job_id>", jobstatus, "GET")
    _rule(made, "jobinfo/<job_id>", jobinfo, "GET")
    _rule(made, "jobinfo", jobsinfo, "POST")
    _rule(made, "canceljob/<job_id>", canceljob, "GET", "POST")


def _rule(
    made: Blueprint, path: str, route: Callable[..., ResponseReturnValue], *methods: str
) -> None:
    view = told(route)
    for where, name in (("/rq/api/", route.__name__), ("/rq/", f"old_{route.__name__}")):
        made.add_url_rule(
            f"{where}{path}",
            name,
            view,
            methods=[*methods],
        )


def _job_ids() -> list[str]:
    """The ids that a page asks for, in any of the ways that pages have.

    ValueError for none, and for too many.
    """
    sent = request.get_json(silent=True) if request.is_json else None
    found = list(dict.fromkeys([*request.args.getlist("job_id"), *_ids(sent)]))
    if not found:
        raise ValueError('name the jobs: {"job_ids": […]}')
    if len(found) > MOST_IDS:
        raise ValueError(f"{len(found)} jobs are more than {MOST_IDS} at a time")
    return found


def _ids(sent: Any) -> Iterator[str]:
    if isinstance(sent, dict):
        named = [sent[key] for key in ("job_ids", "jobs", "ids") if key in sent]
        for value in named or sent.values():
            yield from _ids(value)
    elif isinstance(sent, list):
        for value in sent:
            yield from _ids(value)
    elif isinstance(sent, str) and sent:
        yield sent


class Lost:
    """Stubs of jobs that Redis has forgotten; each run's record is read once."""

    def __init__(self) -> None:
        self._records: dict[str, Mapping[str, Mapping[str, Any]]] = {}

    def __call__(self, job_id: str, runid: str | None) -> dict[str, Any]:
        """The stub of one job."""
        if runid and runid not in self._records:
            self._records[runid] = _record(runid)
        known = self._records.get(runid or "", {}).get(job_id, {})
        return {
            "id": job_id,
            "runid": runid,
            "status": known.get("status") or "expired",
            "result": None,
            "started_at": known.get("started_at"),
            "ended_at": known.get("ended_at"),
            "description": known.get("function"),
            "elapsed_s": known.get("seconds"),
            "exc_info": known.get("reason") or None,
            "reason": known.get("reason") or None,
            "progress": None,
            "usage": None,
            "children": {},
        }


def _record(runid: str) -> Mapping[str, Mapping[str, Any]]:
    try:
        files = sorted(Path(current().run_dir(runid)).glob(RECORDS))
        lines = [line for path in files for line in _lines(path)]
    except (OSError, RunError):
        return {}
    return {row["job"]: row for row in map(_row, lines) if row}


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").splitlines()


def _row(line: str) -> Mapping[str, Any] | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) and isinstance(row.get("job"), str) else None
