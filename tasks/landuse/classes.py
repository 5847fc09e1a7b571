"""The table of a map's classes: what grows where a code stands, and what when it has burnt.

CSV, a row for each class; the cells that are not needed stay empty::

    code,name,cover,management,canopy,interrill,rill,low,moderate,high,ground
    42,Evergreen Forest,old_forest,,,,,low_fire,,high_fire,
    low_fire,burnt a little,low_severity_fire,,,,,,,,
    high_fire,burnt,,GeoWEPP/high.man,,,,,,,burnt

or JSON, an object of such rows by their codes. A code is a number of the map, a name that other
rows speak of, or `*`, which stands for all numbers that have no row of their own. What grows is a
`cover` of the library or a `management` file below [wepp] management_dir, with shares (0 to 1) that
win over its own. `low`, `moderate` and `high` name the row that stands in a class's place where it
burnt so severely; a class with none of them does not burn. `ground` is the word by which the soil
below is found, as `tasks.soils` has it.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, model_validator

from tasks.run.nodb import BrokenDocument
from tasks.wepp.documents import Below, CoverChoice, Fraction, Part
from tasks.wepp.prep.covers import LIBRARY

#: The table for NLCD that comes with the tasks.
NLCD = Path(__file__).with_name("nlcd.csv")
ANY = "*"
SEVERITIES = ("unburnt", "low", "moderate", "high")


class LandClass(Part):
    """A row of the table."""

    name: str = ""
    cover: str | None = None
    management: Below | None = None
    canopy: Fraction | None = None
    interrill: Fraction | None = None
    rill: Fraction | None = None
    low: str | None = None
    moderate: str | None = None
    high: str | None = None
    ground: str = Field(default="", pattern=r"^[A-Za-z0-9_. -]*$")

    @model_validator(mode="after")
    def _one(self) -> LandClass:
        if (self.cover is None) == (self.management is None):
            raise ValueError("give one of cover and management")
        if self.cover is not None and self.cover not in LIBRARY:
            raise ValueError(f"{self.cover!r} is no cover of the library: {', '.join(LIBRARY)}")
        return self

    @property
    def burns(self) -> bool:
        """Whether a fire makes another class of it."""
        return (self.low, self.moderate, self.high) != (None, None, None)

    def choice(self, file: str | None) -> CoverChoice:
        """What a landuse document says of it; `file` is where in the run its management lies."""
        return CoverChoice(
            cover=self.cover, file=file, canopy=self.canopy, interrill=self.interrill,
            rill=self.rill, repeats=file is not None,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Classes:
    """A table: where it was read, and its rows by their codes."""

    path: Path
    rows: Mapping[str, LandClass]

    def key(self, code: int) -> str | None:
        """Which row stands for a number of the map; None for none."""
        if str(code) in self.rows:
            return str(code)
        return ANY if ANY in self.rows else None

    def burnt(self, key: str, severity: int) -> str | None:
        """Which row stands in the place of `key` where it burnt so; None where none does it."""
        row = self.rows[key]
        if severity == 0 or not row.burns:
            return key
        found: str | None = getattr(row, SEVERITIES[severity])
        return found


def read(path: Path) -> Classes:
    """The table at `path`; BrokenDocument names the file, the class and what is wrong with it."""
    text = path.read_text(encoding="utf-8-sig")
    found: dict[str, LandClass] = {}
    for code, fields in _json(path, text) if path.suffix == ".json" else _csv(path, text):
        if code in found:
            raise BrokenDocument(f"{path}: class {code} comes twice")
        try:
            found[code] = LandClass.model_validate(fields)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "the row"
            raise BrokenDocument(f"{path}: class {code}: {where}: {first['msg']}") from error
    _check(path, found)
    return Classes(path, found)


def _csv(path: Path, text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for row in csv.DictReader(io.StringIO(text), restkey="more", skipinitialspace=True):
        cells = {(k or "").strip(): v.strip() if isinstance(v, str) else v for k, v in row.items()}
        code = cells.pop("code", None)
        if not code:
            raise BrokenDocument(f"{path}: a row has no code: {row}")
        yield str(code), {name: value for name, value in cells.items() if value}


def _json(path: Path, text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        told = json.loads(text)
    except ValueError as error:
        raise BrokenDocument(f"{path} is not JSON: {error}") from error
    if not isinstance(told, dict) or not all(isinstance(row, dict) for row in told.values()):
        raise BrokenDocument(f"{path}: an object of rows by their codes is wanted")
    yield from told.items()


def _check(path: Path, rows: Mapping[str, LandClass]) -> None:
    """Every row that another one speaks of is there."""
    for code, row in rows.items():
        for severity in SEVERITIES[1:]:
            named = getattr(row, severity)
            if named is not None and named not in rows:
                raise BrokenDocument(f"{path}: class {code}: {severity}: there is no row {named!r}")
