"""A job's record in the store, as the admin API shows it."""

from __future__ import annotations

import pickle
import zlib

from weppd.admin.models import JobDetail
from weppd.shell.people.shapes import detail
from weppd.store.views import view


def test_a_job_that_lost_its_worker_says_how_often():
    """While it goes round again, `show` counts the workers that were lost under it."""
    data = zlib.compress(pickle.dumps(("tasks.noop.noop", None, (), {})))
    fields = {b"data": data, b"status": b"queued", b"weppd_crashes": b"2", b"retries_left": b"1"}
    shown = detail(view("j", fields, {}, {}, {}))
    assert (shown["state"], shown["crashes"], shown["retries_left"]) == ("queued", 2, 1)
    assert detail(view("j", {b"data": data}, {}, {}, {}))["crashes"] == 0


def test_a_job_that_a_worker_of_rq_took_back_has_no_error_of_ours():
    """What weppd wrote as it handed the job back, RQ does not know, and leaves there."""
    data = zlib.compress(pickle.dumps(("tasks.noop.noop", None, (), {})))
    execution = {b"phase": b"queued"}
    ours = {b"data": data, b"weppd_reason": b"handed back to its queue"}
    seen = {
        status: detail(view("j", {**ours, b"status": status.encode()}, {}, execution, {}))
        for status in ("queued", "started", "finished", "failed")
    }
    assert [each["error"] for each in seen.values()] == [*[None] * 3, "handed back to its queue"]
    assert (seen["started"]["phase"], seen["queued"]["phase"]) == (None, "queued")


def test_a_moment_that_is_none_hides_no_job():
    """A producer's rubbish in a moment is no moment; all else of the job is shown."""
    data = zlib.compress(pickle.dumps(("tasks.noop.noop", None, (), {})))
    fields = {b"data": data, b"status": b"failed", b"created_at": b"bad", b"ended_at": b"\xff"}
    shown = JobDetail.model_validate(detail(view("j", fields, {}, {}, {})) | {"log": None})
    assert (shown.state, shown.created_at, shown.ended_at) == ("failed", None, None)
