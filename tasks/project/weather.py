"""A climate file that somebody brought along as the weather of a run."""

from __future__ import annotations

from pathlib import Path

from tasks.interchange import calendar, weather
from tasks.run.directory import NotPrepared, RunDirectory
from tasks.wepp.documents import Climate
from tasks.wepp.files import climate

#: Years below this one are counted from the first simulated one, and are no calendar's.
_CALENDAR = calendar.SIMULATED_BELOW
_PATIENCE_S = 30.0


def take(run: RunDirectory, name: str) -> climate.Climate:
    """Have `climate/<name>` fall on all hillslopes of the run, one storm or years of days.

    The weather's table is made anew. NotPrepared where there is no such file, FormatError for one
    that is no climate or lacks days; ReadOnlyRun, ForeignDocument, NoDbAlreadyLockedError, OSError.
    """
    if not name or name != Path(name).name:
        raise ValueError(f"climate file {name!r}: give the name of a file in climate/")
    path = run.root / "climate" / name
    if not path.is_file():
        raise NotPrepared(f"{path} does not exist: upload it first")
    found = climate.read(path)
    with Climate.locked(run.root, wait=_PATIENCE_S) as document:
        below = path.relative_to(run.root).as_posix()
        continuous = found.mode == climate.CONTINUOUS
        document.file, document.storms = (below, {}) if continuous else (None, {1: below})
        document.hillslopes = {}
        first = int(found.days.year[0])
        document.observed_start_year = first if continuous and first >= _CALENDAR else None
        weather.write(path, path.parent / calendar.TABLE)
        # Which station's weather it was before is nobody's question now.
        (path.parent / "cligen.log").unlink(missing_ok=True)
    return found
