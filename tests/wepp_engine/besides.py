"""The files that no answer names: an engine reads them where they lie beside the answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.wepp_engine.plants import NAME
from tests.wepp_engine.records import File, Text

#: Each with its READs: what each is a list of. `frost.txt`'s second one may fail, and is changed.
_LISTS: dict[str, tuple[tuple[type, ...], ...]] = {
    "snow.txt": ((float,),) * 3,
    "gwcoeff.txt": ((float,),) * 4,
    "tcr.txt": ((float,),) * 4,
    "frost.txt": ((int,) * 3, (float,) * 6),
}
_REMARK = 20


def besides(here: Path, plants: list[str], notes: list[str]) -> dict[str, list[list[Any]]]:
    """What the files in this directory say; `plants` are the names in the management file."""
    found = {}
    for name, lists in _LISTS.items():
        if (here / name).exists():
            file = File(here / name)
            found[name] = [file.full(*kinds) for kinds in lists]
    _check(found, notes)
    if (here / "phosphorus.txt").exists():
        file = File(here / "phosphorus.txt")
        file.record()
        found["phosphorus.txt"] = [file.reals(1) for _ in range(4)]
    if (here / "pmetpara.txt").exists():
        found["pmetpara.txt"] = [_plant(here / "pmetpara.txt", name, notes) for name in plants]
    return found


def _check(found: dict[str, list[list[Any]]], notes: list[str]) -> None:
    """What an engine takes for something else without a word."""
    (frost, (snow, residue, soil, *shares)) = found.get("frost.txt", [[1, 1, 1], [1.0] * 6])
    layers = all(1 <= number <= 10 for number in frost[1:]) and frost[0] in (0, 1)
    factors = all(0.1 <= factor <= 10.0 for factor in (snow, residue, soil))
    if not (layers and factors and all(0.0 < share <= 1.0 for share in shares)):
        notes.append(f"frost.txt: {frost} {snow} {residue} {soil} {shares} are changed")
    if found.get("snow.txt") and not min(found["snow.txt"][1][0], found["snow.txt"][2][0]) > 0.0:
        notes.append("snow.txt: a density that is not above 0")


def _plant(path: Path, name: str, notes: list[str]) -> list[Any]:
    """The row of a plant: the first whose eight characters are its own, else the first of all."""
    file = File(path)
    rows = []
    for _ in range(file.integer()):
        row = file.full(Text(NAME), float, float, int, Text(_REMARK))
        if row[0].ljust(NAME) == name.ljust(NAME):
            return row
        rows.append(row)
    notes.append(f"pmetpara.txt: {name!r} is not found, {rows[0][0]!r} is taken for it")
    return rows[0]
