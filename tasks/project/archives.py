"""A run in one file: `archives/<runid>.<YYYYMMDDTHHMMSSZ>.zip`, and back.

All of the run is in it but `archives/` itself, deflated, with the user's comment as the zip's. A
restored run is what the archive holds and nothing else; what is taken out is whole before the first
file of the run is removed.
"""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath

from weppd.task import current

FOLDER = "archives"
COMMENT_CHARS = 40
_LEVEL, _WORK = 6, ".restoring"


class BrokenArchive(Exception):
    """An archive that is not there, is none, or would write outside of the run."""


def files(wd: Path) -> list[Path]:
    """What of the run in `wd` an archive has, below it, in order."""
    return sorted(path.relative_to(wd) for path in _walk(wd))


def write(
    wd: Path, runid: str, at: datetime, comment: str, names: list[Path], step: Callable[[], None]
) -> Path:
    """Put `names` of the run in `wd` into an archive; returns its path. OSError.

    ValueError for a comment that is too long. `step` is called after each file.
    """
    if len(comment) > COMMENT_CHARS:
        raise ValueError(f"the comment has {len(comment)} characters, {COMMENT_CHARS} may be")
    folder = wd / FOLDER
    folder.mkdir(exist_ok=True)
    path = folder / f"{runid}.{at:%Y%m%dT%H%M%SZ}.zip"
    beside = path.with_name(path.name + ".tmp")
    try:
        with zipfile.ZipFile(
            beside, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL, strict_timestamps=False
        ) as made:
            made.comment = comment.encode("utf-8")
            for name in names:
                made.write(wd / name, name.as_posix())
                step()
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return path


def named(wd: Path, archive_name: str) -> Path:
    """The archive of this name; BrokenArchive where there is none, or for a name with a path."""
    path = wd / FOLDER / archive_name
    if path.name != archive_name or path.suffix != ".zip" or not path.is_file():
        there = ", ".join(sorted(p.name for p in (wd / FOLDER).glob("*.zip"))) or "none"
        raise BrokenArchive(f"{archive_name!r} is no archive of this run: there is {there}")
    return path


def entries(path: Path) -> list[str]:
    """The files in the archive at `path`; BrokenArchive where one would leave the run."""
    try:
        with zipfile.ZipFile(path) as held:
            found = [info for info in held.infolist() if not info.is_dir()]
    except (zipfile.BadZipFile, OSError) as error:
        raise BrokenArchive(f"{path} cannot be read: {error}") from error
    for info in found:
        name = PurePosixPath(info.filename)
        if name.is_absolute() or ".." in name.parts or "\\" in info.filename:
            raise BrokenArchive(f"{path} holds {info.filename!r}, which leads out of the run")
        if name.parts[:1] == (FOLDER,):
            raise BrokenArchive(f"{path} holds {info.filename!r}: archives hold no archives")
    return [info.filename for info in found]


def restore(wd: Path, path: Path, names: list[str], step: Callable[[], None]) -> None:
    """Make the run in `wd` what the archive at `path` holds; BrokenArchive, OSError.

    `step` is called for each file. Until all are out, the run is as it was.
    """
    work = wd / FOLDER / _WORK
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        with zipfile.ZipFile(path) as held:
            for name in names:
                try:
                    held.extract(name, work)
                except (zipfile.BadZipFile, EOFError) as error:
                    raise BrokenArchive(f"{path}: {name} is broken: {error}") from error
                step()
        # A cancel in between would leave half a run; a kill is mended by restoring again.
        with current().shield():
            _swap(wd, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _walk(wd: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(wd):
        here = Path(folder)
        if here == wd and FOLDER in folders:
            folders.remove(FOLDER)
        yield from (here / n for n in names if not n.startswith(".nfs") and (here / n).is_file())


def _swap(wd: Path, work: Path) -> None:
    for old in wd.iterdir():
        if old.name != FOLDER:
            _remove(old)
    for new in work.iterdir():
        new.rename(wd / new.name)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
