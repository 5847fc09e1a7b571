"""A line of a report as a template that both writes and reads it.

::

    Edit("{storms:i10} storms produced{precip:f32.2} mm of precipitation")
    Edit("      PLANE{plane:i3} {name:a20}{texture:a20}")

Fields are Fortran edits: i<w>, f<w>.<d>, a<w>. Written to the column; read by the words around the
numbers, so that builds that differ in blanks are read by one template.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, cached_property
from typing import Any

from tasks.wepp.files import fortran

_FIELD = re.compile(r"\{(\w+):([aif])(\d+)(?:\.(\d+))?\}")
_WHOLE = r"[-+]?\d+"
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+|NaN)|\*+"


class Edit:
    """One line. `write` gives its text, `read` the values of a line that fits, else None."""

    def __init__(self, template: str) -> None:
        self.template = template
        parts = _FIELD.split(template)
        self._texts = parts[0::5]
        self._fields = list(
            zip(parts[1::5], parts[2::5], map(int, parts[3::5]), parts[4::5], strict=True)
        )

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(self._regex() + r"\s*\Z")

    @property
    def label(self) -> str:
        """The words of the line, its fields left out."""
        return " ".join(" ".join(self._texts).split())

    def of(self, record: object) -> str:
        """The line with the attributes of `record`."""
        return self.write({name: getattr(record, name) for name, *_ in self._fields})

    def write(self, values: Mapping[str, Any]) -> str:
        """The line; a text too long for its field is cut, a number becomes stars."""
        line = self._texts[0]
        for (name, kind, width, decimals), text in zip(self._fields, self._texts[1:], strict=True):
            line += _written(values[name], kind, width, int(decimals or 0)) + text
        return line

    def read(self, line: str) -> dict[str, Any] | None:
        """The values by name, or None where the line is another; stars read as NaN."""
        match = self._pattern.match(line)
        if match is None:
            return None
        return {name: _value(match[name], kind) for name, kind, _, _ in self._fields}

    def _regex(self) -> str:
        regex = _spaced(self._texts[0])
        for (name, kind, width, _), text in zip(self._fields, self._texts[1:], strict=True):
            regex += _wanted(name, kind, width) + _spaced(text)
        return regex


line_of = cache(Edit)
"""The Edit of a template, made once."""


def _wanted(name: str, kind: str, width: int) -> str:
    if kind == "a":
        return rf"(?P<{name}>.{{0,{width}}})"
    return rf"\s*(?P<{name}>{_WHOLE if kind == 'i' else _NUMBER})"


def _spaced(text: str) -> str:
    words = [re.escape(word) for word in text.split()]
    if not words:
        return r"\s*"
    lead, trail = (r"\s*" if text[0] == " " else ""), (r"\s*" if text[-1] == " " else "")
    return lead + r"\s+".join(words) + trail


def _written(value: Any, kind: str, width: int, decimals: int) -> str:
    if kind == "a":
        return f"{value[:width]:<{width}}"
    return fortran.integer(value, width) if kind == "i" else fortran.fixed(value, width, decimals)


def _value(text: str, kind: str) -> Any:
    if kind == "a":
        return text.rstrip()
    return int(text) if kind == "i" else fortran.column(text)
