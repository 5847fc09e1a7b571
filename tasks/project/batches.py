"""Batches: where their runs lie, and how these are made of the features of a file.

::

    <batch root>/<batch>/batch_runner.nodb              which file, and how its runs are called
    <batch root>/<batch>/resources/<file>.geojson       a watershed's outline in each feature
    <batch root>/<batch>/_base                          the run of which all are copies
    <batch root>/<batch>/runs/<leaf>                    a run
    <batch root>/<batch>/runs/<leaf>/dem/target_watershed.geojson    its feature

Without a file that is named, or with a document of WEPPcloud's, the runs that lie there are all.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import Field

from tasks.project import copies, template
from tasks.run.atomic import replace_text
from tasks.run.directory import NotPrepared
from tasks.run.foreign import ForeignDocument
from tasks.run.nodb import BrokenDocument, Document
from tasks.run.prep import RedisPrep
from tasks.run.steps import TaskEnum
from tasks.wepp.documents import Below
from weppd.task import RunError, current

Feature = Mapping[str, Any]
_OUTLINES = ("Polygon", "MultiPolygon")
TARGET = "dem/target_watershed.geojson"


class BatchRunner(Document, name="batch_runner", version=1):
    """What a batch is made of. `run_directives` say of steps whether runs do them: all but rmtree.

    `runid_template` makes a run's name of its feature's properties, as `tasks.project.template`.
    """

    geojson: Below | None = None
    runid_template: str = ""
    run_directives: dict[TaskEnum, bool] = Field(default_factory=dict)

    def wants(self, step: TaskEnum) -> bool:
        """Whether runs do this step."""
        return self.run_directives.get(step, step is not TaskEnum.if_exists_rmtree)


def home(batch: str) -> Path:
    """The directory of a batch, which may not be there; RunError for a bad name."""
    root = (current().settings.get("run") or {}).get("batch_root")
    if not root:
        raise RunError(f"batch {batch!r}: set [run] batch_root")
    if not batch or batch != Path(batch).name or ";;" in batch:
        raise RunError(f"batch {batch!r}: give the name of a batch")
    return Path(root) / batch


def runs(batch: str) -> Path:
    """The directory of a batch's runs, which may not be there; RunError for a bad name."""
    return home(batch) / "runs"


def runner(batch: str) -> BatchRunner:
    """What the batch says of itself; what is usual where it says nothing. BrokenDocument."""
    try:
        return BatchRunner.load(home(batch))
    except (NotPrepared, ForeignDocument):
        return BatchRunner()


def leaves(batch: str) -> list[str]:
    """The names of a batch's runs: in the order of its file, or ascending.

    NotPrepared where it has none; BrokenDocument where they cannot be told.
    """
    place, wanted = runs(batch), runner(batch)
    if wanted.geojson is not None:
        return list(features(batch, wanted))
    found = sorted(path.name for path in place.iterdir() if path.is_dir()) if place.is_dir() else []
    if not found:
        raise NotPrepared(f"{place} holds no run: set up the batch's watersheds first")
    return found


def features(batch: str, wanted: BatchRunner) -> dict[str, Feature]:
    """The features of the batch's file by the names of their runs. NotPrepared, BrokenDocument."""
    path, where = home(batch) / str(wanted.geojson), BatchRunner.path(home(batch))
    named: dict[str, Feature] = {}
    for index, feature in enumerate(_features(path), 1):
        try:
            name = template.render(wanted.runid_template, feature.get("properties") or {}, index)
        except template.BadTemplate as error:
            raise BrokenDocument(f"{where}: runid_template: {error}") from None
        if name in named:
            raise BrokenDocument(f"{where}: runid_template: two features are called {name!r}")
        named[name] = feature
    return named


def make(batch: str, leaf: str) -> None:
    """Have the run of a leaf there: a copy of `_base` with its feature, unless it is there.

    One that `rmtree` is wanted of is made anew. NotPrepared where there is nothing to make it of;
    RunError, NotCopied, BrokenDocument, OSError.
    """
    if not template.is_name(leaf):
        raise RunError(f"leaf {leaf!r} of batch {batch!r}: letters, digits and _.- name a run")
    root, base, wanted = runs(batch) / leaf, home(batch) / "_base", runner(batch)
    runid = f"batch;;{batch};;{leaf}"
    if root.is_dir() and not wanted.wants(TaskEnum.if_exists_rmtree):
        return
    if not base.is_dir():
        raise NotPrepared(f"{root} does not exist, nor does {base}, of which it would be made")
    told = features(batch, wanted) if wanted.geojson is not None else {}
    if wanted.geojson is not None and leaf not in told:
        raise NotPrepared(f"{home(batch) / wanted.geojson}: none of its features is {leaf!r}")
    if root.is_dir():
        shutil.rmtree(root)
    RedisPrep.forget(runid)
    copies.copy(base, root, f"batch;;{batch};;_base", runid, copies.files(base), lambda: None)
    if leaf in told:
        (root / TARGET).parent.mkdir(exist_ok=True)
        one = {"type": "FeatureCollection", "features": [told[leaf]]}
        replace_text(root / TARGET, json.dumps(one) + "\n")


def _features(path: Path) -> Iterator[Feature]:
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise NotPrepared(f"{path} does not exist: upload the batch's watersheds first") from None
    except (ValueError, RecursionError) as error:
        raise BrokenDocument(f"{path} is not JSON: {error}") from None
    listed = found.get("features") if isinstance(found, dict) else None
    if not isinstance(listed, list) or not listed:
        raise BrokenDocument(f"{path} is no collection of features")
    for number, feature in enumerate(listed, 1):
        outline = feature.get("geometry") if isinstance(feature, dict) else None
        kind = outline.get("type") if isinstance(outline, dict) else None
        if kind not in _OUTLINES:
            raise BrokenDocument(
                f"{path}: feature {number} has the outline {kind!r}: a polygon is wanted"
            )
        yield feature
