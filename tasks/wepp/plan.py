"""Which jobs a WEPP run takes and what each waits for, as a pure function of what is wanted.

Nothing is enqueued here, and no file is read: `plan` turns a `Wanted` into the jobs of the tree, in
an order in which each comes after all that it waits for. A job's stage is the number that the pages
show beside it; what it waits for is in `after`.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

TIMEOUT = 43_200
PREP_TIMEOUT = 14_400
#: Seconds of the channel network for each year and hillslope, where its time could grow over 12 h.
WATERSHED_S = 0.05
HOUR = 3600

#: The stage in which the channels' tables are made.
TABLES = 4
#: The four ways to begin: with everything, from prepared hillslopes, from hillslopes that ran, and
#: from a prepared channel network.
WHOLE, NOPREP, WATERSHED, WATERSHED_NOPREP = "whole", "noprep", "watershed", "watershed_noprep"
#: The functions that make tables.
_TABLES = (
    "_build_hillslope_interchange_rq",
    "_build_totalwatsed3_rq",
    "_post_watershed_interchange_rq",
)
#: Why a run of hillslopes of several elements has no flowpaths.
NOT_OF_SEVERAL = "flowpaths have one element, hillslopes of this run several: they are left out"
BEGINNINGS = (WHOLE, NOPREP, WATERSHED, WATERSHED_NOPREP)


def launcher(begin: str) -> str:
    """The function of the task that launches a run from this beginning.

    >>> launcher(WHOLE), launcher(NOPREP)
    ('run_wepp_rq', 'run_wepp_noprep_rq')
    """
    return "run_wepp_rq" if begin == WHOLE else f"run_wepp_{begin}_rq"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a run is to make, from its documents.

    `storms` are the ids of single design storms, none for a continuous climate; `years` and
    `hillslopes` size the channel network's time.
    """

    begin: str = WHOLE
    multi_ofe: bool = False
    watershed: bool = True
    flowpaths: bool = False
    storms: tuple[int, ...] = ()
    loss_grid: bool = True
    years: int = 1
    hillslopes: int = 1


@dataclass(frozen=True, slots=True)
class Planned:
    """One job: its function, its stage, the jobs that it waits for by name."""

    name: str
    function: str
    stage: int
    after: tuple[str, ...] = ()
    timeout: int = TIMEOUT
    arguments: tuple[tuple[str, int], ...] = ()
    called: str = ""  # in its label, where production calls it otherwise

    @property
    def task(self) -> str:
        """The dotted name of its function."""
        module = "tasks.interchange_rq" if self.function in _TABLES else "tasks.wepp_rq"
        return f"{module}.{self.function}"

    @property
    def label(self) -> str:
        """The key under which its parent keeps its id."""
        shown = self.called or self.function
        storm = "".join(f",{key}:{value}" for key, value in self.arguments)
        return f"jobs:{self.stage},func:{shown}{storm}"


def plan(wanted: Wanted) -> tuple[Planned, ...]:
    """The jobs of a run, each behind all that it waits for.

    >>> [job.name for job in plan(Wanted(begin="watershed_noprep"))][:2]
    ['run_watershed_rq', '_post_run_cleanup_out_rq']

    ValueError for a beginning that is none of `BEGINNINGS`.
    """
    if wanted.begin not in BEGINNINGS:
        raise ValueError(f"begin={wanted.begin!r}: give one of {', '.join(BEGINNINGS)}")
    made: list[Planned] = []
    for part in _PARTS:
        made.extend(part(wanted, _Made(made)))
    return tuple(made)


@dataclass(frozen=True, slots=True)
class _Made:
    """The jobs planned so far: those asked for by name that are among them."""

    jobs: list[Planned] = field(default_factory=list)

    def of(self, *names: str) -> tuple[str, ...]:
        return tuple(job.name for job in self.jobs if job.function in names or job.name in names)


def _prep(wanted: Wanted, made: _Made) -> Iterator[Planned]:
    if wanted.begin != WHOLE:
        return
    single = ("_prep_slopes_rq", "_prep_managements_rq", "_prep_soils_rq")
    first = (*(("_prep_multi_ofe_rq",) if wanted.multi_ofe else single), "_prep_climates_rq")
    for name in first:
        yield Planned(name, name, 0, timeout=PREP_TIMEOUT)
    yield Planned("_prep_remaining_rq", "_prep_remaining_rq", 0, first, PREP_TIMEOUT)


def _hillslopes(wanted: Wanted, made: _Made) -> Iterator[Planned]:
    if wanted.begin not in (WHOLE, NOPREP):
        return
    ready = made.of("_prep_remaining_rq")
    called = "run_hillslopes_rq" if wanted.begin == WHOLE else ""
    yield Planned("_run_hillslopes_rq", "_run_hillslopes_rq", 1, ready, called=called)
    if wanted.flowpaths:
        name, called = "_run_flowpaths_rq", "run_flowpaths_rq"
        yield Planned(name, name, 2, ready, called=called)


def _tables(wanted: Wanted, made: _Made) -> Iterator[Planned]:
    """The tables of the hillslopes: the whole watershed's water is summed for continuous runs.

    Of design storms there is one table of all.
    """
    ran = made.of("_run_hillslopes_rq")
    if not ran:
        return
    tables = "_build_hillslope_interchange_rq"
    yield Planned(tables, tables, 2, ran)
    if not wanted.storms:
        yield Planned("_build_totalwatsed3_rq", "_build_totalwatsed3_rq", 2, (tables,))


def _network(wanted: Wanted, made: _Made) -> Iterator[Planned]:
    """The channel network, once, or once for each storm."""
    if not wanted.watershed:
        return
    before = made.of("_run_hillslopes_rq")
    if wanted.begin in (WHOLE, WATERSHED):
        yield Planned("_prep_watershed_rq", "_prep_watershed_rq", 2, before)
        before = ("_prep_watershed_rq",)
    limit = watershed_timeout(wanted.years, wanted.hillslopes)
    if not wanted.storms:
        yield Planned("run_watershed_rq", "run_watershed_rq", 3, before, limit)
    for storm in wanted.storms:
        function = "run_ss_batch_watershed_rq"
        argument = (("ss_batch_id", storm),)
        yield Planned(f"{function}:{storm}", function, 3, before, limit, argument)


def _after_network(wanted: Wanted, made: _Made) -> Iterator[Planned]:
    ran = made.of("run_watershed_rq", "run_ss_batch_watershed_rq")
    if not ran:
        return
    cleanup, tables = "_post_run_cleanup_out_rq", "_post_watershed_interchange_rq"
    yield Planned(cleanup, cleanup, 4, ran)
    if wanted.storms:
        return
    if wanted.loss_grid and not wanted.multi_ofe:
        grid = "_post_make_loss_grid_rq"
        yield Planned(grid, grid, 4, (*ran, *made.of("_run_hillslopes_rq")))
    yield Planned(tables, tables, TABLES, (cleanup,))
    if made.of("_build_totalwatsed3_rq"):
        periods = "_analyze_return_periods_rq"
        yield Planned(periods, periods, 4, (tables, "_build_totalwatsed3_rq"))


def _tidy(wanted: Wanted, made: _Made) -> Iterator[Planned]:
    """Raw files may go when nobody reads them any more; those of single storms are small."""
    if wanted.storms:
        return
    readers = made.of(
        "_build_hillslope_interchange_rq",
        "_build_totalwatsed3_rq",
        "_post_make_loss_grid_rq",
        "_post_watershed_interchange_rq",
    )
    if readers:
        yield Planned("_cleanup_raw_rq", "_cleanup_raw_rq", 5, readers)


def _complete(wanted: Wanted, made: _Made) -> Iterator[Planned]:
    waited = {name for job in made.jobs for name in job.after}
    ends = tuple(job.name for job in made.jobs if job.name not in waited)
    yield Planned("_log_complete_rq", "_log_complete_rq", 6, ends)


_PARTS: tuple[Callable[[Wanted, _Made], Iterator[Planned]], ...] = (
    _prep,
    _hillslopes,
    _tables,
    _network,
    _after_network,
    _tidy,
    _complete,
)


def watershed_timeout(years: int, hillslopes: int) -> int:
    """Seconds that the channel network may take: 12 h, or more in whole hours for long runs.

    >>> watershed_timeout(30, 200), watershed_timeout(1000, 2000)
    (43200, 100800)
    """
    needed = WATERSHED_S * years * hillslopes
    return max(TIMEOUT, math.ceil(needed / HOUR) * HOUR)


def table(wanted: Wanted) -> str:
    """The plan as a Markdown table: stage, job, what it waits for, its key, its hours."""
    rows = ["| stage | job | waits for | key in the parent's record | hours |", "|--|--|--|--|--|"]
    for job in plan(wanted):
        after = "<br>".join(f"`{name}`" for name in job.after)
        rows.append(
            f"| {job.stage} | `{job.name}` | {after} | `{job.label}` | {job.timeout // HOUR} |"
        )
    return "\n".join(rows)


#: Where the page has what is generated.
_MARKS = ("<!-- the plan: begin -->", "<!-- the plan: end -->")


def page(text: str) -> str:
    """A page with the tables of all beginnings between its marks, as they are now.

    ValueError for a page without the marks.
    """
    head, begin, rest = text.partition(_MARKS[0])
    _, end, tail = rest.partition(_MARKS[1])
    if not (begin and end):
        raise ValueError(f"the page has no place between {_MARKS[0]} and {_MARKS[1]}")
    tables = [f"`{_DISPATCHERS[name]}`\n\n{table(_shown(name))}" for name in BEGINNINGS]
    tables.append(f"`run_wepp_rq` of two design storms\n\n{table(Wanted(storms=(1, 2)))}")
    return f"{head}{begin}\n\n" + "\n\n".join(tables) + f"\n\n{end}{tail}"


_DISPATCHERS = {
    WHOLE: "run_wepp_rq",
    NOPREP: "run_wepp_noprep_rq",
    WATERSHED: "run_wepp_watershed_rq",
    WATERSHED_NOPREP: "run_wepp_watershed_noprep_rq",
}


def _shown(begin: str) -> Wanted:
    return Wanted(begin=begin, flowpaths=begin == WHOLE)


if __name__ == "__main__":
    _page = Path(sys.argv[1])
    _page.write_text(page(_page.read_text(encoding="utf-8")), encoding="utf-8")
