"""climate.nodb of a run, from the site's stations.

::

    <run>/climate/*.cli               the climate files that are used
    <run>/climate/cligen.log          which station was taken for what, and how far it is
    <run>/climate/wepp_cli.parquet    the weather of the watershed as a table

The station nearest to the centre of the watershed is that of its channels, and of its hillslopes;
in mode `hillslopes` each of these has the one nearest to its own centre. The same data give the
same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tasks.climate import stations
from tasks.climate.stations import Station
from tasks.data import places
from tasks.data.parcels import Parcels
from tasks.data.places import NoData
from tasks.interchange import calendar, weather
from tasks.run.atomic import replace_bytes, replace_text
from tasks.run.directory import RunDirectory
from tasks.wepp.documents import OUTLET, Climate
from tasks.wepp.files import climate
from tasks.wepp.prep.given import Given
from weppd.task import current

LOG = "climate/cligen.log"
Chosen = dict[int, tuple[Station, float]]


def build(root: Path) -> Climate:
    """Build the weather of the run in `root`; its document.

    NoData names a place without a station near enough or with years enough, NotPrepared what the
    run lacks; FormatError for a climate file; ForeignDocument, ReadOnlyRun, NoDbAlreadyLockedError,
    OSError.
    """
    document, land = Climate.or_new(root), Parcels(root)
    known = stations.stations(places.directory("climate", "climate files"))
    centres = land.centres(document.spatial == "hillslopes")
    chosen = _chosen(root, document, known, centres)
    files = {name: _copied(root, name, path) for name, path in _sources(chosen).items()}
    replace_text(root / LOG, _log(centres, chosen))
    first, hills = chosen[OUTLET][0], {top: files[of.name] for top, (of, _) in chosen.items()}
    with Climate.locked(root, wait=places.PATIENCE_S) as document:
        document.file, document.storms = hills.pop(OUTLET), {}
        document.hillslopes = hills
        year = first.first_year
        document.observed_start_year = year if year >= calendar.SIMULATED_BELOW else None
        weather.write(root / document.file, root / "climate" / calendar.TABLE)
    return document


def _chosen(
    root: Path,
    document: Climate,
    known: list[Station],
    centres: Mapping[int, tuple[float, float]],
) -> Chosen:
    """The station of the watershed and of hillslopes, and how far each is; NoData."""
    if document.station is not None:
        known = [each for each in known if each.name == document.station]
        if not known:
            raise NoData(f"the station {document.station!r} is not below [data] climate")
    found = {top: stations.nearest(known, *place) for top, place in centres.items()}
    most = float((current().settings.get("data") or {}).get("station_km", 100.0))
    wanted = Given(RunDirectory(root)).wepp.years or 1
    for top, (station, km) in found.items():
        what = f"hillslope {top}" if top else "the watershed"
        if document.station is None and km > most:
            raise NoData(
                f"no station is within {most:g} km of {what} ([data] station_km): the nearest,"
                f" {station.path}, is {km:.0f} km away"
            )
        if station.years < wanted:
            raise NoData(f"{station.path}, for {what}: {station.years} years, not {wanted}")
    return found


def _sources(chosen: Chosen) -> dict[str, Path]:
    return {station.name: station.path for station, _ in chosen.values()}


def _copied(root: Path, name: str, path: Path) -> str:
    """Copy a station's file into the run; where it lies there. FormatError, OSError."""
    climate.read(path)
    below = f"climate/{name.replace('/', '_')}"
    (root / "climate").mkdir(exist_ok=True)
    replace_bytes(root / below, path.read_bytes())
    return below


def _log(centres: Mapping[int, tuple[float, float]], chosen: Chosen) -> str:
    rows = ["place        longitude  latitude  station at      km  years  file"]
    for top, (station, km) in chosen.items():
        what = f"hillslope {top}" if top else "watershed"
        (east, north), years = centres[top], station.years
        at = f"{station.longitude:.2f} {station.latitude:.2f}"
        rows.append(
            f"{what:<14}{east:>9.4f} {north:>9.4f}  {at:<14}{km:>5.1f} {years:>6}  {station.name}"
        )
    return "\n".join(rows) + "\n"
