"""The version of the tables' layout: in every table, and beside them in a file of its own.

`interchange_version.json` is `{"major", "minor", "patch", "timestamp", "version"}`. The timestamp
is null: the same run gives the same bytes. Tables of another major version are taken away before
new ones are written; readers tell by it what they read.
"""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tasks.run.atomic import replace_text

FILE = "interchange_version.json"
_DEAD_S = 3600.0


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the layout."""

    major: int
    minor: int
    patch: int = 0

    def __str__(self) -> str:
        """`1.0`, as tables and readers call it."""
        return f"{self.major}.{self.minor}"

    def metadata(self) -> dict[str, str]:
        """What every table's schema says."""
        return {
            "dataset_version": str(self),
            "dataset_version_major": str(self.major),
            "dataset_version_minor": str(self.minor),
        }


VERSION = Version(1, 0)


def prepare(directory: Path, keep: Path) -> None:
    """Make `directory` ready for tables of this version; those of another major one go, not `keep`.

    So does what killed writers left. OSError.
    """
    directory.mkdir(parents=True, exist_ok=True)
    if _major(directory / FILE) not in (None, VERSION.major):
        for path in directory.iterdir():
            if path.suffix in (".parquet", ".md", ".png") and path != keep:
                path.unlink(missing_ok=True)
    _sweep(directory)
    document = {
        "major": VERSION.major,
        "minor": VERSION.minor,
        "patch": VERSION.patch,
        "timestamp": None,
        "version": str(VERSION),
    }
    replace_text(directory / FILE, json.dumps(document, indent=2, sort_keys=True) + "\n")


def _sweep(directory: Path) -> None:
    """Remove what killed writers left; a file that grew within the hour may be somebody's."""
    for path in directory.glob(".*.tmp"):
        with suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > _DEAD_S:
                path.unlink()


def _major(path: Path) -> int | None:
    """The major version that `path` tells; None where there is none, 0 where it is no version."""
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:
        return 0
    major = found.get("major") if isinstance(found, dict) else None
    return major if isinstance(major, int) else 0
