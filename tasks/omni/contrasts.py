"""Contrasts: the channels anew, with some hillslopes as another scenario has them.

::

    <run>/omni/contrasts/contrast_<id>.tsv      TOPAZ id, and its pass file without `.pass.dat`
    <run>/_pups/omni/contrasts/<id>             the run `<runid>;;omni-contrast;;<id>`
    <run>/omni/contrasts.out.parquet            what became of the outlet

No hillslope is simulated again: the pass files are links to those of the control scenario, and for
the chosen hillslopes to the other one's. All else is the control's.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from tasks.omni import children, summaries
from tasks.omni.documents import Contrast, ContrastPair, Omni
from tasks.run.atomic import replace_text
from tasks.run.directory import NotPrepared, RunDirectory
from tasks.run.nodb import BrokenDocument
from tasks.wepp.prep import files
from tasks.wepp.prep.given import Given
from tasks.wepp.simulation import HIDDEN, NETWORK_HIDDEN

#: So many contrasts are run at most.
MOST = 200
_NETWORK = tuple(f"pw0.{kind}" for kind in ("run", "str", "chn", "imp", "slp", "sol", "man", "cli"))
_PASS = ".pass.dat"


def place(root: Path, number: int) -> Path:
    """The directory of contrast `number` of the run in `root`."""
    return root / "_pups" / "omni" / "contrasts" / str(number)


def sidecar(root: Path, number: int) -> Path:
    """The table of whose pass files contrast `number` takes."""
    return root / "omni" / "contrasts" / f"contrast_{number}.tsv"


def planned(root: Path, wanted: Omni) -> dict[int, Contrast]:
    """The contrasts that omni.nodb wants, by number from 1.

    BrokenDocument where it wants none, more than `MOST`, or one of a hillslope that is not there;
    NotPrepared where a scenario was not run.
    """
    where = Omni.path(root)
    if not wanted.contrast_pairs:
        raise BrokenDocument(f"{where}: it has no contrast_pairs")
    found = [one for pair in wanted.contrast_pairs for one in _of_pair(root, wanted, pair)]
    if not found:
        raise BrokenDocument(f"{where}: no hillslope has any {wanted.contrast_objective}")
    if len(found) > MOST:
        raise BrokenDocument(f"{where}: it wants {len(found)} contrasts, {MOST} may be")
    return dict(enumerate(found, 1))


def _of_pair(root: Path, wanted: Omni, pair: ContrastPair) -> Iterator[Contrast]:
    for scenario in (pair.control_scenario, pair.contrast_scenario):
        _ran(root, scenario)
    groups = wanted.contrast_groups
    if not groups:
        groups = [[top] for top in _greatest(root, wanted, pair.control_scenario)]
    known = set(Given(RunDirectory(root), hills_only=True).ids.hillslopes)
    for group in groups:
        if strangers := sorted(set(group) - known):
            raise BrokenDocument(f"{Omni.path(root)}: contrast_groups: no hillslope {strangers[0]}")
        yield Contrast(**pair.model_dump(), topaz_ids=group)


def _greatest(root: Path, wanted: Omni, scenario: str) -> list[int]:
    """The hillslopes that have the most of the objective, until they have enough of all of it."""
    column = summaries.OBJECTIVES[wanted.contrast_objective]
    told = {row["topaz_id"]: row[column] for row in summaries.hillslopes(_ran(root, scenario), "")}
    enough, held = wanted.contrast_share * sum(told.values()), 0.0
    chosen: list[int] = []
    for top in sorted(told, key=lambda top: (-told[top], top))[: wanted.contrast_hillslopes]:
        if held >= enough:
            break
        chosen.append(top)
        held += told[top]
    return chosen


def make(root: Path, number: int, wanted: Contrast) -> RunDirectory:
    """Make the contrast's run, whose channels are to be simulated; what is as it was stays.

    NotPrepared where a scenario was not run, or has no pass file of a hillslope; ForeignDocument.
    """
    control, other = _ran(root, wanted.control_scenario), _ran(root, wanted.contrast_scenario)
    child = RunDirectory(place(root, number))
    for folder in (child.runs, child.output, sidecar(root, number).parent):
        folder.mkdir(parents=True, exist_ok=True)
    children.share(root, child.root, control)
    files.same(child.runs, RunDirectory(control).runs, (*_NETWORK, *HIDDEN, *NETWORK_HIDDEN))
    rows = []
    for wepp_id, top in enumerate(Given(RunDirectory(root), hills_only=True).ids.hillslopes, 1):
        stem = RunDirectory(other if top in wanted.topaz_ids else control).output / f"H{wepp_id}"
        passed = stem.with_suffix(_PASS)
        if not passed.is_file():
            raise NotPrepared(f"{passed} does not exist: run the hillslopes of that scenario first")
        files.link(child.output / passed.name, passed)
        rows.append(f"{top}\t{stem}\n")
    replace_text(sidecar(root, number), "".join(rows))
    return child


def others(root: Path, but: Mapping[int, Contrast]) -> list[int]:
    """The numbers of contrasts that were made and are none of `but`, ascending."""
    folder = place(root, 0).parent
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    return sorted(int(name) for name in names if name.isdecimal() and int(name) not in but)


def remove(root: Path, number: int) -> None:
    """Remove a contrast's run, and its table of pass files; OSError."""
    shutil.rmtree(place(root, number))
    sidecar(root, number).unlink(missing_ok=True)


def write(root: Path, found: Mapping[int, Contrast]) -> Path:
    """Write the table of the outlet under each contrast; returns its path. NotPrepared, OSError."""
    runs = {number: place(root, number) for number in found}
    controls = {one.control_scenario: _ran(root, one.control_scenario) for one in found.values()}
    return summaries.write_contrasts(root, found, runs, controls)


def _ran(root: Path, scenario: str) -> Path:
    """Where a scenario was run; NotPrepared where it was not."""
    base = children.base(root)
    outcome = children.outcome(root, scenario, base)
    if not outcome.exists():
        raise NotPrepared(f"{outcome} does not exist: run the scenario {scenario!r} first")
    return root if scenario == base else children.place(root, scenario)
