"""Where the runs of a batch lie: `<batch root>/<batch>/runs/<leaf>`."""

from __future__ import annotations

from pathlib import Path

from tasks.run.directory import NotPrepared
from weppd.task import RunError, current


def runs(batch: str) -> Path:
    """The directory of a batch's runs, which may not be there; RunError for a bad name."""
    root = (current().settings.get("run") or {}).get("batch_root")
    if not root:
        raise RunError(f"batch {batch!r}: set [run] batch_root")
    if not batch or batch != Path(batch).name or ";;" in batch:
        raise RunError(f"batch {batch!r}: give the name of a batch")
    return Path(root) / batch / "runs"


def leaves(batch: str) -> list[str]:
    """The names of a batch's runs, ascending; NotPrepared where it has none."""
    place = runs(batch)
    found = sorted(path.name for path in place.iterdir() if path.is_dir()) if place.is_dir() else []
    if not found:
        raise NotPrepared(f"{place} holds no run: set up the batch's watersheds first")
    return found
