"""A run directory under another id.

The copy appears whole or not at all. Names that are hard links to one file are so in the copy.
Documents name the copy where they named the run and its directory. What belongs to the old run
alone stays behind: marks, archives, logs of its jobs, leftovers of NFS and of killed writers.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from tasks.run.prep import DUMP, read_dump
from weppd.task import current

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}\Z")
_LEFT_BEHIND = ("READONLY", "PUBLIC", "archives", "rq.log", "jobs.jsonl")
_LEFTOVERS = (".nfs*", "*.lock", ".*.tmp")
_OF_JOBS = ("rq:", "archive:")


class NotCopied(Exception):
    """The copy cannot be made; the message says what is in its way."""


def place(wd: Path, new_runid: str) -> Path:
    """Where the run in `wd` goes under its new id: as its own lies; NotCopied for a bad id."""
    if not _NAME.match(new_runid) or ".." in new_runid:
        raise NotCopied(f"run id {new_runid!r}: letters, digits and _.- name a copy")
    sharded = wd.parent.name == wd.name[:2]
    return (wd.parents[1] / new_runid[:2] if sharded else wd.parent) / new_runid


def files(wd: Path, but: Collection[str] = ()) -> list[Path]:
    """The files of the run in `wd` that a copy has, below it, in order; none of folders `but`."""
    found = (path.relative_to(wd) for path in _walk(wd))
    return sorted(path for path in found if not any(path.is_relative_to(folder) for folder in but))


def copy(
    wd: Path, target: Path, runid: str, new_runid: str, names: list[Path], step: Callable[[], None]
) -> None:
    """Copy `names` of the run in `wd` to `target`; `step` is called after each.

    NotCopied where there is something at `target`; OSError.
    """
    if target.is_dir() and any(target.iterdir()):
        raise NotCopied(f"{target} is there already: give another run id, or remove it")
    beside = target.with_name(f".{target.name}.{current().job_id or 'copy'}.tmp")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    try:
        made: dict[tuple[int, int], Path] = {}
        for name in names:
            _one(wd / name, beside / name, made)
            step()
        for path in beside.rglob("*.nodb"):
            _rename(path, wd, target, runid, new_runid)
        _forget_jobs(beside)
        if target.is_dir():
            target.rmdir()
        beside.rename(target)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _walk(wd: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(wd):
        here = Path(folder)
        if here == wd:
            folders[:] = [name for name in folders if name not in _LEFT_BEHIND]
            names = [name for name in names if name not in _LEFT_BEHIND]
        for name in names:
            path = here / name
            if not any(path.match(pattern) for pattern in _LEFTOVERS) and path.is_file():
                yield path


def _one(source: Path, target: Path, made: dict[tuple[int, int], Path]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    stat = source.stat()
    known = made.get((stat.st_dev, stat.st_ino))
    if known is not None:
        os.link(known, target)
        return
    shutil.copy2(source, target)
    if stat.st_nlink > 1:
        made[stat.st_dev, stat.st_ino] = target


def _rename(path: Path, wd: Path, target: Path, runid: str, new_runid: str) -> None:
    """Have a document of the copy name the copy: its own text, whoever wrote it."""
    old = path.read_text(encoding="utf-8")
    text = old.replace(str(wd), str(target)).replace(json.dumps(runid), json.dumps(new_runid))
    if text != old:
        # Not in place: other names of the copy may be links to the same file.
        path.unlink()
        path.write_text(text, encoding="utf-8")


def _forget_jobs(wd: Path) -> None:
    """The steps that are done stay done; the jobs that did them are another run's."""
    kept = {k: v for k, v in read_dump(wd).items() if not k.startswith(_OF_JOBS)}
    path = wd / DUMP
    if path.exists():
        path.unlink()
        path.write_text(json.dumps(kept, indent=1), encoding="utf-8")
