"""Where the site's maps and files lie: what `[data]` of weppd.toml says.

::

    <[data] landuse>/nlcd/2019.vrt       the map `nlcd/2019`; .tif, or nlcd/2019/.vrt, as well

A run names a map; where it lies, and on which host's disks, is the site's to say.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from weppd.task import current

#: How long a document may be held by a page before who has built it gives up, s.
PATIENCE_S = 30.0
_FORMS = (".vrt", ".tif", "/.vrt")


class NoData(Exception):
    """The site's data lack what a run asks of them; the message names what, and where."""


def directory(key: str, what: str) -> Path:
    """The directory that `[data] <key>` names; `what` is in it, for people.

    NoData where it is not set, or not there.
    """
    found = _told(key)
    if not found:
        raise NoData(f"[data] {key} is not set in weppd.toml: this site has no {what}")
    path = Path(found)
    if not path.is_dir():
        raise NoData(f"[data] {key}: {path} is no directory: it should hold the {what}")
    return path


def file(key: str) -> Path | None:
    """The file that `[data] <key>` names; None where it is not set, NoData where it is missing."""
    found = _told(key)
    if found and not Path(found).is_file():
        raise NoData(f"[data] {key}: {found} is no file")
    return Path(found) if found else None


def raster(key: str, name: str, what: str) -> Path:
    """The map called `name` below the directory of `[data] <key>`; NoData names where it is not."""
    home, pure = directory(key, what), PurePosixPath(name)
    if not name or pure.is_absolute() or ".." in pure.parts:
        raise NoData(f"{name!r} is no name of a map: it is a path below [data] {key}")
    tried = [Path(f"{home / name}{form}") for form in _FORMS]
    for path in tried:
        if path.is_file():
            return path
    raise NoData(f"the map {name!r} is not there: none of {', '.join(map(str, tried))}")


def _told(key: str) -> str:
    return str((current().settings.get("data") or {}).get(key) or "")
