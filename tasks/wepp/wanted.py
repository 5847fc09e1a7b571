"""Which simulations the hillslopes of a run take: all that its watershed has, or none."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.run import foreign, lateness
from tasks.run.directory import NotPrepared, RunDirectory
from tasks.wepp import storms
from tasks.wepp.binary import Engine
from tasks.wepp.documents import Watershed
from tasks.wepp.simulation import Simulation, prepare
from tasks.wepp.site import papers


def hillslopes(run: RunDirectory, engine: Engine) -> list[Simulation]:
    """The hillslopes of a run, looked at; under each of its design storms where it has some.

    NotPrepared, BadAnswers as of `simulation.prepare`; under storms BrokenDocument besides.
    """
    if found := storms.of(run):
        return storms.hillslopes(run, found, engine)
    return [prepare(run, wepp_id, engine) for wepp_id in _numbers(run)]


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
