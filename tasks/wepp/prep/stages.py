"""The jobs of stage 0 and the network's preparation, each a step of the run's ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.run.directory import RunDirectory
from tasks.run.nodb import Document
from tasks.wepp.documents import Climate, Landuse, Soils, Watershed, Wepp
from tasks.wepp.prep import answers, climates, covers, network, slopes, soils
from tasks.wepp.prep.given import Given
from tasks.wepp.site import papers
from tasks.wepp.steps import once


@dataclass(frozen=True, slots=True)
class Stage:
    """What is made from which documents and sources, and by whom."""

    step: str
    documents: tuple[type[Document], ...]
    sources: Callable[[Given], Iterator[Path]]
    write: Callable[[Given], list[Path]]


SLOPES = Stage("prep:slopes", (Watershed, Wepp), slopes.sources, slopes.write)
COVERS = Stage(
    "prep:managements", (Watershed, Landuse, Climate, Wepp), covers.sources, covers.write
)
SOILS = Stage("prep:soils", (Watershed, Soils, Wepp), soils.sources, soils.write)
CLIMATES = Stage("prep:climates", (Watershed, Climate, Wepp), climates.sources, climates.write)
ANSWERS = Stage("prep:remaining", (Watershed, Climate, Wepp), answers.sources, answers.write)
NETWORK = Stage(
    "prep:watershed", (Watershed, Landuse, Soils, Climate, Wepp), network.sources, network.write
)


def prepare(
    runid: str, run: RunDirectory, *stages: Stage, step: Callable[[int], None] | None = None
) -> int:
    """Make what each stage makes, unless it is made; returns how many had to be.

    `step` is called with 1 for each file.
    NotPrepared for a document or a source that is missing, BrokenDocument and FormatError for one
    that does not do.
    """
    given = Given(run, step)
    run.runs.mkdir(parents=True, exist_ok=True)
    return sum(_prepare(runid, given, stage) for stage in stages)


def _prepare(runid: str, given: Given, stage: Stage) -> bool:
    root = given.run.root
    documents = (document.path(root) for document in stage.documents)
    theirs = papers.beside(root)
    told = {*(path for path in documents if path.exists()), *theirs}
    inputs = [*told, *set(stage.sources(given))]
    words = _mapped(given, stage) if theirs else ()
    return once(runid, given.run, stage.step, inputs, lambda: stage.write(given), words=words)


def _mapped(given: Given, stage: Stage) -> Iterator[str]:
    """What maps of the site say, which no file of the run has: these documents as they are read."""
    if Wepp in stage.documents:
        yield given.wepp.model_dump_json()
    if Soils in stage.documents:
        yield given.soils.model_dump_json()


def files_of(run: RunDirectory, stages: Sequence[Stage]) -> int:
    """How many files these stages make; NotPrepared, BrokenDocument."""
    given = Given(run)
    of_network = network.count(given) if NETWORK in stages else 0
    return of_network + given.ids.sub_n * sum(stage is not NETWORK for stage in stages)
