"""Single design storms, each in a directory of its own, where engines leave what nobody asked for.

::

    wepp/runs/ss_2/p7.cli            a link to the climate of storm 2
    wepp/runs/ss_2/p7.run            ../p7.man and so on; a single storm
    wepp/output/ss_2/H7.*.dat        pass, loss, ebe

The answers that engines want for the network of a single storm are not on record: its `pw0.run` is
run where somebody has put one.
"""

from __future__ import annotations

from tasks.run.directory import NotPrepared, RunDirectory, StormDirectory
from tasks.run.nodb import BrokenDocument
from tasks.wepp.documents import Climate
from tasks.wepp.files import runfile
from tasks.wepp.files.runfile import StormRun
from tasks.wepp.prep import files
from tasks.wepp.prep.given import Given
from tasks.wepp.simulation import HIDDEN, NETWORK_HIDDEN


def directory(run: RunDirectory, storm: int | None) -> StormDirectory:
    """Where storm `storm` is simulated; ValueError for what is no number of a storm."""
    if type(storm) is not int or storm < 1:
        raise ValueError(f"ss_batch_id {storm!r}: give the number of a storm, from 1")
    return StormDirectory(run.root, storm)


def prepare(run: RunDirectory, storm: StormDirectory, wepp_id: int) -> None:
    """Write the storm's inputs of a hillslope that was prepared.

    BrokenDocument where climate.nodb has no such storm, NotPrepared where its file is missing.
    """
    given = Given(run)
    name = given.climate.storms.get(storm.storm)
    if name is None:
        where = Climate.path(run.root)
        known = ", ".join(map(str, sorted(given.climate.storms))) or "none"
        raise BrokenDocument(f"{where}: there is no storm {storm.storm}, there are {known}")
    storm.runs.mkdir(parents=True, exist_ok=True)
    storm.output.mkdir(parents=True, exist_ok=True)
    climate = given.file(name, f"the climate of storm {storm.storm}")
    files.link(storm.runs / f"p{wepp_id}.cli", climate)
    files.same(storm.runs, run.runs, (*HIDDEN, *NETWORK_HIDDEN))
    files.put(storm.run_file(wepp_id), runfile.dump(_answers(storm.storm, wepp_id)))


def network(storm: StormDirectory) -> None:
    """NotPrepared where the storm has no answers for its network."""
    if not storm.run_file(0).exists():
        raise NotPrepared(
            f"{storm.run_file(0)} does not exist: what an engine asks for the network of a single"
            " storm is not on record here, put its answers there"
        )


def _answers(storm: int, wepp_id: int) -> StormRun:
    hill, out = f"../p{wepp_id}", f"../../output/ss_{storm}/H{wepp_id}"
    return StormRun(
        man=f"{hill}.man", slp=f"{hill}.slp", cli=f"p{wepp_id}.cli", sol=f"{hill}.sol",
        pass_file=f"{out}.pass.dat", loss=f"{out}.loss.dat", ebe=f"{out}.ebe.dat",
    )  # fmt: skip
