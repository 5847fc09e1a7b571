"""The jobs of a WEPP run, for everything that can be wanted of one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.wepp.plan import BEGINNINGS, Planned, Wanted, plan, table

ANY = st.builds(
    Wanted,
    begin=st.sampled_from(BEGINNINGS),
    multi_ofe=st.booleans(),
    watershed=st.booleans(),
    flowpaths=st.booleans(),
    storms=st.lists(st.integers(1, 9), unique=True, max_size=3).map(tuple),
    loss_grid=st.booleans(),
    years=st.integers(1, 1000),
    hillslopes=st.integers(1, 5000),
)


def behind(jobs: tuple[Planned, ...], name: str) -> set[str]:
    """All that `name` waits for, at whatever remove."""
    after = {job.name: job.after for job in jobs}
    found: set[str] = set()
    ways = list(after[name])
    while ways:
        here = ways.pop()
        found.add(here)
        ways += [n for n in after[here] if n not in found]
    return found


@given(ANY)
def test_every_job_comes_after_all_that_it_waits_for(wanted):
    """Enqueued in this order, no job waits for one that is not there yet."""
    seen: set[str] = set()
    for job in plan(wanted):
        assert set(job.after) <= seen
        seen.add(job.name)


@given(ANY)
def test_the_last_job_waits_for_every_other(wanted):
    """The page is told "complete" when everything is, whatever was wanted."""
    *others, last = plan(wanted)
    assert last.name == "_log_complete_rq"
    assert behind((*others, last), last.name) == {job.name for job in others}


@given(ANY)
def test_each_child_has_a_key_of_its_own_in_its_parents_record(wanted):
    """Two children under one key would lose one of them to cancel."""
    jobs = plan(wanted)
    assert len({job.label for job in jobs}) == len({job.name for job in jobs}) == len(jobs)


@given(ANY)
def test_raw_files_go_only_behind_all_their_readers(wanted):
    """Whoever reads the engine's text is done before the clean-up may delete it."""
    jobs = plan(wanted)
    names = {job.name for job in jobs}
    readers = {n for n in names if "interchange" in n or "watershed_rq" in n or "grid" in n}
    if "_cleanup_raw_rq" in names:
        assert readers - {"_prep_watershed_rq"} <= behind(jobs, "_cleanup_raw_rq")


@given(ANY)
def test_what_was_prepared_or_run_before_is_not_done_again(wanted):
    """The variants leave out the stages before their beginning."""
    stages = {job.stage for job in plan(wanted)}
    least = {"whole": 0, "noprep": 1, "watershed": 2, "watershed_noprep": 3}[wanted.begin]
    assert min(stages) >= least


@given(ANY)
def test_the_network_is_given_time_for_long_climates(wanted):
    """12 h at least, and 0.05 s for each year and hillslope."""
    for job in plan(wanted):
        if "run_watershed" in job.function or "ss_batch_watershed" in job.function:
            assert job.timeout >= max(43_200, 0.05 * wanted.years * wanted.hillslopes)


def test_the_keys_are_those_that_pages_know():
    """As production writes them, the storms by their ids."""
    labels = [job.label for job in plan(Wanted(storms=(2, 3), flowpaths=True))]
    assert "jobs:0,func:_prep_slopes_rq" in labels
    assert "jobs:1,func:run_hillslopes_rq" in labels
    assert "jobs:3,func:run_ss_batch_watershed_rq,ss_batch_id:3" in labels
    assert "jobs:2,func:run_flowpaths_rq" in labels
    assert labels[-1] == "jobs:6,func:_log_complete_rq"
    again = [job.label for job in plan(Wanted(begin="noprep"))]
    assert "jobs:1,func:_run_hillslopes_rq" in again


def test_the_table_has_a_row_for_every_job():
    """What the manual shows is the plan."""
    wanted = Wanted(flowpaths=True)
    assert len(table(wanted).splitlines()) == len(plan(wanted)) + 2


def test_an_unknown_beginning_is_refused():
    """The error names the ways to begin."""
    with pytest.raises(ValueError, match="watershed_noprep"):
        plan(Wanted(begin="half"))
