"""Elevation models of known answers, and the chain over them."""

from __future__ import annotations

import numpy as np

from tasks.terrain import flood, network, parts
from tasks.terrain.flow import Flow, directions
from tasks.terrain.parts import Delineated

CELL = 10.0


def flow_over(dem: np.ndarray, cell: float = CELL) -> tuple[np.ndarray, Flow]:
    """The filled surface, and the flow over it."""
    flooded = flood.fill(dem)
    return flooded.relief, Flow(directions(flooded), cell)


def delineate(
    flow: Flow, csa_cells: float, mcl: float = 0.0, outlet: int | None = None
) -> Delineated:
    """The watershed above `outlet`, by default above the cell with the most area."""
    channel = network.channels(flow, csa_cells, mcl)
    last = int(np.argmax(np.where(channel, flow.area, 0))) if outlet is None else outlet
    return parts.delineated(flow, network.tree(flow, channel, last), last)


def plane(rows: int = 12, columns: int = 9, fall: float = 1.0) -> np.ndarray:
    """A plane that falls to the south by `fall` m a row."""
    return np.repeat(100.0 - fall * np.arange(rows)[:, None], columns, axis=1)


def valley(rows: int = 20, columns: int = 11, sides: float = 2.0, fall: float = 0.2) -> np.ndarray:
    """A V whose floor is the middle column, and runs south."""
    across = sides * np.abs(np.arange(columns) - columns // 2)
    return 100.0 - fall * np.arange(rows)[:, None] + across[None, :]


def junction(rows: int = 41, columns: int = 41) -> np.ndarray:
    """A Y: two valleys from the north that meet in the middle, and one south from there."""
    row, column = np.mgrid[:rows, :columns]
    middle, meeting = columns // 2, rows // 2
    apart = np.maximum(0, meeting - row)
    left, right = np.abs(column - (middle - apart)), np.abs(column - (middle + apart))
    return 200.0 - 0.2 * row + 2.0 * np.minimum(left, right)


def rough(seed: int, rows: int, columns: int, noise: float = 1.0, steps: float = 0.1) -> np.ndarray:
    """Hills that fall to the south, with pits, in whole `steps` (m): the more, the leveller."""
    dice = np.random.default_rng(seed)
    row, column = np.mgrid[:rows, :columns]
    waves = 8.0 * np.sin(column / 3.0 + dice.uniform(0, 6)) + 4.0 * np.sin(row / 4.0)
    hills = 300.0 - 0.7 * row + waves + dice.normal(0.0, noise, (rows, columns))
    return np.round(np.round(hills / steps) * steps, 1)
