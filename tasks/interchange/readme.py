"""`README.md` beside the tables: what each of them holds, column by column, and its first rows.

All of it is taken from the tables themselves, so that it is true of what lies there; tables that
are missing are left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from tasks.interchange import catalog, pictures
from tasks.interchange.columns import Product
from tasks.interchange.version import FILE, VERSION
from tasks.run.atomic import replace_text

README = "README.md"
_PREVIEW = 3
_COMPANIONS = (
    (FILE, "the version of the tables' layout, for programs"),
    (pictures.HYDROGRAPH, "precipitation, runoff and streamflow of the watershed, day by day"),
    (pictures.SEDIMENT, "sediment of a mean year, hillslope by hillslope"),
)


def write(target: Path) -> Path:
    """Write the README of the tables in `target`; returns its path. OSError."""
    parts = [
        "# Interchange Documentation",
        f"_Interchange Version: {VERSION}_",
        _companions(target),
    ]
    for title, products in (
        ("## Hillslope Products", (*catalog.OTHERS, *catalog.HILLSLOPES)),
        ("## Watershed Products", catalog.WATERSHED),
    ):
        parts += [title, *_sections(target, products)]
    replace_text(target / README, "\n\n".join(parts) + "\n")
    return target / README


def _companions(target: Path) -> str:
    lines = [
        f"- [`{name}`]({name}): {what}" for name, what in _COMPANIONS if (target / name).exists()
    ]
    return "\n".join(("## Companion Documentation", "", *lines))


def _sections(target: Path, products: Sequence[Product]) -> Iterable[str]:
    for product in products:
        path = target / product.file
        if path.exists():
            with parquet.ParquetFile(path) as file:
                yield _section(product, file)


def _section(product: Product, file: parquet.ParquetFile) -> str:
    schema = file.schema_arrow
    rows = file.metadata.num_rows
    head = [
        f"### `{product.file}`",
        "",
        f"{product.about} {rows} {'row' if rows == 1 else 'rows'}.",
    ]
    preview = _preview(schema, file) if rows else ["_No rows_"]
    return "\n".join((*head, "", *_schema(schema), "", "Preview:", "", *preview))


def _schema(schema: pa.Schema) -> list[str]:
    rows = [
        (field.name, str(field.type), _about(field, "units"), _about(field, "description"))
        for field in schema
    ]
    return _table(("Column", "Type", "Units", "Description"), rows)


def _preview(schema: pa.Schema, file: parquet.ParquetFile) -> list[str]:
    batch = next(file.iter_batches(_PREVIEW))
    rows = [tuple(map(_shown, row.values())) for row in islice(batch.to_pylist(), _PREVIEW)]
    units = tuple(_about(field, "units") for field in schema)
    return _table(schema.names, [units, *rows])


def _table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [names, ["---"] * len(names), *rows]
    return [f"| {' | '.join(map(_cell, line))} |" for line in lines]


def _cell(text: str) -> str:
    """The text as Markdown shows it as it is: `p<id>.run` is no tag, a bar no column."""
    return text.replace("|", "\\|").replace("<", "&lt;")


def _about(field: pa.Field, what: str) -> str:
    about: bytes = (field.metadata or {}).get(what.encode(), b"")
    return about.decode()


def _shown(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)
