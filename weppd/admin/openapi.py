"""The admin API's description for programs, made of its table of verbs and their models."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from weppd import __version__
from weppd.admin import Right, models

_REF = "#/components/schemas/{model}"
_PLACE = re.compile(r"\{(\w+)(?::\w+)?\}")
_PLACES = {
    "jid": {"type": "string", "minLength": 1, "maxLength": 200},
    "name": {"type": "string", "minLength": 1, "maxLength": 300},
}
_TEXT = {"type": "string"}
_EVENT = {
    "type": "object",
    "properties": {
        "id": {**_TEXT, "description": "For Last-Event-ID."},
        "event": {**_TEXT, "description": "started, adopted, progress, ending, ended, mood, …"},
        "data": {**_TEXT, "contentMediaType": "application/json"},
    },
}
_NEEDS = {
    Right.NOTHING: "Anybody may.",
    Right.READ: "Needs the right to read.",
    Right.CHANGE: "Needs the right to change.",
}


class Described(Protocol):
    """What of a verb goes into its description."""

    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def need(self) -> Right: ...
    @property
    def verb(self) -> Any: ...
    @property
    def answer(self) -> type[BaseModel] | str: ...
    @property
    def query(self) -> type[BaseModel] | None: ...
    @property
    def body(self) -> type[BaseModel] | None: ...
    @property
    def status(self) -> int: ...


def describe(verbs: Sequence[Described]) -> dict[str, Any]:
    """The description as OpenAPI 3.1 has it."""
    paths: dict[str, dict[str, Any]] = {}
    for each in verbs:
        path = _PLACE.sub(r"{\1}", each.path)
        paths.setdefault(path, {})[each.method.lower()] = _operation(each)
    return {
        "openapi": "3.1.0",
        "info": {"title": "weppd", "version": __version__, "description": models.__doc__},
        "paths": paths,
        "components": {"schemas": _schemas(verbs)},
    }


def _schemas(verbs: Sequence[Described]) -> dict[str, Any]:
    read = [(each.body, "validation") for each in verbs if each.body is not None]
    told = [(each.answer, "serialization") for each in verbs if not isinstance(each.answer, str)]
    every: list[Any] = [*read, *told, (models.Problem, "serialization")]
    _, schemas = models_json_schema(every, ref_template=_REF)
    found: dict[str, Any] = schemas["$defs"]
    return found


def _operation(each: Described) -> dict[str, Any]:
    doc = " ".join((each.verb.__doc__ or "").split())
    operation: dict[str, Any] = {
        "operationId": each.verb.__name__,
        "summary": doc.partition(". ")[0].rstrip("."),
        "description": f"{doc} {_NEEDS[each.need]}",
        "parameters": [*_places(each.path), *_queries(each.query)],
        "responses": {str(each.status): _answer(each.answer), "default": _problem()},
    }
    if each.verb.__name__ == "readyz":
        operation["responses"]["503"] = _answer(each.answer)
    if each.body is not None:
        schema = {"$ref": _REF.format(model=each.body.__name__)}
        operation["requestBody"] = {"content": {"application/json": {"schema": schema}}}
    return operation


def _places(path: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": _PLACES[name]}
        for name in _PLACE.findall(path)
    ]


def _queries(query: type[BaseModel] | None) -> list[dict[str, Any]]:
    if query is None:
        return []
    schemas: Mapping[str, Any] = query.model_json_schema()["properties"]
    return [{"name": name, "in": "query", "schema": schema} for name, schema in schemas.items()]


def _answer(answer: type[BaseModel] | str) -> dict[str, Any]:
    if isinstance(answer, str):
        schema = _EVENT if answer == "text/event-stream" else _TEXT
        return {"description": answer, "content": {answer: {"schema": schema}}}
    model = {"$ref": _REF.format(model=answer.__name__)}
    return {
        "description": (answer.__doc__ or "").partition("\n")[0],
        "content": {"application/json": {"schema": model}},
    }


def _problem() -> dict[str, Any]:
    schema = {"$ref": _REF.format(model="Problem")}
    return {
        "description": "A problem.",
        "content": {"application/problem+json": {"schema": schema}},
    }
