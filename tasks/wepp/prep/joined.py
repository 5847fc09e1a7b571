"""Managements of one element each, made one of several elements.

The scenarios of all of them follow one another, each kind in its section, and every index that
points to one is moved by as many as came before. Managements that are equal are taken once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tasks.wepp.files.scenarios import Initial, Management, Operation, SurfaceEffects, Yearly

_KINDS = ("plants", "operations", "initials", "surface_effects", "contours", "drainages")


def elements(parts: Sequence[Management]) -> Management:
    """One management whose elements are the first elements of `parts`, in their order.

    All must have the schedule's shape of the first: ValueError for one that has not.
    """
    first = parts[0]
    distinct = list(dict.fromkeys(parts))
    moved = [_moved(one, distinct[:n]) for n, one in enumerate(distinct)]
    of = [moved[distinct.index(part)] for part in parts]
    if any(_shape(one) != _shape(first) for one in of):
        raise ValueError("managements of different rotations make no hillslope together")
    schedule = tuple(
        tuple(tuple(one.schedule[r][y][0] for one in of) for y in range(first.years_per_rotation))
        for r in range(first.rotations)
    )
    sections: dict[str, Any] = {kind: _all(moved, kind) for kind in (*_KINDS, "yearlies")}
    return replace(
        first, nofe=len(of), schedule=schedule, initial_of=tuple(one.initial_of[0] for one in of),
        **sections,
    )  # fmt: skip


def flat(one: Management, years: int) -> Management:
    """The management with its first `years` years written out, as rotations of one year each.

    Of one that has fewer they come round again.
    """
    periods, held = one.years_per_rotation, one.simulated_years
    rows = (one.schedule[y % held // periods][y % held % periods] for y in range(years))
    return replace(one, years=years, schedule=tuple((row,) for row in rows))


def _shape(one: Management) -> tuple[int, int]:
    return one.rotations, one.years_per_rotation


def _all(parts: Sequence[Management], kind: str) -> tuple[object, ...]:
    return tuple(scenario for part in parts for scenario in getattr(part, kind))


def _moved(one: Management, before: Sequence[Management]) -> Management:
    """`one` with its indices moved behind the scenarios of those before it."""
    by = {kind: sum(len(getattr(part, kind)) for part in before) for kind in (*_KINDS, "yearlies")}
    yearlies = tuple(_yearly(each, by) for each in one.yearlies)
    crops = by["yearlies"]
    return replace(
        one,
        initials=tuple(_initial(each, by) for each in one.initials),
        operations=tuple(_operation(each, by) for each in one.operations),
        surface_effects=tuple(_surface(each, by) for each in one.surface_effects),
        yearlies=yearlies,
        initial_of=tuple(index + by["initials"] for index in one.initial_of),
        schedule=tuple(
            tuple(tuple(tuple(i + crops for i in cell) for cell in year) for year in rotation)
            for rotation in one.schedule
        ),
    )


def _initial(one: Initial, by: dict[str, int]) -> Initial:
    return replace(one, iresd=one.iresd + by["plants"])


def _operation(one: Operation, by: dict[str, int]) -> Operation:
    if one.residue is None or not one.residue.plant:
        return one
    return replace(one, residue=replace(one.residue, plant=one.residue.plant + by["plants"]))


def _surface(one: SurfaceEffects, by: dict[str, int]) -> SurfaceEffects:
    tillages = tuple(replace(each, op=each.op + by["operations"]) for each in one.tillages)
    return replace(one, tillages=tillages)


def _yearly(one: Yearly, by: dict[str, int]) -> Yearly:
    def moved(index: int, kind: str) -> int:
        return index + by[kind] if index else 0

    return replace(
        one,
        itype=one.itype + by["plants"],
        tilseq=moved(one.tilseq, "surface_effects"),
        conset=moved(one.conset, "contours"),
        drset=moved(one.drset, "drainages"),
    )
