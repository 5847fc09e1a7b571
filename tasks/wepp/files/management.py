"""The management file, `p<i>.man`: plants, tillage, initial state and the years' schedule.

The records are pictured in `management_layout`, the data described in `scenarios`. Read are the
forms from 95.7 to 98.4 of cropland, which is how forest, fire and road files are written as well.
Rangeland and the forms from 2016.3 on are refused by name. The engines are silent or cryptic about
indices, dates and fractions out of range; here each is an error with its line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from tasks.wepp.files import management_layout as layout
from tasks.wepp.files import scenarios
from tasks.wepp.files.errors import Refused
from tasks.wepp.files.management_dump import dump
from tasks.wepp.files.records import Records, read_text
from tasks.wepp.files.scenarios import Head, Management

__all__ = ["dump", "parse", "read"]

T = TypeVar("T")
_LANDUSE = {2: "rangeland", 3: "forest as a land use", 4: "road as a land use"}


def read(path: str | Path) -> Management:
    """The management file at `path`; FormatError, OSError."""
    return parse(read_text(path), path)


def parse(text: str, path: str | Path = "management") -> Management:
    """The management file that `text` is; FormatError names `path` and line, Refused the form."""
    return _Parser(Records(text, path)).whole()


class _Parser:
    """One pass over the records; the sections come in an order in which each index is checkable."""

    def __init__(self, records: Records) -> None:
        self.records = records
        self.version = 0.0
        self.sizes: dict[str, int] = {}

    def whole(self) -> Management:
        self.version = self._version()
        nofe = self.records.integer("the number of elements")
        years = self.records.integer("the years of the file")
        plants = self._section("plant", self._plant, least=1)
        operations = self._section("operation", self._operation)
        initials = self._section("initial condition", self._initial, least=1)
        surfaces = self._section("surface effect", self._surface)
        contours = self._section("contour", self._contour)
        drainages = self._section("drainage", self._drainage)
        yearlies = self._section("yearly", self._yearly, least=1)
        return Management(
            self.version, nofe, years, plants, operations, initials, surfaces, contours, drainages,
            yearlies, *self._schedule(),
        )  # fmt: skip

    def _version(self) -> float:
        version = self.records.number("the version of the management file")
        if version >= layout.NEXT_FORM:
            why = f"management files of version {version:g} (2016.3 and later) are not read"
            raise Refused(self.records.path, self.records.line, why)
        if not layout.OLDEST <= version <= layout.NEWEST:
            self.records.fail(f"version {version:g}: management files of 95.7 to 98.4 are read")
        return version

    def _section(
        self, what: str, scenario: Callable[[Head], T], *, least: int = 0
    ) -> tuple[T, ...]:
        count = self.records.integer(f"the number of {what} scenarios")
        if count < least:
            self.records.fail(f"{count} {what} scenarios: at least {least} is wanted")
        self.sizes[what] = count
        return tuple(scenario(self._head(f"{what} {i + 1}")) for i in range(count))

    def _head(self, what: str) -> Head:
        head = self._title(what)
        (word,) = self.records.tokens(1, f"the land use of {what}")
        if word.strip() not in {"1", "2", "3", "4"}:
            found = f"land use of {what} {head.name!r} wanted, found {word!r}"
            self.records.fail(f"{found}: the name must be followed by three lines of description")
        if word != "1":
            why = f"{what} {head.name!r}: {_LANDUSE[int(word)]} ({word}) is not read"
            raise Refused(self.records.path, self.records.line, why)
        return head

    def _title(self, what: str) -> Head:
        name = self.records.text(f"the name of {what}")
        first, second, third = (self.records.raw(f"description of {what}") for _ in range(3))
        return Head(name, (first.rstrip(), second.rstrip(), third.rstrip()))

    def _plant(self, head: Head) -> scenarios.Plant:
        unit = self.records.text("the harvest unit").split("#")[0].strip()
        if not unit:
            self.records.fail("the harvest unit is empty: write WeppWillSet")
        return scenarios.Plant(head, unit, **self._values(layout.PLANT))

    def _operation(self, head: Head) -> scenarios.Operation:
        values = self._values(layout.OPERATION_HEAD)
        code = values["pcode"]
        if code >= 10 and self.version < layout.RESIDUE_CODES_SINCE:
            self.records.fail(f"pcode {code} needs version 98.3 or later, this is {self.version:g}")
        if code == layout.CULTIVATOR:
            values |= self._values(("cltpos",))
        values |= self._values(layout.OPERATION_SURFACE)
        return scenarios.Operation(head, **values, residue=self._residue(code))

    def _residue(self, code: int) -> scenarios.Residue | None:
        if code in layout.RESIDUE_ADDED:
            plant = self._index("plant", "plant")
            return scenarios.Residue(plant, self._values(("added",))["added"])
        if code in layout.RESIDUE_REMOVED:
            return scenarios.Residue(0, self._values(("removed",))["removed"])
        return None

    def _initial(self, head: Head) -> scenarios.Initial:
        values: dict[str, Any] = {}
        for record in layout.INITIAL:
            if record == "iresd":
                values["iresd"] = self._index("iresd", "plant")
            else:
                values |= self._values((record,))
        return scenarios.Initial(head, **values)

    def _surface(self, head: Head) -> scenarios.SurfaceEffects:
        count = self.records.integer("the number of operations (ntill)")
        if count < 1:
            self.records.fail(f"ntill {count}: at least 1 is wanted")
        return scenarios.SurfaceEffects(head, tuple(self._tillage() for _ in range(count)))

    def _tillage(self) -> scenarios.Tillage:
        date = self._values(("mdate",))["mdate"]
        operation = self._index("op", "operation")
        return scenarios.Tillage(date, operation, **self._values(("tildep", "typtil")))

    def _contour(self, head: Head) -> scenarios.Contour:
        return scenarios.Contour(head, **self._values(layout.CONTOUR))

    def _drainage(self, head: Head) -> scenarios.Drainage:
        return scenarios.Drainage(head, **self._values(layout.DRAINAGE))

    def _yearly(self, head: Head) -> scenarios.Yearly:
        itype = self._index("itype", "plant")
        tilseq = self._index("tilseq", "surface effect", none=True)
        conset = self._index("conset", "contour", none=True)
        drset = self._index("drset", "drainage", none=True)
        mgmt = self._values(("mgmt",))["mgmt"]
        crop = self._perennial() if mgmt == scenarios.PERENNIAL else self._annual()
        return scenarios.Yearly(head, itype, tilseq, conset, drset, mgmt, crop)

    def _annual(self) -> scenarios.Annual:
        values = self._values(layout.ANNUAL)
        code = values["resmgt"]
        if code == layout.NO_RESIDUE_MANAGEMENT:
            return scenarios.Annual(**values)
        if code == layout.REMOVAL and self.version >= layout.RESIDUE_CODES_SINCE:
            self.records.fail(
                "resmgt 5 (residue removal) has no effect from version 98.3 on: use an operation"
                " with pcode 11 or 13"
            )
        date, fractions = layout.RESIDUE_MANAGEMENT[code]
        day = self._values((date,))[date]
        more = self._values((fractions,)) if fractions else {}
        return scenarios.Annual(**values, date=day, fractions=tuple(more.values()))

    def _perennial(self) -> scenarios.Perennial:
        values = self._values(layout.PERENNIAL)
        if values["mgtopt"] == scenarios.CUTTING:
            count = self._count("the number of cuttings")
            days = tuple(self._values(("cutday",))["cutday"] for _ in range(count))
            return scenarios.Perennial(**values, cuttings=days)
        if values["mgtopt"] == scenarios.GRAZING:
            count = self._count("the number of grazing cycles")
            cycles = (scenarios.Grazing(**self._values(layout.GRAZING)) for _ in range(count))
            return scenarios.Perennial(**values, grazings=tuple(cycles))
        return scenarios.Perennial(**values)

    def _schedule(self) -> tuple[Any, ...]:
        head = self._title("the management")
        elements = self._count("the number of elements")
        initial_of = tuple(
            self._index("initial-condition index", "initial condition") for _ in range(elements)
        )
        rotations = self._count("the number of rotations")
        years = self._count("the years of a rotation")
        schedule = tuple(
            tuple(tuple(self._crops() for _ in range(elements)) for _ in range(years))
            for _ in range(rotations)
        )
        self.records.end()
        return head, initial_of, schedule

    def _crops(self) -> tuple[int, ...]:
        count = self._count("the number of crops of a year (nycrop)")
        return tuple(self._index("yearly index", "yearly") for _ in range(count))

    def _count(self, what: str) -> int:
        count = self.records.integer(what)
        if count < 1:
            self.records.fail(f"{what} is {count}: at least 1 is wanted")
        return count

    def _index(self, name: str, section: str, *, none: bool = False) -> int:
        index = self.records.integer(f"{name} (index of a {section} scenario)")
        least, most = 0 if none else 1, self.sizes[section]
        if not least <= index <= most:
            self.records.fail(f"{name} {index}: the file has {section} scenarios {least} to {most}")
        return index

    def _values(self, layouts: Sequence[str]) -> dict[str, Any]:
        """The values of some records by name, each as its name demands."""
        values: dict[str, Any] = {}
        for record in layouts:
            names = record.split()
            numbers = self.records.numbers(len(names), record)
            for name, number in zip(names, numbers, strict=True):
                values[name] = self._checked(name, number)
        return values

    def _checked(self, name: str, value: float) -> float | int:
        if name in layout.FRACTIONS and not 0.0 <= value <= 1.0:
            self.records.fail(f"{name} {value:g}: a fraction from 0 to 1 is wanted")
        least, most = layout.RANGES.get(name, layout.ANY_RANGE)
        if not least <= value <= most:
            self.records.fail(f"{name} {value:g} is not within {least:g} and {most:g}")
        if name not in layout.WHOLE:
            return value
        if value != int(value):
            self.records.fail(f"{name} must be a whole number, found {value:g}")
        if name in layout.DATES and not 0 <= value <= layout.LAST_DAY:
            self.records.fail(f"{name} {value:g}: a day from 0 to {layout.LAST_DAY} is wanted")
        choices = layout.CHOICES.get(name)
        if choices and value not in choices:
            self.records.fail(f"{name} {value:g}: one of {', '.join(map(str, choices))} is wanted")
        return int(value)
