"""The flowpaths of a watershed of WEPPcloud's, from the files beside its document.

::

    watershed/slope_files/flowpaths/fps_22.slps     the profiles of a hillslope, one after another
    watershed/slope_files/flowpaths/22/fp_22_1.slp  of older runs, a file for each
"""

from __future__ import annotations

import re
from pathlib import Path

from tasks.wepp.documents import FlowpathPart
from tasks.wepp.files import profiles

_FOLDER = "watershed/slope_files/flowpaths"
_NAME = re.compile(r"fp_([0-9]+)_[0-9]+\Z")


def flowpaths(root: Path) -> list[FlowpathPart]:
    """The flowpaths of the run in `root`, none where it has no profiles; OSError."""
    folder = root / _FOLDER
    of_one = ((path.stem, path) for path in sorted(folder.rglob("fp_*.slp")))
    of_many = ((n, path) for path in sorted(folder.rglob("*.slps")) for n in profiles.names(path))
    found = ((_NAME.match(name), path) for name, path in (*of_one, *of_many))
    return [
        FlowpathPart(name=match[0], topaz_id=int(match[1]), slope_file=str(path.relative_to(root)))
        for match, path in found
        if match
    ]
