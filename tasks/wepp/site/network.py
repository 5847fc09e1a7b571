"""The channels of a watershed of WEPPcloud's, from the files beside its document.

::

    watershed/channels.parquet    topaz_id of each channel; older documents have `_chns_summary`
    watershed/network.txt         24|34,44    a channel and those that flow into it
    watershed/structure.json      rows [channel, three hillslopes, three channels, …]; older
                                  documents have them as `_structure`

The channel of a row is told by its TOPAZ id, or by its place from 1 on, descending by TOPAZ id.
TOPAZ ids grow upstream, so that of two channels that meet the one of the lower id is below.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tasks.run import foreign
from tasks.wepp.documents import OUTLET, ChannelPart, Watershed
from tasks.wepp.site import papers

_PLACES = ("watershed/slope_files/channels.slp", "watershed/channels.slp")
_INFLOWS = slice(4, 7)


def channels(root: Path) -> list[ChannelPart]:
    """The channels of the run in `root`, in the order of their slopes: the outlet is last.

    ForeignDocument where it is not told which channel flows into which.
    """
    path = Watershed.path(root)
    view = foreign.read(path)
    tops = set(papers.tabled(root / "watershed" / "channels.parquet"))
    tops = tops or {int(key) for key, _ in papers.pairs(papers.told(view, "chns_summary"))}
    below: dict[int, int] = {}
    for one, other in _meetings(root, view, sorted(tops, reverse=True)):
        upper, lower = max(one, other), min(one, other)
        below[upper] = lower
        tops |= {upper, lower}
    loose = sorted(tops - set(below))
    if len(loose) > 1:
        raise foreign.ForeignDocument(
            f"{path}: neither it nor network.txt nor structure.json tells where channel"
            f" {loose[1]} flows"
        )
    return [
        ChannelPart(topaz_id=top, downstream=below.get(top, OUTLET))
        for top in sorted(tops, reverse=True)
    ]


def slopes(root: Path) -> str:
    """Where the slopes of the channels lie, below the run."""
    return next((name for name in _PLACES if (root / name).is_file()), _PLACES[0])


def _meetings(root: Path, view: foreign.Foreign, tops: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Each pair of channels of which one flows into the other.

    `tops` are the channels that are told besides, in the order in which rows count them.
    """
    lines = root / "watershed" / "network.txt"
    if lines.is_file():
        yield from _of_lines(lines)
        return
    rows = papers.told(view, "structure")
    table = root / "watershed" / "structure.json"
    if table.is_file():
        rows = _json(table)
    rows = list(rows) if isinstance(rows, (list, tuple)) else []
    called = [int(row[0]) for row in rows]
    if called == list(range(1, len(rows) + 1)):
        if len(tops) != len(rows):
            raise foreign.ForeignDocument(f"{view.path}: {len(rows)} rows, {len(tops)} channels")
        called = list(tops)
    for channel, row in zip(called, rows, strict=True):
        inflows = map(int, row[_INFLOWS])
        yield from ((channel, inflow) for inflow in inflows if inflow)


def _of_lines(path: Path) -> Iterator[tuple[int, int]]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        channel, bar, inflows = line.partition("|")
        words = [channel, *inflows.split(",")] if inflows.strip() else [channel]
        if line.strip() and not (bar and all(word.strip().isdigit() for word in words)):
            raise foreign.ForeignDocument(f"{path}:{number}: {line!r} is no channel with inflows")
        yield from ((int(channel), int(inflow)) for inflow in words[1:])


def _json(path: Path) -> Iterable[Any]:
    try:
        found = json.loads(path.read_bytes())
    except ValueError as error:
        raise foreign.ForeignDocument(f"{path} is not JSON: {error}") from error
    if isinstance(found, Mapping) or not all(isinstance(row, list) for row in found):
        raise foreign.ForeignDocument(f"{path} is no list of rows")
    return [row for row in found if row]
