"""Names of a batch's runs, made of their watersheds' properties: `{slug(NAME)}-{zfill(index, 3)}`.

Between braces stands an expression of these::

    NAME, properties["HUC 12"]         a property of the feature
    index                              the feature's place in its file, from 1
    "text", 7                          what stands there
    lower(x) upper(x) strip(x) slug(x) zfill(x, n)

Nothing else is evaluated, so that a template may come from a page.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from typing import Any

_PART = re.compile(r"\{([^{}]*)\}")
_NO_WORD = re.compile(r"[^a-z0-9]+")
#: What names a run: its directory too.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}\Z")


class BadTemplate(ValueError):
    """A template that gives no name; the message says where."""


def render(template: str, properties: Mapping[str, Any], index: int) -> str:
    """The name that `template` gives a feature with these properties.

    >>> render("{slug(NAME)}-{zfill(index, 3)}", {"NAME": "Mica Creek"}, 7)
    'mica-creek-007'

    BadTemplate for an expression that is none, a property that is missing, and a name that no
    directory may have.
    """
    known = {**properties, "index": index}

    def value(found: re.Match[str]) -> str:
        return _text(_value(_parsed(found[1]), known, properties))

    name = _PART.sub(value, template)
    if not is_name(name):
        raise BadTemplate(
            f"{template!r} gives feature {index} the name {name!r}: letters, digits"
            " and _.- make one"
        )
    return name


def is_name(name: str) -> bool:
    """Whether a run, and its directory, may be called so."""
    return bool(_NAME.match(name)) and ".." not in name


def slug(text: str) -> str:
    """Small letters and digits, and a hyphen for all between them.

    >>> slug("  Mica Creek (upper) ")
    'mica-creek-upper'
    """
    return _NO_WORD.sub("-", text.lower()).strip("-")


_FUNCTIONS: Mapping[str, Callable[..., str]] = {
    "lower": str.lower, "upper": str.upper, "strip": str.strip, "slug": slug, "zfill": str.zfill,
}  # fmt: skip


def _parsed(text: str) -> ast.expr:
    try:
        return ast.parse(text.strip(), mode="eval").body
    except SyntaxError:
        raise BadTemplate(f"{{{text}}} is no expression") from None


def _value(node: ast.expr, known: Mapping[str, Any], properties: Mapping[str, Any]) -> Any:
    match node:
        case ast.Constant(value=str() | int() as value):
            return value
        case ast.Name(id=name) if name in known:
            return known[name]
        case ast.Subscript(
            value=ast.Name(id="properties"), slice=ast.Constant(value=str() as name)
        ):
            if name in properties:
                return properties[name]
        case ast.Call(func=ast.Name(id=name), args=[first, *rest], keywords=[]):
            if name in _FUNCTIONS:
                return _called(name, _value(first, known, properties), rest)
    raise BadTemplate(f"{{{ast.unparse(node)}}}: there is no such property or function")


def _called(name: str, first: Any, rest: list[ast.expr]) -> str:
    numbers = [one.value for one in rest if isinstance(one, ast.Constant)]
    if len(numbers) != len(rest) or len(rest) != (name == "zfill"):
        raise BadTemplate(f"{name}: it takes a text" + (" and a number" if name == "zfill" else ""))
    if name == "zfill" and not (type(numbers[0]) is int and 0 < numbers[0] <= 20):
        raise BadTemplate(f"zfill to {numbers[0]!r}: 1 to 20 places may be")
    return _FUNCTIONS[name](_text(first), *numbers)


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
