"""The text of a management file. A round trip keeps the values, not the bytes of a file read.

Five decimals as the interfaces write them, more where a value has more; each record is followed by
a comment with the names of its values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from tasks.wepp.files import management_layout as layout
from tasks.wepp.files import scenarios
from tasks.wepp.files.scenarios import Head, Management

T = TypeVar("T")


def dump(management: Management) -> str:
    """The text of a management file."""
    return "\n".join(_lines(management)) + "\n"


def _lines(management: Management) -> Iterator[str]:
    yield f"{management.version:g}"
    yield f"{management.nofe} # elements"
    yield f"{management.years} # years"
    yield from _section("Plant", management.plants, _plant)
    yield from _section("Operation", management.operations, _operation)
    yield from _section("Initial Conditions", management.initials, _initial)
    yield from _section("Surface Effects", management.surface_effects, _surface)
    yield from _section("Contouring", management.contours, _contour)
    yield from _section("Drainage", management.drainages, _drainage)
    yield from _section("Yearly", management.yearlies, _yearly)
    yield from _banner("Management")
    yield from _schedule(management)


def _banner(title: str) -> Iterator[str]:
    rule = "#" * (len(title) + 12)
    yield from ("", rule, f"# {title} Section #", rule, "")


def _section(
    title: str, section: Sequence[T], scenario: Callable[[T], Iterator[str]]
) -> Iterator[str]:
    yield from _banner(title)
    yield f"{len(section)} # number of scenarios"
    for one in section:
        yield ""
        yield from _head(one.head)  # type: ignore[attr-defined]
        yield "1 # land use - cropland"
        yield from scenario(one)


def _head(head: Head) -> tuple[str, ...]:
    return (head.name, *head.description)


def _plant(plant: scenarios.Plant) -> Iterator[str]:
    yield plant.unit
    yield from _records(plant, layout.PLANT)


def _operation(operation: scenarios.Operation) -> Iterator[str]:
    yield from _records(operation, layout.OPERATION_HEAD)
    if operation.cltpos is not None:
        yield f"{operation.cltpos} # cltpos"
    yield from _records(operation, layout.OPERATION_SURFACE)
    residue = operation.residue
    if residue is not None:
        if residue.plant:
            yield f"{residue.plant} # plant"
        yield f"{_number(residue.amount)} # amount"


def _initial(initial: scenarios.Initial) -> Iterator[str]:
    return _records(initial, layout.INITIAL)


def _surface(surface: scenarios.SurfaceEffects) -> Iterator[str]:
    yield f"{len(surface.tillages)} # ntill"
    for tillage in surface.tillages:
        yield from _records(tillage, layout.TILLAGE)


def _contour(contour: scenarios.Contour) -> Iterator[str]:
    return _records(contour, layout.CONTOUR)


def _drainage(drainage: scenarios.Drainage) -> Iterator[str]:
    return _records(drainage, layout.DRAINAGE)


def _yearly(yearly: scenarios.Yearly) -> Iterator[str]:
    yield from _records(yearly, layout.YEARLY)
    if isinstance(yearly.crop, scenarios.Perennial):
        yield from _perennial(yearly.crop)
    else:
        yield from _annual(yearly.crop)


def _annual(annual: scenarios.Annual) -> Iterator[str]:
    yield from _records(annual, layout.ANNUAL)
    if annual.resmgt != layout.NO_RESIDUE_MANAGEMENT:
        date, fractions = layout.RESIDUE_MANAGEMENT[annual.resmgt]
        yield f"{annual.date} # {date}"
        if fractions:
            yield f"{' '.join(map(_number, annual.fractions))} # {fractions}"


def _perennial(perennial: scenarios.Perennial) -> Iterator[str]:
    yield from _records(perennial, layout.PERENNIAL)
    if perennial.mgtopt == scenarios.CUTTING:
        yield f"{len(perennial.cuttings)} # ncut"
        yield from (f"{day} # cutday" for day in perennial.cuttings)
    if perennial.mgtopt == scenarios.GRAZING:
        yield f"{len(perennial.grazings)} # ncycle"
        for grazing in perennial.grazings:
            yield from _records(grazing, layout.GRAZING)


def _schedule(management: Management) -> Iterator[str]:
    yield from _head(management.head)
    yield f"{management.elements} # elements"
    yield from (f"{index} # initial-condition index" for index in management.initial_of)
    yield f"{management.rotations} # rotations"
    yield f"{management.years_per_rotation} # years of a rotation"
    for rotation in management.schedule:
        for year in rotation:
            for crops in year:
                yield f"{len(crops)} # crops"
                yield from (f"  {index} # yearly index" for index in crops)


def _records(scenario: Any, layouts: Sequence[str]) -> Iterator[str]:
    for record in layouts:
        values = " ".join(_value(name, getattr(scenario, name)) for name in record.split())
        yield f"{values} # {record}"


def _value(name: str, value: float | int) -> str:
    # The engines hold these as whole numbers, and some compilers read no point into such.
    whole = name in layout.WHOLE_DAYS and value == int(value)
    return str(int(value)) if whole else _number(value)


def _number(value: float | int) -> str:
    if isinstance(value, int):
        return str(value)
    short = f"{value:.5f}"
    return short if float(short) == value else repr(value)
