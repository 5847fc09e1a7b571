"""A WEPP run that is killed anywhere, often, ends as one that nobody disturbed.

Killed are, with SIGKILL and at random moments: the process of a job that runs with all that it
started, and now and then weppd, its zygotes, cells, jobs and engines all at once, as when the power
fails. After each the run is launched again.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from pathlib import Path

import psutil
import pytest

from tasks.wepp.samples.watershed import write_watershed
from tests.acceptance.conftest import PIPELINE
from tests.waiting import eventually
from weppd.client import TERMINAL, JobFailed

pytestmark = pytest.mark.slow
#: A few in `make test`; `make kills` does fifty.
KILLS = int(os.environ.get("KILLS", "15"))
POWER_CUTS_EVERY, PATIENCE_S = 12, 600.0
#: Three in four begin behind the inputs, so that kills meet engines and tables as well.
BEGINNINGS = ("run_wepp_rq", "run_wepp_noprep_rq", "run_wepp_noprep_rq", "run_wepp_watershed_rq")
AFRESH = 0.3
#: What tells how long something took, and so differs from run to run: left out of the comparison.
VARYING = frozenset(("steps.jsonl",))


@pytest.fixture
def house(daemon):
    """A started daemon whose engine is the embedded one."""
    daemon.tables["tasks"]["modules"] += PIPELINE
    daemon.start()
    return daemon


def launch(house, task: str = "run_wepp_rq", **options) -> str:
    """Enqueue the run, and wait until its tree is there; the dispatcher's id."""
    job = house.queue().enqueue(f"tasks.wepp_rq.{task}", "my-run", **options)
    job.result(timeout=PATIENCE_S)
    return job.id


def launch_somewhere(house, dice: random.Random, afresh: float = AFRESH) -> str:
    """Launch from one of the beginnings, some of the time afresh; from the first where it must."""
    task, clean = dice.choice(BEGINNINGS), dice.random() < afresh
    try:
        return launch(house, task, clean=clean)
    except JobFailed:
        # What it would begin from was not made yet, or was removed.
        return launch(house, clean=clean)


def tree(house, parent: str) -> dict[str, str]:
    """The states of the jobs below the dispatcher, by id."""
    queue = house.queue()
    children = queue.fetch(parent).view().children.values()
    return {jid: queue.fetch(jid).get_status() for jid in children}


def over(house, parent: str) -> bool:
    """Whether every job of the tree has ended."""
    return set(tree(house, parent).values()) <= TERMINAL


def kill_a_job(house, parent: str, dice: random.Random) -> str | None:
    """SIGKILL the process of a running job and all below it, in any order; what it was doing.

    None where no job runs, or the job has ended by now.
    """
    running = [jid for jid, state in tree(house, parent).items() if state == "started"]
    if not running:
        return None
    view = house.queue().fetch(dice.choice(running)).view()
    try:
        victim = psutil.Process(view.meta.get("pid"))
        # A process id may be another's by now.
        if view.status != "started" or victim not in house.family():
            return None
        family = [victim, *victim.children(recursive=True)]
    except (psutil.NoSuchProcess, TypeError):
        return None
    dice.shuffle(family)
    for process in family:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    return view.function


def cut_the_power(house) -> None:
    """SIGKILL everything of this daemon, then start it again."""
    house.end()
    house.start()


def content(wd: Path) -> dict[str, bytes]:
    """Every file that a run makes, but those that tell times."""
    wepp = wd / "wepp"
    found = {str(p.relative_to(wepp)): p for p in wepp.rglob("*") if p.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if name not in VARYING}


def test_a_run_killed_anywhere_ends_as_an_undisturbed_one(house):
    """Inputs, outputs, tables and pictures byte for byte, and nothing left beside them."""
    wd = house.home / "runs" / "my-run"
    write_watershed(wd, channels=1, years=2)
    parent = launch(house)
    eventually(lambda: over(house, parent), within=PATIENCE_S, every=0.1)
    undisturbed = content(wd)
    dice, hit = random.Random(8), Counter()
    parent = launch(house, clean=True)
    while hit.total() < KILLS:
        time.sleep(dice.uniform(0.0, 1.5))
        if over(house, parent):
            parent = launch_somewhere(house, dice, afresh=1.0)
            continue
        if hit.total() % POWER_CUTS_EVERY == POWER_CUTS_EVERY - 1:
            cut_the_power(house)
            hit["everything"] += 1
        elif (function := kill_a_job(house, parent, dice)) is None:
            continue
        else:
            hit[function] += 1
        eventually(lambda p=parent: over(house, p), within=PATIENCE_S, every=0.1)
        parent = launch_somewhere(house, dice)
    eventually(lambda: over(house, parent), within=PATIENCE_S, every=0.1)
    parent = launch(house)
    eventually(lambda: over(house, parent), within=PATIENCE_S, every=0.1)
    assert set(tree(house, parent).values()) == {"finished"}
    assert content(wd) == undisturbed
    # Hillslopes, the network, the power: most jobs are too short to be hit often.
    assert len(hit) >= min(4, KILLS // 5), hit
