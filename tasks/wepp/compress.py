"""Large reports, compressed in place: the same text gives the same bytes."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Sequence
from pathlib import Path

from tasks.run.atomic import replacing
from tasks.run.directory import RunDirectory

_LEVEL = 6


def compress(path: Path) -> Path:
    """Replace a file by `<file>.gz`, whole or not at all; returns its path.

    No name and no time go into it. A former `<file>.gz` is replaced. FileNotFoundError, OSError.
    """
    target = path.with_name(f"{path.name}.gz")
    with (
        path.open("rb") as text,
        replacing(target) as file,
        gzip.GzipFile("", "wb", _LEVEL, file, mtime=0) as packed,
    ):
        shutil.copyfileobj(text, packed, 1 << 20)
    path.unlink()
    return target


def below(roots: Sequence[str], name: str) -> Path:
    """The file `name`, which must lie below one of `roots`; ValueError where it does not.

    ReadOnlyRun for a file of a run that is marked.
    """
    path = Path(name).resolve()
    above = (Path(root).resolve() for root in roots if root)
    within = next((root for root in above if root in path.parents), None)
    if within is None:
        raise ValueError(f"{name!r} lies in no run: only files of runs are compressed")
    for parent in path.relative_to(within).parents:
        RunDirectory(within / parent).refuse_readonly()
    return path
