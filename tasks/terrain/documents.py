"""What is wanted of a run's terrain: `terrain.nodb`. What it became is in `watershed.nodb`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from tasks.run.nodb import Document
from tasks.terrain import BadTerrain
from tasks.wepp.documents import NotNegative, Part, Positive


class MapPart(Part):
    """The part of the world that the elevation model covers: degrees, WGS84; the cells in m."""

    extent: tuple[float, float, float, float]  # west, south, east, north
    center: tuple[float, float] | None = None
    zoom: float
    cell_m: Positive
    source: str


class OutletPart(Part):
    """Where the watershed ends: what was asked for, and the channel cell that it became."""

    asked: tuple[float, float] | None = None  # longitude, latitude
    lnglat: tuple[float, float]
    row: int
    column: int


class Terrain(Document, name="terrain", version=1):
    """The map, how channels are made, the outlet, and what is wanted of hillslopes."""

    map: MapPart | None = None
    csa_ha: Positive = 5.0
    mcl_m: NotNegative = 60.0
    fill_or_breach: Literal["fill", "breach", "breach_least_cost"] = "breach_least_cost"
    blc_dist_m: Positive = 400.0
    outlet: OutletPart | None = None
    clip_hillslopes: bool = False
    clip_hillslope_length: Positive = 300.0
    walk_flowpaths: bool = False
    bieger2015_widths: bool = False

    @property
    def longest_m(self) -> float | None:
        """How long hillslopes may be."""
        return self.clip_hillslope_length if self.clip_hillslopes else None


#: What a page may send with the subcatchments; other options are of models that are not here.
OPTIONS = ("clip_hillslopes", "clip_hillslope_length", "walk_flowpaths", "bieger2015_widths")
_NOTHING = (None, "", False)


def update(document: Terrain, given: Mapping[str, Any]) -> None:
    """Give the document the fields of `given` that are not None.

    BadTerrain names one that it does not know, and a value that cannot be.
    """
    for name, value in given.items():
        if value is None:
            continue
        try:
            setattr(document, name, value)
        except ValueError as error:
            raise BadTerrain(f"{name}: {_reason(error)}") from None


def options(updates: Mapping[str, Any] | None) -> dict[str, Any]:
    """What of `updates` is for the document; BadTerrain for an option that is wanted and not here.

    >>> options({"clip_hillslopes": True, "mofe_buffer": False})
    {'clip_hillslopes': True}
    """
    found = dict(updates or {})
    if unknown := [name for name in found if name not in OPTIONS and found[name] not in _NOTHING]:
        raise BadTerrain(f"{unknown[0]}: no such option here, there are {', '.join(OPTIONS)}")
    return {name: found[name] for name in OPTIONS if name in found}


def _reason(error: ValueError) -> str:
    from pydantic import ValidationError

    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors()[0]
    return f"{first['input']!r}: {first['msg']}"
