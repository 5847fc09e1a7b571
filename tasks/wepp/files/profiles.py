"""Many slope profiles in one file, `fps_<topaz>.slps`.

::

    # fp_22_1.slp               the name of a profile
    # [5021, 5120, …]           its cells, and their distances; not needed
    # [0.0, 0.25, …]
    97.5                        a slope file
    1
    …
                                a blank line
"""

from __future__ import annotations

import re
from pathlib import Path

from tasks.wepp.files.records import read_text

SUFFIX = ".slps"
_HEADING = re.compile(r"^# *(\S+)\.slp *$", re.MULTILINE)


def names(path: Path) -> list[str]:
    """The names of the profiles in the collection at `path`, in its order; OSError."""
    return _HEADING.findall(read_text(path))


def read(path: Path) -> dict[str, str]:
    """The text of each slope file in the collection at `path`, by its name; OSError."""
    _, *parts = _HEADING.split(read_text(path))
    return {
        name: "\n".join(line for line in text.splitlines() if line and line[0] != "#") + "\n"
        for name, text in zip(parts[0::2], parts[1::2], strict=True)
    }
