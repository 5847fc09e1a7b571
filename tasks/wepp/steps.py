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
) -> bool:
    """Do `work`, which gives the paths that it made, unless `step` is done from these `inputs`.

    What the work is, the code of this package, is one of the inputs. False where it was done.
    """
    ledger = ledger_of(runid, run)
    wanted = digest(inputs, sources_of(Path(__file__).parent))
    if ledger.is_done(step, wanted):
        return False
    ledger.begin({step: wanted})
    began = time.monotonic()
    made = list(work())
    ledger.done({step: (made, time.monotonic() - began)})
    return True
