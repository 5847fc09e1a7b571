"""The particle classes that leave each hillslope, from the end of `H<i>.loss.dat`.

The table stands below `Sediment particle information leaving profile`, in reports of years and of
single storms alike. The whole report is `tasks.wepp.files.loss`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path

import pyarrow as pa

from tasks.interchange.columns import WEPP_ID, Column, Product, floats
from tasks.wepp.files.edits import Edit
from tasks.wepp.files.errors import CutShort
from tasks.wepp.files.loss import ParticleClass
from tasks.wepp.files.loss_layout import CLASS
from tasks.wepp.files.records import read_text

KIND = "loss"
PRODUCT = Product(
    "H.loss.parquet",
    "Particle classes of the sediment that leaves each hillslope, in a mean year or a storm.",
    (
        WEPP_ID,
        Column("class_id", "int8", "", "Particle class, from 1"),
        Column("Class", "int8", "", "Particle class, as the report numbers it"),
        *floats(
            ("Diameter", "mm", "Diameter of the particles"),
            ("Specific Gravity", "", "Density over that of water"),
            ("% Sand", "%", "Sand in the particles, by mass"),
            ("% Silt", "%", "Silt in the particles, by mass"),
            ("% Clay", "%", "Clay in the particles, by mass"),
            ("% O.M.", "%", "Organic matter in the particles, by mass"),
            ("Sediment Fraction", "", "Share of the class in the detached sediment"),
            ("In Flow Exiting", "", "Share of the class in the sediment that leaves"),
        ),
    ),
)
_TITLE = "Sediment particle information leaving profile"
_ROW = Edit(CLASS)


def classes(path: Path) -> list[ParticleClass]:
    """The particle classes in the report at `path`; CutShort where it ends before, OSError."""
    text = read_text(path)
    at = text.rfind(_TITLE)
    lines = text[at:].splitlines() if at >= 0 else []
    found = [_ROW.read(line) for line in lines]
    parts = [ParticleClass(**values) for values in found if values is not None]
    if not parts:
        raise CutShort(path, text.count("\n"), "the report ends without its particle classes")
    return parts


def table(wepp_ids: Sequence[int], paths: Sequence[Path]) -> pa.Table:
    """The rows of the reports at `paths`, which are of `wepp_ids`."""
    rows = [
        (wepp_id, part.number, *astuple(part))
        for wepp_id, path in zip(wepp_ids, paths, strict=True)
        for part in classes(path)
    ]
    columns = [list(column) for column in zip(*rows, strict=True)]
    names = [column.name for column in PRODUCT.columns]
    return PRODUCT.batch(len(rows), dict(zip(names, columns, strict=False)))
