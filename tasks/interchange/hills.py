"""The tables of a run's hillslopes: six reports of each, a table for all of one kind.

Reports are read in blocks, in the order of the hillslopes' ids; several blocks are decoded at a
time, and their rows written in order. So memory grows neither with the hillslopes nor with the
years, and the tables are the same bytes whatever the number of threads.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa

from tasks.interchange import passing, sheet, text
from tasks.interchange.calendar import Calendar
from tasks.interchange.hill import ebe as hill_ebe
from tasks.interchange.hill import element as hill_element
from tasks.interchange.hill import loss as hill_loss
from tasks.interchange.hill import passes as hill_pass
from tasks.interchange.hill import soil as hill_soil
from tasks.interchange.hill import water as hill_wat
from tasks.interchange.hillslope import Hillslope, element_areas
from tasks.run.directory import NotPrepared
from tasks.wepp.files.errors import CutShort

REPORTS: tuple[ModuleType, ...] = (hill_pass, hill_ebe, hill_element, hill_soil, hill_wat)
KINDS = (*(report.KIND for report in REPORTS), hill_loss.KIND)
_DAILY = (hill_pass, hill_soil, hill_wat)  # a report without a row is of an engine that failed
_LOSS_BATCH = 200
_NAME = re.compile(rf"H([1-9][0-9]*)\.({'|'.join(KINDS)})\.dat(\.gz)?\Z")


Reports = dict[str, dict[int, Path]]
"""The reports of each kind by hillslope, ascending."""


def reports(output: Path, expected: tuple[int, ...] | None) -> tuple[Reports, list[str]]:
    """The reports in `output`, compressed ones too, and the names of those that are missing.

    They are those of the `expected` hillslopes, where these are known: an earlier run may have had
    more. Of a kind that one of them has, all must have it. NotPrepared where there is no such
    directory; OSError.
    """
    if not output.is_dir():
        raise NotPrepared(f"{output} does not exist: run the hillslopes first")
    found: Reports = {kind: {} for kind in KINDS}
    for path in sorted(output.iterdir()):
        match = _NAME.match(path.name)
        if match and (expected is None or int(match[1]) in expected):
            found[match[2]].setdefault(int(match[1]), path)
    ordered = {kind: dict(sorted(paths.items())) for kind, paths in found.items()}
    missing = [
        f"H{number}.{kind}.dat"
        for kind, paths in ordered.items()
        for number in expected or ()
        if paths and number not in paths
    ]
    return ordered, missing


def convert(
    found: Reports,
    runs: Path,
    target: Path,
    calendar: Calendar,
    threads: int,
    step: Callable[[int], None],
) -> None:
    """Write the six tables of the hillslopes whose reports are `found` into `target`.

    The table of a kind without reports is left as it is, or is empty. `step` is called with the
    number of reports, as they are read. FormatError, OSError.
    """
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
