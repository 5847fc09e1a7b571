"""The steps of a run that are not simulations: done once from the same inputs, as make does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

from tasks.run.directory import RunDirectory
from tasks.run.ledger import digest
from tasks.wepp.reconcile import ledger_of, sources_of


def once(
    runid: str,
    run: RunDirectory,
    step: str,
    inputs: Iterable[Path],
    work: Callable[[], Iterable[Path]],
    *code: Path,
    words: Iterable[object] = (),
) -> bool:
    """Do `work`, which gives the paths that it made, unless `step` is done from these `inputs`.

    What does the work, the sources of this package and of the directories `code`, is one of the
    inputs, and so are `words`. False where it was done.
    """
    ledger = ledger_of(runid, run)
    sources = (sources_of(package) for package in (Path(__file__).parent, *code))
    wanted = digest(inputs, *sources, *words)
    if ledger.is_done(step, wanted):
        return False
    ledger.begin({step: wanted})
    began = time.monotonic()
    made = list(work())
    ledger.done({step: (made, time.monotonic() - began)})
    return True
