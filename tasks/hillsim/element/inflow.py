"""What one overland flow element hands to the next: runoff, lateral flow, sediment."""

from __future__ import annotations

from typing import Final, final

from tasks.hillsim.hydrology.storm import Hyetograph
from tasks.hillsim.native import mypyc_attr
from tasks.hillsim.numbers import summed
from tasks.hillsim.sediment.classes import CLASSES
from tasks.hillsim.sediment.erosion import Above


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Inflow:
    """From the element above, per area of the one that gets it.

    `runoff` m over it, from `begins` for `duration` s after the rain's start; `lateral` m by layer;
    `classes` of sediment (kg per m of width); `length` (m) and `path` (length over α) of the slope
    that the runoff has come down.
    """

    def __init__(
        self,
        runoff: float = 0.0,
        begins: float = 0.0,
        duration: float = 0.0,
        lateral: list[float] | None = None,
        classes: tuple[float, ...] = (0.0,) * CLASSES,
        length: float = 0.0,
        path: float = 0.0,
    ) -> None:
        self.runoff = runoff
        self.begins = begins
        self.duration = duration
        self.lateral = lateral
        self.classes = classes
        self.length = length
        self.path = path

    @property
    def above(self) -> Above:
        """Depth and sediment, as erosion takes them."""
        return Above(self.runoff, self.classes)

    @property
    def sediment(self) -> float:
        """Sediment of all classes (kg per m of width)."""
        return summed(list(self.classes))

    @property
    def rate(self) -> float:
        """Mean rate of the runoff (m/s over the element)."""
        return self.runoff / self.duration if self.duration > 0.0 else 0.0


NOTHING: Final = Inflow()


def join(rain: Hyetograph | None, inflow: Inflow) -> tuple[Hyetograph, list[float]]:
    """The rain with the inflow's start and end as breaks, and the inflow (m/s) by interval."""
    begins, ends, flow = inflow.begins, inflow.begins + inflow.duration, inflow.rate
    marks = [*rain.ends, begins, ends] if rain else [begins, ends]
    marks.sort()
    cuts: list[float] = []
    rates: list[float] = []
    flows: list[float] = []
    before, span = 0.0, 0
    for cut in marks:
        if cut == before:
            continue
        before = cut
        falls = 0.0
        if rain:
            while span < len(rain.ends) and rain.ends[span] < cut:
                span += 1
            falls = rain.rates[span] if span < len(rain.ends) else 0.0
        cuts.append(cut)
        rates.append(falls)
        flows.append(flow if begins < cut <= ends else 0.0)
    return Hyetograph(cuts, rates, rain.step if rain else 600.0), flows
