"""The tables of a run's hillslopes: six reports of each, a table for all of one kind.

Reports are read in blocks, in the order of the hillslopes' ids; several blocks are decoded at a
time, and their rows written in order. So memory grows neither with the hillslopes nor with the
years, and the tables are the same bytes whatever the number of threads.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa

from tasks.interchange import (
    hill_ebe,
    hill_element,
    hill_loss,
    hill_pass,
    hill_soil,
    hill_wat,
    passing,
    sheet,
    text,
)
from tasks.interchange.calendar import Calendar
from tasks.interchange.hillslope import Hillslope, element_areas
from tasks.run.directory import NotPrepared
from tasks.wepp.errors import CutShort

REPORTS: tuple[ModuleType, ...] = (hill_pass, hill_ebe, hill_element, hill_soil, hill_wat)
KINDS = (*(report.KIND for report in REPORTS), hill_loss.KIND)
_DAILY = (hill_pass, hill_soil, hill_wat)  # a report without a row is of an engine that failed
_LOSS_BATCH = 200


def find(output: Path, kind: str) -> dict[int, Path]:
    """The reports of one kind in `output`, compressed ones too, by hillslope, ascending."""
    pattern = re.compile(rf"H([1-9][0-9]*)\.{kind}\.dat(\.gz)?\Z")
    found = ((pattern.match(path.name), path) for path in output.iterdir())
    return dict(sorted((int(match[1]), path) for match, path in found if match))


def reports(output: Path, expected: tuple[int, ...] | None) -> tuple[list[Path], list[str]]:
    """The reports in `output`; and the names of missing ones, of kinds that a hillslope has."""
    found = {kind: find(output, kind) for kind in KINDS}
    return [path for paths in found.values() for path in paths.values()], _missing(found, expected)


def _missing(
    found: Mapping[str, Mapping[int, Path]], expected: tuple[int, ...] | None
) -> list[str]:
    return [
        f"H{number}.{kind}.dat"
        for kind, paths in found.items()
        for number in expected or ()
        if paths and number not in paths
    ]


def convert(
    output: Path,
    runs: Path,
    target: Path,
    calendar: Calendar,
    expected: tuple[int, ...] | None,
    threads: int,
    step: Callable[[int], None],
) -> None:
    """Write the six tables of the hillslopes whose reports are in `output` into `target`.

    Of a kind there must be a report for each of the `expected` hillslopes, or none at all: then its
    table is left as it is, or is empty. `step` is called with the number of reports, as they are
    read. NotPrepared, FormatError, OSError.
    """
    found = {kind: find(output, kind) for kind in KINDS}
    if missing := _missing(found, expected):
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise NotPrepared(f"{output} lacks {missing[0]}{more}: run the hillslopes first")
    with ThreadPoolExecutor(max(1, threads), thread_name_prefix="interchange") as pool:
        for report in REPORTS:
            paths = found[report.KIND]
            if not paths and (target / report.PRODUCT.file).exists():
                continue  # made of reports that were removed since
            blocks = _blocks(report, paths, runs, calendar, step)
            tables = _in_order(pool, blocks, max(1, threads))
            sheet.write(target / report.PRODUCT.file, report.PRODUCT.schema(), tables)
    losses = found[hill_loss.KIND]
    if losses or not (target / hill_loss.PRODUCT.file).exists():
        product = hill_loss.PRODUCT
        sheet.write(target / product.file, product.schema(), _losses(losses, step))


Work = tuple[Callable[..., pa.Table], tuple[Any, ...]]


def _blocks(
    report: ModuleType,
    paths: dict[int, Path],
    runs: Path,
    calendar: Calendar,
    step: Callable[[int], None],
) -> Iterator[Work]:
    """What is to be decoded: a report's function and its block, for each block."""
    whole_records = passing.last_record if report is hill_pass else None
    for wepp_id, path in paths.items():
        with text.Report(path, getattr(report, "BEGINS", text.ROW)) as read:
            if not read.head:
                raise CutShort(path, 0, f"the {report.KIND} report is empty")
            hillslope = _hillslope(wepp_id, path, runs, calendar)
            empty = True
            for block in read.blocks(cut=whole_records):
                empty = False
                yield report.rows, (block, read.head, hillslope)
            if empty and report in _DAILY:
                raise CutShort(path, len(read.head), f"the {report.KIND} report ends with its head")
        step(1)


def _hillslope(wepp_id: int, path: Path, runs: Path, calendar: Calendar) -> Hillslope:
    if f".{hill_wat.KIND}." not in path.name:
        return Hillslope(wepp_id, calendar)
    areas = element_areas(runs / f"p{wepp_id}.slp", path.with_name(f"H{wepp_id}.pass.dat"))
    return Hillslope(wepp_id, calendar, areas)


def _in_order(pool: ThreadPoolExecutor, work: Iterator[Work], ahead: int) -> Iterator[pa.Table]:
    """The tables of the blocks, in their order, a few being decoded ahead."""
    waiting: deque[Future[pa.Table]] = deque()
    try:
        for rows, arguments in work:
            waiting.append(pool.submit(rows, *arguments))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for left in waiting:
            left.cancel()


def _losses(paths: dict[int, Path], step: Callable[[int], None]) -> Iterator[pa.Table]:
    numbers = list(paths)
    for start in range(0, len(numbers), _LOSS_BATCH):
        batch = numbers[start : start + _LOSS_BATCH]
        yield hill_loss.table(batch, [paths[number] for number in batch])
        step(len(batch))
