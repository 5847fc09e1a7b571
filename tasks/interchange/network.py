"""The tables of a run's channel network, made of what the engine wrote about it."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa

from tasks.interchange import passing, sheet, text
from tasks.interchange.calendar import Calendar
from tasks.interchange.net import concentration as net_tc
from tasks.interchange.net import daily as net_daily
from tasks.interchange.net import loss as net_loss
from tasks.interchange.net import passes as net_pass
from tasks.interchange.net.daily import Daily, Network
from tasks.run.directory import NotPrepared
from tasks.wepp.files.errors import CutShort

SOURCES = (
    net_pass.SOURCE,
    *(daily.source for daily in net_daily.DAILY),
    net_loss.SOURCE,
)
_BLOCK = 1 << 20


def reports(output: Path, runs: Path) -> tuple[list[Path], list[str]]:
    """The reports in `output`, or in `runs`, compressed or not; and the names of missing ones."""
    found = {name: _find(name, output, runs) for name in SOURCES}
    return [path for path in found.values() if path], [name for name in found if not found[name]]


def convert(
    output: Path, runs: Path, target: Path, calendar: Calendar, step: Callable[[int], None]
) -> None:
    """Write the tables of the network into `target`. NotPrepared, FormatError, OSError.

    The reports are in `output`; those that the engine leaves where it ran are looked for in `runs`
    besides. `step` is called with 1 for each report.
    """
    events(_at(net_pass.SOURCE, output, runs), target, calendar)
    step(1)
    network = Network(calendar, outlet(runs / "pw0.str"))
    for daily in net_daily.DAILY:
        rows = _rows(daily, _at(daily.source, output, runs), network)
        sheet.write(target / daily.product.file, daily.product.schema(), rows)
        step(1)
    path = _at(net_loss.SOURCE, output, runs)
    for product, table in net_loss.tables(path, _text(path), calendar):
        sheet.write(target / product.file, product.schema(), [table])
    step(1)
    _times(output, runs, calendar)


def outlet(structure: Path) -> int | None:
    """The element of the outlet: the last of the network's structure file; None without it."""
    try:
        lines = structure.read_text(encoding="latin-1").splitlines()
    except FileNotFoundError:
        return None
    rows = [line.split("#")[0].split() for line in lines]
    elements = [[int(word) for word in row] for row in rows[1:] if row]
    if not elements:
        return None
    hillslopes = max(number for row in elements for number in row[1:4])
    return hillslopes + len(elements)


def _times(output: Path, runs: Path, calendar: Calendar) -> None:
    """The table of `tc_out.txt`, where there is one; it lies beside the report, as readers know."""
    path = _find(net_tc.SOURCE, output, runs)
    table = net_tc.table(path, calendar) if path else None
    if table is not None:
        sheet.write(output / net_tc.PRODUCT.file, net_tc.PRODUCT.schema(), [table])


def events(path: Path, target: Path, calendar: Calendar) -> None:
    """Write the tables of the master pass file at `path` into `target`. FormatError, OSError."""
    with text.Report(path, net_pass.BEGINS) as report:
        head = net_pass.head(report.head, path)
        schema = net_pass.PRODUCT.schema(head.facts)
        blocks = report.blocks(_BLOCK, passing.last_record)
        tables = (
            table for block in blocks for table in net_pass.tables(block, head.wepp_ids, calendar)
        )
        rows = sheet.write(target / net_pass.PRODUCT.file, schema, tables)
    if not rows:
        raise CutShort(path, len(report.head), "the file ends with its head")
    metadata = net_pass.METADATA
    sheet.write(target / metadata.file, metadata.schema(head.facts), [head.table()])


def _rows(daily: Daily, path: Path, network: Network) -> Iterator[pa.Table]:
    with text.Report(path) as report:
        if not report.head:
            raise CutShort(path, 0, "the report is empty")
        for block in report.blocks(_BLOCK):
            yield daily.rows(block, report.head, network)


def _text(path: Path) -> str:
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).decode("latin-1")


def _find(name: str, output: Path, runs: Path) -> Path | None:
    return text.find(output, name) or text.find(runs, name)


def _at(name: str, output: Path, runs: Path) -> Path:
    found = _find(name, output, runs)
    if found is None:  # it went since it was looked for
        raise NotPrepared(f"{output} lacks {name}: run the channel network first")
    return found
