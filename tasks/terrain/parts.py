"""Hillslopes: what drains to the left, to the right and into the head of each channel.

Looking downstream, the hillslope on the left of channel 34 is 33, that on its right 32; what enters
at the first cell of a channel that no other feeds is 31. (TOPAZ looks upstream as it counts, so
that its left, 2, is the right here.) A cell that lies between two channels at their junction is on
the side on which it lies of the one with the larger area.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tasks.terrain.compass import Ints, Mask, opposite
from tasks.terrain.flow import Flow
from tasks.terrain.network import Reach

_TOP, _RIGHT, _LEFT = 3, 2, 1  # below the channel's id


@dataclass(frozen=True)
class Delineated:
    """A watershed in parts. `ids` has the TOPAZ id of each cell, flat, 0 outside."""

    flow: Flow
    reaches: Sequence[Reach]
    outlet: int
    ids: Ints

    @cached_property
    def channel(self) -> Mask:
        """Which cells are the watershed's channels."""
        found: Mask = (self.ids > 0) & (self.ids % 10 == 4)
        return found

    @cached_property
    def hillslopes(self) -> Ints:
        """The TOPAZ ids of the hillslopes, ascending."""
        return np.unique(self.ids[(self.ids > 0) & (self.ids % 10 != 4)])


def delineated(flow: Flow, reaches: Sequence[Reach], outlet: int) -> Delineated:
    """The parts of the watershed above `outlet`, whose channels are `reaches`."""
    ids = np.zeros(flow.down.size, dtype=np.int64)
    for reach in reaches:
        ids[reach.cells] = reach.topaz_id
    banks = _banks(flow, ids)
    ids[banks] = _sides(flow, ids, banks)
    return Delineated(flow, reaches, outlet, _within(flow, ids, outlet))


def _banks(flow: Flow, ids: Ints) -> Ints:
    """The cells that are no channel, and flow into one."""
    banks = np.flatnonzero((flow.down >= 0) & (ids == 0))
    found: Ints = banks[ids[flow.down[banks]] > 0]
    return found


def _sides(flow: Flow, ids: Ints, banks: Ints) -> Ints:
    """The TOPAZ ids of the hillslopes that these cells are of."""
    below, direction = flow.down[banks], flow.direction.ravel().astype(np.int64)
    back = opposite(flow.direction.ravel()).astype(np.int64)
    main = _main_inflow(flow, ids)
    from_bank = (back[banks] - direction[below]) % 8
    from_main = (main[below] - direction[below]) % 8
    side = np.where(from_bank < from_main, _RIGHT, _LEFT)
    return ids[below] - np.where(main[below] < 0, _TOP, side)


def _main_inflow(flow: Flow, ids: Ints) -> Ints:
    """Where the channel of the largest area enters each channel cell, -1 where none does."""
    cells = np.flatnonzero(ids)
    cells = cells[np.lexsort((-cells, flow.area[cells]))]
    below, back = flow.down[cells], opposite(flow.direction.ravel())
    found = np.full(ids.size, -1, dtype=np.int64)
    onward = (below >= 0) & (ids[np.maximum(below, 0)] > 0)
    # Of several assignments to one cell the last stays: the largest area, then the first cell.
    found[below[onward]] = back[cells[onward]]
    return found


def _within(flow: Flow, ids: Ints, outlet: int) -> Ints:
    # What flows past the outlet meets channels of this watershed nowhere else.
    return np.where(flow.above(outlet), flow.spread(ids), 0)


def on_border(of: Delineated) -> int:
    """How many cells of the watershed but its outlet lie in an outer row or column of the grid."""
    ids = of.ids.copy()
    ids[of.outlet] = 0
    inner = np.zeros(of.flow.shape, dtype=bool)
    inner[1:-1, 1:-1] = True
    return int(np.count_nonzero(ids[~inner.ravel()]))
