"""Errors as the admin API tells them: problem details (RFC 9457).

`type` is a stable relative word that a program may compare, `detail` is one line for people. What
weppd raises on purpose has a status here; anything else is a fault of ours: it is logged with its
traceback, and the caller learns no more than that.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from weppd.admin import NoSuchJob, NoSuchLock
from weppd.admin.models import Problem
from weppd.admin.stopping import Stopping
from weppd.errors import JobError, Refused, RunError, StoreAway, StoreError, WeppdError

MEDIA_TYPE = "application/problem+json"
_log = logging.getLogger(__name__)

_STATUS: dict[type[WeppdError], tuple[int, str]] = {
    NoSuchJob: (404, "no-such-job"),
    NoSuchLock: (404, "no-such-lock"),
    Refused: (409, "refused"),
    JobError: (422, "bad-job"),
    RunError: (422, "bad-run"),
    StoreAway: (503, "store-away"),
    Stopping: (503, "stopping"),
    StoreError: (502, "store-error"),
}


class NotAllowed(WeppdError):
    """The caller's uid and groups do not give the right that the verb needs."""


class BadRequest(WeppdError):
    """The body or the query is not what the verb takes; `errors` names each field at fault."""

    def __init__(self, detail: str, errors: list[dict[str, Any]], status: int = 422) -> None:
        self.errors = errors
        self.status = status
        super().__init__(detail)

    @classmethod
    def of(cls, where: str, error: ValidationError) -> BadRequest:
        """What pydantic found wrong with `where` ("body" or "query")."""
        errors = [
            {
                "field": (field := ".".join(map(str, each["loc"]))),
                # A reason of ours comes with pydantic's word for it, and may name the field itself.
                "problem": each["msg"].removeprefix("Value error, ").removeprefix(f"{field}: "),
            }
            for each in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        lines = (": ".join(filter(None, each.values())) for each in errors)
        return cls(f"{where}: " + "; ".join(lines), errors)


def problem(
    status: int, kind: str, detail: str, errors: list[dict[str, Any]] | None = None
) -> Response:
    """The answer for one error."""
    told = Problem(
        type=kind,
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        errors=errors or [],
    )
    return Response(told.model_dump_json(), status, media_type=MEDIA_TYPE)


async def on_weppd_error(request: Request, error: Exception) -> Response:
    """What weppd raised on purpose."""
    match error:
        case BadRequest():
            return problem(error.status, "bad-request", str(error), error.errors)
        case NotAllowed():
            return problem(403, "not-allowed", str(error))
    for kind in type(error).__mro__:
        if kind in _STATUS:
            status, word = _STATUS[kind]
            return problem(status, word, str(error))
    return await on_fault(request, error)


async def on_http_error(request: Request, error: Exception) -> Response:
    """No such route, or not by this method."""
    assert isinstance(error, HTTPException)
    word = {404: "no-such-route", 405: "no-such-method"}.get(error.status_code, "bad-request")
    answer = problem(error.status_code, word, f"{request.method} {request.url.path}: not here")
    answer.headers.update(error.headers or {})
    return answer


async def on_fault(request: Request, error: Exception) -> Response:
    """A fault of ours: the log has the traceback."""
    _log.error("action=fault verb=%s path=%r", request.method, request.url.path, exc_info=error)
    return problem(500, "fault", "weppd failed to answer; its log has the reason")


HANDLERS = {WeppdError: on_weppd_error, HTTPException: on_http_error, Exception: on_fault}
