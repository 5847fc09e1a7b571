"""The pages of runs as a whole: copies and archives, `/runs/<runid>/<config>/rq/api/…`; batches.

::

    POST fork              target_runid, undisturbify?   {"Success", "job_id", "new_runid", …}
    POST archive           comment?                      {"Success", "job_id"}
    POST restore-archive   archive_name                  {"Success", "job_id"}
    POST delete-archive    archive_name                  {"Success"}
    POST /batch/_/<batch>/rq/api/run-batch               {"success", "job_id", "message"}

A batch that is not there has status 404, as its page has it. One archives or restores a run at a
time: while such a job lives, another is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from tasks.project import archives, batches, copies
from tasks.run.directory import NotPrepared, RunDirectory
from tasks.run.nodb import BrokenDocument
from tasks.run.prep import RedisPrep
from tasks.web import once
from tasks.web.door import May, ask, body, told
from weppd.flask import Weppd
from weppd.task import Refused, RunError, current

TIMEOUT = 216_000
View = Callable[[str, str], ResponseReturnValue]
_ALIVE = ("queued", "deferred", "scheduled", "started")


def add(made: Blueprint, may: May) -> None:
    """Put the routes on the blueprint, behind the application's `may`."""
    path = "/batch/_/<batch>/rq/api/run-batch"
    made.add_url_rule(path, "project_batch", told(_run_batch(may)), methods=["POST"])
    views = {
        "fork": _fork(may),
        "archive": _archive(may),
        "restore-archive": _restore(may),
        "delete-archive": _delete(may),
    }
    for action, view in views.items():
        path = f"/runs/<runid>/<config>/rq/api/{action}"
        made.add_url_rule(path, f"project_{view.__name__}", told(view), methods=["POST"])


def _fork(may: May) -> View:
    def fork(runid: str, config: str) -> ResponseReturnValue:
        ask(may, "run", runid)
        wd, sent = current().run_dir(runid), body()
        new, undisturb = _word(sent, "target_runid"), sent.get("undisturbify") is True
        ask(may, "run", new)
        _refuse(copies.NotCopied, lambda: copies.place(wd, new))
        job = Weppd().enqueue(
            "tasks.project_rq.fork_rq", runid, new, undisturb, job_timeout=TIMEOUT,
            unique=once.sole("fork", runid, new, undisturb),
        )  # fmt: skip
        answer = {"Success": True, "job_id": job.id, "new_runid": new, "undisturbify": undisturb}
        return jsonify(answer)

    return fork


def _archive(may: May) -> View:
    def archive(runid: str, config: str) -> ResponseReturnValue:
        ask(may, "run", runid)
        comment = str(body().get("comment") or "")
        if len(comment) > archives.COMMENT_CHARS:
            raise ValueError(f"comment: {archives.COMMENT_CHARS} characters may be")
        return _enqueued(runid, "archive_rq", comment)

    return archive


def _restore(may: May) -> View:
    def restore(runid: str, config: str) -> ResponseReturnValue:
        ask(may, "run", runid)
        name = _word(body(), "archive_name")
        wd = current().run_dir(runid)
        _refuse(archives.BrokenArchive, lambda: archives.named(wd, name))
        return _enqueued(runid, "restore_archive_rq", name)

    return restore


def _delete(may: May) -> View:
    def delete(runid: str, config: str) -> ResponseReturnValue:
        ask(may, "run", runid)
        name = _word(body(), "archive_name")
        wd = current().run_dir(runid)
        _unless_active(runid)
        _refuse(archives.BrokenArchive, lambda: archives.named(wd, name).unlink())
        return jsonify({"Success": True})

    return delete


def _run_batch(may: May) -> Callable[[str], ResponseReturnValue]:
    def run_batch(batch: str) -> ResponseReturnValue:
        ask(may, "run", f"batch;;{batch};;_base")
        try:
            batches.leaves(batch)
        except (NotPrepared, RunError) as error:
            return jsonify({"success": False, "error": str(error)}), 404
        except BrokenDocument as error:
            return jsonify({"success": False, "error": str(error)}), 400
        sole = once.sole("batch", batch)
        call = ("tasks.batch_rq.run_batch_rq", batch)
        job = Weppd().enqueue(*call, job_timeout=TIMEOUT, unique=sole)
        message = f"batch {batch}: its runs are being enqueued"
        return jsonify({"success": True, "job_id": job.id, "message": message})

    return run_batch


def _enqueued(runid: str, task: str, word: str) -> ResponseReturnValue:
    prep = _unless_active(runid)
    job = Weppd().enqueue(f"tasks.project_rq.{task}", runid, word, job_timeout=TIMEOUT)
    prep.set_archive_job_id(job.id)
    return jsonify({"Success": True, "job_id": job.id})


def _unless_active(runid: str) -> RedisPrep:
    """The run's ledger; Refused where a job that archives or restores the run lives."""
    prep = RedisPrep(RunDirectory(current().run_dir(runid)).root, runid)
    job = prep.get_archive_job_id()
    found = Weppd().fetch(job) if job else None
    if found is not None and found.get_status() in _ALIVE:
        raise Refused(f"job {job} archives or restores {runid}: wait for it, or cancel it")
    return prep


def _word(sent: Mapping[str, object], name: str) -> str:
    found = sent.get(name)
    if not isinstance(found, str) or not found:
        raise ValueError(f"{name}: give a name")
    return found


def _refuse(kind: type[Exception], work: Callable[[], object]) -> None:
    """What a task would refuse, in the words of pages."""
    try:
        work()
    except kind as error:
        raise Refused(str(error)) from None
