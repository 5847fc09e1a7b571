"""Which simulations the hillslopes of a run take: all that its watershed has, or none.

That their files are there is seen in one list of the directory before the first engine starts. Each
is looked at, its answers read and its files opened, as it is asked for: see `reconcile`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from tasks.run import foreign, lateness
from tasks.run.directory import NotPrepared, RunDirectory
from tasks.wepp import storms
from tasks.wepp.binary import Engine
from tasks.wepp.documents import Watershed
from tasks.wepp.simulation import Simulation, prepare
from tasks.wepp.site import papers

#: What production's answers for a hillslope name, whose names are its own.
_USUAL = ("man", "slp", "cli", "sol")


@dataclass(frozen=True, slots=True)
class Wanted:
    """The simulations of a run's hillslopes: how many, and one after the other as it is asked for.

    They raise NotPrepared and BadAnswers as of `simulation.prepare`. `stormy` are those under
    design storms, each hillslope under each.
    """

    total: int
    simulations: Iterator[Simulation]
    stormy: bool = False


def hillslopes(run: RunDirectory, engine: Engine) -> Wanted:
    """The hillslopes of a run; under each of its design storms where it has some.

    NotPrepared where one of them is not prepared, or lacks a file; errors as of its simulations
    where they are looked at here: under storms, BrokenDocument besides, and where files have other
    names than production's.
    """
    if found := storms.of(run):
        every = storms.hillslopes(run, found, engine)
        return Wanted(len(every), iter(every), stormy=True)
    numbers = _numbers(run)
    doubtful = _doubtful(run, numbers)
    first = [prepare(run, number, engine) for number in numbers if number in doubtful]
    others = (prepare(run, number, engine) for number in numbers if number not in doubtful)
    return Wanted(len(numbers), chain(first, others))


def _doubtful(run: RunDirectory, numbers: Sequence[int]) -> frozenset[int]:
    """Those of which a file is missing, or has another name: they are looked at before any runs."""
    there = set(run.listed())
    return frozenset(
        number for number in numbers if not all(f"p{number}.{kind}" in there for kind in _USUAL)
    )


def _numbers(run: RunDirectory) -> Sequence[int]:
    """The WEPP ids of the hillslopes that are prepared, which must be all that the run has.

    What another host has just prepared may be missing in this one's list of the directory: it is
    asked for by name, and waited for.
    """
    try:
        there = set(run.hillslopes())
    except NotPrepared:
        if lateness.missing(run.run_file(1)):
            raise
        there = set()
    try:
        watershed = Watershed.load(run.root)
    except NotPrepared:
        return sorted(there)
    except foreign.ForeignDocument:
        watershed = papers.watershed(run.root)
    known = range(1, len(watershed.hillslopes) + 1)
    for number in known:
        path = run.run_file(number)
        if number not in there and (trouble := lateness.missing(path)):
            raise NotPrepared(
                f"{path} {trouble}: the watershed has {len(known)} hillslopes, prepare them all"
            )
    return sorted(there | set(known))
