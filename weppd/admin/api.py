"""The verbs of the admin API: a table of routes, and one short function for each.

A verb reads its query and body through `models`, asks the `House`, and answers through `models`.
Nothing here decides or keeps anything.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette import routing
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from weppd.admin import Caller, House, NoSuchJob, Right, asks, models, openapi
from weppd.admin import page as pages
from weppd.admin.problems import HANDLERS, BadRequest, NotAllowed
from weppd.admin.stopping import unless, until

MAX_BODY = 1 << 20
BODY_S = 10.0
MAX_NAME = 300
METRICS = "text/plain; version=0.0.4; charset=utf-8"
EVENTS = "text/event-stream"
_log = logging.getLogger(__name__)
_job_id = TypeAdapter(asks.JobId)
_Body = TypeVar("_Body", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, with who asks and whom to ask."""

    request: Request
    house: House
    who: Caller
    ending: asyncio.Event

    @property
    def jid(self) -> str:
        """The job id of the path; an id that no job can have is an unknown job."""
        jid: str = self.request.path_params["jid"]
        try:
            return _job_id.validate_python(jid)
        except ValidationError:
            raise NoSuchJob(repr(jid[:200])) from None

    def query(self, model: type[_Body]) -> _Body:
        """The query string; every key that the verb does not know is an error."""
        try:
            return model.model_validate(dict(self.request.query_params))
        except ValidationError as error:
            raise BadRequest.of("query", error) from None

    async def body(self, model: type[_Body]) -> _Body:
        """The JSON body; no body at all is an empty object."""
        try:
            sent = await asyncio.wait_for(_read(self.request), BODY_S)
        except TimeoutError:
            raise BadRequest(f"body: not here within {BODY_S:g} s", [], 408) from None
        try:
            return model.model_validate_json(sent or b"{}")
        except ValidationError as error:
            raise BadRequest.of("body", error) from None


async def _read(request: Request) -> bytes:
    # Counted while it arrives: the length that the caller declares proves nothing.
    read = bytearray()
    async for chunk in request.stream():
        read += chunk
        if len(read) > MAX_BODY:
            raise BadRequest(f"body: more than {MAX_BODY} bytes", [], 413)
    return bytes(read)


def _json(answer: BaseModel, status: int = 200) -> Response:
    return Response(answer.model_dump_json(), status, media_type="application/json")


async def _apart(model: type[BaseModel], found: Mapping[str, Any]) -> Response:
    """A long answer, made in a thread: the loop goes on meanwhile."""
    return await asyncio.to_thread(lambda: _json(model.model_validate(found)))


async def page(asked: Asked) -> Response:
    """Show the page that `weppdctl ui` serves."""
    return pages.answer()


async def healthz(asked: Asked) -> Response:
    """Say that the loop turns, to anybody."""
    return _json(models.Health())


async def readyz(asked: Asked) -> Response:
    """Say to anybody whether this node would take a job; 503 has the reasons why not."""
    problems = list(asked.house.ready())
    ready = models.Ready(ready=not problems, problems=problems)
    return _json(ready, 503 if problems else 200)


async def metrics(asked: Asked) -> Response:
    """Tell the numbers that Prometheus gathers."""
    return Response(await asked.house.metrics(), media_type=METRICS)


async def events(asked: Asked) -> Response:
    """Tell what happens as it happens, as server-sent events.

    `Last-Event-ID`, or `?after=`, is the id of the last event that the caller has seen.
    """
    after = asked.request.headers.get("last-event-id") or asked.query(asks.EventsQuery).after
    told = until(asked.ending, _sent(asked.house.events(after)))
    return StreamingResponse(told, media_type=EVENTS, headers={"cache-control": "no-store"})


async def _sent(events: AsyncIterator[tuple[str, str, Any]]) -> AsyncIterator[bytes]:
    yield b": weppd\n\n"  # so that the caller knows at once that it is connected
    async for number, kind, facts in events:
        if kind:
            yield f"id: {number}\nevent: {kind}\ndata: {json.dumps(facts)}\n\n".encode()
        else:
            yield b": still here\n\n"


async def status(asked: Asked) -> Response:
    """Show the node at a glance."""
    return _json(models.Status.model_validate(await asked.house.status()))


async def queues(asked: Asked) -> Response:
    """List the queues: how many jobs of each stand where, and which are paused."""
    return _json(models.Queues.model_validate({"queues": list(await asked.house.queues())}))


async def nodes(asked: Asked) -> Response:
    """List the nodes, and for how long each has been quiet."""
    return _json(models.Nodes.model_validate({"nodes": list(await asked.house.nodes())}))


async def locks(asked: Asked) -> Response:
    """List the locks of documents, of a run or of all, and whether each holder lives."""
    found = await asked.house.locks(asked.query(asks.LocksQuery).run)
    return await _apart(models.Locks, {"locks": list(found)})


async def unlock(asked: Asked) -> Response:
    """Take a lock away whose holder is gone, or with `force` any."""
    body = await asked.body(asks.UnlockBody)
    _record(asked, "unlock", lock=body.lock, force=body.force)
    done = await asked.house.unlock(body.lock, body.force, asked.who)
    return _json(models.Unlocked.model_validate(done))


async def jobs(asked: Asked) -> Response:
    """List jobs, newest first, a page at a time."""
    page = asked.query(asks.JobsQuery)
    found = await asked.house.jobs(page.state, page.limit, page.offset)
    further = page.offset + page.limit if len(found["jobs"]) >= page.limit else None
    return await _apart(models.Jobs, {**found, "next": further})


async def show(asked: Asked) -> Response:
    """Show all that is known of one job."""
    found = await asked.house.job(asked.jid)
    if found is None:
        raise NoSuchJob(asked.jid)
    return _json(models.JobDetail.model_validate(found))


async def tree(asked: Asked) -> Response:
    """Show a job with all below it, or all trees of a run."""
    name: str = asked.request.path_params["name"]
    if not 0 < len(name) <= MAX_NAME:
        raise NoSuchJob(repr(name[:200]))
    found = await asked.house.tree(name, asked.query(asks.TreeQuery).all)
    return await _apart(models.Tree, found)


async def retry(asked: Asked) -> Response:
    """Send a job that went wrong round again, and what was cancelled because of it."""
    _record(asked, "retry", job=asked.jid)
    done = await asked.house.retry(asked.jid, asked.who)
    return _json(models.Retried.model_validate({"job": asked.jid, **done}))


async def cancel(asked: Asked) -> Response:
    """End a job and its whole process tree."""
    body = await asked.body(asks.CancelBody)
    _record(asked, "cancel", job=asked.jid, grace=body.grace, reason=body.reason)
    done = await asked.house.cancel(asked.jid, body.grace, body.wait, asked.who, reason=body.reason)
    return _json(models.Cancelled.model_validate({"job": asked.jid, **done}))


async def log(asked: Asked) -> Response:
    """Send a job's log as plain text, and with `follow` go on until it is closed."""
    query = asked.query(asks.LogQuery)
    chunks = await asked.house.log(asked.jid, query.canonical, query.follow)
    return StreamingResponse(until(asked.ending, chunks), media_type="text/plain; charset=utf-8")


async def enqueue(asked: Asked) -> Response:
    """Put a job on a queue."""
    body = await asked.body(asks.EnqueueBody)
    jid = await asked.house.enqueue(**body.model_dump(), who=asked.who)
    _record(asked, "enqueue", job=jid, function=body.function, queue=body.queue)
    doubt = asked.house.doubt(body.function)
    answer = _json(models.Enqueued(id=jid, queue=body.queue, doubt=doubt), 201)
    answer.headers["location"] = f"/v1/jobs/{jid}"
    return answer


async def drain(asked: Asked) -> Response:
    """Take no more jobs."""
    body = await asked.body(asks.DrainBody)
    _record(asked, "drain", wait=body.wait, handback=body.handback)
    done = await asked.house.drain(body.wait, body.handback, asked.who)
    return _json(models.Mood.model_validate(done))


async def pause(asked: Asked) -> Response:
    """Have no node take jobs of some queues."""
    body = await asked.body(asks.QueuesBody)
    _record(asked, "pause", queues=body.queues)
    return _json(models.Mood.model_validate(await asked.house.pause(body.queues, asked.who)))


async def resume(asked: Asked) -> Response:
    """Take jobs again."""
    body = await asked.body(asks.QueuesBody)
    _record(asked, "resume", queues=body.queues)
    return _json(models.Mood.model_validate(await asked.house.resume(body.queues, asked.who)))


async def shutdown(asked: Asked) -> Response:
    """Stop the daemon."""
    body = await asked.body(asks.ShutdownBody)
    _record(asked, "shutdown", mode=body.mode)
    return _json(models.Mood.model_validate(await asked.house.shutdown(body.mode, asked.who)))


async def reload(asked: Asked) -> Response:
    """Begin again in place, with new settings and code."""
    _record(asked, "reload")
    return _json(models.Mood.model_validate(await asked.house.reload(asked.who)))


def _record(asked: Asked, verb: str, **facts: Any) -> None:
    told = " ".join(f"{key}={value!r}" for key, value in facts.items())
    _log.info("action=%s uid=%d pid=%d %s", verb, asked.who.uid, asked.who.pid, told)


Verb = Callable[[Asked], Coroutine[Any, Any, Response]]


class Route(NamedTuple):
    """One verb: where it is, who may, what does it, and what it reads and answers."""

    method: str
    path: str
    need: Right
    verb: Verb
    answer: type[BaseModel] | str
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    status: int = 200


_GET, _POST = "GET", "POST"
_ALL, _READ, _CHANGE = Right.NOTHING, Right.READ, Right.CHANGE
_TEXT = "text/plain"

VERBS: tuple[Route, ...] = (
    Route(_GET, "/", _READ, page, "text/html"),
    Route(_GET, "/healthz", _ALL, healthz, models.Health),
    Route(_GET, "/readyz", _ALL, readyz, models.Ready),
    Route(_GET, "/metrics", _READ, metrics, _TEXT),
    Route(_GET, "/v1/events", _READ, events, EVENTS, asks.EventsQuery),
    Route(_GET, "/v1/status", _READ, status, models.Status),
    Route(_GET, "/v1/queues", _READ, queues, models.Queues),
    Route(_GET, "/v1/nodes", _READ, nodes, models.Nodes),
    Route(_GET, "/v1/locks", _READ, locks, models.Locks, asks.LocksQuery),
    Route(_POST, "/v1/unlock", _CHANGE, unlock, models.Unlocked, None, asks.UnlockBody),
    Route(_GET, "/v1/tree/{name:path}", _READ, tree, models.Tree, asks.TreeQuery),
    Route(_GET, "/v1/jobs", _READ, jobs, models.Jobs, asks.JobsQuery),
    Route(_POST, "/v1/jobs", _CHANGE, enqueue, models.Enqueued, None, asks.EnqueueBody, 201),
    Route(_GET, "/v1/jobs/{jid}", _READ, show, models.JobDetail),
    Route(_GET, "/v1/jobs/{jid}/log", _READ, log, _TEXT, asks.LogQuery),
    Route(_POST, "/v1/jobs/{jid}/cancel", _CHANGE, cancel, models.Cancelled, None, asks.CancelBody),
    Route(_POST, "/v1/jobs/{jid}/retry", _CHANGE, retry, models.Retried),
    Route(_POST, "/v1/pause", _CHANGE, pause, models.Mood, None, asks.QueuesBody),
    Route(_POST, "/v1/resume", _CHANGE, resume, models.Mood, None, asks.QueuesBody),
    Route(_POST, "/v1/drain", _CHANGE, drain, models.Mood, None, asks.DrainBody),
    Route(_POST, "/v1/shutdown", _CHANGE, shutdown, models.Mood, None, asks.ShutdownBody),
    Route(_POST, "/v1/reload", _CHANGE, reload, models.Mood),
)


def app(house: House, ending: asyncio.Event) -> Starlette:
    """The application that asks `house`, and answers in a hurry once `ending` is set.

    The server puts the caller into the state of each request.
    """
    return Starlette(
        routes=[_route(house, ending, *each[:4]) for each in VERBS] + [_described()],
        exception_handlers=dict(HANDLERS),
    )


def _described() -> routing.Route:
    """`GET /openapi.json`: the same for everybody, made once."""

    @cache
    def text() -> bytes:
        return json.dumps(openapi.describe(VERBS)).encode()

    def endpoint(request: Request) -> Response:
        return Response(text(), media_type="application/json")

    return routing.Route("/openapi.json", endpoint, methods=["GET"], name="openapi")


def _route(
    house: House, ending: asyncio.Event, method: str, path: str, need: Right, verb: Verb
) -> routing.Route:
    async def endpoint(request: Request) -> Response:
        who: Caller = request.state.caller
        if who.right < need:
            raise NotAllowed(_refusal(verb.__name__, who))
        return await unless(ending, verb(Asked(request, house, who, ending)))

    return routing.Route(path, endpoint, methods=[method], name=verb.__name__)


def _refusal(verb: str, who: Caller) -> str:
    why = (
        "may only read: it runs inside a job, or is not in the admin group"
        if who.right is Right.READ
        else "is in none of the groups that may"
    )
    return f"{verb}: pid {who.pid} of uid {who.uid} {why}"
