"""What a network writes beside its answers (`chan.out`, …), put among the outputs."""

from __future__ import annotations

from collections.abc import Callable

from tasks.run.directory import RunDirectory
from tasks.run.progress import Progress
from tasks.wepp.prep import files
from tasks.wepp.simulation import NETWORK_OUTPUTS


def gather(run: RunDirectory, progress: Callable[[int], Progress]) -> None:
    """Link what is there, of the run and of each of its storms, into the outputs; OSError.

    `progress` begins one of so many files.
    """
    places = [(here, name) for here in (run, *run.storms()) for name in NETWORK_OUTPUTS]
    written = [(here, name) for here, name in places if (here.runs / name).exists()]
    told = progress(len(written))
    for here, name in written:
        here.output.mkdir(parents=True, exist_ok=True)
        files.link(here.output / name, here.runs / name)
        told.step()
    told.end()
