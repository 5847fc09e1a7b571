"""Whether a run may be called complete: its channel network has been run to its end."""

from __future__ import annotations

from tasks.run.directory import WATERSHED, NotPrepared, RunDirectory
from tasks.run.ledger import StepLedger
from tasks.wepp import storms
from tasks.wepp.dispatch import watershed_of, wepp_of

#: What an engine writes last; compressed, some time after that.
_REPORTS = ("loss_pw0.txt", "loss_pw0.txt.gz")


def refuse_unfinished(run: RunDirectory, ledger: StepLedger) -> None:
    """NotPrepared where the run is to have its channels simulated, and they were not, or not whole.

    Of a run whose channels an older program simulated no ledger tells: its report does.
    """
    if not _is_wanted(run):
        return
    for place in storms.of(run) or (run,):
        entry = ledger.entry(place.step(WATERSHED))
        there = any((place.output / name).exists() for name in _REPORTS)
        if not (entry.state == "done" if entry else there):
            raise NotPrepared(
                f"{place.title(WATERSHED)} has not been run to its end in {place.output}: the run"
                " is not complete, run its channels first"
            )


def _is_wanted(run: RunDirectory) -> bool:
    prepared = run.run_file(WATERSHED).exists()
    return wepp_of(run).run_watershed and (prepared or bool(watershed_of(run).channels))
