"""`p<id>.man`: what grows on each hillslope, from the library of covers or a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from tasks.run.nodb import BrokenDocument
from tasks.wepp.documents import CoverChoice, Landuse, Water
from tasks.wepp.files import management
from tasks.wepp.files.scenarios import Initial, Management, Plant
from tasks.wepp.prep import files, joined, room
from tasks.wepp.prep.given import Given
from tasks.wepp.samples import cover as sample_cover

#: The covers that a document may name.
LIBRARY = {
    "old_forest": sample_cover.FOREST,
    "young_forest": sample_cover.YOUNG_FOREST,
    "low_severity_fire": sample_cover.LOW_FIRE,
    "high_severity_fire": sample_cover.HIGH_FIRE,
    "grass": sample_cover.GRASS,
    "corn_fall_chisel": sample_cover.CORN,
    "corn_no_till": sample_cover.NO_TILL,
}


def sources(given: Given) -> Iterator[Path]:
    """The management files that are read."""
    keys = {key for top in given.ids.hillslopes for key in _keys(given, top)}
    choices = (_choice(given, key) for key in sorted(keys))
    yield from (_file(given, choice) for choice in choices if choice.cover is None)


def write(given: Given) -> list[Path]:
    """Write them all; returns their paths. FormatError, BrokenDocument, NotPrepared."""
    files.drop_others(given.run.runs, ".man", range(1, given.ids.sub_n + 1))
    text = cache(lambda keys: management.dump(grown(given, keys)))
    return given.told(
        files.put(given.run.runs / f"p{number}.man", text(tuple(_keys(given, top))))
        for number, top in enumerate(given.ids.hillslopes, 1)
    )


def grown(given: Given, keys: Sequence[str]) -> Management:
    """The management of these covers, element after element, long enough for the run.

    A file that is of several elements itself stays as it is.
    """
    found = [_one(given, key) for key in keys]
    whole = given.wepp.multi_ofe and len(found) == 1 and found[0].elements > 1
    made = found[0] if whole else joined.elements(found)
    room.for_management(Landuse.path(given.run.root), made)
    return made


def plants(given: Given) -> dict[str, Water | None]:
    """All plants that hillslopes and channels grow, ascending by name, with their cover's water.

    Of two covers with a plant of one name the first counts. Errors as `write`.
    """
    keys = {key for top in given.ids.hillslopes for key in _keys(given, top)}
    found: dict[str, Water | None] = {}
    for key in (*sorted(keys), *({given.landuse.channels} - {"", *keys})):
        for plant in _one(given, key).plants:
            found.setdefault(plant.head.name, _choice(given, key).water)
    return dict(sorted(found.items()))


def _one(given: Given, key: str) -> Management:
    choice = _choice(given, key)
    if choice.cover is not None:
        found = sample_cover.management(LIBRARY[choice.cover], given.years)
    else:
        found = management.read(_file(given, choice))
        if found.simulated_years < given.years and not choice.repeats:
            name = choice.file or choice.shared
            raise BrokenDocument(
                f"{name} holds {found.simulated_years} years, {given.years} are wanted"
            )
        # One period of all its years, so that hillslopes of several files fit together.
        found = joined.flat(found, given.years)
    return changed(found, choice)


def changed(found: Management, choice: CoverChoice) -> Management:
    """A management with the numbers that a choice gives for itself."""
    covers = {"cancov": choice.canopy, "inrcov": choice.interrill, "rilcov": choice.rill}
    state = choice.initial | {name: value for name, value in covers.items() if value is not None}
    initials = tuple(replace(one, **_typed(one, state)) for one in found.initials)
    plants = tuple(
        replace(one, **_typed(one, {"xmxlai": one.xmxlai * choice.leaf_area} | choice.plant))
        for one in found.plants
    )
    return replace(found, initials=initials, plants=plants)


def _typed(one: Plant | Initial, numbers: Mapping[str, float]) -> dict[str, Any]:
    """Whole numbers where a form has whole numbers."""
    return {name: type(getattr(one, name))(value) for name, value in numbers.items()}


def _choice(given: Given, key: str) -> CoverChoice:
    choice = given.landuse.covers.get(key)
    if choice is None:
        raise BrokenDocument(f"{Landuse.path(given.run.root)}: there is no cover {key!r}")
    if choice.cover is not None and choice.cover not in LIBRARY:
        raise BrokenDocument(
            f"{Landuse.path(given.run.root)}: cover {choice.cover!r} is not in the library:"
            f" {', '.join(LIBRARY)}"
        )
    return choice


def _keys(given: Given, top: int) -> Sequence[str]:
    return given.of("landuse", given.landuse.hillslopes, top)


def _file(given: Given, choice: CoverChoice) -> Path:
    if choice.shared is not None:
        return given.shared(choice.shared, "the management")
    return given.file(choice.file or "", "the management")
