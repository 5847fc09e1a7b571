"""What an engine reads of a management file: sections of scenarios, then the schedule."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.wepp_engine.ground import count
from tests.wepp_engine.records import File

OLDEST = 95.7
#: Since this version operations bring and take residue, and a year's scenario no more takes it.
RESIDUE = 98.3
#: The first of a form that is read by other engines only.
NEXT = 2016.0
#: Plants that arrays are made for, and what no engine in use is known to hold less of.
PLANTS, MANY = 20, 1000
NAME = 8
_FLOAT_OR_INT = {"f": float, "i": int}
#: Records of numbers, a letter each: real or whole.
_PLANT = ("f" * 10, "f" * 8, "i", "f" * 8 + "if", "fff")
_INITIAL = ("fffiff", "i", "i", "fffff", "i", "fffff", "ff")
_ANNUAL, _PERENNIAL = "iifi", "iiifi"
_RESIDUE_OF_YEAR = {1: ("i",), 2: ("i", "ff"), 3: ("i",), 4: ("i", "f"), 6: ()}


@dataclass
class Plan:
    """A management file: the sections by name, as lists of scenarios, and the schedule."""

    version: float
    sections: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    elements: int = 0
    initial_of: list[int] = field(default_factory=list)
    rotations: int = 0
    years: int = 0  # of a rotation
    crops: list[list[list[int]]] = field(default_factory=list)  # year by year, element by element


def plan(file: File, *, plants: int = PLANTS) -> Plan:
    """The whole file, as the engine goes through it."""
    of = _numbers(file, "f")[0]
    if of < OLDEST:
        file.stop("MANAGEMENT FILE IS NOT COMPATIBLE")
    if of >= NEXT:
        file.stop("a form of management files that only later engines read")
    found = Plan(of)
    _numbers(file, "i"), _numbers(file, "i")
    for name, least, most, read in _SECTIONS:
        number = count(file, least, plants if name == "plants" else most, name)
        found.sections[name] = [_scenario(file, found, read) for _ in range(number)]
    _schedule(file, found)
    return found


def _numbers(file: File, kinds: str) -> list[Any]:
    file.skip_comments()
    return file.full(*(_FLOAT_OR_INT[kind] for kind in kinds))


def _scenario(file: File, found: Plan, read: Any) -> dict[str, Any]:
    name = _title(file)
    if count(file, 1, 4, name) != 1:
        file.stop(f"{name}: a land use without records, or rangeland, which asks more questions")
    return {"name": name, "rows": read(file, found)}


def _title(file: File) -> str:
    file.skip_comments()
    name = file.text(NAME)
    for _ in range(3):
        file.record()
    return name


def _rows(file: File, layout: tuple[str, ...]) -> list[list[Any]]:
    return [_numbers(file, kinds) for kinds in layout]


def _plant(file: File, found: Plan) -> list[list[Any]]:
    file.skip_comments()
    file.text(15)
    return _rows(file, _PLANT)


def _operation(file: File, found: Plan) -> list[list[Any]]:
    rows = _rows(file, ("ffi", "i"))
    code = rows[1][0]
    known = (1, 2, 3, 4) + ((10, 11, 12, 13) if found.version >= RESIDUE else ())
    if code not in known:
        file.stop(f"an implement of code {code}")
    if code == 3:
        rows += _rows(file, ("i",))
    rows += _rows(file, ("f" * 7,))
    if code in (10, 12):
        rows += _rows(file, ("i", "f"))
        _index(file, rows[-2][0], found, "plants")
    if code in (11, 13):
        rows += _rows(file, ("f",))
    return rows


def _initial(file: File, found: Plan) -> list[list[Any]]:
    rows = _rows(file, _INITIAL)
    _index(file, rows[1][0], found, "plants")
    _one_of(file, rows[2][0], (1, 2, 3), "imngmt")
    _one_of(file, rows[4][0], (1, 2), "rtyp")
    return rows


def _surface(file: File, found: Plan) -> list[list[Any]]:
    rows = []
    for _ in range(count(file, 1, MANY, "ntill")):
        rows.append([value for row in _rows(file, ("i", "i", "f", "i")) for value in row])
        _day(file, rows[-1][0])
        _index(file, rows[-1][1], found, "operations")
    return rows


def _four(file: File, found: Plan) -> list[list[Any]]:
    return _rows(file, ("ffff",))


def _yearly(file: File, found: Plan) -> list[list[Any]]:
    rows = _rows(file, ("i",) * 5)
    (plant,), *others, (kind,) = rows
    _index(file, plant, found, "plants")
    for (index,), section in zip(others, ("surface", "contours", "drainage"), strict=True):
        _index(file, index, found, section, least=0)
    _one_of(file, kind, (1, 2, 3), "imngmt")
    return rows + (_perennial(file) if kind == 2 else _annual(file, found))


def _annual(file: File, found: Plan) -> list[list[Any]]:
    rows = _rows(file, tuple(_ANNUAL))
    how = rows[-1][0]
    _day(file, rows[0][0], rows[1][0])
    if how == 5 and found.version < RESIDUE:
        return rows + _rows(file, ("i", "f"))
    if how not in _RESIDUE_OF_YEAR:
        file.stop(f"resmgt {how}: nothing happens, and no record of it is read")
    return rows + _rows(file, _RESIDUE_OF_YEAR[how])


def _perennial(file: File) -> list[list[Any]]:
    rows = _rows(file, tuple(_PERENNIAL))
    _day(file, rows[0][0], rows[1][0], rows[2][0])
    how = rows[-1][0]
    _one_of(file, how, (1, 2, 3), "mgtopt")
    for _ in range(count(file, 1, MANY, "cuts or cycles") if how in (1, 2) else 0):
        rows += _rows(file, ("i",) if how == 1 else ("ffff", "i", "i"))
    return rows


def _schedule(file: File, found: Plan) -> None:
    _title(file)
    found.elements = count(file, 1, MANY, "nofe")
    for _ in range(found.elements):
        found.initial_of += _numbers(file, "i")
        _index(file, found.initial_of[-1], found, "initial")
    found.rotations = count(file, 1, 10 * MANY, "nrots")
    found.years = count(file, 1, 10 * MANY, "nyears")
    for _ in range(found.rotations * found.years):
        found.crops.append([_crops(file, found) for _ in range(found.elements)])


def _crops(file: File, found: Plan) -> list[int]:
    indices = []
    for _ in range(count(file, 1, MANY, "nycrop")):
        indices += _numbers(file, "i")
        _index(file, indices[-1], found, "yearly")
    return indices


def _index(file: File, index: int, found: Plan, section: str, least: int = 1) -> None:
    if not least <= index <= len(found.sections[section]):
        file.stop(f"scenario {index} of {section}, which has {len(found.sections[section])}")


def _one_of(file: File, value: int, known: tuple[int, ...], what: str) -> None:
    if value not in known:
        file.stop(f"{what} {value}")


def _day(file: File, *days: int) -> None:
    for day in days:
        if not 0 <= day <= 366:
            file.stop(f"day {day}")


_SECTIONS = (
    ("plants", 1, PLANTS, _plant),
    ("operations", 0, MANY, _operation),
    ("initial", 1, MANY, _initial),
    ("surface", 0, MANY, _surface),
    ("contours", 0, MANY, _four),
    ("drainage", 0, MANY, _four),
    ("yearly", 1, MANY, _yearly),
)
