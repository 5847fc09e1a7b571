"""`p<id>.run`, and the files that no answer names: coefficients that are in effect by being there.

::

    frost.txt        1 1 1 / 1.0 1.0 1.0 0.5 0.5 0.5    redistribution, layers / factors, shares
    gwcoeff.txt      storage mm / baseflow 1/d / deep seepage 1/d / threshold area ha
    snow.txt         threshold C / density of new snow / of settled snow, kg/m3
    phosphorus.txt   Phosphorus concentration / surface runoff, lateral flow, baseflow mg/l,
                     sediment mg/kg, a line each
    pmetpara.txt     plants / plant,kcb,p,number,remark of each
    wepp_ui.txt      its presence alone
    p<id>.cov, cancov.txt, simfire.txt, firedate.txt    as `regrowth` has them
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tasks.run.nodb import BrokenDocument
from tasks.wepp.documents import Frost, Landuse, Water, Wepp
from tasks.wepp.files import fortran, runfile
from tasks.wepp.prep import covers, files, regrowth
from tasks.wepp.prep.given import Given

#: What ends at no blank, slash or quote, and is no count of what follows.
_ONE_WORD = re.compile(r"[^\s,;/'\"*]+")
#: So much of a plant's name do executables tell apart.
_SIGNIFICANT = 8


def sources(given: Given) -> Iterator[Path]:
    """What grows, where plants or the years' covers are told; else the documents say it all."""
    yield from regrowth.sources(given)
    if given.wepp.evapotranspiration:
        yield Landuse.path(given.run.root)
        yield from covers.sources(given)


def write(given: Given) -> list[Path]:
    """Write them; returns their paths. A coefficient file that is not wanted is removed."""
    # What is asked of a hillslope under a storm depends on the engine: who runs it writes it.
    numbers = range(1, 1 if given.storms else given.ids.sub_n + 1)
    files.drop_others(given.run.runs, ".run", numbers)
    made = given.told(_answers(given, number) for number in numbers)
    for name, text in (*coefficients(given.wepp), ("pmetpara.txt", _plants(given))):
        path = given.run.runs / name
        if text is None:
            path.unlink(missing_ok=True)
        else:
            made.append(files.put(path, text))
    return made + regrowth.write(given)


def coefficients(wepp: Wepp) -> Iterator[tuple[str, str | None]]:
    """The files by name, each with its text; None for one that must not be there."""
    yield "frost.txt", _frost(wepp.frost) if wepp.frost else None
    for name, document in (("gwcoeff.txt", wepp.groundwater), ("snow.txt", wepp.snow)):
        yield name, None if document is None else _lines(document.model_dump().values())
    carried = wepp.phosphorus
    # Builds that read it pass over a heading.
    yield (
        "phosphorus.txt",
        f"Phosphorus concentration\n{_lines(carried.model_dump().values())}" if carried else None,
    )
    yield "wepp_ui.txt", "1\n" if wepp.wepp_ui else None


def _answers(given: Given, number: int) -> Path:
    run = runfile.production(number, given.years, graphics=given.wepp.revegetation is not None)
    return files.put(given.run.run_file(number), runfile.dump(run))


def _plants(given: Given) -> str | None:
    wanted = given.wepp.evapotranspiration
    if wanted is None:
        return None
    grown = covers.plants(given)
    usual = {n: wanted if wanted.everywhere else of or wanted for n, of in grown.items()}
    taken = [(name, wanted.plants.get(name, of)) for name, of in usual.items()]
    rows = [
        f"{_named(name)},{of.kcb},{of.depletion},{n},-" for n, (name, of) in enumerate(taken, 1)
    ]
    _check_told_apart(taken)
    return "\n".join([str(len(rows)), *rows]) + "\n"


def _named(plant: str) -> str:
    """A plant's name as engines read it whole, in quotes only where it would end early."""
    return plant if _ONE_WORD.fullmatch(plant) else fortran.quoted(plant)


def _check_told_apart(taken: Sequence[tuple[str, Water]]) -> None:
    """BrokenDocument where two plants that take water differently are one for an engine."""
    first: dict[str, tuple[str, Water]] = {}
    for name, of in taken:
        other, water = first.setdefault(name[:_SIGNIFICANT], (name, of))
        if (water.kcb, water.depletion) != (of.kcb, of.depletion):
            raise BrokenDocument(
                f"the plants {other!r} and {name!r} begin alike: executables read"
                f" {_SIGNIFICANT} characters of a name, and would give both the same water"
            )


def _frost(frost: Frost) -> str:
    first = (frost.redistribution, *frost.layers)
    # Engines that want three shares and find fewer take none of the line.
    shares = (*frost.shares, *frost.shares[:1] * (3 - len(frost.shares)))
    return f"{' '.join(map(str, first))}\n{' '.join(map(str, (*frost.factors, *shares)))}\n"


def _lines(values: Iterable[float]) -> str:
    return "".join(f"{value}\n" for value in values)
