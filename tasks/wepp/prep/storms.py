"""What a single design storm needs besides a run's inputs, in a directory of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tasks.run.directory import WATERSHED, StormDirectory
from tasks.run.nodb import BrokenDocument
from tasks.wepp.documents import Climate
from tasks.wepp.files import climate_head, runfile
from tasks.wepp.files.forms import StormRun, StormWatershedRun
from tasks.wepp.prep import files
from tasks.wepp.prep.given import Given
from tasks.wepp.simulation import HIDDEN, NETWORK_HIDDEN


def hillslopes(given: Given, storm: StormDirectory, numbers: Sequence[int]) -> None:
    """Write the storm's inputs of hillslopes that were prepared.

    BrokenDocument where climate.nodb has no such storm, NotPrepared where a file is missing.
    """
    weather = weather_of(given, storm.storm)
    _share(given, storm)
    for number in numbers:
        files.link(storm.runs / f"p{number}.cli", weather)
        files.put(storm.run_file(number), runfile.dump(_answers(storm.storm, number)))


def networks(given: Given) -> list[Path]:
    """Write what the channels need under each storm; returns the paths. Errors as `hillslopes`."""
    made = []
    for number in given.storms:
        storm = StormDirectory(given.run.root, number)
        weather = weather_of(given, number)
        _share(given, storm)
        text = runfile.dump(_network(number, given.ids.sub_n, given.wepp.asks_impoundments))
        made += [
            files.put(storm.run_file(WATERSHED), text),
            files.link(storm.runs / "pw0.cli", weather),
        ]
    return made


def weather_of(given: Given, storm: int) -> Path:
    """The climate file of a storm.

    BrokenDocument where climate.nodb has no such storm, or a series of days; NotPrepared.
    """
    storms = given.climate.storms
    if storm not in storms:
        known = ", ".join(map(str, sorted(storms))) or "none"
        where = Climate.path(given.run.root)
        raise BrokenDocument(f"{where}: there is no storm {storm}, there are {known}")
    path = given.file(storms[storm], f"the climate of storm {storm}")
    if climate_head.mode(path) != climate_head.SINGLE_STORM:
        raise BrokenDocument(f"{path} is a series of days, storm {storm} wants a single storm")
    return path


def _share(given: Given, storm: StormDirectory) -> None:
    """Have beside the answers what an engine reads without being told."""
    storm.runs.mkdir(parents=True, exist_ok=True)
    storm.output.mkdir(parents=True, exist_ok=True)
    files.same(storm.runs, given.run.runs, (*HIDDEN, *NETWORK_HIDDEN))


def _answers(storm: int, wepp_id: int) -> StormRun:
    hill, out = f"../p{wepp_id}", f"../../output/ss_{storm}/H{wepp_id}"
    return StormRun(
        man=f"{hill}.man", slp=f"{hill}.slp", cli=f"p{wepp_id}.cli", sol=f"{hill}.sol",
        pass_file=f"{out}.pass.dat", loss=f"{out}.loss.dat", plot=f"{out}.plot.dat",
        ebe=f"{out}.ebe.dat", element=f"{out}.element.dat",
    )  # fmt: skip


def _network(storm: int, hillslopes: int, impoundments: bool) -> StormWatershedRun:
    out, shared = f"../../output/ss_{storm}", "../pw0"
    return StormWatershedRun(
        hillslopes=tuple(f"{out}/H{number}.pass.dat" for number in range(1, hillslopes + 1)),
        master=f"{out}/pass_pw0.txt", loss=f"{out}/loss_pw0.txt", ebe=f"{out}/ebe_pw0.txt",
        structure=f"{shared}.str", chn=f"{shared}.chn", man=f"{shared}.man", slp=f"{shared}.slp",
        sol=f"{shared}.sol", cli="pw0.cli", imp=f"{shared}.imp" if impoundments else None,
    )  # fmt: skip
