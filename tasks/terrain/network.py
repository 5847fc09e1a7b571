"""Channels: where enough water comes together, without short ends, as a tree of numbered reaches.

A cell is channel where at least the critical source area drains through it; an end of the network
that is shorter than the minimum channel length is pruned, of several at one junction the shortest
first (Garbrecht & Martz 1997, TOPAZ user manual, NAWQL 97-4). A reach runs from a source or a
junction to the last cell before the next junction; a junction's cell is the first of the reach
below. TOPAZ ids are 24 at the outlet and count up by 10 through the tree, at a junction first the
branch that comes in leftmost as one looks downstream, with all above it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tasks.terrain import BadTerrain
from tasks.terrain.compass import Floats, Ints, Mask
from tasks.terrain.flow import Flow

#: What a structure file has room for.
MOST_INFLOWS = 3
_OUTLET_ID, _APART = 24, 10


@dataclass(frozen=True)
class Reach:
    """A channel: its cells from the top down, and the reaches that enter its first cell."""

    topaz_id: int
    cells: Ints
    above: tuple[int, ...]  # TOPAZ ids, the leftmost first
    downstream: int  # TOPAZ id, 0 for the outlet's
    order: int  # Strahler's


def channels(flow: Flow, csa_cells: float, mcl: float) -> Mask:
    """Which cells are channel, flat: `csa_cells` or more drain through them; `mcl` in m.

    BadTerrain where none is.
    """
    found = flow.area >= max(csa_cells, 1.0)
    while (gone := _short_ends(flow, found, mcl)).size:
        found[gone] = False
    if not found.any():
        raise BadTerrain(
            f"no channel at a critical source area of {csa_cells:g} cells and a minimum length of"
            f" {mcl:g} m: the largest area is {flow.area.max():g} cells; give less"
        )
    return found


def inflows(flow: Flow, channel: Mask) -> Ints:
    """How many channel cells flow into each cell."""
    below = flow.down[channel]
    return np.bincount(below[below >= 0], minlength=channel.size)


def _short_ends(flow: Flow, channel: Mask, mcl: float) -> Ints:
    """The cells of ends that are too short: the shortest at each junction, and lone ones."""
    count = inflows(flow, channel)
    heads = np.flatnonzero(channel & (count == 0))
    length, end = _walked(flow, heads, count)
    short = np.flatnonzero(length < mcl)
    by_length = short[np.lexsort((heads[short], length[short]))]
    _, first = np.unique(end[by_length], return_index=True)
    at_junction = by_length[first]
    chosen = np.union1d(at_junction[end[at_junction] >= 0], short[end[short] < 0])
    cells = [at for at, _ in _steps(flow, heads[chosen], count)]
    return np.concatenate(cells) if cells else heads[:0]


def _walked(flow: Flow, heads: Ints, count: Ints) -> tuple[Floats, Ints]:
    """The length (m) of the end that begins at each head, and its junction, -1 for the border."""
    length, end = np.zeros(heads.size), np.full(heads.size, -1)
    for at, who in _steps(flow, heads, count):
        length[who] += flow.step[at]
        end[who] = flow.down[at]
    return length, end


def _steps(flow: Flow, heads: Ints, count: Ints) -> Iterator[tuple[Ints, Ints]]:
    """The cells of all ends, one step of all of them at a time, and whose each is."""
    at, who = heads, np.arange(heads.size)
    while at.size:
        yield at, who
        below = flow.down[at]
        onward = (below >= 0) & (count[below] < 2)
        at, who = below[onward], who[onward]


def tree(flow: Flow, channel: Mask, outlet: int) -> list[Reach]:
    """The reaches of the network above the cell `outlet`, ascending by TOPAZ id.

    Where more than three channels meet in one cell, those of the least area are given up: no
    structure file has room for them.
    """
    into: dict[int, list[int]] = {}
    cells = np.flatnonzero(channel & flow.above(outlet))
    for cell, below in zip(cells.tolist(), flow.down[cells].tolist(), strict=True):
        if cell != outlet:
            into.setdefault(below, []).append(cell)
    return _numbered(flow, into, outlet)


def _numbered(flow: Flow, into: dict[int, list[int]], outlet: int) -> list[Reach]:
    found: list[tuple[int, list[int], list[int], int]] = []
    waiting = [(outlet, 0)]
    while waiting:
        last, downstream = waiting.pop()
        top = _OUTLET_ID + _APART * len(found)
        cells = [last]
        while len(fed := into.get(cells[-1], [])) == 1:
            cells.append(fed[0])
        above = _leftmost_first(flow, cells[-1], fed)
        found.append((top, cells[::-1], above, downstream))
        waiting.extend((cell, top) for cell in reversed(above))
    return _reaches(found)


def _leftmost_first(flow: Flow, cell: int, fed: list[int]) -> list[int]:
    kept = sorted(fed, key=lambda c: (-flow.area[c], c))[:MOST_INFLOWS]
    direction = flow.direction.ravel()
    return sorted(kept, key=lambda c: -((int(direction[c]) + 4 - int(direction[cell])) % 8))


def _reaches(found: list[tuple[int, list[int], list[int], int]]) -> list[Reach]:
    last = {cells[-1]: top for top, cells, _, _ in found}
    order: dict[int, int] = {}
    reaches = []
    # Those above come later in the tree: they are seen first.
    for top, cells, above, downstream in reversed(found):
        tops = tuple(last[cell] for cell in above)
        orders = sorted((order[t] for t in tops), reverse=True)
        order[top] = _strahler(orders)
        reaches.append(Reach(top, np.array(cells), tops, downstream, order[top]))
    return reaches[::-1]


def _strahler(orders: list[int]) -> int:
    if not orders:
        return 1
    return orders[0] + (len(orders) > 1 and orders[0] == orders[1])
