"""The run of a scenario: `<run>/_pups/omni/scenarios/<name>`, made of its parent's documents.

Slopes, soils, weather and management files are the parent's, by symbolic links; landuse.nodb and
soils.nodb are its own. A scenario that follows another one begins with that one's, and its files.
Where the parent's landuse was built of a map, other fires are built of it as well, see `fires`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

from tasks.omni import fires
from tasks.omni.documents import BURNT, UNBURNT, Scenario
from tasks.run.atomic import replace_text
from tasks.run.directory import NotPrepared, RunDirectory
from tasks.run.nodb import BrokenDocument, Document
from tasks.wepp.documents import Climate, CoverChoice, Disturbed, Landuse, Soils, Watershed
from tasks.wepp.prep import covers as prep
from tasks.wepp.prep.given import Given

_SHARED = ("climate", "watershed", "soils", "landuse", "dem", "rap")
_OUTLET = "wepp/output/interchange/loss_pw0.out.parquet"
_LOW, _HIGH, _FOREST = "low_severity_fire", "high_severity_fire", "old_forest"


def place(root: Path, name: str) -> Path:
    """The directory of the scenario `name` of the run in `root`."""
    return root / "_pups" / "omni" / "scenarios" / name


def base(root: Path) -> str:
    """What the run in `root` is called among its scenarios."""
    if fires.is_built(root):
        return UNBURNT if Disturbed.or_new(root).sbs_map is None else BURNT
    landuse = Landuse.load(root)
    grown = {key for keys in landuse.hillslopes.values() for key in keys}
    burnt = any("fire" in called(landuse, key) for key in grown)
    return BURNT if burnt else UNBURNT


def outcome(root: Path, name: str, base: str) -> Path:
    """The table at the outlet of a scenario, or of the run itself."""
    return (root if name == base else place(root, name)) / _OUTLET


def digest(path: Path) -> str | None:
    """The SHA-1 of what a scenario depends on; None where it is not there."""
    try:
        return hashlib.sha1(path.read_bytes(), usedforsecurity=False).hexdigest()
    except FileNotFoundError:
        return None


def make(root: Path, scenario: Scenario) -> RunDirectory:
    """Make the scenario's run anew, to be simulated.

    NotPrepared for a document or a scenario that is missing, ForeignDocument for WEPPcloud's,
    BrokenDocument for a cover or a soil that cannot be told; for another fire as `fires.build`.
    """
    own = base(root)
    target = scenario.target(own)
    source = root if target == own else place(root, target)
    if not source.is_dir():
        raise NotPrepared(f"{source} does not exist: run the scenario {target!r} first")
    child = place(root, scenario.name)
    if fires.is_one(root, scenario):
        _burnt(root, child, scenario)
        return RunDirectory(child)
    landuse, soils = Landuse.load(source), Soils.load(source)
    landuse = _covered(scenario, landuse, Given(RunDirectory(source), hills_only=True))
    soils = _grounded(scenario, soils, Soils.path(source))
    _empty(child)
    _set_up(root, child, source)
    _keep(child, landuse, soils)
    return RunDirectory(child)


def _burnt(root: Path, child: Path, scenario: Scenario) -> None:
    """A scenario that is another fire; nothing of it is left where it cannot be built."""
    _empty(child)
    with ExitStack() as undo:
        undo.callback(shutil.rmtree, child)
        _set_up(root, child, root, but=fires.FOLDERS)
        fires.build(root, child, scenario)
        _keep(child, _grounded(scenario, Soils.load(child), Soils.path(child)))
        undo.pop_all()


def share(root: Path, child: Path, scenario: Path) -> None:
    """Give `child` the parent's sources, and documents as the run in `scenario` has them."""
    _set_up(root, child, scenario)
    _keep(child, Landuse.load(scenario), Soils.load(scenario))


def _empty(child: Path) -> None:
    shutil.rmtree(child, ignore_errors=True)
    child.mkdir(parents=True)


def _set_up(root: Path, child: Path, source: Path, but: Collection[str] = ()) -> None:
    """Give `child` the folders of the run, those that a scenario changes from `source`; and the
    documents that no scenario changes."""
    for name in _SHARED:
        folder = (source if name in fires.FOLDERS else root) / name
        if folder.is_dir() and name not in but and not (child / name).is_symlink():
            (child / name).symlink_to(os.path.relpath(folder, child))
    wepp = Given(RunDirectory(root)).wepp.model_copy(update={"run_flowpaths": False})
    _keep(child, Watershed.load(root), Climate.load(root), wepp)


def _keep(child: Path, *documents: Document) -> None:
    for document in documents:
        replace_text(document.path(child), document.dump())


def _covered(scenario: Scenario, landuse: Landuse, given: Given) -> Landuse:
    """The document with what the scenario changes of its covers."""
    covers = dict(landuse.covers)
    for key in sorted({key for keys in landuse.hillslopes.values() for key in keys}):
        told = scenario.covers.get(key) or scenario.covers.get(called(landuse, key))
        if told is not None:
            covers[key] = landuse.covers.get(told) or CoverChoice(cover=told)
        else:
            covers[key] = _by_kind(scenario, landuse, key, given) or covers[key]
    unknown = [c.cover for c in covers.values() if c.cover and c.cover not in prep.LIBRARY]
    if unknown:
        where = f"omni.nodb: {scenario.name}"
        raise BrokenDocument(f"{where}: {unknown[0]!r} is no cover of landuse.nodb or the library")
    return landuse.model_copy(update={"covers": covers})


def _by_kind(scenario: Scenario, landuse: Landuse, key: str, given: Given) -> CoverChoice | None:
    name = called(landuse, key)
    burnt, forest = "fire" in f"{key} {name}", "forest" in name
    match scenario.type:
        case "uniform_low" if burnt or forest:
            return CoverChoice(cover=_LOW)
        case "uniform_high" if burnt or forest:
            return CoverChoice(cover=_HIGH)
        case "undisturbed" if burnt:
            return CoverChoice(cover=_FOREST)
        case "thinning" if forest and "young" not in name:
            ground = _share(scenario.ground_cover)
            changed = {"interrill": ground, "rill": ground}
            changed["canopy"] = _share(scenario.canopy_cover)
            return landuse.covers[key].model_copy(update=changed)
        case "mulch" if burnt:
            more = _share(scenario.ground_cover_increase)
            first = prep.grown(given, [key]).initials[0]
            changed = {"interrill": min(1.0, first.inrcov + more)}
            changed["rill"] = min(1.0, first.rilcov + more)
            return landuse.covers[key].model_copy(update=changed)
        case "uniform_moderate" | "prescribed_fire" | "sbs_map" if burnt or forest:
            if not scenario.covers:
                raise BrokenDocument(
                    f"omni.nodb: {scenario.name}: no cover of the library is it: say by `covers`"
                    f" what takes the place of {name!r}"
                )
    return None


def _grounded(scenario: Scenario, soils: Soils, path: Path) -> Soils:
    for name in (*scenario.soils, *scenario.soils.values()):
        if name not in soils.soils:
            raise BrokenDocument(f"{path}: there is no soil {name!r}, which {scenario.name} names")
    by_top = {
        top: [scenario.soils.get(key, key) for key in keys]
        for top, keys in soils.hillslopes.items()
    }
    return soils.model_copy(update={"hillslopes": by_top})


def called(landuse: Landuse, key: str) -> str:
    """The cover of the library that a key stands for, or the name of its file."""
    choice: Mapping[str, str | None] | CoverChoice | None = landuse.covers.get(key)
    if not isinstance(choice, CoverChoice):
        return key
    return str(choice.cover or choice.file or choice.shared)


def _share(percent: float | None) -> float:
    return (percent or 0.0) / 100.0


def names(root: Path) -> Iterator[str]:
    """The scenarios whose runs are there, in order."""
    folder = place(root, "")
    if folder.is_dir():
        yield from sorted(path.name for path in folder.iterdir() if path.is_dir())
