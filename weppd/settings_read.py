"""Reading plain mappings and environment variables into frozen tables, collecting every problem.

Owns how a value of the file or of a variable becomes a field: types, ranges, spelling. Knows no
table by name; `weppd.settings` holds those. A field may have a check in its metadata, see
`weppd.settings_checks`.
"""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import Field, fields
from typing import Any, TypeVar

from weppd import limits

T = TypeVar("T")
PREFIX = "WEPPD_"
#: Tables about all of a kind, and how the tables about one of them begin.
SINGULAR: Mapping[str, str] = {"queues": "queue"}


class Wrong(Exception):
    """A value cannot be what its field needs; the message says what is needed."""


# -- values of the file ----------------------------------------------------------------------------


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Wrong("must be a text in quotes")
    if not value.isprintable():
        raise Wrong("must be one line of printable characters")
    return value


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Wrong("must be a whole number")
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Wrong("must be a number")
    return float(value)


def _yes(value: object) -> bool:
    if not isinstance(value, bool):
        raise Wrong("must be true or false")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise Wrong('must be a list of texts, such as ["a", "b"]')
    return tuple(_text(item) for item in value)


def _names(value: object) -> Mapping[str, str]:
    if not isinstance(value, Mapping):
        raise Wrong('must be a table of texts, such as {"a" = "b"}')
    return {_text(key): _text(item) for key, item in value.items()}


def _limits(value: object) -> Mapping[str, str]:
    try:
        return limits.check(value)
    except limits.LimitError as error:
        raise Wrong(str(error).removeprefix("limits: ")) from error


# -- values of variables ---------------------------------------------------------------------------


def _spelt(convert: Callable[[str], object], what: str) -> Callable[[str], object]:
    def read(text: str) -> object:
        try:
            return convert(text)
        except ValueError as error:
            raise Wrong(f"must be {what}") from error

    return read


def _said(text: str) -> object:
    return {"true": True, "1": True, "false": False, "0": False}.get(text.strip().lower(), text)


def _listed(text: str) -> object:
    if text.lstrip().startswith("["):
        return json.loads(text)
    return [item.strip() for item in text.split(",") if item.strip()]


#: By a field's annotation: how a value is checked, and how a variable's text becomes a value.
KINDS: Mapping[str, tuple[Callable[[object], Any], Callable[[str], object]]] = {
    "str": (_text, str),
    "int": (_whole, _spelt(int, "a whole number")),
    "bool": (_yes, _said),
    "float": (_number, _spelt(float, "a number")),
    "tuple[str, ...]": (_texts, _spelt(_listed, "items with commas between, or a JSON list")),
    "Mapping[str, str]": (_names, _spelt(json.loads, "a JSON object")),
    "Held": (_limits, _spelt(json.loads, "a JSON object")),
}


class Reading:
    """One pass over a configuration: tables out, problems kept, each with the key at fault."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = env
        self.problems: list[str] = []
        self.variables: set[str] = set()

    def table(
        self, kind: type[T], name: str, given: object, made: Mapping[str, object] | None = None
    ) -> T:
        """The table `name` as a `kind`, from the file's mapping and `WEPPD_<NAME>_<KEY>`.

        `made` holds fields that the caller has read itself, and what is to stand where neither the
        file nor a variable says anything.
        """
        mapping = self.mapping(name, given)
        every: tuple[Field[Any], ...] = fields(kind)  # type: ignore[arg-type]
        self.spelling(name, mapping, [one.name for one in every])
        values = dict(made or {})
        for one in every:
            if one.type in KINDS:
                values.update(self._field(one, name, mapping))
        return kind(**values)

    def mapping(self, name: str, given: object) -> Mapping[str, object]:
        """What the file says under `name`; a problem, and nothing, where that is no table."""
        if isinstance(given, Mapping):
            return given
        self.wrong(name, "must be a table of keys and values")
        return {}

    def _field(self, one: Field[Any], name: str, given: Mapping[str, object]) -> dict[str, Any]:
        check, from_text = KINDS[str(one.type)]
        variable = PREFIX + re.sub(r"\W", "_", f"{name}_{one.name}").upper()
        self.variables.add(variable)
        spoken = variable in self.env
        if not spoken and one.name not in given:
            return {}
        key = variable if spoken else f"{name}.{one.name}"
        try:
            value = check(from_text(self.env[variable]) if spoken else given[one.name])
        except Wrong as wrong:
            self.wrong(key, str(wrong))
            return {}
        complaint = one.metadata["check"](value) if "check" in one.metadata else None
        if complaint:
            self.wrong(key, complaint)
        return {} if complaint else {one.name: value}

    def wrong(self, key: str, complaint: str) -> None:
        """Keeps a problem, on one line even where the key is not."""
        shown = key if key.isprintable() else repr(key)
        self.problems.append(f"{shown}: {complaint}")

    def spelling(self, table: str, names: Mapping[str, object], known: Iterable[str]) -> None:
        """Keeps a problem for each name that is not known, with the nearest one that is: for a
        table where none belongs, the table that was meant."""
        listed = sorted(known)
        for name in sorted(set(names) - set(listed)):
            full = f"{table}.{name}" if table else name
            one = SINGULAR.get(table)
            if one and isinstance(names[name], Mapping) and name.isprintable():
                self.wrong(full, f"is not known; did you mean [{one}.{name}]?")
            else:
                self.wrong(full, f"is not known; {nearest(name, listed)}")

    def strangers(self, others: Iterable[str]) -> None:
        """Keeps a problem for each `WEPPD_` variable that no table read and that is no other's."""
        known = self.variables | set(others)
        for name in sorted(self.env):
            if name.startswith(PREFIX) and name not in known:
                self.wrong(name, f"is not known; {nearest(name, sorted(self.variables))}")


def nearest(name: str, known: list[str]) -> str:
    """A hint for a name that is not known."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.7)
    if near:
        return f"did you mean {near[0]}?"
    return f"known are {', '.join(known)}" if len(known) < 15 else "see weppd.toml(5)"
