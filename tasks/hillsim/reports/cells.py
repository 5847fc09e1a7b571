"""What was lost and what settled, cell by cell down a slope."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, final

from tasks.hillsim.native import mypyc_attr
from tasks.hillsim.numbers import summed
from tasks.hillsim.sediment.erosion import CELLS

TRACE: Final = 1e-9
_TIE: Final = 1e-9


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Cells:
    """Soil loss (kg/m²) of the cells down a slope of one element or more, with their lengths."""

    def __init__(self, values: list[float], lengths: tuple[float, ...]) -> None:
        self.values = values
        self.lengths = lengths

    def mean(self, sign: float) -> float:
        """Over the cells where soil is lost (`sign` 1) or settles (−1); 0 where there are none."""
        return self.weighted([i for i, value in enumerate(self.values) if value * sign > TRACE])

    def weighted(self, indices: Sequence[int]) -> float:
        """Mean of these cells by their lengths; 0 of none."""
        longest, total, weights = max(self.lengths), 0.0, 0.0
        relative = [length / longest for length in self.lengths]
        for index in indices:
            weight = relative[index // CELLS]
            total += self.values[index] * weight
            weights += weight
        return total / weights if weights > 0.0 else 0.0

    def point(self, value: float) -> float:
        """Where the uppermost cell of this value ends (m from the top)."""
        return self.edge(self.place(value, range(len(self.values))) + 1)

    def place(self, value: float, among: Sequence[int]) -> int:
        """The first cell of `among` with this value, the last digits of arithmetic apart."""
        near, values = _TIE * abs(value), self.values
        for index in among:
            if abs(values[index] - value) <= near:
                return index
        raise ValueError(value)

    def edge(self, number: int) -> float:
        """The lower end of the cell `number`, from 1 (m); of 0 the top."""
        element, cells = divmod(number, CELLS)
        part = cells * self.lengths[element] / CELLS if cells else 0.0
        return summed(list(self.lengths[:element])) + part
