"""The hillslopes and channels of a run on the ground: which class of a map each of them mostly is.

The grid of TOPAZ ids is the one that watershed.nodb names, or `SUBCATCHMENTS`. What a map does not
tell of a hillslope is an error that names map and hillslopes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from tasks.data import rasters, zones
from tasks.data.places import NoData
from tasks.data.zones import Bools, Ints, Shares
from tasks.interchange import sheet
from tasks.interchange.columns import Column, Product
from tasks.run.directory import RunDirectory
from tasks.wepp.documents import OUTLET
from tasks.wepp.prep.given import Given

#: The grid of TOPAZ ids where a run's watershed names none.
SUBCATCHMENTS = "dem/wbt/subwta.tif"
_NAMED = 10


class Parcels:
    """The hillslopes and channels of the run in `root`; NotPrepared, NoData, BrokenDocument."""

    def __init__(self, root: Path) -> None:
        given = Given(RunDirectory(root))
        self.ids = given.ids
        self.path = root / (given.watershed.subcatchments or SUBCATCHMENTS)
        self.zones, self.place = rasters.zones(self.path)

    def shares(self, classes: Ints, told: Bools) -> dict[int, Shares]:
        """The cells of each hillslope and channel by class; NoData for hillslopes without cells."""
        found = zones.count(self.zones, classes, told)
        if lacking := [top for top in self.ids.hillslopes if top not in found]:
            raise NoData(f"{self.path}: no cell of it is {named(lacking)}")
        wanted = (*self.ids.hillslopes, *self.ids.channels)
        return {top: found[top] for top in sorted(wanted) if top in found}

    def dominant(self, shares: Mapping[int, Shares], source: Path) -> dict[int, int]:
        """The class of most cells of each hillslope, of equal ones the lowest.

        NoData names the map `source` and the hillslopes of which it tells none.
        """
        found = {top: shares[top].dominant for top in self.ids.hillslopes}
        if lacking := [top for top, code in found.items() if code is None]:
            raise NoData(f"{source}: it tells nothing of {named(lacking)}")
        return {top: code for top, code in found.items() if code is not None}

    def centres(self, of_hillslopes: bool) -> dict[int, tuple[float, float]]:
        """Longitude and latitude of the watershed's centre, as `OUTLET`, and of hillslopes'.

        NoData for a grid without the watershed, or without one of its hillslopes.
        """
        found = zones.centres(self.zones)
        wanted = (OUTLET, *(self.ids.hillslopes if of_hillslopes else ()))
        if not found:
            raise NoData(f"{self.path}: no cell of it is in the watershed")
        if lacking := [top for top in wanted if top not in found]:
            raise NoData(f"{self.path}: no cell of it is {named(lacking)}")
        east, north = rasters.geographic(self.place, [found[top] for top in wanted])
        return {top: (x, y) for top, x, y in zip(wanted, east, north, strict=True)}

    def tabulate(
        self, shares: Mapping[int, Shares], about: Callable[[int, int | None], dict[str, Any]]
    ) -> Iterable[dict[str, Any]]:
        """A row for each class of each hillslope and channel; `about` has what else it says."""
        for top, of in shares.items():
            cells: list[tuple[int | None, int]] = list(of.cells.items())
            for code, n in cells + [(None, of.untold)] * (of.untold > 0):
                yield {
                    "topaz_id": top, "wepp_id": self.ids.wepp(top), "cells": n,
                    "fraction": n / of.total, **about(top, code),
                }  # fmt: skip


def table(file: str, what: str, *more: Column) -> Product:
    """The table of a map's classes by hillslope and channel, with columns of its own behind."""
    return Product(
        file,
        f"How much of each hillslope and channel is which {what}, by cells of the map.",
        (
            Column("topaz_id", "int32", "", "TOPAZ id of the hillslope or channel"),
            Column("wepp_id", "int32", "", "WEPP id of it"),
            Column("cells", "int32", "", "Cells of the grid of subcatchments"),
            Column("fraction", "float64", "", "Share of its cells"),
            *more,
        ),
    )


def write(root: Path, product: Product, rows: Iterable[Mapping[str, Any]]) -> Path:
    """Write the rows as the table below `root`; returns its path. OSError."""
    found, path = list(rows), root / product.file
    columns = {c.name: [row.get(c.name) for row in found] for c in product.columns}
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.write(path, product.schema(), [product.batch(len(found), columns)])
    return path


def named(tops: Iterable[int]) -> str:
    """`hillslope 22`, or `hillslopes 22, 23, …`: the first ten, and how many more.

    >>> named([22]), named([23, 22])
    ('hillslope 22', 'hillslopes 22, 23')
    """
    found = sorted(tops)
    words = ", ".join(map(str, found[:_NAMED]))
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return f"hillslope{'s' * (len(found) > 1)} {words}{more}"
