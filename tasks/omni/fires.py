"""Scenarios that are another fire over a run whose landuse was built of a map.

::

    uniform_low, _moderate, _high     all of it burns so: class by class, as the site's table says
    undisturbed                       nothing has burnt
    sbs_map                           it burns as the raster `sbs_file_path` of the run says

    <scenario>/landuse, soils, disturbed      the run's own files, by links, and what is built here

Landuse is built anew, and so are soils if they were: as the run's own builders do it, with another
burn map. Who says by `covers` what takes the place of what has it so, without the table.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from tasks.data import rasters
from tasks.data.parcels import Parcels
from tasks.landuse import build as landuse
from tasks.landuse import burns
from tasks.omni.documents import Scenario
from tasks.run.atomic import replace_text
from tasks.soils import build as soils
from tasks.wepp.documents import Disturbed, Landuse, Soils

#: The folders that such a scenario has for itself.
FOLDERS = ("landuse", "soils", "disturbed")
_SEVERITY = {"uniform_low": 1, "uniform_moderate": 2, "uniform_high": 3}
_UNIFORM = "disturbed/uniform.tif"


def is_built(root: Path) -> bool:
    """Whether the landuse of the run in `root` was built of a map."""
    return (root / landuse.TABLE.file).is_file()


def is_one(root: Path, scenario: Scenario) -> bool:
    """Whether the scenario is another fire over a run that was built."""
    burns_so = scenario.type in (*_SEVERITY, "undisturbed") or scenario.sbs_file_path is not None
    return burns_so and not scenario.covers and is_built(root)


def build(root: Path, child: Path, scenario: Scenario) -> None:
    """Build landuse.nodb and soils.nodb of `child`, which has all else of the run in `root`.

    Errors as of the builders of landuse and soils, and of `burns.keep`.
    """
    for name in FOLDERS:
        _own(root / name, child / name)
    for document in (Landuse.load(root), Soils.load(root), Disturbed.or_new(root)):
        replace_text(document.path(child), document.dump())
    _burn(child, scenario)
    landuse.build(child)
    if (root / soils.TABLE.file).is_file():
        soils.build(child)


def _own(source: Path, folder: Path) -> None:
    """A folder with links to what is in `source`; what is written there takes their places."""
    folder.mkdir()
    for path in source.iterdir() if source.is_dir() else ():
        (folder / path.name).symlink_to(os.path.relpath(path, folder))


def _burn(child: Path, scenario: Scenario) -> None:
    if scenario.sbs_file_path is not None:
        burns.keep(child, scenario.sbs_file_path)
        return
    document, severity = Disturbed(), _SEVERITY.get(scenario.type)
    if severity is not None:
        place = Parcels(child).place
        everywhere = np.ones(place.shape, np.bool_)
        rasters.write(child / _UNIFORM, place, everywhere * severity, everywhere)
        document = Disturbed(sbs_map=_UNIFORM, severities={n: n for n in range(4)})
    replace_text(document.path(child), document.dump())
