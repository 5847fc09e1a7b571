"""What all routes share: the application's word, the page's words, and how "no" is told."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue

from tasks.run.directory import NotPrepared
from weppd.task import Refused, RunError

May = Callable[[str, str], bool]
Route = Callable[..., ResponseReturnValue]
#: What a page is told of as its own, or the run's, fault.
_TOLD = (ValueError, NotPrepared, RunError, Refused)
_WORDS = {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False}


class NotAllowed(Exception):
    """The application's `may` said no."""


def ask(may: May, action: str, subject: str) -> None:
    """NotAllowed unless the application lets this request do that."""
    if not may(action, subject):
        raise NotAllowed(f"you may not {action} {subject}")


def told(route: Route) -> Route:
    """A route whose refusals are told in the way that pages read."""

    @functools.wraps(route)
    def answer(*args: Any, **kwargs: Any) -> ResponseReturnValue:
        try:
            return route(*args, **kwargs)
        except NotAllowed as error:
            return refusal(str(error)), 403
        except _TOLD as error:
            return refusal(str(error))

    return answer


def refusal(text: str) -> Response:
    """How pages read that something was not done."""
    return jsonify({"Success": False, "Error": text})


def body() -> Mapping[str, object]:
    """What the page sent, JSON or a form; a form's booleans and numbers as such.

    ValueError where it is JSON and no object.
    """
    if request.is_json:
        sent = request.get_json(silent=True)
        if sent is None and request.content_length:
            raise ValueError("the body is not JSON")
        if not isinstance(sent, dict | None):
            raise ValueError("the body is no JSON object")
        return sent or {}
    return {key: _value(request.form.getlist(key)) for key in request.form}


def _value(texts: list[str]) -> object:
    return _plain(texts[0]) if len(texts) == 1 else [_plain(text) for text in texts]


def _plain(text: str) -> object:
    """A form's text as what it says: 7, 0.5, True; anything else, "nan" and "" too, is a text."""
    word = text.strip()
    if word.lower() in _WORDS:
        return _WORDS[word.lower()]
    for kind in (int, float):
        try:
            value = kind(word)
        except ValueError:
            continue
        return value if value - value == 0 else text
    return text
