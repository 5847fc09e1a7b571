"""A Parquet file that grows by tables and appears whole, the same bytes for the same rows.

Row groups are cut by count, whatever tables the rows come in. Nothing in the file tells a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from tasks.run.atomic import replacing

GROUP_ROWS = 100_000
_BATCH_ROWS = 50_000
_BUFFER = 1 << 20


def batches(path: Path, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The columns `names` of the file at `path`, some rows at a time, in order. OSError."""
    # Without buffering ahead, which would hold all row groups at once.
    with parquet.ParquetFile(path, pre_buffer=False, buffer_size=_BUFFER) as file:
        yield from file.iter_batches(_BATCH_ROWS, columns=list(names), use_threads=False)


def rows(path: Path) -> int:
    """How many rows the file at `path` has. OSError."""
    return int(parquet.read_metadata(path).num_rows)


def write(path: Path, schema: pa.Schema, tables: Iterable[pa.Table]) -> int:
    """Write the rows of `tables`, in order, as the file at `path`; returns how many.

    What `tables` raises leaves the former file as it was. Without rows the file has its schema.
    """
    waiting: list[pa.Table] = []
    held = written = 0
    with (
        replacing(path) as file,
        parquet.ParquetWriter(
            file, schema, compression="snappy", use_dictionary=True, version="2.6"
        ) as sheet,
    ):
        for table in tables:
            # The tables' metadata is of their columns; the file's may have more.
            same = table.schema.equals(schema, check_metadata=True)
            waiting.append(table if same else table.cast(schema))
            held, written = held + table.num_rows, written + table.num_rows
            while held >= GROUP_ROWS:
                together = pa.concat_tables(waiting)
                sheet.write_table(together.slice(0, GROUP_ROWS), row_group_size=GROUP_ROWS)
                waiting, held = [together.slice(GROUP_ROWS)], held - GROUP_ROWS
        if held:
            sheet.write_table(pa.concat_tables(waiting), row_group_size=GROUP_ROWS)
    return written
